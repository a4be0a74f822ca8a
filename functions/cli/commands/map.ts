/** `sluice map`: what Istio does with these objects, listener by listener and server by server. Needs no cluster and no queue. */
import type { Command } from 'commander';
import { loadConfig } from '../../../shared/config/load.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Exposure } from '../../../shared/domain/exposure/exposure.ts';
import { exposureKey } from '../../../shared/domain/exposure/exposure.ts';
import { mapAll } from '../../../shared/domain/ingress/mapping.ts';
import type { MeshOptions } from '../../../shared/domain/ingress/mesh.ts';
import type { PortMapping, ServerReport } from '../../../shared/domain/ingress/verdict.ts';
import { offlineExposures } from '../exposures.ts';
import { readManifests } from '../manifests.ts';
import { meshOptions } from '../mesh-options.ts';
import { objectsFrom } from '../objects.ts';
import type { PodOptions } from '../objects.ts';
import type { Format } from '../output.ts';
import { collect, columns, formatOption, print, say } from '../output.ts';

interface MapCommandOptions extends PodOptions {
  readonly file: readonly string[];
  readonly config?: string;
  readonly cluster?: string;
  readonly namespace: string;
  readonly meshOption: readonly string[];
  readonly output: Format;
}

export function registerMap(program: Command): void {
  program
    .command('map')
    .description('say for each server of each Gateway whether Envoy listens, where, and why not; reads files, needs no cluster')
    .requiredOption('-f, --file <file>', 'Kubernetes objects: YAML, JSON, a directory, or - (repeatable)', collect, [])
    .option('-c, --config <file>', 'sluice.yaml: adds the exposures and the mesh options of its cluster')
    .option('--cluster <id>', 'which of clusters[] the files come from (default: the first)')
    .option('-n, --namespace <name>', 'namespace of objects that name none', 'default')
    .option('--pod-labels <k=v,…>', 'labels of the gateway pods, when the files hold no Pods')
    .option('--pod-namespace <name>', 'namespace of those pods')
    .option('--mesh-option <name=value>', 'a mesh option, such as scopeGatewayToNamespace=true (repeatable)', collect, [])
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  kubectl get gateways.networking.istio.io,vs,svc,po -A -o yaml | sluice map -f -')
    .action(map);
}

async function map(options: MapCommandOptions): Promise<void> {
  const config = options.config === undefined ? undefined : await loadConfig(options.config, process.env);
  const cluster = clusterOf(config, options.cluster);
  const mesh: MeshOptions = meshOptions(cluster?.mesh, options.meshOption);
  const { objects, ignored } = objectsFrom(readManifests(options.file, options.namespace), options);
  for (const item of ignored) say(`ignored: ${item.kind} ${item.name}: ${item.reason}`);
  const ingresses = mapAll(objects, mesh);
  const built = config && cluster ? offlineExposures(objects, { config, clusterId: cluster.id, mesh }) : undefined;
  for (const note of built?.notes ?? []) say(`note: ${note.object}: ${note.message} (${note.code})`);
  const exposures = built?.exposures ?? [];
  print(options.output, { ingresses: ingresses.map(shape), exposures }, () => tables(ingresses, exposures));
}

function clusterOf(config: SluiceConfig | undefined, wanted: string | undefined): SluiceConfig['clusters'][number] | undefined {
  if (!config) return undefined;
  const found = wanted === undefined ? config.clusters[0] : config.clusters.find((c) => c.id === wanted);
  if (!found) throw new Error(`--cluster ${wanted}: name one of clusters[].id: ${config.clusters.map((c) => c.id).join(', ')}`);
  return found;
}

/** The documented JSON; the Service ports to add have their own command and stay out. */
function shape({ namespace, services, pods, listeners, servers }: PortMapping): object {
  return { namespace, services, pods, listeners, servers };
}

function tables(ingresses: readonly PortMapping[], exposures: readonly Exposure[]): string {
  const parts = ingresses.map((ingress) => {
    const where = ingress.services.join(', ') || `pods without a Service in ${ingress.namespace}`;
    const listens = ingress.listeners.map((l) => `${l.bind === undefined ? '' : `${l.bind}:`}${l.port}/${l.transport} ${l.kinds.join('+')}`).join(', ') || 'nowhere';
    return `Ingress ${where} (${ingress.pods.length} pods)\nEnvoy listens on ${listens}\n\n${serverTable(ingress.servers)}`;
  });
  const rows = exposures.map((e) => [exposureKey(e), e.partition, e.settings.mode, e.settings.balance, String(e.members.length), e.gateways.join(', ')]);
  const offered = rows.length === 0 ? [] : [`Exposures\n\n${columns(['ADDRESS', 'PARTITION', 'MODE', 'BALANCE', 'MEMBERS', 'GATEWAYS'], rows)}`];
  return [...parts, ...offered].join('\n\n') || 'No gateways and no gateway pods in these files.';
}

function serverTable(servers: readonly ServerReport[]): string {
  const rows = servers.map((s) => [s.gateway, String(s.server), `${s.port}/${s.protocol}`, s.verdict, s.code, s.envoyPorts.join(',') || '-', servicePorts(s), s.reason]);
  return columns(['GATEWAY', '#', 'PORT', 'VERDICT', 'CODE', 'ENVOY', 'SERVICE PORT', 'WHY'], rows);
}

function servicePorts(s: ServerReport): string {
  const reaching = s.servicePorts.filter((p) => p.reachesListener).map((p) => `${p.service}:${p.port}→${p.targetPort}${p.nodePort === null ? '' : ` (node ${p.nodePort})`}`);
  return reaching.join(', ') || (s.missingInService ? 'missing' : '-');
}
