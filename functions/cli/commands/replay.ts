/** `sluice replay`: a job that sends failed events again, with a preview. */
import type { Command } from 'commander';
import { controlJob } from '../../../shared/failures/replay/control.ts';
import type { ReplayContext } from '../../../shared/failures/replay/context.ts';
import { mapWithBundle } from '../../../shared/failures/replay/map-event.ts';
import type { OperationContext } from '../../../shared/operations/context.ts';
import {
  countVerdicts,
  endedWell,
  findJob,
  listPolicies,
  planReplay,
  runReplay,
  withReplay,
  isCalm,
} from '../../../shared/operations/replay/replay.ts';
import type { JobItems } from '../../../shared/operations/replay/replay.ts';
import { formatCount } from '../../../shared/domain/text/counts.ts';
import {
  isConfirmed,
  withContext,
  authorOf,
  addChangeOptions,
  addConfigOption,
} from '../terminal/context.ts';
import type { ChangeOptions, CommonOptions } from '../terminal/context.ts';
import { loadBundle } from '../up/hosted-functions.ts';
import { createProgressBar } from '../terminal/progress.ts';
import {
  formatCounts,
  jobTable,
  jobText,
  policyTable,
  previewText,
  resultTable,
} from '../failures/tables.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { formatOption, printCommand, printData, printLine } from '../terminal/output.ts';

/** `canary` and `rate` stay text until they are checked. */
interface PlanOptions extends CommonOptions {
  readonly canary: string;
  readonly rate: string;
  readonly why?: string;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly output: OutputFormat;
}

/** Options of `start` and `resume`. */
type RunOptions = CommonOptions & ChangeOptions & { readonly output: OutputFormat };

/** Exit codes of a job that ran. */
const CODES = '\nExit code: 0 all succeeded, 1 error, 2 some failed.';
/** Exit codes of a preview, which a script can use to decide whether a replay is worthwhile. */
const PLAN_CODES =
  '\nExit code: 0 a replay would change nothing, 1 error, 2 it would change something, ' +
  'or something cannot be replayed.';

/** Adds `sluice replay` with its subcommands. */
export function registerReplay(program: Command): void {
  const replay = program
    .command('replay')
    .description('send failed events again, as a job: plan, start, pause, resume, cancel');
  registerPlan(replay);
  registerRunning(replay);
  registerReading(replay);
}

/** `replay plan` is registered apart from the commands that run jobs, because it sends nothing. */
function registerPlan(replay: Command): void {
  addConfigOption(replay.command('plan [filter...]'))
    .description(
      'save a selection of failures as a job, and show what a replay would do for each of them now; sends nothing',
    )
    .option(
      '--canary <n>',
      'number of events to send first; the rest is sent only if all of them succeed',
      '1',
    )
    .option('--rate <n>', 'events per second', '5')
    .option('--why <reason>', 'the reason, for the audit log')
    .option('--dry-run', 'do not save the plan as a job', false)
    .option(
      '--force',
      'also try what cannot be sent: the devices try the newest revisions of the owners again',
      false,
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      `${PLAN_CODES}\n\nExample:\n  sluice replay plan -c sluice.yaml code:BIP424 cluster:east --canary 2 --rate 5`,
    )
    .action(plan);
}

/** Subcommands that change a job; they ask for confirmation. */
function registerRunning(replay: Command): void {
  addChangeOptions(addConfigOption(replay.command('start <job>')))
    .description('run a planned job to its end; Ctrl-C pauses it')
    .addOption(formatOption())
    .addHelpText(
      'after',
      `${CODES}\n\nExample:\n  sluice replay start -c sluice.yaml 7c1e2f0a --why "the iRule exists now" --yes`,
    )
    .action((id: string, options: RunOptions) => run(id, options, 'start'));
  addChangeOptions(addConfigOption(replay.command('resume <job>')))
    .description('continue a job that was paused or whose process died')
    .addOption(formatOption())
    .addHelpText(
      'after',
      `${CODES}\n\nExample:\n  sluice replay resume -c sluice.yaml 7c1e2f0a --yes`,
    )
    .action((id: string, options: RunOptions) => run(id, options, 'resume'));
  for (const action of ['pause', 'cancel'] as const) {
    addChangeOptions(addConfigOption(replay.command(`${action} <job>`)))
      .description(
        action === 'pause'
          ? 'pause a job before its next event; it can be resumed'
          : 'cancel a job for good; events that were sent stay sent',
      )
      .addHelpText(
        'after',
        `\nExample:\n  sluice replay ${action} -c sluice.yaml 7c1e2f0a --why "looking into it" --yes`,
      )
      .action((id: string, options: CommonOptions & ChangeOptions) => stop(id, options, action));
  }
}

/** Subcommands that only read jobs and policies. */
function registerReading(replay: Command): void {
  addConfigOption(replay.command('status [job]'))
    .description('all jobs, or the result of each item of one job')
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  sluice replay status -c sluice.yaml 7c1e2f0a')
    .action(status);
  addConfigOption(replay.command('policies'))
    .description(
      'events that are replayed automatically, the time of the next run, and the result of the last one',
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 done, 1 error.\n\nExample:\n  sluice replay policies -c sluice.yaml',
    )
    .action(policies);
}

/**
 * Throws unless the text is a number of at least `least`. A rate may be a fraction above 0; counts
 * are whole numbers.
 */
function number(option: string, text: string, least: number): number {
  const value = Number(text);
  if (
    Number.isFinite(value) &&
    value >= least &&
    (option === '--rate' ? value > 0 : Number.isInteger(value))
  )
    return value;
  throw new Error(`${option} ${text}: must be a number of ${least} or more`);
}

/** Uses the deployed `map` to preview snapshots. */
function replaying<T>(
  context: OperationContext,
  work: (replay: ReplayContext) => Promise<T>,
): Promise<T> {
  const map = mapWithBundle(context.runtime, () => loadBundle('map/handler.mjs'));
  return withReplay(context, map, work);
}

/**
 * Previews each failure, which takes time, so a progress bar shows it. With `--dry-run`, no job is
 * saved, so the output names none.
 */
async function plan(words: string[], options: PlanOptions): Promise<void> {
  const [canary, rate] = [number('--canary', options.canary, 0), number('--rate', options.rate, 0)];
  const keep = !options.dryRun;
  await withContext(options, (context) =>
    replaying(context, async (replay) => {
      const bar = createProgressBar();
      const { job, items } = await planReplay(
        replay,
        { words, canary, rate, keep, force: options.force, ...authorOf(options) },
        (done, total) => bar.show(done, total, 'previewed'),
      );
      bar.end();
      const verdicts = countVerdicts(items);
      printData(
        options.output,
        { ...(keep ? { job: job.id } : {}), cutoff: job.cutoff, verdicts, items },
        () => previewText(items, verdicts),
      );
      if (keep)
        printCommand(
          `Job ${job.id}: ${formatCount(job.items, 'failure')}, ` +
            `${formatCount(job.units, 'event')}. To send them, run:`,
          `sluice replay start -c ${options.config} ${job.id}`,
        );
      if (!isCalm(items)) process.exitCode = 2;
    }),
  );
}

/**
 * Runs the job in this process and returns at its end, or when it is paused. The reason from the
 * plan is used if `--why` is missing.
 */
async function run(id: string, options: RunOptions, action: 'start' | 'resume'): Promise<void> {
  await withContext(options, (context) =>
    replaying(context, async (replay) => {
      const before = await replay.jobs.get(id);
      const question =
        `${action === 'start' ? 'Start' : 'Resume'} job ${id}: ` +
        `${formatCount(before.items, 'failure')}, ${formatCount(before.units, 'event')}, ` +
        `canary ${before.canary}, ${before.rate} per second?`;
      if (!(await isConfirmed(question, options))) return;
      const author = authorOf({ why: options.why ?? before.why });
      const ended = await untilInterrupted(({ signal, onProgress }) =>
        runReplay(replay, action, { id, ...author, signal, onProgress }),
      );
      printData(options.output, ended, () => jobText(ended));
      if (ended.job.state === 'paused' && options.output === 'table')
        printLine(
          `Correct the cause. Then "sluice replay resume -c ${options.config} ${id}" sends ` +
            `the rest, or "sluice replay cancel -c ${options.config} ${id}" ends the job. ` +
            'To include quarantined failures in a new plan, add state:open,quarantined.',
        );
      if (!endedWell(ended)) process.exitCode = 2;
    }),
  );
}

/** Shows a progress bar; Ctrl-C and SIGTERM stop cleanly. */
async function untilInterrupted(
  work: (
    options: Required<Pick<Parameters<typeof runReplay>[2], 'signal' | 'onProgress'>>,
  ) => Promise<JobItems>,
): Promise<JobItems> {
  const bar = createProgressBar();
  const cut = new AbortController();
  const interrupt = (): void => cut.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    return await work({
      signal: cut.signal,
      onProgress: (_job, items) =>
        bar.show(
          items.filter((item) => item.status === 'done').length,
          items.length,
          formatCounts(items),
        ),
    });
  } finally {
    process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt);
    bar.end();
  }
}

/** Changes the state of the job; a process that runs it notices before its next event. */
async function stop(
  id: string,
  options: CommonOptions & ChangeOptions,
  action: 'pause' | 'cancel',
): Promise<void> {
  await withContext(options, async (context) => {
    const before = await context.jobs.get(id);
    const question = `${action === 'pause' ? 'Pause' : 'Cancel'} job ${id}, which is ${before.state}?`;
    if (!(await isConfirmed(question, options))) return;
    const job = await controlJob(context, action, { id, ...authorOf(options) });
    printLine(`Job ${id} is ${job.state}: ${formatCounts(await context.jobs.items(id))}`);
  });
}

/** Lists the policies with their next run and the result of the last one. */
async function policies(options: CommonOptions & { readonly output: OutputFormat }): Promise<void> {
  await withContext(options, async (context) => {
    const rows = await listPolicies(context);
    printData(options.output, rows, () => policyTable(rows, context.runtime.clock.now()));
  });
}

/** Without an id, one line for each job. */
async function status(
  id: string | undefined,
  options: CommonOptions & { readonly output: OutputFormat },
): Promise<void> {
  await withContext(options, async (context) => {
    const now = context.runtime.clock.now();
    if (id === undefined) {
      const all = await context.jobs.list();
      return printData(options.output, all, () => jobTable(all, now));
    }
    const found = await findJob(context, id);
    printData(
      options.output,
      found,
      () =>
        `${jobTable([found.job], now)}\n\n${resultTable(found.items)}\n\n${formatCounts(found.items)}`,
    );
  });
}
