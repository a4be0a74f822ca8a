/**
 * `sluice drift`: differences between devices and declarations. Only reads; asks apply for repairs.
 */
import type { Command } from 'commander';
import type { AuditFinding } from '../../../shared/device/finding.ts';
import type { OperationContext } from '../../../shared/operations/context.ts';
import {
  driftOfDevices,
  planRepairs,
  repairInWords,
  repairsInWords,
  requestRepairs,
} from '../../../shared/operations/drift/drift.ts';
import { driftTable } from '../drift/tables.ts';
import {
  isConfirmed,
  withContext,
  authorOf,
  addChangeOptions,
  addConfigOption,
} from '../terminal/context.ts';
import type { ChangeOptions, CommonOptions } from '../terminal/context.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { formatOption, printData, printLine, printUnanswered } from '../terminal/output.ts';

/** `--why` and `--dry-run` matter only with `repair`. */
interface DriftOptions extends CommonOptions, ChangeOptions {
  readonly device?: string;
  readonly repair?: boolean;
  readonly output: OutputFormat;
}

/** Adds the command. */
export function registerDrift(program: Command): void {
  addChangeOptions(addConfigOption(program.command('drift')), { unasked: true })
    .description('compare the devices with their declarations')
    .option('--device <name>', 'only this device, one of devices[].name')
    .option(
      '--repair',
      'declare again what differs, restore paths to pods, and undo changes that policy.drift: adopt kept',
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 no difference except those kept by policy, 1 error, ' +
        '2 differences or silent clusters.\n\nExamples:\n' +
        '  sluice drift --config sluice.yaml --device bigip\n' +
        '  sluice drift --config sluice.yaml --repair',
    )
    .action(drift);
}

/**
 * Manual changes that the policy keeps (`kept`) are listed, but do not count as a difference in the
 * exit code.
 */
async function drift(options: DriftOptions): Promise<void> {
  await withContext(
    options,
    async (context) => {
      const found = await driftOfDevices(context, options.device);
      printUnanswered(found.unanswered);
      printData(options.output, { findings: found.findings }, () => driftTable(found));
      if (options.repair === true) await repair(context, found.findings, options);
      if (found.unanswered.length > 0) process.exitCode = 1;
      else if (found.findings.some(({ kind }) => kind !== 'kept')) process.exitCode = 2;
    },
    { sends: options.repair === true && !options.dryRun },
  );
}

/**
 * Names the partitions to declare again and paths to restore, asks for confirmation if required, and sends the orders.
 */
async function repair(
  context: OperationContext,
  findings: readonly AuditFinding[],
  options: DriftOptions,
): Promise<void> {
  const repairs = planRepairs(findings);
  if (repairs.length === 0) return printLine('Nothing to repair.');
  const question = `${repairsInWords(repairs)}?`;
  if (!(await isConfirmed(question, options, { unasked: true }))) return;
  await requestRepairs(context, repairs, authorOf(options));
  for (const one of repairs) printLine(`${one.device}: asked apply to ${repairInWords(one)}`);
}
