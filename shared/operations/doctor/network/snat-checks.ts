/** Whose address the pods see: SNAT automap takes a floating self IP, wherever there is one. */
import type { Problem, ReachedFrom } from './reached.ts';
import { addressesOf } from './reached.ts';

/** Where packets to pods leave a unit. */
export interface Egress {
  /** VLAN or tunnel. */
  readonly link: string;
  readonly routeDomain: number;
  readonly families: readonly (4 | 6)[];
}

/** What is assumed of exposures that are not known yet: `settings.snat` is `auto` by default. */
function usesAutomap(snat: readonly string[]): boolean {
  return snat.length === 0 || snat.includes('auto');
}

/**
 * Automap takes a floating address of the egress first, then one from elsewhere: its answers would
 * go astray, although monitors, which use an address of the unit, are green. On a pair, connections
 * need an address that moves with the traffic.
 */
export function floatingProblem(
  { unit, facts, device, snat }: ReachedFrom,
  { link, routeDomain, families }: Egress,
): Problem | undefined {
  if (!usesAutomap(snat)) return undefined;
  const isPair = device.peer !== undefined || facts.units.length > 1;
  const floating = addressesOf(unit).filter(
    ({ at, isFloating }) => isFloating && at.routeDomain === routeDomain,
  );
  const lacking = families.filter((family) => {
    const own = floating.filter(({ at }) => at.cidr.ip.family === family);
    return (isPair || own.length > 0) && !own.some((one) => one.link === link);
  });
  const [family] = lacking;
  if (family === undefined) return undefined;
  return {
    code: 'BIP480',
    says:
      `${unit.name} has no floating IPv${family} self IP on ${link}, so SNAT automap takes an ` +
      'address that pods cannot answer, or that stays behind at a failover',
    remedy: `create a self IP with a floating traffic group on ${link}`,
  };
}

/** What cannot be seen from here. */
export function snatInWords(snat: readonly string[]): string {
  return snat.includes('none')
    ? 'with settings.snat: none, nodes must route answers to BIG-IP, which is not checked'
    : 'answers return to the SNAT address';
}
