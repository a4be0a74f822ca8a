/**
 * A watcher that ends at any of its calls to Kubernetes and to the queues, or whose calls fail. Its
 * sleeps are no calls: who ends in one ends before the next call.
 *
 * Red with the guard removed: when only a claim of this process counts as the own Lease
 * (leadership.ts), a watcher that comes back waits for itself; when a write without an answer is
 * forgotten (unsaid-ports.ts), the port that it added is told to nobody.
 */
import { describe, expect, jest, test } from '@jest/globals';
import { errorFromStatus, unreachable } from '../../shared/kubernetes/error.ts';
import { QueueError } from '../../shared/queue/port.ts';
import { type End, endOf } from './rig/watcher-end.ts';
import { runWatched } from './rig/watched.ts';
import { WATCHER_SCENARIOS } from './rig/watcher-scenarios.ts';
import { type Call, failAt, killAt, type When } from './support/gate.ts';
import { PATIENCE_MS } from './support/seeds.ts';
import { tally } from './support/tally.ts';

jest.setTimeout(PATIENCE_MS);

/** Calls without an effect. All others have one, also those that nobody knows yet. */
const READS: ReadonlySet<string> = new Set([
  'kubernetes.discover',
  'kubernetes.get',
  'kubernetes.may',
  'kubernetes.pages',
  'kubernetes.watch',
]);
const isRead = (call: string): boolean => READS.has(call);
const isWrite = (call: string): boolean => ofKubernetes(call) && !isRead(call);
/** Requests to the API server; who closes the client asks it nothing. */
const ofKubernetes = (call: string): boolean =>
  call.startsWith('kubernetes.') && call !== 'kubernetes.close';

const whensOf = (call: string): readonly When[] =>
  isRead(call) ? ['before'] : ['before', 'after'];

const status =
  (code: number) =>
  (call: string): Error =>
    errorFromStatus(call, code, undefined);

/** What passes. */
interface Fault {
  readonly fault: string;
  /** Which calls answer so. */
  readonly of: (call: string) => boolean;
  /** It keeps the call from having an effect. */
  readonly isEarly?: boolean;
  readonly error: (call: string) => Error;
}

const FAULTS: readonly Fault[] = [
  { fault: 'too many requests', of: ofKubernetes, isEarly: true, error: status(429) },
  { fault: 'an inner fault', of: ofKubernetes, error: status(500) },
  {
    fault: 'no answer',
    of: ofKubernetes,
    error: (call) => unreachable(call, new Error('the time is over')),
  },
  {
    fault: 'an expired version',
    of: (call) => ['kubernetes.pages', 'kubernetes.watch'].includes(call),
    error: status(410),
  },
  {
    fault: 'a conflict',
    // Of an apply it means that others have the field, which is said and does not pass.
    of: (call) => isWrite(call) && call !== 'kubernetes.apply',
    error: status(409),
  },
  {
    fault: 'no queue',
    of: (call) => call.startsWith('queues.'),
    error: () => new QueueError('Q601', 'the queue does not answer'),
  },
];

/** Of reads in a row the first: what a process read ends with it, so they all leave the same. */
function endsOf(calls: readonly string[]): readonly { readonly i: number; readonly when: When }[] {
  return calls.flatMap((call, i) =>
    isRead(call) && isRead(calls[i - 1] ?? '') ? [] : whensOf(call).map((when) => ({ i, when })),
  );
}

/** What a call may fail with. Reads are many and alike: each fails in one way. */
function faultsOf(call: string, i: number): readonly (Fault & { readonly when: When })[] {
  const all = FAULTS.filter(({ of }) => of(call));
  const some = isRead(call) ? [all[i % all.length]!] : all;
  return some.flatMap((one) =>
    whensOf(call)
      .filter((when) => when === 'before' || one.isEarly !== true)
      .map((when) => ({ ...one, when })),
  );
}

describe.each(Object.entries(WATCHER_SCENARIOS))('%s', (name, scenario) => {
  const points = tally(`crash points: ${name}`);
  const faults = tally(`faults: ${name}`);

  test('a watcher that ends before or after any call leaves nothing undone', async () => {
    const { calls, watched } = await runWatched(scenario);
    const end = ofEverybody(endOf(watched));
    for (const { i, when } of endsOf(calls)) {
      points();
      const ran = await runWatched(scenario, (isOne) => killAt(nth(i + 1, isOne), when));
      const point = { call: calls[i], when };
      expect({ ...point, ...ofEverybody(endOf(ran.watched)) }).toEqual({ ...point, ...end });
    }
  });

  test('whatever a call of a watcher fails with, everything becomes as it would have been', async () => {
    const { calls, watched } = await runWatched(scenario);
    const seen = scenario.isLast === true ? ofEverybody : (end: End): object => end;
    const end = seen(endOf(watched));
    for (const [i, call] of calls.entries())
      for (const { fault, when, error } of faultsOf(call, i)) {
        faults();
        const ran = await runWatched(scenario, (isOne) =>
          failAt(nth(i + 1, isOne), when, () => error(call)),
        );
        const point = { call, fault, when };
        expect({ ...point, ...seen(endOf(ran.watched)) }).toEqual({ ...point, ...end });
      }
  });
});

/** Who added a port says so; who ends before that takes it along. */
function ofEverybody(end: End): object {
  return { ...end, deeds: [] };
}

/** True of the nth call that `isOne` is true of. */
function nth(n: number, isOne: (call: Call) => boolean): (call: Call) => boolean {
  let count = 0;
  return (call) => isOne(call) && (count += 1) === n;
}
