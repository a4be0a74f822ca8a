/** `sluice why NAMESPACE/GATEWAY`: the state of each of its servers, and what to do. */
import type { Command } from 'commander';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { loadConfig } from '../../../shared/config/load.ts';
import type { MeshOptions } from '../../../shared/domain/istio/mesh.ts';
import type { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import { chooseCluster } from '../../../shared/operations/clusters/clusters.ts';
import { readCluster } from '../../../shared/operations/objects/read-cluster.ts';
import {
  explainGateway,
  isServerReached,
  withPresent,
} from '../../../shared/operations/why/why.ts';
import type { WhyAnswer } from '../../../shared/operations/why/why.ts';
import { withContext } from '../terminal/context.ts';
import { objectsIn } from '../manifests/objects.ts';
import { meshOptions } from '../manifests/mesh-options.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { collectValues, formatOption, printData, printLine } from '../terminal/output.ts';
import { whyText } from '../why/tables.ts';

interface WhyOptions {
  readonly config?: string;
  readonly cluster?: string;
  readonly kubeconfig?: string;
  readonly file?: readonly string[];
  readonly output: OutputFormat;
}

export function registerWhy(program: Command): void {
  program
    .command('why <gateway>')
    .description(
      'NAMESPACE/GATEWAY: for each server, whether it is reachable, why not, and what to do',
    )
    .option(
      '-c, --config <file>',
      'sluice.yaml: also applies its settings and policy, and the mesh options of the cluster',
    )
    .option('--cluster <id>', 'id of this cluster, one of clusters[].id (default: the only one)')
    .option(
      '-k, --kubeconfig <file>',
      'kubeconfig of the cluster (default: $KUBECONFIG, ~/.kube/config)',
    )
    .option(
      '-f, --file <file...>',
      'read files instead of the cluster: YAML, JSON, a directory, or - (repeatable)',
      collectValues,
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 every server is reachable, 1 error, 2 some are not.\n\nExamples:\n  sluice why team/web -c sluice.yaml\n  kubectl get gateways.networking.istio.io,vs,svc,po -A -o yaml | sluice why team/web -f -',
    )
    .action(why);
}

async function why(gateway: string, options: WhyOptions): Promise<void> {
  if (!/^[^/]+\/[^/]+$/.test(gateway)) throw new Error(`${gateway}: write it as NAMESPACE/GATEWAY`);
  const configured = await configuredFor(options);
  const objects = await objectsOf(options, configured.mesh);
  const answers = await answersFor(gateway, objects, { ...options, configured });
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

interface Configured {
  readonly mesh: MeshOptions;
  /** Absent without a configuration. */
  readonly by?: {
    readonly config: SluiceConfig;
    readonly clusterId: string;
    readonly path: string;
  };
}

async function configuredFor({ config: path, cluster }: WhyOptions): Promise<Configured> {
  if (path === undefined) return { mesh: meshOptions(undefined, []) };
  const config = await loadConfig(path, process.env);
  const { id, mesh } = chooseCluster(config, cluster);
  return { mesh: meshOptions(mesh, []), by: { config, clusterId: id, path } };
}

/**
 * For a running cluster, the answer includes the state on the devices and the failures; for files,
 * only what is requested.
 */
async function answersFor(
  gateway: string,
  objects: KubernetesObjects,
  { configured: { mesh, by }, file }: WhyOptions & { readonly configured: Configured },
): Promise<readonly WhyAnswer[]> {
  if (by === undefined) return explainGateway({ gateway, objects, mesh });
  const answers = explainGateway({ gateway, objects, mesh, configured: by });
  if (file !== undefined) return answers;
  return withContext({ config: by.path }, (context) =>
    withPresent(context, { gateway, cluster: by.clusterId }, answers),
  );
}

async function objectsOf(
  { file, kubeconfig }: WhyOptions,
  mesh: MeshOptions,
): Promise<KubernetesObjects> {
  if (file !== undefined) return objectsIn({ file, recursive: false, namespace: 'default' });
  const { objects, notes } = await readCluster(kubeconfig, { mesh });
  for (const note of notes) printLine(`note: ${note}`);
  return objects;
}
