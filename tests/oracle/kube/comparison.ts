/** Asks both API servers the same, and reports what differs. */
import { visibleLines } from '../../../shared/telemetry/visible.ts';
import { isAsKnown, judge, type Difference } from '../judge.ts';
import type { Output } from '../oracle.ts';
import { report, type Count } from '../report.ts';
import { answersOf } from './calls.ts';
import { compare } from './compare.ts';
import { CALL_NAMESPACES } from './harmless.ts';
import { KNOWN } from './known.ts';
import { startLab } from './lab.ts';
import type { Place } from './place.ts';
import type { Row } from './rows.ts';
import { make, namespaceNamed } from './scratch.ts';
import type { Subject } from './subject.ts';
import { accountToken } from './watcher/account.ts';
import { PLACES } from './watcher/objects.ts';
import { watchScenario, type Observations } from './watcher/scenario.ts';

/** As the cluster does: long enough for the calls to see it terminate. */
const NAMESPACE_MS = 100;

/** What is compared. */
export interface Subjects {
  readonly rows: readonly Row[];
  /** The watcher, too. */
  readonly watches: boolean;
}

/** The exit code: 0 if the lab differs only as it is known to. */
export async function compareAll(
  real: Subject,
  place: Place,
  { rows, watches }: Subjects,
  output: Output,
): Promise<number> {
  output.err(`makes ${rows.length} calls`);
  const answers = differences(...(await Promise.all([answersOf(real, rows), answersOfLab(rows)])));
  const parts: Record<string, Part> = { answers };
  if (watches) {
    output.err('runs the watcher');
    const kubeconfig = await place.asAccount(await accountToken(real));
    parts['observations of the watcher'] = differences(
      ...(await Promise.all([watchScenario(real, kubeconfig), watchLab(await lacking(real))])),
    );
  }
  const found = Object.values(parts).flatMap((part) => part.found);
  const verdict = judge(found, KNOWN);
  output.out(visibleLines(report('the API server', parts, verdict)));
  return isAsKnown(verdict) ? 0 : 1;
}

interface Part extends Count {
  readonly found: readonly Difference[];
}

function differences(theirs: Observations, ours: Observations): Part {
  const names = [...new Set([...theirs.keys(), ...ours.keys()])];
  const found = names.flatMap((name) => compare(name, theirs.get(name), ours.get(name)));
  const different = new Set(found.map(({ where }) => where)).size;
  return { compared: names.length, different, found };
}

/** Kinds that the watcher reads only where they are served. */
const OPTIONAL: Readonly<Record<string, string>> = {
  'gateway.networking.k8s.io': '/apis/gateway.networking.k8s.io',
  'referencegrants.gateway.networking.k8s.io':
    '/apis/gateway.networking.k8s.io/v1beta1/referencegrants?limit=1',
  'envoyfilters.networking.istio.io': '/apis/networking.istio.io/v1alpha3/envoyfilters?limit=1',
};

/** What the lab must not serve either. */
async function lacking(real: Subject): Promise<readonly string[]> {
  const lacks: string[] = [];
  for (const [what, path] of Object.entries(OPTIONAL))
    if ((await real.send('GET', path)).code === 404) lacks.push(what);
  return lacks;
}

async function inLab<T>(
  namespaces: readonly string[],
  without: readonly string[],
  work: (lab: Subject) => Promise<T>,
): Promise<T> {
  const lab = await startLab({ namespaceMs: NAMESPACE_MS, without });
  try {
    for (const name of namespaces) await make(lab, namespaceNamed(name));
    return await work(lab);
  } finally {
    await lab.close();
  }
}

async function answersOfLab(rows: readonly Row[]): Promise<ReadonlyMap<string, unknown>> {
  return inLab(CALL_NAMESPACES, [], (lab) => answersOf(lab, rows));
}

async function watchLab(without: readonly string[]): Promise<Observations> {
  return inLab(Object.values(PLACES), without, (lab) => watchScenario(lab, lab.kubeconfig));
}
