/**
 * The clients that may connect. Combines the requests of the Service, annotations and sluice.yaml
 * to the one network that AS3 accepts for a virtual server.
 */
import { type Cidr, parseCidr } from '../net/ip.ts';
import { shorten } from '../text/shorten.ts';
import { contains, formatCidr, mergeCidrs, parseCidrList } from '../net/cidr-list.ts';

/** The restrictions from both sources, for a virtual address of one family. */
export interface ClientNetworkRequest {
  /**
   * From the setting `source`. The narrower of both applies, so that no setting opens what the
   * Service restricts.
   */
  readonly asked: { readonly value: string; readonly source: string } | undefined;
  /** `spec.loadBalancerSourceRanges` of the ingress Service, or its annotation. */
  readonly ranges: { readonly values: readonly string[]; readonly source: string } | undefined;
  readonly family: 4 | 6;
}

/** As AS3 writes it: a source that restricts nothing. */
const ANYBODY = 'any';

/** Characters of a list of networks in one message. */
const MAX_SHOWN = 200;

/**
 * `source` absent: all clients. `byService`: only the Service requests it, which 0.1.0 did not
 * read.
 */
export type ClientNetwork =
  | { readonly source?: string; readonly said?: string; readonly byService: boolean }
  | { readonly problem: string; readonly byService: boolean };

/**
 * Combines both restrictions to one network. If neither contains the other, or the ranges cannot be
 * merged to a single network, returns a `problem`, and the exposure is refused (GW157).
 * `byService`: only the Service asks for it.
 */
export function clientNetwork({ asked, ranges, family }: ClientNetworkRequest): ClientNetwork {
  const general = ranges && listed(ranges.values.join(','), ranges.source, family);
  const own = asked && listed(asked.value, asked.source, family);
  if (own === undefined) return { ...single(general), byService: true };
  for (const one of [own, general])
    if (one !== undefined && 'problem' in one) return { problem: one.problem, byService: false };
  if (general === undefined || isWithin(own, general)) return { ...single(own), byService: false };
  if (isWithin(general, own)) return { ...single(general), byService: false };
  return {
    problem:
      `${own.source} and ${general.source} name different networks, ` +
      'and neither is inside the other; name networks inside of those of the Service',
    byService: false,
  };
}

/** The networks that one source allows, or why they cannot be used. */
type Listed =
  | { readonly networks: readonly Cidr[]; readonly source: string }
  | { readonly problem: string; readonly source: string };

/** Parses the networks of one source and keeps those of the family of the virtual address. */
function listed(text: string, source: string, family: 4 | 6): Listed {
  const all = parseCidrList(text === ANYBODY ? '0.0.0.0/0,::/0' : text);
  if (all === undefined)
    return {
      source,
      problem: `${source}: "${shorten(text, MAX_SHOWN)}" is not a list of networks such as 10.20.0.0/16`,
    };
  const networks = mergeCidrs(all.filter(({ ip }) => ip.family === family));
  return networks.length === 0
    ? {
        source,
        problem:
          `${source}: none of ${shorten(text, MAX_SHOWN)} is IPv${family}, ` +
          'so no client could connect to this address',
      }
    : { source, networks };
}

/** Every network of the inner source lies in one of the outer source. */
function isWithin(inner: Listed, outer: Listed): boolean {
  return (
    'networks' in inner &&
    'networks' in outer &&
    inner.networks.every((one) => outer.networks.some((other) => contains(other, one)))
  );
}

/** `[address, source]`, or sourceAddress: AS3 accepts one network. */
function single(
  list: Listed | undefined,
): { source?: string; said?: string } | { problem: string } {
  if (list === undefined) return {};
  if ('problem' in list) return { problem: list.problem };
  const [only, ...more] = list.networks;
  if (only === undefined || only.bits === 0) return {};
  if (more.length === 0) return { source: formatCidr(only), said: list.source };
  return {
    problem:
      `${list.source} names ${shorten(list.networks.map(formatCidr).join(', '), MAX_SHOWN)}, ` +
      'and AS3 takes one network for a virtual server; ' +
      'name one that holds them all, or none and filter in an iRule (sluice.io/irules) ' +
      'or an Istio AuthorizationPolicy',
  };
}

/** The networks of a setting; none if the text is invalid. */
function networksIn(text: string): readonly Cidr[] {
  return mergeCidrs(parseCidrList(text === ANYBODY ? '0.0.0.0/0,::/0' : text) ?? []);
}

/**
 * Whether a value of the setting admits only clients of the required networks; without such ones,
 * whether it keeps any client out.
 */
export function isAsNarrow(value: string, required: string | undefined): boolean {
  const networks = networksIn(value);
  if (networks.length === 0) return false;
  if (required === undefined) return networks.every(({ bits }) => bits > 0);
  const outer = networksIn(required);
  return networks.every((one) => outer.some((other) => contains(other, one)));
}

/** For the schema of the setting: `any`, or networks separated by commas. */
export function isClientNetworks(text: string): boolean {
  return text === ANYBODY || text.split(',').every((part) => parseCidr(part.trim()) !== undefined);
}
