/** How a function answers what a console asks: taken once, answered once. */
import { errorCode, errorMessage } from '../telemetry/errors.ts';
import type { Ask, AskChange, Asks } from './asks.ts';
import { ASK_LEASE_MS, isEnded } from './asks.ts';

/** What a function does about a question: its answer, or why nothing was done. */
export type Answered = Pick<AskChange, 'state' | 'answer'>;

/** What answers need. */
export interface Answering {
  readonly asks: Asks;
  readonly clock: { now(): number };
}

/**
 * Takes a question that nobody has, and stores what `work` answers. A question that somebody else
 * has, that is answered, or that waited too long is left alone. Never rejects because of the work.
 * `work` says with `change` that it is alive, at least every two minutes; `change` rejects if the
 * question has failed meanwhile, so that nothing is done that a person believes not to happen.
 */
export async function answerAsk(
  { asks, clock }: Answering,
  id: string,
  work: (ask: Ask, change: (change: AskChange) => Promise<void>) => Promise<Answered>,
): Promise<Ask> {
  const until = (): number => clock.now() + ASK_LEASE_MS;
  await asks.get(id);
  let isMine = false;
  const ask = await asks.update(id, ({ state }) => {
    isMine = state === 'waiting';
    return isMine ? { state: 'working', until: until() } : undefined;
  });
  if (!isMine) return ask;
  const change = async (changed: AskChange): Promise<void> => {
    await asks.update(id, (current) => {
      if (isEnded(current)) throw new Error(`question ${id} was given up; nothing was done`);
      return { ...changed, until: until() };
    });
  };
  try {
    const answered = await work(ask, change);
    return await asks.update(id, () => answered);
  } catch (error) {
    return asks.update(id, () => failedBecause(error));
  }
}

/** The error of the work, as the person who asked is told. */
export function failedBecause(error: unknown): Pick<AskChange, 'state' | 'problem'> {
  const code = errorCode(error);
  const message = errorMessage(error).slice(0, 4_000);
  return { state: 'failed', problem: { message, ...(code !== undefined && { code }) } };
}
