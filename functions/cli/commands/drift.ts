/**
 * `sluice drift`: differences between devices and declarations. Only reads; asks apply for repairs.
 */
import type { Command } from 'commander';
import { findDrift, requestRepairs } from '../../../shared/operations/drift/drift.ts';
import { driftTable } from '../drift/tables.ts';
import { withContext, addConfigOption } from '../terminal/context.ts';
import type { CommonOptions } from '../terminal/context.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { formatOption, printData, printLine, printUnanswered } from '../terminal/output.ts';

interface DriftOptions extends CommonOptions {
  readonly device?: string;
  readonly repair?: boolean;
  readonly output: OutputFormat;
}

export function registerDrift(program: Command): void {
  addConfigOption(program.command('drift'))
    .description('compare the devices with their declarations')
    .option('--device <name>', 'only this device, one of devices[].name')
    .option(
      '--repair',
      'declare again what differs, and undo changes that policy.drift: adopt kept',
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 no difference except those kept by policy, 1 error, 2 differences or silent clusters.\n\nExamples:\n  sluice drift --config sluice.yaml --device bigip\n  sluice drift --config sluice.yaml --repair',
    )
    .action(drift);
}

async function drift(options: DriftOptions): Promise<void> {
  await withContext(options, async ({ runtime }) => {
    const found = await findDrift(runtime, options.device);
    printUnanswered(found.unanswered);
    printData(options.output, { findings: found.findings }, () => driftTable(found));
    const repairs = options.repair === true ? await requestRepairs(runtime, found.findings) : [];
    for (const { device, partitions, lift } of repairs)
      printLine(
        `${device}: asked apply to declare ${partitions.join(', ')} again${lift ? ', and to undo kept manual changes' : ''}`,
      );
    if (found.unanswered.length > 0) process.exitCode = 1;
    else if (found.findings.some(({ kind }) => kind !== 'kept')) process.exitCode = 2;
  });
}
