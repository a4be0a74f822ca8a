/** `sluice replay`: a job that sends failed events again, after saying what that would do now. */
import type { Command } from 'commander';
import { formatFilter, parseFilter } from '../../../shared/failures/filter.ts';
import { controlJob } from '../../../shared/failures/replay/control.ts';
import { mapWithBundle } from '../../../shared/failures/replay/map-event.ts';
import { runJob } from '../../../shared/failures/replay/driver.ts';
import type { ReplayContext } from '../../../shared/failures/replay/driver.ts';
import type { ReplayItem, ReplayJob } from '../../../shared/failures/replay/job.ts';
import { createPreviewer } from '../../../shared/failures/replay/preview.ts';
import { createJob, previewItems, selectItems } from '../../../shared/failures/replay/select.ts';
import {
  isConfirmed,
  withContext,
  currentUser,
  addChangeOptions,
  addConfigOption,
} from '../terminal/context.ts';
import type { OperationContext } from '../../../shared/operations/context.ts';
import type { ChangeOptions, CommonOptions } from '../terminal/context.ts';
import { loadBundle } from '../up/hosted-functions.ts';
import { createProgressBar } from '../terminal/progress.ts';
import {
  formatCounts,
  jobTable,
  policyTable,
  previewTable,
  resultTable,
  describeVerdict,
} from '../failures/tables.ts';
import { visible } from '../../../shared/telemetry/visible.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { formatOption, printData, printLine } from '../terminal/output.ts';

interface PlanOptions extends CommonOptions {
  readonly canary: string;
  readonly rate: string;
  readonly why?: string;
  readonly dryRun: boolean;
  readonly output: OutputFormat;
}

type RunOptions = CommonOptions & ChangeOptions & { readonly output: OutputFormat };

const CODES =
  '\nExit code: 0 everything ended well, 1 error, 2 something did not (or differs, for plan).';

export function registerReplay(program: Command): void {
  const replay = program
    .command('replay')
    .description('send failed events again, as a job: plan, start, watch, stop');
  addConfigOption(replay.command('plan [filter...]'))
    .description(
      'freeze a selection and say for each failure what a replay would do now; sends nothing',
    )
    .option(
      '--canary <n>',
      'send so many events first, and the rest only if all of them went well',
      '1',
    )
    .option('--rate <n>', 'events in a second', '5')
    .option('--why <reason>', 'the reason, for the audit log')
    .option('--dry-run', 'do not keep the plan as a job', false)
    .addOption(formatOption())
    .addHelpText(
      'after',
      `${CODES}\n\nExample:\n  sluice replay plan -c sluice.yaml code:BIP424 cluster:east --canary 2 --rate 5`,
    )
    .action(plan);
  addChangeOptions(addConfigOption(replay.command('start <job>')))
    .description('run a planned job to its end; Ctrl-C pauses it')
    .addOption(formatOption())
    .addHelpText(
      'after',
      `${CODES}\n\nExample:\n  sluice replay start -c sluice.yaml 7c1e2f0a --why "the iRule is there now" --yes`,
    )
    .action((id: string, options: RunOptions) => run(id, options, 'start'));
  addChangeOptions(addConfigOption(replay.command('resume <job>')))
    .description('go on with a job that was paused, or whose process died')
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
          ? 'stop a job before its next event; it can be resumed'
          : 'stop a job for good; what was sent stays sent',
      )
      .addHelpText(
        'after',
        `\nExample:\n  sluice replay ${action} -c sluice.yaml 7c1e2f0a --why "looking into it" --yes`,
      )
      .action((id: string, options: CommonOptions & ChangeOptions) => stop(id, options, action));
  }
  addConfigOption(replay.command('status [job]'))
    .description('all jobs, or the result of each item of one')
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  sluice replay status -c sluice.yaml 7c1e2f0a')
    .action(status);
  addConfigOption(replay.command('policies'))
    .description('what is sent again by itself, when next, and what came of the last turn')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 done, 1 error.\n\nExample:\n  sluice replay policies -c sluice.yaml',
    )
    .action(policies);
}

function number(option: string, text: string, least: number): number {
  const value = Number(text);
  if (
    Number.isFinite(value) &&
    value >= least &&
    (option === '--rate' ? value > 0 : Number.isInteger(value))
  )
    return value;
  throw new Error(`${option} ${text}: write a number of ${least} or more`);
}

async function inWorld<T>(
  desk: OperationContext,
  work: (world: ReplayContext) => Promise<T>,
): Promise<T> {
  const { runtime, store, jobs, audit } = desk;
  const previewer = createPreviewer({
    runtime,
    map: mapWithBundle(runtime, () => loadBundle('map/handler.mjs')),
  });
  try {
    return await work({
      store,
      jobs,
      audit,
      previewer,
      queues: runtime.queues,
      clock: runtime.clock,
      id: runtime.id,
    });
  } finally {
    await previewer.close();
  }
}

async function plan(words: string[], options: PlanOptions): Promise<void> {
  const [canary, rate] = [number('--canary', options.canary, 0), number('--rate', options.rate, 0)];
  await withContext(options, (desk) =>
    inWorld(desk, async (world) => {
      const now = world.clock.now();
      const filter = parseFilter(words, now);
      const selected = await selectItems(world.store, filter, now);
      const bar = createProgressBar();
      const items = await previewItems(world, selected, (done) =>
        bar.show(done, selected.length, 'previewed'),
      );
      bar.end();
      const why = options.why ?? 'no reason given';
      const job = createJob(
        {
          id: world.id().slice(0, 8),
          filter,
          by: currentUser(process.env),
          why,
          canary,
          rate,
          now,
        },
        items,
      );
      if (!options.dryRun) {
        await world.jobs.create(job, items);
        await world.audit.append({
          who: job.by,
          action: 'replay plan',
          selection: `job ${job.id}: ${formatFilter(filter)}`,
          why,
          result: `${items.length} failures, ${job.units} events`,
        });
      }
      printData(
        options.output,
        {
          ...(options.dryRun ? {} : { job: job.id }),
          cutoff: job.cutoff,
          verdicts: verdicts(items),
          items,
        },
        () => `${previewTable(items)}\n\n${verdictLine(items)}`,
      );
      if (!options.dryRun)
        printLine(
          `Job ${job.id}: ${job.items} failures, ${job.units} events. Send them with: sluice replay start -c ${options.config} ${job.id}`,
        );
      if (items.some((item) => item.preview?.verdict === 'would-apply')) process.exitCode = 2;
    }),
  );
}

function verdicts(items: readonly ReplayItem[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...Map.groupBy(items, (item) => item.preview?.verdict ?? 'unknown')].map(([verdict, list]) => [
      verdict,
      list.length,
    ]),
  );
}

function verdictLine(items: readonly ReplayItem[]): string {
  return Object.entries(verdicts(items))
    .map(([verdict, count]) => `${count} ${describeVerdict(verdict)}`)
    .join(', ');
}

/** A failure that is still there. */
const BAD = new Set(['quarantined', 'failed', 'no-result', 'conflict', 'invalid']);

async function run(id: string, options: RunOptions, action: 'start' | 'resume'): Promise<void> {
  await withContext(options, (desk) =>
    inWorld(desk, async (world) => {
      const before = await world.jobs.get(id);
      if (
        !(await isConfirmed(
          `${action === 'start' ? 'Start' : 'Resume'} job ${id}: ${before.items} failures, ${before.units} events, canary ${before.canary}, ${before.rate} in a second?`,
          options,
        ))
      )
        return;
      await controlJob(world, action, {
        id,
        who: currentUser(process.env),
        why: options.why ?? before.why,
      });
      const job = await drive(world, id);
      const items = await world.jobs.items(id);
      printData(
        options.output,
        { job, items },
        () =>
          `${resultTable(items)}\n\n${visible(`Job ${job.id} is ${job.state}${job.reason === undefined ? '' : ` (${job.code ?? 'by hand'}: ${job.reason})`}: ${formatCounts(items)}`)}`,
      );
      if (job.state === 'paused' && options.output === 'table')
        printLine(
          `Correct what failed. Then "sluice replay resume -c ${options.config} ${id}" sends the rest, or "sluice replay cancel -c ${options.config} ${id}" ends the job; what is quarantined joins a new plan that says state:open,quarantined.`,
        );
      if (job.state !== 'done' || items.some((item) => BAD.has(item.result?.kind ?? '')))
        process.exitCode = 2;
    }),
  );
}

async function drive(world: ReplayContext, id: string): Promise<ReplayJob> {
  const bar = createProgressBar();
  const cut = new AbortController();
  const pause = (): void => cut.abort();
  process.once('SIGINT', pause).once('SIGTERM', pause);
  try {
    const job = await runJob(world, id, {
      signal: cut.signal,
      onProgress: (_job, items) =>
        bar.show(
          items.filter((item) => item.status === 'done').length,
          items.length,
          formatCounts(items),
        ),
    });
    if (job.state !== 'running') return job;
    return await controlJob(world, 'pause', {
      id,
      who: currentUser(process.env),
      why: 'interrupted on the command line',
    });
  } finally {
    process.removeListener('SIGINT', pause).removeListener('SIGTERM', pause);
    bar.end();
  }
}

async function stop(
  id: string,
  options: CommonOptions & ChangeOptions,
  action: 'pause' | 'cancel',
): Promise<void> {
  await withContext(options, async (desk) => {
    const before = await desk.jobs.get(id);
    if (
      !(await isConfirmed(
        `${action === 'pause' ? 'Pause' : 'Cancel'} job ${id}, which is ${before.state}?`,
        options,
      ))
    )
      return;
    const job = await controlJob(desk, action, {
      id,
      who: currentUser(process.env),
      why: options.why ?? 'no reason given',
    });
    printLine(`Job ${id} is ${job.state}: ${formatCounts(await desk.jobs.items(id))}`);
  });
}

async function policies(options: CommonOptions & { readonly output: OutputFormat }): Promise<void> {
  await withContext(options, async ({ turns, runtime }) => {
    const rows = await Promise.all(
      runtime.config.failures.replay.map(async (policy) => ({
        policy,
        turn: await turns.get(policy.name),
      })),
    );
    printData(options.output, rows, () => policyTable(rows, runtime.clock.now()));
  });
}

async function status(
  id: string | undefined,
  options: CommonOptions & { readonly output: OutputFormat },
): Promise<void> {
  await withContext(options, async ({ jobs, runtime }) => {
    if (id === undefined) {
      const all = await jobs.list();
      return printData(options.output, all, () => jobTable(all, runtime.clock.now()));
    }
    const [job, items] = await Promise.all([jobs.get(id), jobs.items(id)]);
    printData(
      options.output,
      { job, items },
      () =>
        `${jobTable([job], runtime.clock.now())}\n\n${resultTable(items)}\n\n${formatCounts(items)}`,
    );
  });
}
