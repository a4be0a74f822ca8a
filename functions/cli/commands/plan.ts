/** `sluice plan`: the AS3 declaration these objects would lead to, or with --device what would change on the device. Writes nothing. */
import type { Command } from 'commander';
import { wrapTenants, renderTenant } from '../../../shared/bigip/as3/render.ts';
import { loadConfig } from '../../../shared/config/load.ts';
import type { DeviceConfig, SluiceConfig } from '../../../shared/config/schema.ts';
import type { Plan, PlanEntry } from '../../../shared/domain/plan/plan.ts';
import { offlineIngresses } from '../exposures.ts';
import { readManifests } from '../manifests.ts';
import { meshOptions } from '../mesh-options.ts';
import { objectsFrom } from '../objects.ts';
import { offlinePlans } from '../offline-plan.ts';
import type { Format } from '../output.ts';
import { collect, columns, formatOption, print, say } from '../output.ts';

interface PlanOptions {
  readonly file: readonly string[];
  readonly config: string;
  readonly cluster?: string;
  readonly namespace: string;
  readonly device: boolean;
  readonly output: Format;
}

const DIFFERENCE = new Set(['create', 'update', 'delete', 'held']);
const SIGN: Readonly<Record<string, string>> = { create: '+', update: '~', delete: '-', held: '!', conflict: '!' };

export function registerPlan(program: Command): void {
  program
    .command('plan')
    .description('print the AS3 declaration these files lead to; with --device, what would change on the device')
    .requiredOption('-f, --file <file>', 'Kubernetes objects: YAML, JSON, a directory, or - (repeatable)', collect, [])
    .requiredOption('-c, --config <file>', 'sluice.yaml')
    .option('--cluster <id>', 'which of clusters[] the files come from (default: the first)')
    .option('-n, --namespace <name>', 'namespace of objects that name none', 'default')
    .option('--device', 'read what the devices declare and print the difference', false)
    .addOption(formatOption())
    .addHelpText('after', '\nExit code: 0 no difference, 1 error, 2 difference (with --device).\n\nExample:\n  sluice plan -f manifests/ --config sluice.yaml --device')
    .action(plan);
}

async function plan(options: PlanOptions): Promise<void> {
  const config = await loadConfig(options.config, process.env);
  const clusterId = options.cluster ?? config.clusters[0]?.id ?? '';
  const cluster = config.clusters.find((c) => c.id === clusterId);
  if (!cluster) throw new Error(`--cluster ${clusterId}: name one of clusters[].id: ${config.clusters.map((c) => c.id).join(', ')}`);
  const { objects, ignored } = objectsFrom(readManifests(options.file, options.namespace), {});
  for (const item of ignored) say(`ignored: ${item.kind} ${item.name}: ${item.reason}`);
  const ingresses = offlineIngresses(objects, { config, clusterId, mesh: meshOptions(cluster.mesh, []) });
  for (const { built } of ingresses) {
    for (const s of built.servers.filter((server) => server.verdict !== 'listening')) say(`not exposed: ${s.gateway} port ${s.port}: ${s.reason} (${s.code})`);
    for (const note of built.notes) say(`note: ${note.object}: ${note.message} (${note.code})`);
  }
  const plans = await offlinePlans(config, { clusterId, ingresses, ask: options.device });
  if (!options.device) return print(options.output === 'table' ? 'json' : options.output, declarations(config, plans), () => '');
  const entries = plans.flatMap((p) => p.plans.flatMap((one) => one.entries.map((entry) => ({ device: p.device.name, partition: one.partition, ...entry }))));
  print(options.output, { changes: entries, declarations: declarations(config, plans) }, () => differences(entries));
  if (entries.some((e) => DIFFERENCE.has(e.kind))) process.exitCode = 2;
}

/** One request body for a single device, else one for each by name. */
function declarations(config: SluiceConfig, plans: readonly { readonly device: DeviceConfig; readonly plans: readonly Plan[] }[]): object {
  const bodies = plans.map(({ device, plans: each }) => {
    const tenants = each.filter((p) => Object.keys(p.next.exposures).length > 0).map((p) => [p.partition, renderTenant(p.next, { shareNodes: device.partitions.length > 1 })] as const);
    return [device.name, wrapTenants(Object.fromEntries(tenants), device.save)] as const;
  });
  const [only] = bodies;
  return config.devices.length === 1 && only ? only[1] : Object.fromEntries(bodies);
}

function differences(entries: readonly (PlanEntry & { readonly device: string; readonly partition: string })[]): string {
  const rows = entries.filter((e) => e.kind !== 'unchanged').map((e) => [SIGN[e.kind] ?? ' ', e.device, e.partition, e.key, e.kind, e.gateways.join(', '), e.reason]);
  const unchanged = entries.length - rows.length;
  const table = rows.length === 0 ? 'No difference.' : columns(['', 'DEVICE', 'PARTITION', 'ADDRESS', 'CHANGE', 'GATEWAYS', 'WHY'], rows);
  return unchanged === 0 ? table : `${table}\n${unchanged} unchanged.`;
}
