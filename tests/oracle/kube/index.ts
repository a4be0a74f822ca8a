/** A real API server, against the lab's. */
import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { errorMessage } from '../../../shared/telemetry/errors.ts';
import { visibleLines } from '../../../shared/telemetry/visible.ts';
import type { Body } from '../../integration/lab-kubernetes/client.ts';
import { isConfirmed } from '../confirm.ts';
import { isAsKnown, judge } from '../judge.ts';
import type { Difference } from '../judge.ts';
import type { Oracle, Output } from '../oracle.ts';
import { report, type Count } from '../report.ts';
import { parseKubeArguments, USAGE } from './arguments.ts';
import { answersOf } from './calls.ts';
import { compare } from './compare.ts';
import { CALL_NAMESPACES, harmless } from './harmless.ts';
import { KNOWN } from './known.ts';
import { startLab } from './lab.ts';
import { openPlace, type Place } from './place.ts';
import { readRows, type Row } from './rows.ts';
import {
  crdOf,
  expectNone,
  make,
  missingCrds,
  namespaceNamed,
  within,
  type Made,
} from './scratch.ts';
import { openSubject, type Subject } from './subject.ts';

/** As the cluster does: long enough for the calls to see it terminate. */
const NAMESPACE_MS = 100;
const ISTIO = ['gateways', 'virtualservices'];

export const kubeOracle = kubeOracleOf(harmless(readRows()));

/** With these calls. */
export function kubeOracleOf(rows: readonly Row[]): Oracle {
  return {
    usage: USAGE,
    what: 'compares the lab’s Kubernetes API with the API server of a kubeconfig',
    run: async (argv, output) => {
      const { context, crds, yes } = parseKubeArguments(argv);
      const place = await openPlace(context);
      if (place === undefined) {
        output.out('kube: skipped, because there is no kubeconfig; set KUBECONFIG');
        return 0;
      }
      try {
        return await ask(place, { crds, yes, rows }, output);
      } finally {
        await place.close();
      }
    },
  };
}

interface Asked {
  readonly crds: string | undefined;
  readonly yes: boolean;
  readonly rows: readonly Row[];
}

async function ask(
  place: Place,
  { crds: file, yes, rows }: Asked,
  output: Output,
): Promise<number> {
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort(new Error('interrupted'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  const real = await openSubject(place.kubeconfig, interrupt.signal);
  const cleaner = await openSubject(place.kubeconfig);
  try {
    const version = await versionOf(real, place);
    const namespaces = CALL_NAMESPACES.map(namespaceNamed);
    await expectNone(real, namespaces);
    const crds = await definitions(await missingCrds(real, ISTIO), file);
    const planned = [...crds.map(crdOf), ...namespaces];
    output.err(announced(place, version, planned));
    if (!yes && !(await isConfirmed('the API server'))) return 1;
    return await within({ real, cleaner }, planned, () => compareAll(real, rows, output));
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
    await real.close();
    await cleaner.close();
  }
}

/** Throws with a sentence if the API server is away or refuses the account. */
async function versionOf(real: Subject, { context, server }: Place): Promise<string> {
  const answer = await real.send('GET', '/version').catch((error: unknown) => {
    throw new Error(
      `the API server ${server} of context ${context} gives no answer: ${errorMessage(error)}`,
      { cause: error },
    );
  });
  if (answer.code !== 200)
    throw new Error(
      `the API server ${server} refuses the account of context ${context}: ${answer.code} ${answer.body?.message ?? ''}`,
    );
  return answer.body?.gitVersion ?? 'of unknown version';
}

/** Throws if CRDs are missing and the file does not have them. */
async function definitions(
  missing: readonly string[],
  file: string | undefined,
): Promise<readonly Body[]> {
  if (missing.length === 0) return [];
  if (file === undefined)
    throw new Error(
      `the cluster has no ${missing.join(', ')}; --crds FILE creates them for the run from a file of Istio’s CustomResourceDefinitions`,
    );
  const documents = parseAllDocuments(await readFile(file, 'utf8')).map((one): Body => one.toJS());
  return missing.map((name) => {
    const found = documents.find((one) => one?.metadata?.name === name);
    if (found === undefined) throw new Error(`${file} has no CustomResourceDefinition ${name}`);
    return found;
  });
}

function announced({ context, server }: Place, version: string, planned: readonly Made[]): string {
  return [
    `context ${context}: ${server}, Kubernetes ${version}:`,
    ...planned.map(({ object }) => `- creates ${object.kind} ${object.metadata.name}`),
    '- makes the calls in these namespaces, and removes all of it again',
    'Nothing else in the cluster is written.',
  ].join('\n');
}

async function compareAll(real: Subject, rows: readonly Row[], output: Output): Promise<number> {
  output.err(`makes ${rows.length} calls`);
  const [theirs, ours] = await Promise.all([answersOf(real, rows), answersOfLab(rows)]);
  const found: Difference[] = [...theirs].flatMap(([name, answer]) =>
    compare(name, answer, ours.get(name)),
  );
  const different = new Set(found.map(({ where }) => where)).size;
  const counts: Record<string, Count> = { answers: { compared: theirs.size, different } };
  const verdict = judge(found, KNOWN);
  output.out(visibleLines(report('the API server', counts, verdict)));
  return isAsKnown(verdict) ? 0 : 1;
}

async function answersOfLab(rows: readonly Row[]): Promise<ReadonlyMap<string, unknown>> {
  const lab = await startLab({ namespaceMs: NAMESPACE_MS });
  try {
    for (const name of CALL_NAMESPACES) await make(lab, namespaceNamed(name));
    return await answersOf(lab, rows);
  } finally {
    await lab.close();
  }
}
