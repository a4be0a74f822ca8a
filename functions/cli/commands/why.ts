/** `sluice why NAMESPACE/GATEWAY`: the state of each of its servers, and what to do. */
import type { Command } from 'commander';
import type { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import { ingressNamespaces } from '../../../shared/operations/clusters/clusters.ts';
import { cniObjectsOf } from '../../../shared/domain/paths/network-config.ts';
import { readCluster } from '../../../shared/operations/objects/read-cluster.ts';
import {
  explainGateway,
  isServerReached,
  nodesIn,
  withPresent,
} from '../../../shared/operations/why/why.ts';
import { storedAnswers } from '../../../shared/operations/why/stored.ts';
import type { WhyAnswer } from '../../../shared/operations/why/why.ts';
import { hasDefaultKubeconfig } from '../../../shared/kubernetes/index.ts';
import { withContext } from '../terminal/context.ts';
import { addFoundConfigOption, findConfig } from '../terminal/found-config.ts';
import type { FoundConfig } from '../terminal/found-config.ts';
import { objectsIn } from '../manifests/objects.ts';
import { meshOptions } from '../manifests/mesh-options.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { collectValues, formatOption, printData, printLine } from '../terminal/output.ts';
import { whyText } from '../why/tables.ts';

/** `config: false` is `--no-config`. With `file`, `kubeconfig` has no effect. */
interface WhyOptions {
  readonly config?: string | false;
  readonly cluster?: string;
  readonly kubeconfig?: string;
  readonly file?: readonly string[];
  readonly output: OutputFormat;
}

/** Adds the command. */
export function registerWhy(program: Command): void {
  addFoundConfigOption(
    program
      .command('why <gateway>')
      .description(
        'NAMESPACE/GATEWAY: for each server, whether it is reachable, why not, and what to do',
      ),
    'sluice.yaml: applies its settings, policy and mesh options; with -c, also asks the devices and the failure store',
  )
    .option('--cluster <id>', 'id of this cluster, one of clusters[].id (default: the only one)')
    .option(
      '-k, --kubeconfig <file>',
      'kubeconfig of the cluster (default: $KUBECONFIG, ~/.kube/config; without one and with -c, the newest snapshot in the failure store)',
    )
    .option(
      '-f, --file <file...>',
      'read files instead of the cluster: YAML, JSON, a directory, or - (repeatable)',
      collectValues,
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 every server is reachable, 1 error, 2 some are not.\n\nExamples:\n' +
        '  sluice why team/web -c sluice.yaml\n' +
        '  kubectl get gateways.networking.istio.io,vs,svc,po -A -o yaml | sluice why ' +
        'team/web -f -',
    )
    .action(why);
}

/** Exit code 2 if a server is not reached, unless reading the files already failed with 1. */
async function why(gateway: string, options: WhyOptions): Promise<void> {
  if (!/^[^/]+\/[^/]+$/.test(gateway)) throw new Error(`${gateway}: write it as NAMESPACE/GATEWAY`);
  const { found, note } = await findConfig(options, { env: process.env, cwd: process.cwd() });
  if (note !== undefined) printLine(`note: ${note}`);
  const answers =
    found !== undefined && isWithoutCluster(options, found)
      ? await answersFromStore(gateway, found)
      : await answersFor(gateway, await objectsOf(options, found), { file: options.file, found });
  if (answers.length === 0)
    throw new Error(
      `no Gateway ${gateway} ${options.file === undefined ? 'in the cluster' : 'in the files'}, or it has no servers`,
    );
  printData(
    options.output,
    { gateway, servers: answers.map(({ server, ...rest }) => ({ ...server, ...rest })) },
    () => whyText(answers),
  );
  if (process.exitCode !== 1 && !answers.every(isServerReached)) process.exitCode = 2;
}

/** Then the failure store of the named configuration has the verdicts of the newest snapshots. */
function isWithoutCluster({ file, kubeconfig }: WhyOptions, { isNamed }: FoundConfig): boolean {
  return isNamed && file === undefined && kubeconfig === undefined && !hasDefaultKubeconfig();
}

/** As of the newest snapshots, with the present state on the devices. */
async function answersFromStore(
  gateway: string,
  { cluster, path }: FoundConfig,
): Promise<readonly WhyAnswer[]> {
  const asked = { gateway, cluster: cluster.id };
  return withContext({ config: path }, async (context) => {
    const { answers, at } = await storedAnswers(context, asked);
    if (at === undefined)
      throw new Error(
        `no snapshot of cluster ${cluster.id} in the failure store names Gateway ${gateway}; ` +
          'pass --kubeconfig to ask the cluster itself',
      );
    printLine(
      `note: without a kubeconfig, as of the newest snapshot; the verdicts last changed at ${at}`,
    );
    return withPresent(context, asked, answers);
  });
}

/**
 * For a running cluster and a configuration that the user named, the answer includes the state on
 * the devices and the failures; otherwise only what is requested.
 */
async function answersFor(
  gateway: string,
  objects: KubernetesObjects,
  {
    file,
    found,
  }: {
    readonly file: WhyOptions['file'] | undefined;
    readonly found: FoundConfig | undefined;
  },
): Promise<readonly WhyAnswer[]> {
  const mesh = meshOptions(found?.cluster.mesh, []);
  if (found === undefined) return explainGateway({ gateway, objects, mesh });
  const { config, cluster, path, isNamed } = found;
  const configured = { config, clusterId: cluster.id };
  const answers = explainGateway({ gateway, objects, mesh, configured });
  if (file !== undefined || !isNamed) return answers;
  return withContext({ config: path }, (context) =>
    withPresent(context, { gateway, cluster: cluster.id, nodeOf: nodesIn(objects) }, answers),
  );
}

/**
 * From the files, or from the cluster. If reading the whole cluster is forbidden, only the
 * namespaces of the configured ingresses are read.
 */
async function objectsOf(
  { file, kubeconfig }: WhyOptions,
  found: FoundConfig | undefined,
): Promise<KubernetesObjects> {
  if (file !== undefined) return objectsIn({ file, recursive: false, namespace: 'default' });
  const mesh = meshOptions(found?.cluster.mesh, []);
  const fallback = found === undefined ? [] : ingressNamespaces(found.config, found.cluster.id);
  const network = found && cniObjectsOf(found.cluster.network);
  const { objects, notes } = await readCluster(kubeconfig, { mesh, fallback, network });
  for (const note of notes) printLine(`note: ${note}`);
  return objects;
}
