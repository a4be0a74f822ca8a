/**
 * `sluice approve`: allows removals that are held because no deletion was observed. Sends an order
 * in the group of the device.
 */
import type { Command } from 'commander';
import { giveApprovals, planApprovals } from '../../../shared/operations/approve/approve.ts';
import {
  isConfirmed,
  withContext,
  authorOf,
  addChangeOptions,
  addConfigOption,
} from '../terminal/context.ts';
import type { ChangeOptions, CommonOptions } from '../terminal/context.ts';
import { printLine } from '../terminal/output.ts';

/**
 * Without `keys`, everything that is held at the moment is approved, and nothing that is held
 * later.
 */
interface ApproveOptions extends CommonOptions, ChangeOptions {
  readonly keys?: readonly string[];
  readonly device?: string;
}

/**
 * Adds the command. `unasked`: without a terminal it is still carried out without `--yes`, as in
 * 0.1.0 (decision 56).
 */
export function registerApprove(program: Command): void {
  addChangeOptions(addConfigOption(program.command('approve')), { unasked: true })
    .description('allow removals that are held because no deletion was observed (OWN310)')
    .argument('<owner>', 'cluster/namespace/service of the ingress, as in the message')
    .option(
      '--keys <keys...>',
      'only these exposures, such as 172.16.100.195:32400/tcp (default: all that are held now)',
    )
    .option('--device <name>', 'only on this device, one of devices[].name (default: all)')
    .addHelpText(
      'after',
      '\nExit code: 0 the approval is sent (or would be), 1 error.\n\nExample:\n' +
        '  sluice approve east/istio-system/istio-ingressgateway --keys ' +
        '172.16.100.195:32400/tcp --config sluice.yaml',
    )
    .action(approve);
}

/**
 * Approves named exposures: what is held is read from the devices first, and the order contains
 * exactly these keys.
 */
async function approve(owner: string, options: ApproveOptions): Promise<void> {
  await withContext(
    options,
    async (context) => {
      const approvals = await planApprovals(context.runtime, { ...options, owner });
      const what = approvals
        .map(({ device, keys = [] }) => `${keys.join(', ')} on ${device}`)
        .join('; ');
      const question = `Let the removal of ${what} through, which ${owner} does not ask for any more?`;
      if (!(await isConfirmed(question, options, { unasked: true }))) return;
      await giveApprovals(context, approvals, { ...authorOf(options), owner });
      for (const { device, keys = [] } of approvals)
        printLine(
          `approved on ${device}: ${keys.join(', ')}; apply removes them with its next batch`,
        );
    },
    { sends: !options.dryRun },
  );
}
