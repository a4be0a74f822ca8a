/** `sluice addresses`: pools of virtual addresses, their usage, and the owners of addresses. */
import type { Command } from 'commander';
import { listAddresses, poolAsData } from '../../../shared/operations/addresses/addresses.ts';
import { addressTables } from '../addresses/tables.ts';
import { withContext, addConfigOption } from '../terminal/context.ts';
import type { CommonOptions } from '../terminal/context.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { formatOption, printData, printUnanswered } from '../terminal/output.ts';

/** Adds the command. It reads every device and the pools of the configuration. */
export function registerAddresses(program: Command): void {
  addConfigOption(program.command('addresses [words...]'))
    .description(
      'address pools of sluice.yaml on each device: usage, and the owner of each address; ' +
        'search terms filter the addresses',
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 done, 1 a device did not answer, 2 a pool is more than 90 % full.\n\n' +
        'Examples:\n  sluice addresses -c sluice.yaml\n' +
        '  sluice addresses -c sluice.yaml -o json 10.1.0.7',
    )
    .action(addresses);
}

/**
 * A device that does not answer outweighs a pool that is nearly full, because its addresses are
 * unknown.
 */
async function addresses(
  words: string[],
  options: CommonOptions & { readonly output: OutputFormat },
): Promise<void> {
  await withContext(options, async (context) => {
    const { pools, unanswered, nearlyFull } = await listAddresses(context, words);
    printUnanswered(unanswered);
    printData(options.output, pools.map(poolAsData), () => addressTables(pools));
    if (unanswered.length > 0) process.exitCode = 1;
    else if (nearlyFull) process.exitCode = 2;
  });
}
