/**
 * An API server's Events in memory, in virtual time: every request takes ten milliseconds, and
 * requests that the test selects are refused.
 */
import { EventRecorder } from '../../../functions/watch/report/event-recorder.ts';
import type {
  EventMessage,
  EventObject,
  EventTarget,
} from '../../../functions/watch/report/event-object.ts';
import {
  KubernetesError,
  type KubernetesClient,
  type RawObject,
} from '../../../shared/kubernetes/index.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';

export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

/** Advances the time exactly to the next sleeper whenever all tasks sleep. */
export interface VirtualClock extends Clock {
  /** Advances the time until the promise is settled. */
  until<T>(what: Promise<T>): Promise<T>;
  pass(ms: number): Promise<void>;
}

export function virtualClock(): VirtualClock {
  let now = 0;
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  /** Runs everything that can continue without time passing. */
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const step = (limit: number): boolean => {
    const next = [...sleepers].sort((a, b) => a.at - b.at)[0];
    if (next === undefined || next.at > limit) return false;
    now = Math.max(now, next.at);
    next.wake();
    return true;
  };
  return {
    now: () => now,
    monotonic: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true || ms <= 0) return resolve();
        const sleeper = {
          at: now + ms,
          wake: (): void => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      }),
    until: async (what) => {
      const state = { done: false };
      const finish = (): void => {
        state.done = true;
      };
      void what.then(finish, finish);
      await settle();
      while (!state.done && step(Number.POSITIVE_INFINITY)) await settle();
      return what;
    },
    pass: async (ms) => {
      const end = now + ms;
      await settle();
      while (step(end)) await settle();
      now = end;
    },
  };
}

type Refusal = { readonly status: number; readonly message?: string } | undefined;

export interface EventBench {
  readonly clock: VirtualClock;
  readonly events: Map<string, EventObject>;
  readonly requests: { readonly verb: string; readonly namespace: string }[];
  readonly warnings: string[];
  /** Asked before each request. */
  refuse: (verb: string, namespace: string, name: string) => Refusal;
  recorder(): EventRecorder;
  count(verb: string, namespace?: string): number;
}

const REQUEST_MS = 10;

export function eventBench(): EventBench {
  const clock = virtualClock();
  const events = new Map<string, EventObject>();
  const requests: { verb: string; namespace: string }[] = [];
  const warnings: string[] = [];
  const log: Logger = { ...silent, warn: (_, message) => void warnings.push(message) };
  const request = async (verb: string, namespace: string, name: string): Promise<void> => {
    requests.push({ verb, namespace });
    await clock.sleep(REQUEST_MS);
    const refusal = bench.refuse(verb, namespace, name);
    if (refusal !== undefined) {
      const { status, message = 'no' } = refusal;
      throw new KubernetesError({ status, reason: 'Refused', message });
    }
  };
  const client = {
    pages: async function* pages(_: unknown, { namespace }: { readonly namespace: string }) {
      await request('list', namespace, '');
      yield { items: [...events.values()].filter((one) => one.metadata.namespace === namespace) };
    },
    create: async (_: unknown, event: RawObject) => {
      const { name, namespace = '' } = event.metadata;
      await request('create', namespace, name);
      if (events.has(name)) throw new KubernetesError({ status: 409, reason: 'x', message: 'x' });
      events.set(name, event);
    },
    get: async (_: unknown, name: string, namespace: string) => {
      await request('get', namespace, name);
      return events.get(name);
    },
    merge: async (
      _: unknown,
      { name, namespace }: { readonly name: string; readonly namespace: string },
      patch: object,
    ) => {
      await request('patch', namespace, name);
      const before = events.get(name);
      if (before === undefined)
        throw new KubernetesError({ status: 404, reason: 'NotFound', message: 'gone' });
      events.set(name, { ...before, ...patch });
    },
  } as unknown as KubernetesClient;
  const bench: EventBench = {
    clock,
    events,
    requests,
    warnings,
    refuse: () => undefined,
    recorder: () => new EventRecorder({ client, clock, random: () => 0.5, log }),
    count: (verb, namespace) =>
      requests.filter(
        (one) => one.verb === verb && (namespace === undefined || one.namespace === namespace),
      ).length,
  };
  return bench;
}

export function gatewayTarget(name: string, namespace = 'default'): EventTarget {
  const uid = `${namespace}/${name}`;
  return { apiVersion: 'networking.istio.io/v1', kind: 'Gateway', namespace, name, uid };
}

export function programmed(subject = 's result'): EventMessage {
  return { subject, type: 'Normal', reason: 'Programmed', message: 'bigip offers it' };
}
