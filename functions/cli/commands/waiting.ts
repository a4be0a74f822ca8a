/** `sluice waiting`: lists changes that wait for unreachable devices, and cancels orders. */
import type { Command } from 'commander';
import {
  isConfirmed,
  withContext,
  authorOf,
  addChangeOptions,
  addConfigOption,
} from '../terminal/context.ts';
import type { ChangeOptions, CommonOptions } from '../terminal/context.ts';
import { formatOption, printData, printLine } from '../terminal/output.ts';
import type { OutputFormat } from '../terminal/output.ts';
import {
  cancelOrder,
  findWaitingOrder,
  listWaiting,
} from '../../../shared/operations/waiting/waiting.ts';
import { waitingText } from '../waiting/tables.ts';

/** Adds `waiting list` and `waiting cancel`. */
export function registerWaiting(program: Command): void {
  const waiting = program
    .command('waiting')
    .description('list and cancel changes that wait for unreachable devices');
  addConfigOption(waiting.command('list'))
    .description('for each unreachable device: since when, why, and the changes that wait for it')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 nothing waits, 1 error, 2 something waits.\n\nExample:\n  sluice waiting list -c sluice.yaml',
    )
    .action(list);
  addChangeOptions(addConfigOption(waiting.command('cancel')))
    .argument('<id>', 'id of the order, as "sluice waiting list" shows it')
    .description(
      'cancel a waiting order, so that it is not carried out when the device works again',
    )
    .addHelpText(
      'after',
      '\nExit code: 0 the order is cancelled (or would be), 1 error.\n\nExample:\n' +
        '  sluice waiting cancel 3f9c21ab -c sluice.yaml --why "the update was called off"',
    )
    .action(cancel);
}

/** Exit code 2 if a device is unreachable or anything waits for one. */
async function list(options: CommonOptions & { readonly output: OutputFormat }): Promise<void> {
  await withContext(options, async (context) => {
    const view = await listWaiting(context);
    printData(options.output, view, () => waitingText(view, context.runtime.clock.now()));
    process.exitCode = view.devices.length + view.entries.length > 0 ? 2 : 0;
  });
}

/** A waiting slice cannot be cancelled: the next resync would send it again. */
async function cancel(id: string, options: CommonOptions & ChangeOptions): Promise<void> {
  await withContext(options, async (context) => {
    const found = await findWaitingOrder(context, id);
    const { device, what } = found.entry;
    if (!(await isConfirmed(`Cancel for ${device}: ${what}?`, options))) return;
    await cancelOrder(context, found, authorOf(options));
    printLine(`Cancelled: ${what}. "sluice failures audit" has the record.`);
  });
}
