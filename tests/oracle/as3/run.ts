import type { Difference } from '../judge.ts';
import type { Case, Step } from './cases.ts';
import { compare } from './compare.ts';
import { itemsOf, readAfter } from './reading.ts';
import type { Subject } from './subject.ts';

/** Both devices. */
export interface Pair {
  readonly engine: Subject;
  readonly lab: Subject;
}

const DECLARE = '/mgmt/shared/appsvcs/declare';

async function both<T>(
  pair: Pair,
  work: (subject: Subject) => Promise<T>,
): Promise<readonly [T, T]> {
  return Promise.all([work(pair.engine), work(pair.lab)]);
}

/** Removes what the case before left; nodes in /Common outlive their declarations. */
async function empty({ send }: Subject): Promise<void> {
  await send('DELETE', DECLARE);
  for (const { fullPath } of itemsOf(await send('GET', '/mgmt/tm/ltm/node'))) {
    const path = encodeURIComponent(fullPath.replaceAll('/', '~'));
    await send('DELETE', `/mgmt/tm/ltm/node/${path}`);
  }
}

async function ask(
  pair: Pair,
  step: Extract<Step, { kind: 'call' }>,
  where: string,
): Promise<readonly Difference[]> {
  const { method, path, body } = step;
  const [engine, lab] = await both(pair, async (subject) =>
    readAfter(await subject.send(method, path, body), subject),
  );
  return compare(where, engine, lab);
}

/** Every difference of every step. */
export async function runCase(pair: Pair, { name, steps }: Case): Promise<readonly Difference[]> {
  await both(pair, empty);
  const found: Difference[] = [];
  let restore: readonly (() => Promise<void>)[] = [];
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'fault') {
      restore = await both(pair, (subject) => subject.failInside(step.call, step.status));
      continue;
    }
    found.push(...(await ask(pair, step, `${name} #${index + 1}`)));
    for (const takeBack of restore) await takeBack();
    restore = [];
  }
  return found;
}
