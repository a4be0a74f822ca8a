/** `sluice approve`: lets removals through that are held, because their absence is not proven. A message, in order with the device's slices. */
import type { Command } from 'commander';
import { planApprovals } from '../../../shared/operations/approve/approve.ts';
import { sendOrders } from '../../../shared/queue/steering.ts';
import { withContext } from '../terminal/context.ts';
import type { CommonOptions } from '../terminal/context.ts';
import { printLine } from '../terminal/output.ts';

interface ApproveOptions extends CommonOptions {
  readonly keys?: readonly string[];
  readonly device?: string;
}

export function registerApprove(program: Command): void {
  program
    .command('approve')
    .description('allow removals that are held because no deletion was observed (OWN310)')
    .argument('<owner>', 'cluster/namespace/service of the ingress, as in the message')
    .requiredOption('-c, --config <file>', 'the configuration, sluice.yaml')
    .option(
      '--keys <keys...>',
      'only these exposures, such as 172.16.100.195:32400/tcp (default: all that are held now)',
    )
    .option('--device <name>', 'only on this device, one of devices[].name (default: all)')
    .addHelpText(
      'after',
      '\nExample:\n  sluice approve east/istio-system/istio-ingressgateway --keys 172.16.100.195:32400/tcp --config sluice.yaml',
    )
    .action(approve);
}

async function approve(owner: string, options: ApproveOptions): Promise<void> {
  await withContext(
    options,
    async ({ runtime }) => {
      const approvals = await planApprovals(runtime, { ...options, owner });
      await sendOrders(runtime, approvals);
      for (const { device, keys = [] } of approvals)
        printLine(
          `approved on ${device}: ${keys.join(', ')}; apply removes them with its next batch`,
        );
    },
    { sends: true },
  );
}
