/** `sluice cluster`: who is served on which device, and taking clusters out, back, away and over. */
import type { Command } from 'commander';
import {
  isConfirmed,
  withContext,
  currentUser,
  addChangeOptions,
  addConfigOption,
} from '../terminal/context.ts';
import type { OperationContext } from '../../../shared/operations/context.ts';
import type { ChangeOptions, CommonOptions } from '../terminal/context.ts';
import { readDeclaredPartitions } from '../../../shared/operations/devices/declared-partitions.ts';
import type { DeclaredPartitionView } from '../../../shared/operations/devices/declared-partitions.ts';
import { errorMessage } from '../../../shared/telemetry/errors.ts';
import { planClusterOrder } from '../../../shared/operations/clusters/orders.ts';
import type {
  ClusterOrderPlan,
  ClusterOrderRequest,
} from '../../../shared/operations/clusters/orders.ts';
import { clusterRows, needsAttention } from '../../../shared/operations/clusters/rows.ts';
import { clusterTable } from '../clusters/tables.ts';
import { formatOption, printData, printLine } from '../terminal/output.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { sendOrders } from '../../../shared/operations/clusters/send-orders.ts';

interface Where extends CommonOptions {
  readonly device?: string;
}

interface ListOptions extends Where {
  readonly output: OutputFormat;
}

interface SteerOptions extends Where, ChangeOptions {
  readonly force?: boolean;
  readonly owner?: string;
  readonly uid?: string;
}

interface Verb {
  readonly description: string;
  readonly example: string;
  readonly wanted: (cluster: string, options: SteerOptions) => ClusterOrderRequest;
  readonly options?: (command: Command) => Command;
}

const FORCE = (command: Command): Command =>
  command.option('--force', 'even if nobody else serves some of its exposures', false);
const same = (command: Command): Command => command;
const because = ({ why }: ChangeOptions): string => why ?? 'no reason given';

const VERBS: Readonly<Record<ClusterOrderRequest['action'], Verb>> = {
  drain: {
    description: 'take no new connections on the members of a cluster; those that are there go on',
    example: 'drain east -c sluice.yaml --why "kernel update"',
    wanted: (_c, options) => ({ action: 'drain', because: because(options) }),
    options: FORCE,
  },
  out: {
    description: 'force the members of a cluster offline, connections and all',
    example: 'out east -c sluice.yaml --why "power is going"',
    wanted: (_c, options) => ({ action: 'out', because: because(options) }),
    options: FORCE,
  },
  enable: {
    description: 'put a cluster back into rotation',
    example: 'enable east -c sluice.yaml --why "update is done"',
    wanted: () => ({ action: 'enable' }),
  },
  forget: {
    description:
      'take out what a cluster, or one ingress of it, contributes; its fences stay, newer snapshots come back',
    example:
      'forget east -c sluice.yaml --owner istio-system/istio-ingressgateway --why "it was renamed"',
    wanted: (cluster, { owner }) => ({
      action: 'forget',
      ...(owner === undefined ? {} : { owner: `${cluster}/${service(owner)}` }),
    }),
    options: (command) =>
      command.option(
        '--owner <service>',
        'only this ingress, namespace/service (default: all of the cluster)',
      ),
  },
  adopt: {
    description: 'let the cluster that asks for an id own what another one declared under it',
    example: 'adopt east -c sluice.yaml --why "east was rebuilt"',
    wanted: (_c, { uid }) => ({ action: 'adopt', ...(uid === undefined ? {} : { uid }) }),
    options: (command) =>
      command.option(
        '--uid <uid>',
        'UID of its kube-system namespace (default: the one that asks)',
      ),
  },
};

export function registerCluster(program: Command): void {
  const cluster = program
    .command('cluster')
    .description('clusters on the devices: list, drain, out, enable, forget, adopt');
  withDevice(addConfigOption(cluster.command('list')))
    .description('what each device declares of each cluster, when it spoke last, and how it stands')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 all is well, 1 error, 2 a cluster is silent, has a rival, or removals of it are held.\n\nExample:\n  sluice cluster list -c sluice.yaml',
    )
    .action(list);
  for (const [name, { description, example, wanted, options = same }] of Object.entries(VERBS)) {
    options(addChangeOptions(withDevice(addConfigOption(cluster.command(name)))))
      .argument('<cluster>', 'id of the cluster, one of clusters[].id')
      .description(description)
      .addHelpText(
        'after',
        `\nExit code: 0 the order is given (or would be), 1 error.\n\nExample:\n  sluice cluster ${example}`,
      )
      .action((id: string, given: SteerOptions) => steer(id, given, wanted(id, given)));
  }
}

function withDevice(command: Command): Command {
  return command.option('--device <name>', 'only on this one of devices[] (default: all)');
}

function service(text: string): string {
  if (/^[^/\s]+\/[^/\s]+$/.test(text)) return text;
  throw new Error(
    `--owner ${text}: write it as namespace/service, such as istio-system/istio-ingressgateway`,
  );
}

async function look(
  { runtime }: OperationContext,
  { device }: Where,
): Promise<readonly DeclaredPartitionView[]> {
  const { devices } = runtime.config;
  const chosen = devices.filter(({ name }) => device === undefined || name === device);
  if (chosen.length === 0)
    throw new Error(
      `--device ${device}: name one of devices[].name: ${devices.map(({ name }) => name).join(', ')}`,
    );
  return readDeclaredPartitions({ ...runtime, config: { ...runtime.config, devices: chosen } });
}

async function list(options: ListOptions): Promise<void> {
  await withContext(options, async (desk) => {
    const declared = await look(desk, options);
    const now = desk.runtime.clock.now();
    const rows = clusterRows(desk.runtime.config, declared, now);
    printData(options.output, rows, () => clusterTable(rows, now));
    const away = declared.flatMap((one) => ('problem' in one ? [one] : []));
    for (const { device, partition, code, problem } of away)
      printLine(`${device}, partition ${partition}: ${code}: ${problem}`);
    process.exitCode = away.length > 0 ? 1 : rows.some(needsAttention) ? 2 : 0;
  });
}

async function steer(
  cluster: string,
  options: SteerOptions,
  wanted: ClusterOrderRequest,
): Promise<void> {
  await withContext(
    options,
    async (desk) => {
      const intent = planClusterOrder(
        {
          config: desk.runtime.config,
          declared: await look(desk, options),
          now: desk.runtime.clock.now(),
        },
        cluster,
        wanted,
      );
      if (intent.risk !== undefined && options.force !== true && !options.dryRun)
        throw new Error(`${intent.risk}. Add --force if that is meant`);
      if (await isConfirmed(intent.question, options))
        await give(desk, intent, { cluster, wanted, why: because(options) });
    },
    { sends: !options.dryRun },
  );
}

/** The audit log is told of an order that could not be given as well. */
async function give(
  { runtime, audit }: OperationContext,
  { orders }: ClusterOrderPlan,
  {
    cluster,
    wanted,
    why,
  }: { readonly cluster: string; readonly wanted: ClusterOrderRequest; readonly why: string },
): Promise<void> {
  const devices = orders.map(({ device }) => device).join(', ');
  const selection = `${'owner' in wanted && wanted.owner !== undefined ? wanted.owner : `cluster ${cluster}`} on ${devices}`;
  const note = async (result: string): Promise<void> =>
    void (await audit.append({
      who: currentUser(process.env),
      action: `cluster ${wanted.action}`,
      selection,
      why,
      result,
    }));
  try {
    await sendOrders(runtime, orders);
  } catch (error) {
    await note(`not sent: ${errorMessage(error)}`);
    throw error;
  }
  await note(`sent to ${orders.length === 1 ? 'one device' : `${orders.length} devices`}`);
  printLine(
    `Asked for on ${devices}; apply does it in its turn. "sluice cluster list" shows it, "sluice failures audit" keeps it.`,
  );
}
