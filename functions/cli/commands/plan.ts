/** `sluice plan`: the AS3 declaration these objects would lead to, or with --device what would change on the device. Writes nothing. */
import type { Command } from 'commander';
import { renderTenant, wrapTenants } from '../../../shared/bigip/as3/render.ts';
import { loadConfig } from '../../../shared/config/load.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { createSecrets } from '../../../shared/config/secrets.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import type { PlanEntry } from '../../../shared/domain/plan/plan.ts';
import { chooseCluster } from '../../../shared/operations/clusters/choose-cluster.ts';
import { offlineIngresses } from '../../../shared/operations/offline/ingresses.ts';
import type {
  OfflineIngress,
  OfflineIngresses,
} from '../../../shared/operations/offline/ingresses.ts';
import type { ManifestOptions } from '../manifests/read-manifests.ts';
import { withManifests } from '../manifests/read-manifests.ts';
import { meshOptions } from '../manifests/mesh-options.ts';
import { objectsIn } from '../manifests/objects.ts';
import { offlinePlans } from '../../../shared/operations/offline/device-plans.ts';
import type { DevicePlans } from '../../../shared/operations/offline/device-plans.ts';
import type { OutputFormat } from '../terminal/output.ts';
import {
  collectValues,
  formatTable,
  formatOption,
  printData,
  printLine,
  printNote,
} from '../terminal/output.ts';

interface PlanOptions extends ManifestOptions {
  readonly config: string;
  readonly cluster?: string;
  readonly device: boolean;
  readonly meshOption?: readonly string[];
  readonly output: OutputFormat;
}

type Difference = PlanEntry & { readonly device: string; readonly partition: string };

const SAME: ReadonlySet<string> = new Set(['unchanged', 'superseded']);
const SIGN: Readonly<Record<string, string>> = { create: '+', update: '~', delete: '-' };

export function registerPlan(program: Command): void {
  withManifests(
    program
      .command('plan')
      .description(
        'print the AS3 declaration these files lead to; with --device, what would change on the device; writes nothing',
      ),
  )
    .requiredOption('-c, --config <file>', 'sluice.yaml')
    .option('--cluster <id>', 'which of clusters[] the files come from (default: the only one)')
    .option(
      '--mesh-option <name=value>',
      'a mesh option, such as scopeGatewayToNamespace=true (repeatable)',
      collectValues,
    )
    .option('--device', 'read what the devices declare and print the difference', false)
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nThe files hold the whole truth but for pool members: without Pods (or Nodes) in them, the members stay those of the device.\n' +
        'Exit code: 0 no difference, 1 error, 2 difference (with --device).\n\nExample:\n  sluice plan -f manifests/ --config sluice.yaml --device',
    )
    .action(plan);
}

async function plan(options: PlanOptions): Promise<void> {
  const config = await loadConfig(options.config, process.env);
  const cluster = chooseCluster(config, options.cluster);
  const clusterId = cluster.id;
  const ingresses = told(
    offlineIngresses(objectsIn(options), {
      config,
      clusterId,
      mesh: meshOptions(cluster.mesh, options.meshOption ?? []),
    }),
    clusterId,
  );
  const plans = await offlinePlans(
    { config, secrets: createSecrets({ env: process.env }), clock: processClock },
    { clusterId, ingresses, ask: options.device },
  );
  if (!options.device) sayAddresses(ingresses);
  if (!options.device)
    return printData(
      options.output === 'table' ? 'json' : options.output,
      declarations(config, plans),
      () => '',
    );
  const changes: readonly Difference[] = plans.flatMap((p) =>
    p.plans.flatMap((one) =>
      one.entries.map((entry) => ({ device: p.device.name, partition: one.partition, ...entry })),
    ),
  );
  printData(options.output, { changes, declarations: declarations(config, plans) }, () =>
    differences(changes),
  );
  if (changes.some(({ kind }) => !SAME.has(kind))) process.exitCode = 2;
}

/** An ingress whose Service is not in the files is left as it is: nobody can tell a deleted Service from one that another chart installs. */
function told(
  { ingresses, absent }: OfflineIngresses,
  clusterId: string,
): readonly OfflineIngress[] {
  if (ingresses.length === 0) {
    throw new Error(
      absent.length === 0
        ? `ingresses: sluice.yaml has none of cluster ${clusterId}`
        : `none of the ingress Services of cluster ${clusterId} is in these files: add ${absent.join(', ')}`,
    );
  }
  for (const service of absent)
    printLine(
      `not planned: Service ${service} is not in these files; what it exposes stays as it is`,
    );
  for (const { built, blind, ref } of ingresses) {
    if (blind)
      printLine(
        `note: no pool members for Service ${ref.namespace}/${ref.service} in these files; they are left to the cluster`,
      );
    for (const s of built.servers.filter((server) => server.verdict !== 'listening'))
      printLine(`not exposed: ${s.gateway} port ${s.port}: ${s.reason} (${s.code})`);
    for (const note of built.notes) printNote(note);
  }
  return ingresses;
}

/** Which address is free, only the device knows. */
function sayAddresses(ingresses: readonly OfflineIngress[]): void {
  for (const { ref, built } of ingresses) {
    const pools = Object.keys(built.auto?.pools ?? {}).join(', ');
    if (pools !== '')
      printLine(
        `note: Service ${ref.namespace}/${ref.service}: its address of pool ${pools} is the one it would get on an empty device; --device shows the real one`,
      );
  }
}

/** One request body for a single device, else one for each by name. */
function declarations(config: SluiceConfig, plans: readonly DevicePlans[]): object {
  const bodies = plans.map(({ device, plans: each }) => {
    const tenants = each
      .filter((p) => Object.keys(p.next.exposures).length > 0)
      .map(
        (p) =>
          [
            p.partition,
            renderTenant(p.next, { shareNodes: device.partitions.length > 1 }),
          ] as const,
      );
    return [device.name, wrapTenants(Object.fromEntries(tenants), device.save)] as const;
  });
  const [only] = bodies;
  return config.devices.length === 1 && only ? only[1] : Object.fromEntries(bodies);
}

function differences(changes: readonly Difference[]): string {
  const rows = changes
    .filter((e) => e.kind !== 'unchanged')
    .map((e) => [
      SIGN[e.kind] ?? '!',
      e.device,
      e.partition,
      e.key,
      e.kind,
      e.gateways.join(', '),
      e.reason,
    ]);
  const unchanged = changes.length - rows.length;
  const table =
    rows.length === 0
      ? 'No difference.'
      : formatTable(['', 'DEVICE', 'PARTITION', 'ADDRESS', 'CHANGE', 'GATEWAYS', 'WHY'], rows);
  return unchanged === 0 ? table : `${table}\n${unchanged} unchanged.`;
}
