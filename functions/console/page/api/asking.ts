/** Questions to the functions that have credentials: asked once, and followed until they end. */
import { signal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { Answers } from './answers.ts';
import { ApiProblem, get, post } from './client.ts';
import { refreshAll } from './live.ts';

/** Between two requests for the answer of replay or audit. */
const LOOK_MS = 1_000;
/** Looks that may fail one after the other, such as while the console restarts. */
const MOST_FAILED = 30;

type Ask = Answers['ask'];

/** A run that is under way is followed as a job. */
const ENDED: ReadonlySet<Ask['state']> = new Set(['running', 'done', 'moved', 'failed']);

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Resolves with the ended question; `onProgress` sees it until then. Rejects if it failed. */
export async function follow(first: Ask, onProgress: (ask: Ask) => void): Promise<Ask> {
  let ask = first;
  let failed = 0;
  while (!ENDED.has(ask.state)) {
    onProgress(ask);
    await pause(LOOK_MS);
    try {
      ask = (await get('ask', `asks/${ask.id}`)).value ?? ask;
      failed = 0;
    } catch (error) {
      failed += 1;
      if (failed > MOST_FAILED || isGone(error)) throw error;
    }
  }
  const refusal = refusalOf(ask);
  if (refusal !== undefined) throw refusal;
  return ask;
}

const isGone = (error: unknown): boolean => error instanceof ApiProblem && error.status === 404;

const MOVED = 'Something changed since you looked. Nothing was done; look again.';

/**
 * The refusal of an ended request; undefined while it runs or if it succeeded. Both kinds of
 * refusal say how the request ended.
 */
function refusalOf({ state, problem }: Ask): ApiProblem | undefined {
  if (state !== 'moved' && state !== 'failed') return undefined;
  const { message = MOVED, code } = problem ?? {};
  const status = state === 'moved' ? 409 : 422;
  return new ApiProblem(status, { message, ended: state, ...(code && { code }) });
}

/** A fresh look or a check of the setup: under way, what it said, and why it failed. */
export interface Looking {
  readonly isAsking: boolean;
  readonly ask?: Ask;
  readonly problem?: string;
}

/** Shared by all rooms: a look refreshes all of them. */
export const look: Signal<Looking> = signal({ isAsking: false });
/** The last check of configuration, secrets, devices, queues, store and clocks. */
export const doctor: Signal<Looking> = signal({ isAsking: false });

/** Asks, and keeps the answer in `state`. */
export async function askFor(state: Signal<Looking>, path: 'looks' | 'doctor'): Promise<void> {
  if (state.value.isAsking) return;
  state.value = { isAsking: true };
  try {
    const ask = await follow(await post('ask', path, {}), (current) => {
      state.value = { isAsking: true, ask: current };
    });
    state.value = { isAsking: false, ask };
  } catch (error) {
    state.value = { isAsking: false, problem: (error as Error).message };
  }
  refreshAll();
}
