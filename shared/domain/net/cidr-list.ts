/** Lists of networks: canonical form, and merging to as few as possible. */
import { type Cidr, formatIp, inCidr, parseCidr } from './ip.ts';

function widthOf({ ip }: Cidr): number {
  return ip.family === 4 ? 32 : 128;
}

/** Clears the host bits. */
function network(cidr: Cidr): Cidr {
  const rest = BigInt(widthOf(cidr) - cidr.bits);
  return { ...cidr, ip: { ...cidr.ip, value: (cidr.ip.value >> rest) << rest } };
}

/** The canonical form: host bits cleared, IPv6 in short form. */
export function formatCidr(cidr: Cidr): string {
  return `${formatIp(network(cidr).ip)}/${cidr.bits}`;
}

/** Whether everything in `inner` is in `outer`. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  return outer.bits <= inner.bits && inCidr(inner.ip, outer);
}

function parent(cidr: Cidr): Cidr {
  return network({ ...cidr, bits: cidr.bits - 1 });
}

/** By family and address; of networks that start alike, the one that contains the others first. */
function compareCidrs(a: Cidr, b: Cidr): number {
  if (a.ip.family !== b.ip.family) return a.ip.family - b.ip.family;
  if (a.ip.value !== b.ip.value) return a.ip.value < b.ip.value ? -1 : 1;
  return a.bits - b.bits;
}

/** The network whose halves these two are; undefined if they are not. */
function joined(low: Cidr, high: Cidr): Cidr | undefined {
  if (low.bits !== high.bits || low.bits === 0) return undefined;
  const whole = parent(low);
  return contains(whole, high) ? whole : undefined;
}

/**
 * Removes networks that others contain and joins halves until nothing changes; sorted by text. One
 * pass over the sorted list, because an annotation may name thousands.
 */
export function mergeCidrs(list: readonly Cidr[]): readonly Cidr[] {
  const kept: Cidr[] = [];
  for (const next of list.map(network).toSorted(compareCidrs)) {
    const last = kept.at(-1);
    if (last !== undefined && contains(last, next)) continue;
    let one = next;
    for (let low = kept.at(-1); low !== undefined; low = kept.at(-1)) {
      const whole = joined(low, one);
      if (whole === undefined) break;
      kept.pop();
      one = whole;
    }
    kept.push(one);
  }
  const texts = kept.map((cidr) => [formatCidr(cidr), cidr] as const);
  return texts.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, cidr]) => cidr);
}

/** Parses networks separated by commas; undefined if one is invalid. */
export function parseCidrList(text: string): readonly Cidr[] | undefined {
  const parsed = text.split(',').map((part) => parseCidr(part.trim()));
  return parsed.some((one) => one === undefined) ? undefined : (parsed as Cidr[]);
}
