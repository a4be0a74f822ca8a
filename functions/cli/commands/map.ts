/** `sluice map`: what Istio does with these objects, listener by listener and server by server. Needs no cluster and no queue. */
import type { Command } from 'commander';
import { loadConfig } from '../../../shared/config/load.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Exposure } from '../../../shared/domain/exposure/exposure.ts';
import { mapAll } from '../../../shared/domain/istio/map-ingress.ts';
import type { MeshOptions } from '../../../shared/domain/istio/mesh.ts';
import type { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import type { PortMapping } from '../../../shared/domain/istio/port-mapping.ts';
import { chooseCluster } from '../../../shared/operations/clusters/choose-cluster.ts';
import { offlineIngresses } from '../../../shared/operations/offline/ingresses.ts';
import type { OfflineIngress } from '../../../shared/operations/offline/ingresses.ts';
import type { ManifestOptions } from '../manifests/read-manifests.ts';
import { withManifests } from '../manifests/read-manifests.ts';
import { mapTables } from '../manifests/map-tables.ts';
import { meshOptions } from '../manifests/mesh-options.ts';
import { objectsIn } from '../manifests/objects.ts';
import type { PodOptions } from '../manifests/objects.ts';
import type { OutputFormat } from '../terminal/output.ts';
import {
  collectValues,
  formatOption,
  printData,
  printLine,
  printNote,
} from '../terminal/output.ts';

interface MapCommandOptions extends PodOptions, ManifestOptions {
  readonly config?: string;
  readonly cluster?: string;
  readonly meshOption?: readonly string[];
  readonly output: OutputFormat;
}

export function registerMap(program: Command): void {
  withManifests(
    program
      .command('map')
      .description(
        'say for each server of each Gateway whether Envoy listens, where, and why not; reads files, needs no cluster',
      ),
  )
    .option(
      '-c, --config <file>',
      'sluice.yaml: adds the exposures, and the mesh options of its cluster',
    )
    .option('--cluster <id>', 'which of clusters[] the files come from (default: the only one)')
    .option('--pod-labels <k=v,…>', 'labels of the gateway pods, when the files hold no Pods')
    .option('--pod-namespace <name>', 'namespace of those pods')
    .option(
      '--mesh-option <name=value>',
      'a mesh option, such as scopeGatewayToNamespace=true (repeatable)',
      collectValues,
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  kubectl get gateways.networking.istio.io,vs,svc,po -A -o yaml | sluice map -f -\n  sluice map -f manifests/ --pod-labels istio=ingressgateway --pod-namespace istio-system',
    )
    .action(map);
}

async function map(options: MapCommandOptions): Promise<void> {
  const config =
    options.config === undefined ? undefined : await loadConfig(options.config, process.env);
  const cluster = config && chooseCluster(config, options.cluster);
  const mesh = meshOptions(cluster?.mesh, options.meshOption ?? []);
  const objects = objectsIn(options);
  const offered =
    config && cluster ? offeredBy(objects, { config, clusterId: cluster.id, mesh }) : [];
  const ingresses = mapAll(objects, mesh).map((mapping) => withRefusals(mapping, offered));
  for (const note of ingresses.flatMap((ingress) => ingress.notes ?? []))
    printLine(`note: Gateway ${note.gateway}: ${note.message} (${note.code})`);
  const exposures: readonly Exposure[] = offered.flatMap(({ built }) =>
    built.exposures.filter(({ refusedIfNew }) => refusedIfNew === undefined),
  );
  printData(options.output, { ingresses: ingresses.map(shape), exposures }, () =>
    mapTables(ingresses, config === undefined ? undefined : exposures),
  );
}

function offeredBy(
  objects: KubernetesObjects,
  where: { readonly config: SluiceConfig; readonly clusterId: string; readonly mesh: MeshOptions },
): readonly OfflineIngress[] {
  const { ingresses, absent } = offlineIngresses(objects, where);
  for (const service of absent)
    printLine(
      `note: Service ${service}, an ingress of the configuration, is not in these files: nothing is exposed for it`,
    );
  for (const note of ingresses.flatMap(({ built }) => built.notes)) printNote(note);
  return ingresses;
}

/** Envoy listens, but settings or policy keep the server from being exposed: then that is its verdict. */
function withRefusals(mapping: PortMapping, offered: readonly OfflineIngress[]): PortMapping {
  const refused = offered
    .filter(({ ref }) => mapping.services.includes(`${ref.namespace}/${ref.service}`))
    .flatMap((ingress) => ingress.refused);
  const servers = mapping.servers.map(
    (server) =>
      refused.find(
        (one) =>
          one.gateway === server.gateway && one.api === server.api && one.server === server.server,
      ) ?? server,
  );
  return { ...mapping, servers };
}

/** The documented JSON; the Service ports to add are told in the reasons. */
function shape({ namespace, services, pods, listeners, servers }: PortMapping): object {
  return { namespace, services, pods, listeners, servers };
}
