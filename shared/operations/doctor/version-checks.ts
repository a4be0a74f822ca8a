/** Whether watcher and functions are of releases that fit (decision 87). */
import { formatAge } from '../../domain/text/counts.ts';
import { NOTE_INTERVAL_MS, NOTING_FUNCTIONS } from '../../failures/releases.ts';
import type { NotedRelease, NotingFunction, ReleaseStore } from '../../failures/releases.ts';
import { leasePlace, LEASES, readLease } from '../../kubernetes/lease.ts';
import type { KubernetesClient } from '../../kubernetes/index.ts';
import { VERSION } from '../../runtime/version.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import type { OperationContext } from '../context.ts';
import { badFinding, okFinding } from './finding.ts';
import type { CheckedObject, DoctorFinding } from './finding.ts';

/** The Lease of the watcher. */
export interface VersionPlace {
  readonly cluster: string;
  readonly leaseNamespace: string;
}

/** What a check knows of releases. */
export interface ReleaseSight {
  /** The release of this command, which is upgraded with the functions. */
  readonly own?: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** What the functions noted. */
  readonly releases: Pick<ReleaseStore, 'of'>;
}

/** What the functions noted in the failure store, looked at now. */
export function releaseSight({
  runtime,
  releases,
}: Pick<OperationContext, 'runtime' | 'releases'>): ReleaseSight {
  return { now: runtime.clock.now(), releases };
}

/** Functions are upgraded first, and this command with them. */
const ORDER =
  'upgrade the functions and this command first, then the watchers; roll back in the other order';

/** Milliseconds; a function that runs notes its release three times meanwhile. */
const RUNS_MS = 3 * NOTE_INTERVAL_MS;

/** The releases of a function that run now. A time far ahead was written by a wrong clock. */
function runningIn(noted: readonly NotedRelease[], now: number): readonly NotedRelease[] {
  return noted.filter(({ at }) => Math.abs(now - at) <= RUNS_MS);
}

/**
 * One finding for each function. Nothing if the store does not answer, which is a finding of its
 * own. `policies`: number of those of replay; without any, it need not run.
 */
export async function releaseChecks(
  sight: ReleaseSight,
  policies: number,
): Promise<readonly DoctorFinding[]> {
  const noted = await readNotes(sight);
  return noted.flatMap(([name, notes]) =>
    name === 'replay' && policies === 0 && notes.length === 0
      ? []
      : [functionFinding({ id: 'versions', what: `release of ${name}` }, notes, sight)],
  );
}

type Notes = readonly (readonly [NotingFunction, readonly NotedRelease[]])[];

async function readNotes({ releases }: ReleaseSight): Promise<Notes> {
  return Promise.all(
    NOTING_FUNCTIONS.map(async (name) => [name, await releases.of(name)] as const),
  ).catch(() => []);
}

function functionFinding(
  checked: CheckedObject,
  notes: readonly NotedRelease[],
  { own = VERSION, now }: ReleaseSight,
): DoctorFinding {
  const text = ({ release, at }: NotedRelease): string =>
    `${release}, noted ${formatAge(at, now)} ago`;
  const [last] = notes;
  const [first, ...others] = runningIn(notes, now).toSorted((a, b) =>
    compareReleases(b.release, a.release),
  );
  if (first === undefined) {
    const known = last && `${last.release} was noted last, ${formatAge(last.at, now)} ago`;
    return okFinding(
      checked,
      `not known, ${known ?? 'none was noted yet'}; this command is ${own}`,
    );
  }
  if (compareReleases(first.release, own) > 0)
    return badFinding(checked, `${text(first)}, is newer than this command, ${own}`, {
      state: 'warn',
      remedy: 'use the command of that release',
    });
  if (others.length > 0)
    return okFinding(
      checked,
      `${[first, ...others].map(text).join(', and ')}; ` +
        `this command is ${own}: upgrade what still runs the older one`,
    );
  return compareReleases(first.release, own) === 0
    ? okFinding(checked, `${own}, as this command`)
    : okFinding(checked, `${text(first)}; this command is ${own}: upgrade the functions next`);
}

/** The oldest release of any function that runs now. */
async function oldestRunning(
  sight: ReleaseSight,
): Promise<(NotedRelease & { readonly name: NotingFunction }) | undefined> {
  const running = (await readNotes(sight)).flatMap(([name, notes]) =>
    runningIn(notes, sight.now).map((note) => ({ ...note, name })),
  );
  return running.toSorted((a, b) => compareReleases(a.release, b.release))[0];
}

/** The release of the watcher, against this command and the functions that run. */
export async function versionCheck(
  client: Pick<KubernetesClient, 'get'>,
  { cluster, leaseNamespace }: VersionPlace,
  sight: ReleaseSight,
): Promise<DoctorFinding> {
  const { own = VERSION, now } = sight;
  const checked = { id: 'versions', what: `release of the watcher of ${cluster}` };
  const { name } = leasePlace(leaseNamespace, cluster, '');
  let watcher: string | undefined;
  try {
    const lease = await client.get(LEASES, name, leaseNamespace);
    if (lease === undefined)
      return okFinding(
        checked,
        `no watcher led yet with a Lease in ${leaseNamespace}; this command is ${own}`,
      );
    watcher = readLease(lease, 0).version;
  } catch (error) {
    return badFinding(checked, errorMessage(error), { state: 'warn' });
  }
  if (watcher === undefined)
    return okFinding(checked, `it does not say it, as 0.1.0 did not; this command is ${own}`);
  const tooNew = (than: string): DoctorFinding =>
    badFinding(checked, `${watcher} is newer than ${than}`, { state: 'warn', remedy: ORDER });
  const order = compareReleases(watcher, own);
  if (order > 0) return tooNew(`this command, ${own}`);
  const oldest = await oldestRunning(sight);
  if (oldest !== undefined && compareReleases(watcher, oldest.release) > 0)
    return tooNew(
      `${oldest.name}, of which ${oldest.release} was noted ${formatAge(oldest.at, now)} ago`,
    );
  if (order === 0) return okFinding(checked, `${watcher}, as this command`);
  const next =
    oldest !== undefined && compareReleases(oldest.release, own) < 0
      ? 'upgrade the functions first, then the watcher'
      : 'upgrade the watcher next';
  return okFinding(checked, `${watcher}; this command is ${own}, and may be newer: ${next}`);
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
