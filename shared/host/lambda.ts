/**
 * The Lambda entry point: builds the runtime on the first call from the environment and the
 * packaged configuration.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadConfig } from '../config/load.ts';
import type { FunctionContext } from '../queue/handler.ts';
import type { Logger } from '../telemetry/log.ts';
import { createLogger, logLevelOf } from '../telemetry/logger.ts';
import type { Clock } from '../runtime/clock.ts';
import { processClock } from '../runtime/process.ts';
import { createEmf } from './emf.ts';
import type { EmfOptions } from './emf.ts';
import { processRuntime } from './process-runtime.ts';
import type { Environment } from '../runtime/process.ts';
import type { Runtime } from './runtime.ts';

/** Environment variables of the process. */
export type { FunctionContext, Handler } from '../queue/handler.ts';

/** A handler by the event that it takes, and its answer. */
type HandlerOf<E, A> = (event: E, context: FunctionContext) => Promise<A>;

/** The `create` export of a function's module. */
export type Create<E, A> = (runtime: Runtime) => HandlerOf<E, A>;

/** File names under which the build packs the configuration next to the handler. */
const PACKAGED = ['sluice.config.json', 'sluice.yaml'];

/** The configuration in the package. Throws an error that says how to build with one. */
function configPath(env: Environment): string {
  // The bundle, or the shared file in which this is, is in a folder of the archive.
  const folder = env['LAMBDA_TASK_ROOT'] ?? resolve(import.meta.dirname, '..');
  const named = env['SLUICE_CONFIG'];
  if (named !== undefined && named !== '') return resolve(folder, named);
  const found = PACKAGED.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new Error(
    `No configuration: ${PACKAGED.join(' and ')} are not in the package, ` +
      'and SLUICE_CONFIG is not set. ' +
      'Build with SLUICE_CONFIG=<your sluice.yaml> npm run package.',
  );
}

/** Builds the runtime of a Lambda function, or of a process started in the same way. */
export async function runtimeFromEnvironment(env: Environment): Promise<Runtime> {
  const config = await loadConfig(configPath(env), env);
  return processRuntime(config, { env, log: createLogger(logLevelOf(env)) });
}

/**
 * Lambda ends a call with its timeout, which is shorter than the visibility of its messages. What
 * runs on after a call, when the next one wakes the process, holds nothing.
 */
function withHolds(context: FunctionContext, clock: Clock): FunctionContext {
  const { awsRequestId, functionName, functionVersion } = context;
  const left = (): number => context.getRemainingTimeInMillis();
  const end = clock.monotonic() + left();
  return {
    awsRequestId,
    functionName,
    functionVersion,
    getRemainingTimeInMillis: left,
    // By both clocks: one stops while the process is frozen, and the other may be set.
    holds: () => Promise.resolve(left() > 0 && clock.monotonic() < end),
  };
}

interface Started<E, A> {
  readonly handler: HandlerOf<E, A>;
  /** Writes the metrics of the call. */
  readonly tell: () => void;
}

/** Whatever the level of the log, because alarms depend on it. */
function metricsLine(): EmfOptions['write'] {
  let log: Logger | undefined;
  return (line) => {
    log ??= createLogger('info');
    log.info(line, 'metrics');
  };
}

function metricsOf(
  { config: { queue }, meter, pathMeter, clock }: Runtime,
  write: EmfOptions['write'],
): () => void {
  if (meter === undefined || pathMeter === undefined) return () => undefined;
  const namespace = `Sluice/${queue.kind === 'sqs' ? queue.prefix : 'sluice'}`;
  return createEmf({ meter, pathMeter, namespace, now: () => clock.now(), write });
}

/** Importing the module has no side effects. A failed start is retried by the next call. */
export function lambdaEntry<E, A>(
  create: Create<E, A>,
  env: Environment = process.env,
  clock: Clock = processClock,
  writeMetrics: EmfOptions['write'] = metricsLine(),
): HandlerOf<E, A> {
  let started: Promise<Started<E, A>> | undefined;
  const start = async (): Promise<Started<E, A>> => {
    const runtime = await runtimeFromEnvironment(env);
    return { handler: create(runtime), tell: metricsOf(runtime, writeMetrics) };
  };
  return async (event, context) => {
    started ??= start();
    const running = started;
    const { handler, tell } = await running.catch((error: unknown) => {
      if (started === running) started = undefined;
      throw error;
    });
    try {
      return await handler(event, withHolds(context, clock));
    } finally {
      tell();
    }
  };
}
