/** Runs the console on one host, with the functions that answer it in the same process. */
import { errorMessage } from '../telemetry/errors.ts';
import type { Runtime } from './runtime.ts';
import { startContinuing } from './schedules.ts';
import type { ReplayAnswers } from './schedules.ts';

/** What a person may do without authentication. */
export type ConsoleRole = 'viewer' | 'operator' | 'admin';

/** The exports of the bundles that are used. */
export interface ConsoleModules {
  readonly face: {
    readonly createConsole: (options: {
      readonly runtime: Runtime;
      readonly call: (name: 'replay' | 'audit', ask: string) => Promise<void>;
      readonly who: string;
      readonly role: ConsoleRole;
    }) => {
      listen(port: number): Promise<{ readonly url: string; close(): Promise<void> }>;
    };
  };
  readonly replay: { readonly create: (runtime: Runtime) => ReplayAnswers };
  readonly audit: {
    readonly create: (runtime: Runtime) => {
      answer(id: string): Promise<unknown>;
      close(): Promise<void>;
    };
  };
}

/** Who uses it, and where it listens. */
export interface ConsoleSettings {
  readonly who: string;
  readonly role: ConsoleRole;
  /** On loopback; 0: any. */
  readonly port: number;
}

/** A running console. */
export interface RunningConsole {
  readonly url: string;
  /** Stops after the questions that are being answered; runs of jobs are paused between steps. */
  stop(): Promise<void>;
}

/** A question is answered beside the request that asked it, and outlives it. */
export async function startConsole(
  runtime: Runtime,
  modules: ConsoleModules,
  { who, role, port }: ConsoleSettings,
): Promise<RunningConsole> {
  const { log } = runtime;
  const stopping = new AbortController();
  const replay = modules.replay.create(runtime);
  const audit = modules.audit.create(runtime);
  const answering = new Set<Promise<unknown>>();
  const call = (name: 'replay' | 'audit', ask: string): Promise<void> => {
    const work = (
      name === 'replay' ? replay.answer(ask, stopping.signal) : audit.answer(ask)
    ).catch((error: unknown) =>
      log.error({ ask, error: errorMessage(error) }, 'a question of the console has no answer'),
    );
    answering.add(work);
    void work.finally(() => answering.delete(work));
    return Promise.resolve();
  };
  const listening = await modules.face
    .createConsole({ runtime, call, who, role })
    .listen(port)
    .catch(async (error: unknown) => {
      await Promise.all([replay.close(), audit.close()]);
      throw new Error(
        `--console: port ${port} of 127.0.0.1 cannot be used: ${errorMessage(error)}`,
        { cause: error },
      );
    });
  const runs = startContinuing(runtime, replay);
  log.info({ url: listening.url, role }, 'console');
  return {
    url: listening.url,
    stop: async () => {
      stopping.abort();
      await listening.close();
      await Promise.all(answering);
      await Promise.all([runs.stop(), audit.close()]);
    },
  };
}
