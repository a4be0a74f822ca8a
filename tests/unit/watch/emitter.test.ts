import { describe, expect, test } from '@jest/globals';
import type { Content } from '../../../functions/watch/content.ts';
import { Emitter } from '../../../functions/watch/emitter.ts';
import type { Change } from '../../../shared/domain/ingress/snapshot.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { createManualClock } from '../../contract/queue/manual-clock.ts';

const log: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, child: () => log };
const change = (name: string): Change => ({ what: 'updated', kind: 'Pod', namespace: 'istio-system', name, resourceVersion: '1' });

function start() {
  const clock = createManualClock();
  const sent: string[][] = [];
  let n = 0;
  const emitter = new Emitter({
    clock,
    random: () => 0,
    log,
    debounce: { quiet: 100, max: 1_000 },
    // Different every time, so that something is always worth sending.
    content: () => ({ removed: false, objects: { pods: [{ n: (n += 1) }] } }) as unknown as Content,
    send: (_content, changes) => {
      sent.push(changes.map((c) => c.name));
      return Promise.resolve({ epoch: 1, counter: sent.length });
    },
    observed: () => undefined,
  });
  emitter.start();
  return { clock, emitter, sent };
}

describe('the snapshots of one ingress', () => {
  test('wait for the result of the one before, and then carry all that came meanwhile', async () => {
    const { clock, emitter, sent } = start();
    emitter.changed(change('a'), false);
    await clock.pass(200);
    emitter.changed(change('b'), false);
    await clock.pass(30_000);
    expect(sent).toEqual([['a']]);
    await clock.pass(40_000);
    expect(sent).toEqual([['a'], ['a', 'b']]);
    await emitter.stop();
  });

  test('a member that leaves waits neither for quiet nor for a result', async () => {
    const { clock, emitter, sent } = start();
    emitter.changed(change('a'), false);
    await clock.pass(200);
    emitter.changed(change('leaving'), true);
    await clock.pass(1);
    expect(sent).toEqual([['a'], ['a', 'leaving']]);
    emitter.changed(change('ordinary'), false);
    await clock.pass(1_000);
    expect(sent).toHaveLength(2);
    await emitter.stop();
  });
});
