/** Whether watcher and functions are of releases that fit (decision 87). */
import { leasePlace, LEASES, readLease } from '../../kubernetes/lease.ts';
import type { KubernetesClient } from '../../kubernetes/index.ts';
import { VERSION } from '../../runtime/version.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import { badFinding, okFinding } from './finding.ts';
import type { DoctorFinding } from './finding.ts';

/** The Lease of the watcher. */
export interface VersionPlace {
  readonly cluster: string;
  readonly leaseNamespace: string;
}

/** Functions are upgraded first, and this command with them. */
const ORDER =
  'upgrade the functions and this command first, then the watchers; roll back in the other order';

/** `own`: the release of this command, which is that of the functions. */
export async function versionCheck(
  client: Pick<KubernetesClient, 'get'>,
  { cluster, leaseNamespace }: VersionPlace,
  own: string = VERSION,
): Promise<DoctorFinding> {
  const checked = { id: 'versions', what: `release of the watcher of ${cluster}` };
  const { name } = leasePlace(leaseNamespace, cluster, '');
  let watcher: string | undefined;
  try {
    const lease = await client.get(LEASES, name, leaseNamespace);
    if (lease === undefined)
      return okFinding(checked, `no watcher led yet; this command is ${own}`);
    watcher = readLease(lease, 0).version;
  } catch (error) {
    return badFinding(checked, errorMessage(error), { state: 'warn' });
  }
  if (watcher === undefined)
    return okFinding(checked, `it does not say it, as 0.1.0 did not; this command is ${own}`);
  const order = compareReleases(watcher, own);
  if (order === 0) return okFinding(checked, `${watcher}, as this command`);
  if (order < 0)
    return okFinding(
      checked,
      `${watcher}; this command is ${own}, and may be newer: upgrade the watcher next`,
    );
  return badFinding(checked, `${watcher} is newer than this command, ${own}`, {
    state: 'warn',
    remedy: ORDER,
  });
}

/** Below 0 if `a` is older. A release with a suffix, such as `-rc.1`, comes before the one without. */
export function compareReleases(a: string, b: string): number {
  const parts = (text: string): readonly [readonly number[], string] => {
    const [numbers = '', ...suffix] = text.split('-');
    return [numbers.split('.').map(Number), suffix.join('-')];
  };
  const [[left, leftSuffix], [right, rightSuffix]] = [parts(a), parts(b)];
  const differing = left.findIndex((number, i) => number !== right[i]);
  if (differing >= 0) return (left[differing] ?? 0) - (right[differing] ?? 0);
  if (leftSuffix === rightSuffix) return 0;
  if (leftSuffix === '' || rightSuffix === '') return leftSuffix === '' ? 1 : -1;
  return leftSuffix < rightSuffix ? -1 : 1;
}
