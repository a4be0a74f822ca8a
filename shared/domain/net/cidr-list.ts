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

/** Removes networks that others contain and joins halves until nothing changes; sorted. */
export function mergeCidrs(list: readonly Cidr[]): readonly Cidr[] {
  const byText = new Map(list.map((cidr) => [formatCidr(cidr), network(cidr)]));
  const all = [...byText.values()];
  const kept = all.filter((one) => !all.some((other) => other !== one && contains(other, one)));
  const halves = Map.groupBy(
    kept.filter(({ bits }) => bits > 0),
    (cidr) => formatCidr(parent(cidr)),
  );
  const pair = [...halves.values()].find((two) => two.length === 2);
  if (pair?.[0] !== undefined)
    return mergeCidrs([...kept.filter((one) => !pair.includes(one)), parent(pair[0])]);
  return kept.toSorted((a, b) => (formatCidr(a) < formatCidr(b) ? -1 : 1));
}

/** Parses networks separated by commas; undefined if one is invalid. */
export function parseCidrList(text: string): readonly Cidr[] | undefined {
  const parsed = text.split(',').map((part) => parseCidr(part.trim()));
  return parsed.some((one) => one === undefined) ? undefined : (parsed as Cidr[]);
}
