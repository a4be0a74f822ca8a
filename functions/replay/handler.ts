/**
 * replay: runs the policies of failures.replay on a schedule, and answers consoles. It never writes
 * to a device; replayed events take the normal path.
 */
import { openFailures } from '../../shared/failures/open.ts';
import type { Failures } from '../../shared/failures/open.ts';
import { createReleaseNote } from '../../shared/failures/releases.ts';
import { mapWithBundle } from '../../shared/failures/replay/map-event.ts';
import type { MapModule } from '../../shared/failures/replay/map-event.ts';
import { createPreviewer } from '../../shared/failures/replay/preview.ts';
import type { Previewer } from '../../shared/failures/replay/preview.ts';
import { askedIn } from '../../shared/failures/asks.ts';
import { answerReplayAsk, continueRuns } from '../../shared/operations/replay/answers.ts';
import type { AnswerContext } from '../../shared/operations/replay/answers.ts';
import type { FunctionContext, Handler } from '../../shared/queue/handler.ts';
import { lambdaEntry } from '../../shared/host/lambda.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import type { ReplayAnswers } from '../../shared/host/schedules.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';
import { loadMap } from './map-bundle.ts';
import { runPolicyTurns } from './turns.ts';
import type { PolicyTurnReport } from './turns.ts';

/** The handler of replay, with its schedule entry point. */
export interface Replayer {
  /** Runs each policy that is due; stops cleanly when the signal fires. */
  (signal?: AbortSignal): Promise<readonly PolicyTurnReport[]>;
}

/** Dependencies that tests replace. */
export interface ReplayOptions {
  /** For tests; default: the failure store of the configuration. */
  readonly failures?: Failures;
  readonly previewer?: Previewer;
  readonly map?: () => Promise<MapModule>;
}

/** Wires the function. `sluice up` calls `turns` on its own schedule. */
export function create(
  runtime: Runtime,
  options: ReplayOptions = {},
): Handler & ReplayAnswers & { readonly turns: Replayer } {
  const failures = options.failures ?? openFailures(runtime.config.failures, runtime);
  const previewer =
    options.previewer ??
    createPreviewer({ runtime, map: mapWithBundle(runtime, options.map ?? loadMap) });
  const release = createReleaseNote(runtime, () => Promise.resolve(failures), 'replay');
  const turns: Replayer = async (signal) => {
    const reports = await runPolicyTurns(runtime, { ...failures, previewer }, signal);
    await release.note();
    return reports;
  };
  const { queues, clock, id } = runtime;
  const world = { ...failures, previewer, queues, clock, id };
  const answer = (asked: string, signal?: AbortSignal): Promise<unknown> =>
    answerReplayAsk(world, asked, signal);
  const handle: Handler = async (event: unknown, context) => {
    const asked = askedIn(event);
    if (asked !== undefined)
      return void (await inTime(runtime, context, (signal) => answer(asked, signal)));
    const [reports] = await inTime(runtime, context, (signal) =>
      Promise.all([turns(signal), continueIfPossible(runtime, world, signal)]),
    );
    const failed = reports.flatMap((report) =>
      'error' in report ? [`${report.policy}: ${report.error}`] : [],
    );
    // The invocation fails, so that the failure is visible; the other policies ran.
    if (failed.length > 0) throw new Error(`replay: ${failed.join('; ')}`);
  };
  const close = async (): Promise<void> => {
    await previewer.close();
    await failures.close();
  };
  return Object.assign(handle, {
    turns,
    close,
    answer,
    continueRuns: (signal?: AbortSignal) => continueRuns(world, signal),
  });
}

/** The Lambda entry point. */
export const handler = lambdaEntry((runtime) => create(runtime));

/** Milliseconds before the function's timeout at which a run stops; the next run continues. */
const MARGIN_MS = 30_000;

/** Policies run although no run of a console can be continued. */
async function continueIfPossible(
  { log }: Runtime,
  world: AnswerContext,
  signal: AbortSignal,
): Promise<void> {
  await continueRuns(world, signal).catch((error: unknown) =>
    log.error({ error: errorMessage(error) }, 'replay jobs could not be continued'),
  );
}

/** Works, and stops before the function runs out of time. */
async function inTime<T>(
  { clock }: Runtime,
  context: FunctionContext,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const over = new AbortController();
  void clock
    .sleep(Math.max(0, context.getRemainingTimeInMillis() - MARGIN_MS), over.signal)
    .then(() => late.abort());
  try {
    return await work(late.signal);
  } finally {
    over.abort();
  }
}
