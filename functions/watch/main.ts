/**
 * The watcher. `sluice up` loads this bundle and calls `create`; as a process in the cluster it is
 * configured by its environment.
 */
import { errorMessage } from '../../shared/telemetry/errors.ts';
import { writeError } from '../../shared/telemetry/terminal.ts';
import { createFunctionsOnly, type FunctionsOnlyOptions } from './serve/functions-only.ts';
import { hostedHttpAddress } from './serve/http.ts';
import { processIdentity } from './leader/identity.ts';
import { runFromEnvironment } from './process.ts';
import { createWatcher, type Watcher, type WatcherOptions } from './watcher.ts';

export type { Watcher, WatcherOptions } from './watcher.ts';

/** Fills in identity and HTTP address from the environment, and creates the watcher. */
export function create(options: WatcherOptions): Watcher {
  const { env } = process;
  return createWatcher({
    identity: processIdentity(env, options.runtime.config.queue),
    http: hostedHttpAddress(env),
    env,
    ...options,
  });
}

/** Serves probes and metrics at the HTTP address of the environment, and watches no cluster. */
export function createWithoutWatcher(
  options: FunctionsOnlyOptions,
): ReturnType<typeof createFunctionsOnly> {
  return createFunctionsOnly({ http: hostedHttpAddress(process.env), ...options });
}

if (import.meta.main) {
  await runFromEnvironment(process.env, process.argv.slice(2)).catch((error: unknown) => {
    // The stack trace of a bundle would hide the helpful message.
    writeError('sluice watch', errorMessage(error));
    process.exitCode = 1;
  });
}
