/**
 * A process that can be killed: from that moment on, none of its calls arrives anywhere, and nothing
 * answers it.
 */
import type { Clock } from '../../../shared/runtime/clock.ts';

/** Whether a process runs. */
export interface Life {
  isOver: boolean;
}

const NEVER = new Promise<never>(() => undefined);

/** The port as the process sees it: each call passes before and after. */
export function mortal<T extends object>(port: T, life: Life): T {
  const wrapped = Object.entries(port).map(([name, part]) => [name, partOf(part, port, life)]);
  return Object.fromEntries(wrapped) as T;
}

/** A process without time does nothing any more. */
export function mortalClock(clock: Clock, life: Life): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: async (ms, signal) => {
      await clock.sleep(ms, signal);
      if (life.isOver) await NEVER;
    },
  };
}

function partOf(part: unknown, port: object, life: Life): unknown {
  if (typeof part === 'object' && part !== null && !Array.isArray(part) && !(part instanceof Map))
    return mortal(part, life);
  if (typeof part !== 'function') return part;
  return (...given: unknown[]): unknown => {
    if (life.isOver) return NEVER;
    const answer: unknown = Reflect.apply(part, port, given);
    if (answer instanceof Promise) return passed(answer, life);
    return isIterable(answer) ? each(answer, life) : answer;
  };
}

async function passed(answer: Promise<unknown>, life: Life): Promise<unknown> {
  try {
    return await answer;
  } finally {
    if (life.isOver) await NEVER;
  }
}

function isIterable(answer: unknown): answer is AsyncIterable<unknown> {
  return typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer;
}

async function* each(all: AsyncIterable<unknown>, life: Life): AsyncGenerator {
  for await (const one of all) {
    if (life.isOver) await NEVER;
    yield one;
  }
}
