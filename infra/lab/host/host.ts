/**
 * Runs the functions that were built for Lambda in this process, from the same files and with the
 * same settings.
 */
import { join } from 'node:path';
import { startEventSource } from '../../../shared/queue/event-source.ts';
import { FUNCTIONS, type FunctionSettings } from '../../../shared/queue/functions.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { loadFunction, unpackArtifact, type HostedHandler } from './artifacts.ts';
import { functionsOf, type HostedSettings, type Template } from './template.ts';

/** What the functions are given. */
export interface HostOptions {
  /** Folder of the build, with `map/handler.mjs` and `map.zip`. */
  readonly dist: string;
  /** Environment of the functions: configuration, secrets, queues and the rest. */
  readonly runtime: Runtime;
  /**
   * With a template, the zips run with the template's settings, as deployed. Without one, the
   * bundles run with the defaults.
   */
  readonly template?: Template;
  /**
   * Milliseconds of one poll; default 20,000. Use a short time with fauxqs, because an interrupted poll
   * there still consumes a message.
   */
  readonly waitMs?: number;
}

/** The running functions. */
export interface Host {
  /** Names of the running functions. */
  readonly functions: readonly string[];
  /** Accepts no more messages, finishes those in progress, and closes the functions. */
  stop(): Promise<void>;
}

interface Loaded {
  readonly settings: FunctionSettings & Partial<Pick<HostedSettings, 'reportFailures'>>;
  readonly handler: HostedHandler;
  readonly remove: () => Promise<void>;
}

async function loadPackaged(
  settings: HostedSettings,
  { dist, runtime }: HostOptions,
): Promise<Loaded> {
  const unpacked = await unpackArtifact(join(dist, settings.artifact));
  const [file = 'handler', name] = settings.handler.split('.');
  try {
    if (name !== 'handler')
      throw new Error(
        `Function ${settings.name} starts at ${settings.handler}; the host knows ${file}.handler only.`,
      );
    const module = await loadFunction(join(unpacked.folder, `${file}.mjs`));
    return { settings, handler: module.create(runtime), remove: () => unpacked.remove() };
  } catch (error) {
    await unpacked.remove();
    throw error;
  }
}

async function loadBuilt(
  settings: FunctionSettings,
  { dist, runtime }: HostOptions,
): Promise<Loaded> {
  const module = await loadFunction(join(dist, settings.name, 'handler.mjs'));
  return { settings, handler: module.create(runtime), remove: async () => undefined };
}

function startOne(
  { settings, handler, remove }: Loaded,
  { runtime, waitMs }: HostOptions,
): { stop(): Promise<void> } {
  const {
    name,
    queue,
    reportFailures,
    batchSize,
    concurrency,
    timeout,
    visibilityMs: visibility,
  } = settings;
  const source = startEventSource({
    queue: runtime.queues.queue(queue),
    handler,
    functionName: name,
    batchSize,
    concurrency,
    timeout,
    visibilityMs: visibility,
    ...(waitMs === undefined ? {} : { waitMs }),
    ...(reportFailures === undefined ? {} : { reportFailures }),
    clock: runtime.clock,
    id: runtime.id,
    log: runtime.log.child({ function: name }),
  });
  return {
    stop: async () => {
      await source.stop();
      await handler.close?.();
      await remove();
    },
  };
}

/**
 * Loads every function before it starts the first one, so that a host runs either completely or not
 * at all.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const { template } = options;
  const loading =
    template === undefined
      ? FUNCTIONS.map((settings) => loadBuilt(settings, options))
      : functionsOf(template).map((settings) => loadPackaged(settings, options));
  const results = await Promise.allSettled(loading);
  const loaded = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await Promise.all(loaded.map((each) => each.remove()));
    throw failed.reason;
  }
  const running = loaded.map((each) => startOne(each, options));
  return {
    functions: loaded.map((each) => each.settings.name),
    stop: async () => {
      await Promise.all(running.map((each) => each.stop()));
    },
  };
}
