/** `sluice ports`: owners of addresses and ports, from the declarations of the devices. */
import type { Command } from 'commander';
import { listPorts } from '../../../shared/operations/ports/ports.ts';
import { portTable } from '../ports/tables.ts';
import { withContext, addConfigOption } from '../terminal/context.ts';
import type { CommonOptions } from '../terminal/context.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { formatOption, printData, printUnanswered } from '../terminal/output.ts';

/** Adds the command. */
export function registerPorts(program: Command): void {
  addConfigOption(program.command('ports [words...]'))
    .description(
      'virtual addresses and ports with owner, gateway, members and revision; search terms filter them',
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 done, 1 a device did not answer.\n\nExamples:\n' +
        '  sluice ports -c sluice.yaml\n  sluice ports -c sluice.yaml :443 team/',
    )
    .action(ports);
}

/** Prints what the answering devices declare, even if others do not answer. */
async function ports(
  words: string[],
  options: CommonOptions & { readonly output: OutputFormat },
): Promise<void> {
  await withContext(options, async (context) => {
    const found = await listPorts(context, words);
    printUnanswered(found.unanswered);
    if (found.unanswered.length > 0) process.exitCode = 1;
    printData(options.output, found.rows, () => portTable(found));
  });
}
