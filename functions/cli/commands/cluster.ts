/** `sluice cluster`: lists clusters per device, and drains, enables, forgets and adopts them. */
import type { Command } from 'commander';
import {
  giveClusterOrder,
  listClusters,
  previewClusterOrder,
} from '../../../shared/operations/clusters/clusters.ts';
import type { ClusterOrderRequest } from '../../../shared/operations/clusters/orders.ts';
import { clusterTable } from '../clusters/tables.ts';
import {
  isConfirmed,
  withContext,
  authorOf,
  addChangeOptions,
  addConfigOption,
} from '../terminal/context.ts';
import type { ChangeOptions, CommonOptions } from '../terminal/context.ts';
import { formatOption, printData, printLine, printUnanswered } from '../terminal/output.ts';
import type { OutputFormat } from '../terminal/output.ts';

/** Options of all subcommands. */
interface Where extends CommonOptions {
  readonly device?: string;
}

/** Options of `list`, which only reads. */
interface ListOptions extends Where {
  readonly output: OutputFormat;
}

/**
 * Options of the orders. `owner` belongs to `forget`, `uid` to `adopt`, and `force` to `drain` and
 * `out`.
 */
interface SteerOptions extends Where, ChangeOptions {
  /** Needed if a drain would leave exposures without a member. */
  readonly force?: boolean;
  /** For `forget`: only this ingress, `cluster/namespace/service`. */
  readonly owner?: string;
  /** For `adopt`: kube-system UID, if several clusters ask for the id. */
  readonly uid?: string;
}

/** One order as a subcommand: its help, and how its options become a request. */
interface Verb {
  readonly description: string;
  readonly example: string;
  /** The order that these options mean. */
  readonly wanted: (cluster: string, options: SteerOptions) => ClusterOrderRequest;
  /** Adds options that only this verb has. */
  readonly options?: (command: Command) => Command;
}

/** Taking the last cluster of an exposure out of rotation must be asked for explicitly. */
const FORCE = (command: Command): Command =>
  command.option('--force', 'even if some exposures have no members in other clusters', false);
/** For orders without options of their own. */
const same = (command: Command): Command => command;

/**
 * All orders, by the name of their subcommand. A new kind of order does not compile without an
 * entry.
 */
const VERBS: Readonly<Record<ClusterOrderRequest['action'], Verb>> = {
  drain: {
    description:
      'send no new connections to the members of a cluster; existing connections continue',
    example: 'drain east -c sluice.yaml --why "kernel update"',
    wanted: (_c, options) => ({ action: 'drain', because: authorOf(options).why }),
    options: FORCE,
  },
  out: {
    description: 'force the members of a cluster offline; existing connections are cut',
    example: 'out east -c sluice.yaml --why "power maintenance"',
    wanted: (_c, options) => ({ action: 'out', because: authorOf(options).why }),
    options: FORCE,
  },
  enable: {
    description: 'return a cluster to rotation',
    example: 'enable east -c sluice.yaml --why "update is done"',
    wanted: () => ({ action: 'enable' }),
  },
  forget: {
    description:
      'remove the contributions of a cluster, or of one of its ingresses; ' +
      'its fences stay, and its newer snapshots restore them',
    example: 'forget east -c sluice.yaml --owner istio-system/istio-ingressgateway --why "renamed"',
    wanted: (cluster, { owner }) => ({
      action: 'forget',
      ...(owner === undefined ? {} : { owner: `${cluster}/${service(owner)}` }),
    }),
    options: (command) =>
      command.option(
        '--owner <service>',
        'only this ingress, namespace/service (default: all ingresses of the cluster)',
      ),
  },
  adopt: {
    description:
      'transfer what another cluster declared under an id to the cluster that requests it now',
    example: 'adopt east -c sluice.yaml --why "east was rebuilt"',
    wanted: (_c, { uid }) => ({ action: 'adopt', ...(uid === undefined ? {} : { uid }) }),
    options: (command) =>
      command.option(
        '--uid <uid>',
        'UID of its kube-system namespace (default: the cluster that requests the id)',
      ),
  },
};

/** Adds `cluster list` and one subcommand for each order. */
export function registerCluster(program: Command): void {
  const cluster = program
    .command('cluster')
    .description('clusters on the devices: list, drain, out, enable, forget, adopt');
  withDevice(addConfigOption(cluster.command('list')))
    .description('for each device and cluster: what is declared, the last event, and the state')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 all is well, 1 error, 2 a cluster is silent, ' +
        'another cluster uses its id, or removals are held.\n\nExample:\n' +
        '  sluice cluster list -c sluice.yaml',
    )
    .action(list);
  for (const [name, { description, example, wanted, options = same }] of Object.entries(VERBS)) {
    options(addChangeOptions(withDevice(addConfigOption(cluster.command(name)))))
      .argument('<cluster>', 'id of the cluster, one of clusters[].id')
      .description(description)
      .addHelpText(
        'after',
        `\nExit code: 0 the order is sent (or would be), 1 error.\n\nExample:\n  sluice cluster ${example}`,
      )
      .action((id: string, given: SteerOptions) => steer(id, given, wanted(id, given)));
  }
}

/** Adds `--device`. Without it, a command applies to all devices. */
function withDevice(command: Command): Command {
  return command.option(
    '--device <name>',
    'only on this device, one of devices[].name (default: all)',
  );
}

/**
 * Checks `--owner`; throws unless it is `namespace/service`, so that a misspelt one is noticed
 * before an order is sent.
 */
function service(text: string): string {
  if (/^[^/\s]+\/[^/\s]+$/.test(text)) return text;
  throw new Error(
    `--owner ${text}: write it as namespace/service, such as istio-system/istio-ingressgateway`,
  );
}

/** An unanswered device is an error (1), because the rows are incomplete. Findings end with 2. */
async function list(options: ListOptions): Promise<void> {
  await withContext(options, async (context) => {
    const found = await listClusters(context, options.device);
    printData(options.output, found.rows, () =>
      found.rows.length > 0
        ? clusterTable(found.rows, context.runtime.clock.now())
        : found.unanswered.length > 0
          ? 'No device answered, so it is not known which clusters are declared.'
          : 'No cluster is configured or declared.',
    );
    printUnanswered(found.unanswered);
    process.exitCode = found.unanswered.length > 0 ? 1 : found.needsAttention ? 2 : 0;
  });
}

/**
 * Shows the consequences, asks, and sends the order to each device. A risk stops it unless
 * `--force` or `--dry-run` is given.
 */
async function steer(
  cluster: string,
  options: SteerOptions,
  request: ClusterOrderRequest,
): Promise<void> {
  await withContext(
    options,
    async (context) => {
      const wanted = { cluster, request, device: options.device };
      const plan = await previewClusterOrder(context, wanted);
      if (plan.risk !== undefined && options.force !== true && !options.dryRun)
        throw new Error(`${plan.risk}. To do it anyway, add --force`);
      if (!(await isConfirmed(plan.question, options))) return;
      const devices = await giveClusterOrder(context, plan, { ...wanted, ...authorOf(options) });
      printLine(
        `Ordered on ${devices.join(', ')}; apply carries it out with its next batch. ` +
          '"sluice cluster list" shows the state, and "sluice failures audit" has the record.',
      );
    },
    { sends: !options.dryRun },
  );
}
