/**
 * `sluice approve`: allows removals that are held because no deletion was observed, and moves of
 * nodes to /Common that exposures wait for. Sends an order in the group of the device.
 */
import type { Command } from 'commander';
import { interruptionInWords } from '../../../shared/domain/plan/nodes-elsewhere.ts';
import type { Approval } from '../../../shared/domain/steering/steering.ts';
import type { PlannedApproval } from '../../../shared/operations/approve/approve.ts';
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
    .description(
      'allow removals that are held because no deletion was observed (OWN310), ' +
        'removals of many paths to pods (BIP475), ' +
        'and moves of nodes to /Common that exposures wait for (OWN312)',
    )
    .argument('<owner>', 'cluster/namespace/service of the ingress, as in the message')
    .option(
      '--keys <keys...>',
      'only these exposures or paths, such as 172.16.100.195:32400/tcp or "route 10.244.3.0/24" ' +
        '(default: all that are held now)',
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
      const planned = await planApprovals(context, { ...options, owner });
      for (const question of questions(owner, planned))
        if (!(await isConfirmed(question, options, { unasked: true }))) return;
      const approvals = planned.map(({ approval }) => approval);
      await giveApprovals(context, approvals, { ...authorOf(options), owner });
      for (const { device, keys = [], shareNodes } of approvals)
        printLine(
          `approved on ${device}: ${keys.join(', ')}; apply ` +
            (shareNodes === undefined
              ? 'removes them with its next batch'
              : `moves the nodes of ${shareNodes.join(', ')} to /Common with its next batch`),
        );
    },
    { sends: !options.dryRun },
  );
}

/** One question for all removals, and one for each move, which says what it interrupts. */
function questions(owner: string, planned: readonly PlannedApproval[]): readonly string[] {
  const removals = planned.filter(({ moving }) => moving === undefined);
  const what = removals.map(({ approval }) => placesOf(approval)).join('; ');
  const moves = planned.flatMap(({ approval, moving }) =>
    moving === undefined
      ? []
      : [
          `${placesOf(approval)} of ${owner} needs node addresses in several partitions. ` +
            `${interruptionInWords(moving)} Move them?`,
        ],
  );
  return removals.length === 0
    ? moves
    : [`Allow the removal of ${what}, which ${owner} no longer requests?`, ...moves];
}

function placesOf({ device, keys = [] }: Approval): string {
  return `${keys.join(', ')} on ${device}`;
}
