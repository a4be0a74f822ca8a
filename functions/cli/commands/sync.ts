/**
 * `sluice sync NAMESPACE/GATEWAY`: sends the ingress of a Gateway again and retries refused changes
 * at once, instead of with the next resync.
 */
import type { Command } from 'commander';
import { chooseCluster } from '../../../shared/operations/clusters/clusters.ts';
import { giveSync, planSync } from '../../../shared/operations/sync/sync.ts';
import {
  isConfirmed,
  withContext,
  authorOf,
  addChangeOptions,
  addConfigOption,
} from '../terminal/context.ts';
import type { ChangeOptions, CommonOptions } from '../terminal/context.ts';
import { printLine } from '../terminal/output.ts';

/** `cluster` may be omitted if only one is configured. */
interface SyncOptions extends CommonOptions, ChangeOptions {
  readonly cluster?: string;
  readonly device?: string;
}

/** Adds the command. */
export function registerSync(program: Command): void {
  addChangeOptions(addConfigOption(program.command('sync')))
    .description(
      'process a Gateway again now: the watcher sends its ingress again, ' +
        'and the devices also retry what they refused',
    )
    .argument('<gateway>', 'NAMESPACE/GATEWAY')
    .option('--cluster <id>', 'one of clusters[].id (default: the only one)')
    .option('--device <name>', 'only on this device, one of devices[].name (default: all)')
    .addHelpText(
      'after',
      '\nThe order itself changes nothing that is declared. ' +
        'Without it, the watcher sends everything again every 5 minutes, ' +
        'and a device retries what it refused after a minute to an hour.\n\n' +
        'Exit code: 0 the order is sent (or would be), 1 error.\n\nExample:\n' +
        '  sluice sync team/web -c sluice.yaml --why "the iRule exists now"',
    )
    .action(sync);
}

/**
 * Sends one order to each ingress and device of the Gateway. Throws if the argument is not
 * `namespace/name`.
 */
async function sync(gateway: string, options: SyncOptions): Promise<void> {
  if (!/^[^/]+\/[^/]+$/.test(gateway)) throw new Error(`${gateway}: write it as NAMESPACE/GATEWAY`);
  await withContext(
    options,
    async (context) => {
      const { id: cluster } = chooseCluster(context.runtime.config, options.cluster);
      const wanted = { cluster, gateway, device: options.device };
      const { orders, isKnown } = await planSync(context, wanted);
      if (!isKnown)
        printLine(
          `Neither a device nor a failure names Gateway ${gateway}: it is new, or misspelt. ` +
            `So this concerns every ingress of ${cluster}.`,
        );
      const targets = orders.map(({ owner, device }) => `${owner} on ${device}`).join(', ');
      if (!(await isConfirmed(`Try again now: ${targets}?`, options))) return;
      await giveSync(context, orders, { gateway, ...authorOf(options) });
      printLine(
        `Ordered: ${targets}. apply asks the watcher of ${cluster} to send ` +
          `${orders.length === 1 ? 'the ingress' : 'these ingresses'} again; ` +
          `"sluice trace ${cluster}/${gateway}" shows the result.`,
      );
    },
    { sends: !options.dryRun },
  );
}
