/** A cluster whose pods a device reaches, with everything that was read about both. */
import type { ClusterConfig, DeviceConfig, SluiceConfig } from '../../../config/schema.ts';
import type { NetworkFacts, UnitNetworks } from '../../../device/network-facts.ts';
import { badFinding, okFinding, type CheckedObject, type DoctorFinding } from '../finding.ts';
import type { ClusterNetwork } from './cluster-network.ts';
import { parseRoutedAddress, type RoutedAddress } from './routed-address.ts';

/** What the checks of one cluster on one device may use. */
export interface Reached {
  readonly config: SluiceConfig;
  readonly device: DeviceConfig;
  readonly cluster: ClusterConfig;
  readonly facts: NetworkFacts;
  /** Undefined without a kubeconfig of this cluster. */
  readonly seen: ClusterNetwork | undefined;
  /** `settings.snat` of its exposures, as far as they are known. */
  readonly snat: readonly string[];
}

/** The same on one unit. */
export interface ReachedFrom extends Reached {
  readonly unit: UnitNetworks;
}

/** What is wrong with one part, and what to do about it. */
export interface Problem {
  readonly code: string;
  readonly says: string;
  readonly remedy: string;
  readonly state?: 'warn';
  /** What to copy. */
  readonly text?: string;
}

/** A problem is one row of its own. */
export function problemFinding(checked: CheckedObject, problem: Problem): DoctorFinding {
  const { code, says, remedy, state, text } = problem;
  const finding = badFinding(checked, `${says} (${code})`, { remedy, ...(state && { state }) });
  return text === undefined ? finding : { ...finding, text };
}

/** One row for each problem, or one that says what is well. */
export function rowsOf(
  checked: CheckedObject,
  problems: readonly (Problem | undefined)[],
  well: string,
): readonly DoctorFinding[] {
  const found = problems.flatMap((problem) => problem ?? []);
  return found.length === 0
    ? [okFinding(checked, well)]
    : found.map((problem) => problemFinding(checked, problem));
}

/** Addresses of the unit, where they are and whether they move. */
export interface UnitAddress {
  readonly at: RoutedAddress;
  readonly link: string;
  readonly isFloating: boolean;
}

/** Self IPs that can be read. */
export function addressesOf({ selfIps }: UnitNetworks): readonly UnitAddress[] {
  return selfIps.flatMap(({ address, link, isFloating }) => {
    const at = parseRoutedAddress(address);
    return at === undefined ? [] : [{ at, link, isFloating }];
  });
}

/** `networks` of a cluster in its route domain. */
export function placedNetworks(
  networks: readonly string[],
  { routeDomain }: ClusterConfig,
): readonly RoutedAddress[] {
  return networks.flatMap((text) => {
    const at = parseRoutedAddress(text);
    return at === undefined ? [] : [{ ...at, routeDomain }];
  });
}
