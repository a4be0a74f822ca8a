/** `sluice why NAMESPACE/GATEWAY`: what became of each of its servers, and what to do. */
import type { Command } from 'commander';
import { loadConfig } from '../../../shared/config/load.ts';
import { CODES } from '../../../shared/domain/codes/index.ts';
import type { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import { mapAll } from '../../../shared/domain/istio/map-ingress.ts';
import type { ServerReport } from '../../../shared/domain/istio/port-mapping.ts';
import { chooseCluster } from '../../../shared/operations/clusters/choose-cluster.ts';
import { offlineIngresses } from '../../../shared/operations/offline/ingresses.ts';
import { readCluster } from '../../../shared/operations/objects/read-cluster.ts';
import { objectsIn } from '../manifests/objects.ts';
import { meshOptions } from '../manifests/mesh-options.ts';
import { visible } from '../../../shared/telemetry/visible.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { collectValues, formatTable, formatOption, printData } from '../terminal/output.ts';

interface WhyOptions {
  readonly config?: string;
  readonly cluster?: string;
  readonly kubeconfig?: string;
  readonly file?: readonly string[];
  readonly output: OutputFormat;
}

export interface WhyAnswer {
  readonly server: ServerReport;
  /** `address:port/protocol` it is reached at, where a configuration says so. */
  readonly exposures: readonly string[];
  readonly remedy: string;
}

export function registerWhy(program: Command): void {
  program
    .command('why <gateway>')
    .description(
      'NAMESPACE/GATEWAY: for each server whether it is reached, why not, and what to do',
    )
    .option(
      '-c, --config <file>',
      'sluice.yaml: adds what the settings and the policy say, and the mesh options of the cluster',
    )
    .option('--cluster <id>', 'which of clusters[] this is (default: the only one)')
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
      '\nExit code: 0 every server is reached, 1 error, 2 some are not.\n\nExamples:\n  sluice why team/web -c sluice.yaml\n  kubectl get gateways.networking.istio.io,vs,svc,po -A -o yaml | sluice why team/web -f -',
    )
    .action(why);
}

async function why(gateway: string, options: WhyOptions): Promise<void> {
  if (!/^[^/]+\/[^/]+$/.test(gateway)) throw new Error(`${gateway}: write it as NAMESPACE/GATEWAY`);
  const objects =
    options.file === undefined
      ? await readCluster(options.kubeconfig)
      : objectsIn({ file: options.file, recursive: false, namespace: 'default' });
  const answers = await answersFor(gateway, objects, options);
  if (answers.length === 0)
    throw new Error(
      `there is no Gateway ${gateway} ${options.file === undefined ? 'in the cluster' : 'in the files'}, or it has no servers`,
    );
  printData(
    options.output,
    { gateway, servers: answers.map(({ server, ...rest }) => ({ ...server, ...rest })) },
    () => text(answers),
  );
  if (answers.some(({ server }) => server.verdict !== 'listening')) process.exitCode = 2;
}

async function answersFor(
  gateway: string,
  objects: KubernetesObjects,
  options: WhyOptions,
): Promise<readonly WhyAnswer[]> {
  const config =
    options.config === undefined ? undefined : await loadConfig(options.config, process.env);
  const cluster = config && chooseCluster(config, options.cluster);
  const mesh = meshOptions(cluster?.mesh, []);
  const mapped = mapAll(objects, mesh).flatMap(({ servers }) => servers);
  const built =
    config && cluster
      ? offlineIngresses(objects, { config, clusterId: cluster.id, mesh }).ingresses.map(
          (i) => i.built,
        )
      : [];
  const judged = built.flatMap((b) => b.servers);
  const exposures = built
    .flatMap((b) => b.exposures)
    .filter(({ refusedIfNew }) => refusedIfNew === undefined);
  return mapped
    .filter((server) => server.gateway === gateway)
    .map((server) => {
      const own =
        judged.find(
          (other) =>
            other.gateway === gateway && other.api === server.api && other.server === server.server,
        ) ?? server;
      const reached = exposures.filter(
        (e) =>
          e.gateways.includes(gateway) &&
          (own.envoyPorts.includes(e.port) ||
            own.servicePorts.some((p) => p.port === e.port) ||
            e.port === own.port),
      );
      return {
        server: own,
        exposures: reached.map((e) => `${e.address}:${e.port}/${e.protocol}`),
        remedy: remedyOf(own),
      };
    });
}

function remedyOf(server: ServerReport): string {
  if (server.verdict !== 'listening')
    return CODES[server.code]?.fix ?? 'See docs/reference/codes.md.';
  return server.missingInService
    ? 'The watcher adds the port to the Service, unless servicePorts is observe.'
    : 'Nothing.';
}

function text(answers: readonly WhyAnswer[]): string {
  const rows = answers.map(({ server: s, exposures }) => [
    String(s.server),
    `${s.port}/${s.protocol}`,
    s.verdict,
    s.code,
    exposures.join(', ') || '-',
    s.reason,
  ]);
  const table = formatTable(['SERVER', 'PORT', 'VERDICT', 'CODE', 'REACHED AT', 'WHY'], rows);
  const todo = answers
    .filter(({ remedy }) => remedy !== 'Nothing.')
    .map(({ server, remedy }) =>
      visible(`Server ${server.server} (port ${server.port}): ${remedy}`),
    );
  return todo.length === 0 ? table : `${table}\n\nWhat to do\n${todo.join('\n')}`;
}
