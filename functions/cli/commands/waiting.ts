/** `sluice waiting`: what waits for devices that are away, and taking an order back. */
import type { Command } from 'commander';
import { ReplayError } from '../../../shared/failures/error.ts';
import type { Waiting } from '../../../shared/failures/waiting/place.ts';
import {
  isConfirmed,
  withContext,
  currentUser,
  addChangeOptions,
  addConfigOption,
} from '../terminal/context.ts';
import type { OperationContext } from '../../../shared/operations/context.ts';
import type { ChangeOptions, CommonOptions } from '../terminal/context.ts';
import { formatOption, printData, printLine } from '../terminal/output.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { waitingView } from '../../../shared/operations/waiting/waiting.ts';
import { waitingText } from '../waiting/tables.ts';

export function registerWaiting(program: Command): void {
  const waiting = program
    .command('waiting')
    .description('what waits for devices that are away: list, cancel');
  addConfigOption(waiting.command('list'))
    .description('since when each device is away and why, and what is applied when it works again')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 nothing waits, 1 error, 2 something waits.\n\nExample:\n  sluice waiting list -c sluice.yaml',
    )
    .action(list);
  addChangeOptions(addConfigOption(waiting.command('cancel')))
    .argument('<id>', 'of the order, as "sluice waiting list" shows it')
    .description(
      'take back an order that waits, so that it is not carried out when the device works again',
    )
    .addHelpText(
      'after',
      '\nExit code: 0 the order is taken back (or would be), 1 error.\n\nExample:\n  sluice waiting cancel 3f9c21ab -c sluice.yaml --why "the update was called off"',
    )
    .action(cancel);
}

async function list(options: CommonOptions & { readonly output: OutputFormat }): Promise<void> {
  await withContext(options, async ({ waiting, runtime }) => {
    const view = waitingView(await waiting.marks(), await waiting.list());
    printData(options.output, view, () => waitingText(view, runtime.clock.now()));
    process.exitCode = view.devices.length + view.entries.length > 0 ? 2 : 0;
  });
}

async function cancel(id: string, options: CommonOptions & ChangeOptions): Promise<void> {
  await withContext(options, async (desk) => {
    const found = await orderOf(desk, id);
    const { device, what } = found.entry;
    if (!(await isConfirmed(`Take back for ${device}: ${what}?`, options))) return;
    await cancelOrder(desk, found, {
      who: currentUser(process.env),
      why: options.why ?? 'no reason given',
    });
    printLine(`Taken back: ${what}. "sluice failures audit" keeps it.`);
  });
}

async function orderOf(
  { waiting }: Pick<OperationContext, 'waiting'>,
  id: string,
): Promise<Waiting> {
  const found = (await waiting.list()).filter(({ entry }) => entry.id === id);
  const [only] = found;
  if (only === undefined)
    throw new ReplayError(
      'RPL702',
      `Nothing with the id ${id} waits; "sluice waiting list" shows what does. What went back to the queue cannot be taken back any more.`,
    );
  if (only.entry.kind !== 'order' && only.entry.kind !== 'audit')
    throw new ReplayError(
      'RPL703',
      `${id} is no order: it is the newest that ${only.entry.subject} said, and what it says next replaces it.`,
    );
  return only;
}

/** Told before it is done, so that the audit log never misses one. */
export async function cancelOrder(
  { waiting, audit }: Pick<OperationContext, 'waiting' | 'audit'>,
  found: Waiting,
  { who, why }: { readonly who: string; readonly why: string },
): Promise<void> {
  const { device, what, id } = found.entry;
  if ((await waiting.mark(device))?.state === 'returning')
    throw new ReplayError(
      'RPL703',
      `${device} answers again, and what waited for it is on its way; give the opposite order instead.`,
    );
  await audit.append({
    who,
    action: 'waiting cancel',
    selection: `${id} on ${device}: ${what}`,
    why,
    result: 'taken back',
  });
  await waiting.remove(found);
}
