/** What concerns a device as a whole: partition, sync, account, and another program's entries. */
import type { DeviceConfig } from '../../../config/schema.ts';
import type { NetworkFacts } from '../../../device/network-facts.ts';
import { firstNamed, formatCount } from '../../../domain/text/counts.ts';
import { isNameOfCis } from '../../../domain/take-over/cis.ts';
import type { DoctorFinding } from '../finding.ts';
import { type Problem, rowsOf } from './reached.ts';

/** The rows of one device. */
export function deviceRows(device: DeviceConfig, facts: NetworkFacts): readonly DoctorFinding[] {
  const { name, networks } = device;
  const partition = { id: 'network-partition', what: `partition ${networks.partition} on ${name}` };
  const account = { id: 'network-account', what: `account ${device.username} of ${name}` };
  const other = { id: 'network-cis', what: `F5 CIS on ${name}` };
  return [
    ...rowsOf(partition, [partitionProblem(device, facts)], 'for routes and entries of Sluice'),
    ...unitRows(device, facts),
    ...rowsOf(
      account,
      [accountProblem(facts)],
      facts.roles === undefined
        ? 'not checked: the device does not list the account, so its role is set elsewhere'
        : `may write network objects (${facts.roles.join(', ')})`,
    ),
    ...rowsOf(other, [cisProblem(device, facts)], 'left no entries'),
  ];
}

/** The first fault only: the others may follow from it. */
function partitionProblem(
  { networks: { partition: name }, peer, syncTo }: DeviceConfig,
  { partition }: NetworkFacts,
): Problem | undefined {
  const code = 'BIP483';
  if (partition === undefined)
    return {
      code,
      says: 'does not exist',
      remedy: `Sluice creates it with its first path, or you do: tmsh create auth partition ${name}`,
      state: 'warn',
    };
  if (partition.isDeclared)
    return {
      code: 'BIP476',
      says: 'is an AS3 tenant, and AS3 cannot remove a tenant that holds routes',
      remedy: 'name another partition in devices[].networks.partition',
    };
  const { defaultRouteDomain, deviceGroup } = partition;
  if (defaultRouteDomain !== 0)
    return {
      code,
      says: `its default route domain is ${defaultRouteDomain}, so addresses of route domain 0 would be in ${defaultRouteDomain}`,
      remedy: `tmsh modify auth partition ${name} default-route-domain 0`,
    };
  return peer !== undefined && deviceGroup === undefined
    ? {
        code,
        says: 'is in no device group, so a failover finds no routes',
        remedy: `tmsh modify sys folder /${name} device-group ${syncTo ?? 'GROUP'}`,
      }
    : undefined;
}

/** Only of a pair. */
function unitRows({ name, peer }: DeviceConfig, facts: NetworkFacts): readonly DoctorFinding[] {
  if (peer === undefined) return [];
  const silent: Problem = {
    code: 'BIP501',
    says: 'the standby unit does not answer, so nothing of it was checked',
    remedy: 'check devices[].url and peer',
  };
  const apart: Problem = {
    code: 'BIP441',
    says: `the device reports "${facts.sync}"`,
    remedy: 'sync the pair; if that fails, check that both units have a self IP for each gateway',
  };
  return [
    ...rowsOf(
      { id: 'network-units', what: `units of ${name}` },
      [facts.silent > 0 ? silent : undefined],
      facts.units.map((unit) => unit.name).join(', '),
    ),
    ...rowsOf(
      { id: 'network-sync', what: `config sync of ${name}` },
      [/^in sync$/i.test(facts.sync ?? '') ? undefined : apart],
      'in sync',
    ),
  ];
}

/** Roles that may write routes, ARP entries and records of tunnels. */
const WRITERS: readonly string[] = ['admin', 'resource-admin'];

/** Nothing is said of an account that the device does not list, such as one of a directory. */
function accountProblem({ roles }: NetworkFacts): Problem | undefined {
  return roles === undefined || roles.some((role) => WRITERS.includes(role))
    ? undefined
    : {
        code: 'BIP403',
        says: `has the role ${roles.join(', ') || 'none'}, which may not write network objects`,
        remedy: 'give it the role admin on all partitions',
      };
}

/** Recognised by the names that CIS gives its entries; it need not run any more. */
function cisProblem(
  { networks: { tunnels } }: DeviceConfig,
  { units }: NetworkFacts,
): Problem | undefined {
  const count = (paths: readonly string[], word: string): readonly string[] => {
    const found = [...new Set(paths)].filter(isNameOfCis).sort();
    return found.length === 0
      ? []
      : [`${formatCount(found.length, word, word.replace(/y$/, 'ies'))} (${firstNamed(found)})`];
  };
  const entries = [
    ...count(
      units.flatMap(({ arps }) => arps),
      'ARP entry',
    ),
    ...count(
      units.flatMap(({ routes }) => routes.map(({ path }) => path)),
      'route',
    ),
  ];
  if (entries.length === 0) return undefined;
  const wipes =
    Object.keys(tunnels).length === 0
      ? 'it replaces routes of the same networks'
      : 'every 30 s it removes records of its tunnel that it does not know';
  return {
    code: 'BIP485',
    says: `it keeps ${entries.join(' and ')}; while it runs, ${wipes}`,
    remedy:
      'stop CIS, or remove its options --flannel-name, --cilium-name, --openshift-sdn-name and ' +
      '--static-routing-mode; then run sluice network adopt, which takes over what members need, ' +
      'and delete the rest',
    state: 'warn',
  };
}
