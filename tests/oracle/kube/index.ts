/** A real API server, against the lab's. */
import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { errorMessage } from '../../../shared/telemetry/errors.ts';
import type { Body } from '../../integration/lab-kubernetes/client.ts';
import { isConfirmed } from '../confirm.ts';
import type { Oracle, Output } from '../oracle.ts';
import { parseKubeArguments, USAGE } from './arguments.ts';
import { compareAll, type Subjects } from './comparison.ts';
import { CALL_NAMESPACES, harmless } from './harmless.ts';
import { openPlace, type Place } from './place.ts';
import { readRows } from './rows.ts';
import { crdOf, expectNone, missingCrds, namespaceNamed, within, type Made } from './scratch.ts';
import { openSubject, type Subject } from './subject.ts';
import { accountObjects } from './watcher/account.ts';
import { PLACES } from './watcher/objects.ts';

const ISTIO = ['gateways', 'virtualservices'];

export const kubeOracle = kubeOracleOf({ rows: harmless(readRows()), watches: true });

/** With these calls. */
export function kubeOracleOf(what: Subjects): Oracle {
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
        return await ask(place, { crds, yes, ...what }, output);
      } finally {
        await place.close();
      }
    },
  };
}

interface Asked extends Subjects {
  readonly crds: string | undefined;
  readonly yes: boolean;
}

async function ask(place: Place, asked: Asked, output: Output): Promise<number> {
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort(new Error('interrupted'));
  // Ctrl-C reaches this process from the terminal and from npm: the second one must not end it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  const real = await openSubject(place.kubeconfig, interrupt.signal);
  const cleaner = await openSubject(place.kubeconfig);
  try {
    const version = await versionOf(real, place);
    const planned = await plan(real, asked);
    output.err(announced(place, version, planned));
    if (!asked.yes && !(await isConfirmed('the API server'))) return 1;
    return await within({ real, cleaner }, planned, () => compareAll(real, place, asked, output));
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
    await real.close();
    await cleaner.close();
  }
}

/** What is created for the run. Throws if some of it is there already. */
async function plan(real: Subject, { crds: file, watches }: Asked): Promise<readonly Made[]> {
  const crds = await definitions(await missingCrds(real, ISTIO), file);
  const own = [...CALL_NAMESPACES, ...(watches ? Object.values(PLACES) : [])].map(namespaceNamed);
  const account = watches ? await accountObjects() : [];
  await expectNone(real, [...own, ...account]);
  return [...crds.map(crdOf), ...own, ...account];
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
    '- makes calls and runs the watcher in these namespaces, and removes all of it again',
    'Nothing else in the cluster is written.',
  ].join('\n');
}
