/** Sluice itself in the lab: the built watcher and the built functions, on the lab's queue. */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadConfig } from '../../shared/config/load.ts';
import { createSecrets } from '../../shared/config/secrets.ts';
import { openQueues } from '../../shared/queue/open.ts';
import { processClock, processId } from '../../shared/runtime/process.ts';
import { startConsole } from '../../shared/host/console.ts';
import type { ConsoleModules, RunningConsole } from '../../shared/host/console.ts';
import { processRuntime } from '../../shared/host/process-runtime.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import type { ApplyModule, AuditModule, ReplayModule } from '../../shared/host/schedules.ts';
import { startAudits, startReplays, startReturns } from '../../shared/host/schedules.ts';
import { createLogger } from '../../shared/telemetry/logger.ts';
import { createClosers } from './closers.ts';
import { kubeconfigOf, type LabFiles } from './files.ts';
import { startHost } from './host/host.ts';
import { ROOT, type LabQueue } from './queue/queue.ts';
import { traceQueues, type Trace } from './queue/trace.ts';

/** The running watchers and functions. */
export interface Pipeline {
  readonly runtime: Runtime;
  readonly trace: Trace;
  /** Starts the watcher of a cluster. */
  watch(clusterId: string): Promise<{ stop(): Promise<void> }>;
  /** Of the console, whose person is an operator. */
  readonly consoleUrl: string;
  close(): Promise<void>;
}

interface WatchModule {
  readonly create: (options: {
    readonly runtime: Runtime;
    readonly kubeconfig: string;
    readonly clusterId: string;
  }) => { start(): Promise<void>; stop(): Promise<void> };
}

const DIST = join(ROOT, 'dist');

async function loadBuilt<T>(...path: readonly string[]): Promise<T> {
  const file = join(DIST, ...path);
  try {
    return (await import(pathToFileURL(file).href)) as T;
  } catch (error) {
    throw new Error(`${file} cannot be loaded: ${String(error)}. Run "npm run build" first.`, {
      cause: error,
    });
  }
}

/** For this machine, without a login. */
async function openConsole(runtime: Runtime): Promise<RunningConsole> {
  const modules = {
    face: await loadBuilt<ConsoleModules['face']>('console', 'handler.mjs'),
    replay: await loadBuilt<ConsoleModules['replay']>('replay', 'handler.mjs'),
    audit: await loadBuilt<ConsoleModules['audit']>('audit', 'handler.mjs'),
  };
  return startConsole(runtime, modules, { who: userInfo().username, role: 'operator', port: 0 });
}

/**
 * Starts the functions first. The watchers, which produce messages, start after them and stop
 * before them, so that no message in progress is lost.
 */
export async function startPipeline(files: LabFiles, queue: LabQueue): Promise<Pipeline> {
  const closers = createClosers();
  try {
    const output = createWriteStream(files.log);
    closers.add(() => finished(output.end()));
    const config = await loadConfig(files.config, {});
    const template = await queue.prepare(files.config);
    const { credentials, wait } = queue;
    const opened = openQueues(config.queue, {
      clock: processClock,
      id: processId,
      secrets: createSecrets({ env: {} }),
      ...(credentials === undefined ? {} : { credentials }),
    });
    closers.add(() => opened.close());
    const { queues, trace } = traceQueues(opened, processClock);
    const log = createLogger('info', output);
    const runtime = processRuntime(config, { env: {}, log, queues });
    const host = await startHost({
      dist: DIST,
      runtime,
      ...(template === undefined ? {} : { template }),
      ...(wait === undefined ? {} : { wait }),
    });
    closers.add(() => host.stop());
    // As in `sluice up`, so that manual changes, silent clusters and policies can be tried here
    // too.
    const audits = startAudits(runtime, await loadBuilt<AuditModule>('audit', 'handler.mjs'));
    closers.add(() => audits.stop());
    const returns = startReturns(runtime, await loadBuilt<ApplyModule>('apply', 'handler.mjs'));
    closers.add(() => returns.stop());
    const replays = await startReplays(runtime, () =>
      loadBuilt<ReplayModule>('replay', 'handler.mjs'),
    );
    closers.add(() => replays.stop());
    const face = await openConsole(runtime);
    closers.add(() => face.stop());
    const { create } = await loadBuilt<WatchModule>('watch', 'main.mjs');
    const watch: Pipeline['watch'] = async (clusterId) => {
      const watcher = create({ runtime, kubeconfig: kubeconfigOf(files, clusterId), clusterId });
      await watcher.start();
      return watcher;
    };
    return {
      runtime,
      trace,
      watch,
      consoleUrl: face.url,
      close: () => closers.closeAll(),
    };
  } catch (error) {
    await closers.closeAll().catch(() => undefined);
    throw error;
  }
}
