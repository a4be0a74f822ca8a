/** `sluice store move`: carries queue and failure store of one host into PostgreSQL. */
import { Command } from 'commander';
import { loadConfig } from '../../../shared/config/load.ts';
import { awsRegion, createSecrets } from '../../../shared/config/secrets.ts';
import { moveStores } from '../../../shared/operations/store/move.ts';
import type { MoveReport } from '../../../shared/operations/store/move.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { moveText } from '../store/tables.ts';
import { formatOption, printData, printLine } from '../terminal/output.ts';
import type { OutputFormat } from '../terminal/output.ts';

/** Two configurations; their other parts are not compared. */
interface MoveCommandOptions {
  readonly from: string;
  readonly to: string;
  readonly dryRun: boolean;
  readonly output: OutputFormat;
}

/** Adds `sluice store` with its only subcommand, `move`. */
export function registerStore(program: Command): void {
  const move = new Command('move')
    .description(
      'carry waiting messages, dead letters, failures, replay jobs, turns, audit entries and ' +
        'waiting changes from SQLite and files to PostgreSQL',
    )
    .requiredOption(
      '--from <file>',
      'the old configuration, with queue.kind sqlite or failures.kind fs',
    )
    .requiredOption('--to <file>', 'the new configuration, with kind postgres')
    .option('--dry-run', 'check and count everything, and write nothing', false)
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nStop "sluice up" first. If it is killed, repeat it. The old place is not changed, but marked, ' +
        'so that no process goes on with it.\n\n' +
        'Exit code: 0 everything is in the new place (or would be), 1 error, or the numbers differ.' +
        '\n\nExample:\n  sluice store move --from old.yaml --to sluice.yaml',
    )
    .action(run);
  program.addCommand(
    new Command('store').description('where queue and failure store are').addCommand(move),
  );
}

/** Both files are read before anything is opened. */
async function run({ from, to, dryRun, output }: MoveCommandOptions): Promise<void> {
  const [old, next] = [await loadConfig(from, process.env), await loadConfig(to, process.env)];
  const report = await moveStores({
    from: { file: from, config: old },
    to: { file: to, config: next },
    secrets: createSecrets({ env: process.env, region: awsRegion(next) }),
    clock: processClock,
    dryRun,
  });
  printData(output, report, () => moveText(report));
  tellWhatNext(report, to);
}

function tellWhatNext({ parts }: MoveReport, to: string): void {
  if (parts.some(({ state }) => state === 'differs')) {
    printLine('the numbers differ, so it was undone; look for triggers and policies of the tables');
    process.exitCode = 1;
  } else if (parts.every(({ state }) => state !== 'planned'))
    printLine(`the old place is marked as moved; start "sluice up" with ${to}`);
}
