/** `sluice network adopt`: takes over the routes that F5 CIS left. Asks apply to write. */
import { Command } from 'commander';
import { formatCount } from '../../../shared/domain/text/counts.ts';
import {
  type DeviceAdoption,
  planAdoption,
  requestAdoption,
} from '../../../shared/operations/network/adopt.ts';
import { adoptionTable } from '../network/tables.ts';
import {
  addChangeOptions,
  addConfigOption,
  authorOf,
  isConfirmed,
  withContext,
} from '../terminal/context.ts';
import type { ChangeOptions, CommonOptions } from '../terminal/context.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { formatOption, printData, printLine, printUnanswered } from '../terminal/output.ts';

interface AdoptOptions extends CommonOptions, ChangeOptions {
  readonly device?: string;
  readonly output: OutputFormat;
}

/** The command. It asks before it sends anything, unless `--yes` or `--dry-run` is given. */
export function adoptCommand(): Command {
  return addChangeOptions(addConfigOption(new Command('adopt')))
    .description(
      'take over routes, ARP entries and tunnel records that F5 CIS left behind and members need, ' +
        'each in one transaction; F5 CIS must be stopped first',
    )
    .option('--device <name>', 'only this device, one of devices[].name (default: all)')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nReads each device twice, half a minute apart, to see whether F5 CIS still writes to it.\n' +
        '\nExit code: 0 the order is sent, or there is nothing to take over; 1 error, or F5 CIS ' +
        'still writes.\n\nExample:\n  sluice network adopt --device bigip --dry-run',
    )
    .action(adopt);
}

/**
 * Shows what would be taken over and asks before it sends the order. Exit code 1 if a device did
 * not answer. Throws BIP479 if F5 CIS wrote between two looks.
 */
async function adopt(options: AdoptOptions): Promise<void> {
  await withContext(
    options,
    async (context) => {
      const found = await planAdoption(context.runtime, options.device);
      printUnanswered(found.unanswered);
      printData(options.output, found, () => adoptionTable(found));
      if (found.unanswered.length > 0) process.exitCode = 1;
      const running = found.devices.filter(({ alive }) => alive.length > 0);
      if (running.length > 0) throw new Error(running.map(aliveInWords).join('; '));
      const asked = found.devices.filter(({ take }) => take.length > 0);
      if (asked.length === 0) return printLine('Nothing to take over.');
      const what = asked.map((one) => `${countInWords(one)} on ${one.device}`).join('; ');
      const question = `Take over ${what}? F5 CIS does not seem to run, and must stay stopped. Do it?`;
      if (!(await isConfirmed(question, options))) return;
      await requestAdoption(context, asked, authorOf(options));
      for (const one of asked)
        printLine(
          `${one.device}: asked apply to take over ${countInWords(one)}; ` +
            'run this again to see what is left',
        );
    },
    { sends: !options.dryRun },
  );
}

function countInWords({ take }: DeviceAdoption): string {
  return formatCount(take.length, 'entry', 'entries');
}

function aliveInWords({ device, alive }: DeviceAdoption): string {
  const [first = '', ...more] = alive;
  const others = more.length === 0 ? '' : `, and ${more.length} more`;
  return (
    `BIP479: F5 CIS still writes to ${device} (${first}${others}); scale its Deployment to 0 in ` +
    'every cluster that the device serves, then run this again'
  );
}
