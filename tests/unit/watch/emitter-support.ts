/** The emitter of one ingress, with a cluster and a queue in memory. */
import type { Content } from '../../../functions/watch/emit/snapshot-content.ts';
import { Emitter } from '../../../functions/watch/emit/emitter.ts';
import type { Change } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { createManualClock, type ManualClock } from '../../contract/queue/manual-clock.ts';

const log: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => log,
};
export const change = (name: string): Change => ({
  what: 'updated',
  kind: 'Pod',
  namespace: 'istio-system',
  name,
  resourceVersion: '1',
});

export interface Started {
  readonly clock: ManualClock;
  readonly emitter: Emitter;
  /** Names of the changes of each snapshot that the queue took. */
  readonly sent: readonly (readonly string[])[];
  /**
   * The state of the cluster, whether the queue rejects messages for now, whether only what Sluice
   * wrote differs, and what happens while a snapshot is sent.
   */
  readonly now: {
    content: number | 'ever new' | 'unknown';
    away: boolean;
    isOwnWrite: boolean;
    during: () => void;
  };
  readonly tries: { readonly refused: number };
  readonly looks: { readonly count: number };
  /** What was called. */
  readonly order: readonly ('send' | 'observe')[];
}

/** An emitter with a cluster and a queue in memory. */
export function start(): Started {
  const clock = createManualClock();
  const sent: string[][] = [];
  const now: Started['now'] = {
    content: 'ever new',
    away: false,
    isOwnWrite: false,
    during: () => undefined,
  };
  const tries = { refused: 0 };
  const looks = { count: 0 };
  const order: ('send' | 'observe')[] = [];
  let n = 0;
  const emitter = new Emitter({
    clock,
    random: () => 0.5,
    log,
    debounce: { quietMs: 100, maxMs: 1_000 },
    content: () =>
      now.content === 'unknown'
        ? undefined
        : ({
            removed: false,
            objects: { pods: [{ n: now.content === 'ever new' ? (n += 1) : now.content }] },
          } as unknown as Content),
    send: async (_content, changes) => {
      await Promise.resolve();
      order.push('send');
      now.during();
      if (now.away) {
        tries.refused += 1;
        return Promise.reject(new Error('the queue gives no answer'));
      }
      sent.push(changes.map((c) => c.name));
      return Promise.resolve({ epoch: 1, counter: sent.length });
    },
    observed: () => {
      order.push('observe');
      looks.count += 1;
    },
    isOwnWrite: () => now.isOwnWrite,
  });
  emitter.start();
  return { clock, emitter, sent, now, tries, looks, order };
}
