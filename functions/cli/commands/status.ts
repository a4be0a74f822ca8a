/** `sluice status`: clusters, queues, devices, failures and jobs on one screen. */
import type { Command } from 'commander';
import { clearScreen, isOutputClosed } from '../../../shared/telemetry/terminal.ts';
import { withContext, addConfigOption } from '../terminal/context.ts';
import type { CommonOptions } from '../terminal/context.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { formatOption, printData, printLine } from '../terminal/output.ts';
import { statusText } from '../status/tables.ts';
import { isWell, readStatus } from '../../../shared/operations/status/status.ts';

/** `interval` is in seconds and has an effect only with `watch`. */
interface StatusOptions extends CommonOptions {
  readonly watch: boolean;
  readonly interval: string;
  readonly output: OutputFormat;
}

/** Adds the command. */
export function registerStatus(program: Command): void {
  addConfigOption(program.command('status'))
    .description('clusters, queues, devices, failures and replay jobs')
    .option('-w, --watch', 'repeat until Ctrl-C', false)
    .option('--interval <seconds>', 'with --watch: seconds between updates', '2')
    .addOption(formatOption())
    .addHelpText(
      'after',
      "\nLAG is the time from the watcher's observation to the newest result. " +
        'BUSY is the number of results of the last hour for which another client held the ' +
        "device's lock.\n\nExit code: 0 all is well, 1 error, " +
        '2 a device or queue does not answer, changes wait for a device, failures are open, ' +
        'or a cluster is silent, has a rival or held removals.\n\nExample:\n' +
        '  sluice status -c sluice.yaml --watch',
    )
    .action(status);
}

/**
 * With `--watch`, repeats until Ctrl-C or until the reader of a pipe closes it. The exit code is
 * that of the last view.
 */
async function status(options: StatusOptions): Promise<void> {
  const seconds = Number(options.interval);
  if (!(seconds > 0))
    throw new Error(`--interval ${options.interval}: must be a number of seconds above 0`);
  await withContext(options, async (context) => {
    const stop = new AbortController();
    process.once('SIGINT', () => stop.abort());
    do {
      const view = await readStatus(context);
      if (options.watch && options.output === 'table') clearScreen();
      if (options.watch)
        printLine(`${new Date(context.runtime.clock.now()).toISOString()}, every ${seconds} s`);
      printData(options.output, view, () => statusText(view, context.runtime.clock.now()));
      process.exitCode = isWell(view) ? 0 : 2;
      if (options.watch) await context.runtime.clock.sleep(seconds * 1_000, stop.signal);
    } while (options.watch && !stop.signal.aborted && !isOutputClosed());
  });
}
