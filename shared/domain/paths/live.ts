/** The entries that are on a device, and what BIG-IP reaches through them. */
import { type Cidr, inCidr, parseCidr } from '../net/ip.ts';
import type { Version } from '../revision.ts';
import { type Entry, entryKey, neighbourKind } from './entry.ts';
import type { JournalRecord } from './journal.ts';

/** What Sluice writes at an entry where the device has a field for it. */
export interface Mark {
  /** The owner that asks for the entry. */
  readonly owner: string;
  /** The Kubernetes node that it leads to. */
  readonly node: string;
  /** Of the slice that asked for it. */
  readonly version: Version;
}

/** An entry on a device. `to` is a text for people if it leads to anything but an address. */
export interface LiveEntry extends Entry {
  /** Its name on the device, for messages and writes. */
  readonly name: string;
  /**
   * `ours`: has the mark of Sluice; `theirs`: belongs to another client; `unmarked`: the device has
   * no field for a mark, so the journal decides.
   */
  readonly holder: 'ours' | 'theirs' | 'unmarked';
  readonly mark?: Mark;
}

/** By `entryKey`. */
export type LiveEntries = ReadonlyMap<string, LiveEntry>;

/** By key. Of several entries with one key the last one counts. */
export function liveEntries(list: readonly LiveEntry[]): LiveEntries {
  return new Map(list.map((one) => [entryKey(one), one]));
}

/** Whether Sluice may change or remove the entry. */
export function isOurs({ holder }: LiveEntry, record: JournalRecord | undefined): boolean {
  if (holder !== 'unmarked') return holder === 'ours';
  return record !== undefined && record.found !== true && record.refused !== 'BIP471';
}

/** The mark as a text: `sluice east/istio-system/gateway n3 1700000000000.4.2`. */
export function markInWords({ owner, node, version }: Mark): string {
  return `sluice ${owner} ${node} ${version.epoch}.${version.counter}.${version.generation}`;
}

/** Undefined for every other text. */
export function readMark(text: string | undefined): Mark | undefined {
  const [, owner, node, ...version] =
    /^sluice ([^/\s=]{1,200}\/[^/\s=]{1,200}\/[^/\s=]{1,200}) ([^\s=]{1,300}) (\d{1,15})\.(\d{1,15})\.(\d{1,15})$/.exec(
      text ?? '',
    ) ?? [];
  const [epoch = 0, counter = 0, generation = 0] = version.map(Number);
  return owner === undefined || node === undefined
    ? undefined
    : { owner, node, version: { epoch, counter, generation } };
}

/** A network in a route domain. */
export interface Block {
  readonly domain: string;
  readonly cidr: Cidr;
}

const parsed = new Map<string, Block | undefined>();
/** Bounds memory; a device with more entries parses some of them again. */
const PARSED_AT_MOST = 50_000;

/** `10.244.3.0%2/24`, or an address; undefined if it is neither. Remembers what it parsed. */
export function blockOf(text: string): Block | undefined {
  if (parsed.has(text)) return parsed.get(text);
  const [, address = '', domain = '0', length = ''] =
    /^([^%/]+)(?:%(\d{1,5}))?(\/\d{1,3})?$/.exec(text) ?? [];
  const cidr = parseCidr(`${address}${length}`);
  const block = cidr && { domain, cidr };
  if (parsed.size >= PARSED_AT_MOST) parsed.clear();
  parsed.set(text, block);
  return block;
}

/** Whether the network of a route contains the address. */
export function covers(network: string, address: string): boolean {
  const outer = blockOf(network);
  const inner = blockOf(address);
  return (
    outer !== undefined &&
    inner !== undefined &&
    outer.domain === inner.domain &&
    inCidr(inner.cidr.ip, outer.cidr)
  );
}

/** Equal for networks of one length in one route domain; `value` is the rest of an address. */
function sliceOf({ domain, cidr: { ip, bits } }: Block): { kind: string; value: bigint } {
  const rest = BigInt((ip.family === 4 ? 32 : 128) - bits);
  return { kind: `${domain} ${ip.family} ${bits}`, value: ip.value >> rest };
}

/** Finds the routes that contain an address; the one that BIG-IP takes comes first. */
export function routeIndex<T extends Pick<Entry, 'kind' | 'at'>>(
  entries: Iterable<T>,
): (address: string) => readonly T[] {
  const lengths = new Map<string, { readonly bits: number; readonly routes: Map<bigint, T> }>();
  for (const entry of entries) {
    const block = entry.kind === 'route' ? blockOf(entry.at) : undefined;
    if (block === undefined) continue;
    const { kind, value } = sliceOf(block);
    const known = lengths.get(kind) ?? { bits: block.cidr.bits, routes: new Map<bigint, T>() };
    known.routes.set(value, entry);
    lengths.set(kind, known);
  }
  const longestFirst = [...lengths].toSorted(([, a], [, b]) => b.bits - a.bits);
  return (address) => {
    const block = blockOf(address);
    if (block === undefined) return [];
    return longestFirst.flatMap(([kind, { bits, routes }]) => {
      const part = sliceOf({ ...block, cidr: { ip: block.cidr.ip, bits } });
      const found = part.kind === kind ? routes.get(part.value) : undefined;
      return found === undefined ? [] : [found];
    });
  };
}

/**
 * Whether BIG-IP reaches the address through entries other than those of `besides`. The default
 * route proves nothing.
 */
export function isReached(
  live: LiveEntries,
  address: string,
  besides: ReadonlySet<string> = new Set(),
): boolean {
  const others = [...live].filter(([key]) => !besides.has(key)).map(([, entry]) => entry);
  if (routeIndex(others)(address).some(({ at }) => (blockOf(at)?.cidr.bits ?? 0) > 0)) return true;
  const neighbour = live.get(entryKey({ kind: neighbourKind(address), at: address }));
  return (
    neighbour !== undefined &&
    !besides.has(entryKey(neighbour)) &&
    others.some(({ kind, at }) => kind === 'fdb' && at === neighbour.to)
  );
}
