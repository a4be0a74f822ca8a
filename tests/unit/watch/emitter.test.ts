import { describe, expect, test } from '@jest/globals';
import { change, start } from './emitter-support.ts';

describe('the snapshots of one ingress', () => {
  test('are none where nothing was asked for until the watcher stops', async () => {
    const { clock, emitter, sent } = start();
    await clock.pass(200);
    await emitter.stop();
    expect(sent).toEqual([]);
  });

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

  test('after a large one, one more goes out before its result, and the next one waits', async () => {
    const { clock, emitter, sent } = start();
    for (let n = 0; n < 100; n++) emitter.changed(change(`first-${n}`), false);
    await clock.pass(200);
    for (let n = 0; n < 99; n++) emitter.changed(change(`second-${n}`), false);
    await clock.pass(200);
    expect(sent.map((names) => names.length)).toEqual([100, 199]);
    emitter.changed(change('third'), false);
    await clock.pass(1_000);
    expect(sent).toHaveLength(2);
    emitter.settled({ revision: { epoch: 1, counter: 2 }, devices: [] });
    await clock.pass(1);
    expect(sent.map((names) => names.length)).toEqual([100, 199, 1]);
    await emitter.stop();
  });

  test('two hundred changes do not wait for quiet, and what follows them goes out together', async () => {
    const { clock, emitter, sent } = start();
    const create = (from: number, to: number): void => {
      for (let n = from; n < to; n++) emitter.changed(change(`one-${n}`), false);
    };
    create(0, 199);
    await clock.pass(50);
    expect(sent).toEqual([]);
    create(199, 200);
    await clock.pass(1);
    expect(sent).toHaveLength(1);
    for (let n = 200; n < 340; n += 10) {
      create(n, n + 10);
      await clock.pass(90);
    }
    expect(sent).toHaveLength(1);
    await clock.pass(20);
    expect(sent.map((names) => names.length)).toEqual([200, 340]);
    await emitter.stop();
  });

  test('after each large one, one more goes out, and at most four are without a result', async () => {
    const { clock, emitter, sent } = start();
    for (let round = 0; round < 6; round++) {
      for (let n = 0; n < 100; n++) emitter.changed(change(`${round}-${n}`), false);
      await clock.pass(200);
    }
    expect(sent.map((names) => names.length)).toEqual([100, 200, 300, 400]);
    emitter.settled({ revision: { epoch: 1, counter: 4 }, devices: [] });
    await clock.pass(1);
    expect(sent.map((names) => names.length)).toEqual([100, 200, 300, 400, 200]);
    await emitter.stop();
  });

  test('what follows a large one goes out after 2.5 s, even if there is no quiet', async () => {
    const { clock, emitter, sent } = start();
    for (let n = 0; n < 200; n++) emitter.changed(change(`first-${n}`), false);
    await clock.pass(1);
    for (let n = 0; n < 30; n++) {
      emitter.changed(change(`later-${n}`), false);
      await clock.pass(90);
    }
    expect(sent.map((names) => names.length)).toEqual([200, 228]);
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

  test('a member that leaves is sent before the ports are planned, other changes after it', async () => {
    const { clock, emitter, order } = start();
    emitter.changed(change('a'), false);
    await clock.pass(200);
    emitter.settled({ revision: { epoch: 1, counter: 1 }, devices: [] });
    emitter.changed(change('leaving'), true);
    await clock.pass(1);
    expect(order).toEqual(['observe', 'send', 'send', 'observe']);
    await emitter.stop();
  });

  test('while the queue is away, the ports are planned before the next try to send a leaving member', async () => {
    const { clock, emitter, now, tries, looks } = start();
    now.away = true;
    emitter.changed(change('leaving'), true);
    await clock.pass(0);
    expect({ tries: tries.refused, looks: looks.count }).toEqual({ tries: 1, looks: 1 });
    now.away = false;
    await emitter.stop();
  });

  test('are not sent if the content is what was sent before, and the changes until then are dropped', async () => {
    const { clock, emitter, sent, now } = start();
    now.content = 1;
    emitter.changed(change('a'), false);
    await clock.pass(200);
    emitter.settled({ revision: { epoch: 1, counter: 1 }, devices: [] });
    emitter.changed(change('no matter'), false);
    await clock.pass(200);
    now.content = 2;
    emitter.changed(change('b'), false);
    await clock.pass(200);
    expect(sent).toEqual([['a'], ['b']]);
    await emitter.stop();
  });

  test('go out as soon as the result of the one before is there', async () => {
    const { clock, emitter, sent } = start();
    emitter.changed(change('a'), false);
    await clock.pass(200);
    emitter.changed(change('b'), false);
    await clock.pass(1_000);
    emitter.settled({
      revision: { epoch: 1, counter: 1 },
      device: 'bigip-1',
      devices: ['bigip-1', 'bigip-2'],
    });
    await clock.pass(1_000);
    expect(sent).toEqual([['a']]);
    emitter.settled({
      revision: { epoch: 1, counter: 1 },
      device: 'bigip-2',
      devices: ['bigip-1', 'bigip-2'],
    });
    await clock.pass(1);
    expect(sent).toEqual([['a'], ['b']]);
    await emitter.stop();
  });

  test('are reported again when that is asked for, although nothing changed', async () => {
    const { clock, emitter, sent, now } = start();
    now.content = 1;
    emitter.refresh();
    await clock.pass(200);
    emitter.settled({ revision: { epoch: 1, counter: 1 }, devices: [] });
    emitter.refresh();
    await clock.pass(200);
    expect(sent).toHaveLength(2);
    await emitter.stop();
  });

  test('are not made of an incomplete state; a change at that time is sent later', async () => {
    const { clock, emitter, sent, now } = start();
    now.content = 'unknown';
    emitter.changed(change('a'), false);
    await clock.pass(5_000);
    expect(sent).toEqual([]);
    now.content = 1;
    emitter.changed(change('b'), false);
    await clock.pass(200);
    expect(sent).toEqual([['a', 'b']]);
    await emitter.stop();
  });

  test('are computed once after each change, also while none may be sent yet', async () => {
    const { clock, emitter, looks } = start();
    emitter.changed(change('a'), false);
    await clock.pass(200);
    expect(looks.count).toBe(1);
    emitter.changed(change('b'), false);
    await clock.pass(99);
    expect(looks.count).toBe(1);
    await clock.pass(1);
    expect(looks.count).toBe(2);
    await clock.pass(120_000);
    expect(looks.count).toBe(2);
    await emitter.stop();
  });

  test('what is pending is sent before the end, once', async () => {
    const { emitter, sent } = start();
    emitter.changed(change('a'), false);
    await emitter.stop();
    expect(sent).toEqual([['a']]);
  });
});

/** Red without the touch after a failure, without `#force` there, and without the pause. */
describe('a snapshot that the queue does not take', () => {
  test('is sent again by itself, with everything that changed meanwhile', async () => {
    const { clock, emitter, sent, now } = start();
    now.away = true;
    emitter.changed(change('a'), false);
    await clock.pass(200);
    emitter.changed(change('b'), false);
    now.away = false;
    await clock.pass(60_000);
    expect(sent).toEqual([['a', 'b']]);
    await emitter.stop();
  });

  test('is sent again although nothing changed since the last one that was taken, if it was asked for', async () => {
    const { clock, emitter, sent, now } = start();
    now.content = 1;
    emitter.refresh();
    await clock.pass(200);
    emitter.settled({ revision: { epoch: 1, counter: 1 }, devices: [] });
    now.away = true;
    emitter.refresh();
    await clock.pass(200);
    now.away = false;
    await clock.pass(60_000);
    expect(sent).toHaveLength(2);
    await emitter.stop();
  });

  test('is tried less and less often, however much changes, and at once after a success', async () => {
    const { clock, emitter, sent, now, tries } = start();
    now.away = true;
    for (let i = 0; i < 1_000; i += 1) {
      emitter.changed(change('leaving'), true);
      await clock.pass(100);
    }
    // Half of 1, 2, 4, 8, 16 and 30 s and so on: at 0, 0.5, 1.5, 3.5, 7.5, 15.5, 30.5, 45.5, 60.5,
    // 75.5 and 90.5 s.
    expect(tries.refused).toBe(11);
    now.away = false;
    await clock.pass(30_000);
    expect(sent).toHaveLength(1);
    emitter.settled({ revision: { epoch: 1, counter: 1 }, devices: [] });
    now.away = true;
    emitter.changed(change('next'), true);
    await clock.pass(499);
    now.away = false;
    await clock.pass(1);
    expect(sent).toHaveLength(2);
    await emitter.stop();
  });

  /**
   * Red when the second try is no longer urgent: it then waited a minute for the result of the
   * previous snapshot.
   */
  test('does not wait for the result of the one before either, if a member leaves', async () => {
    const { clock, emitter, sent, now } = start();
    emitter.changed(change('a'), false);
    await clock.pass(200);
    now.away = true;
    emitter.changed(change('leaving'), true);
    await clock.pass(1);
    now.away = false;
    await clock.pass(1_000);
    expect(sent).toEqual([['a'], ['a', 'leaving']]);
    await emitter.stop();
  });

  test('does not keep the watcher from ending', async () => {
    const { clock, emitter, now, tries } = start();
    now.away = true;
    emitter.changed(change('a'), false);
    await clock.pass(200);
    const ended = emitter.stop();
    await clock.pass(1);
    await ended;
    expect(tries.refused).toBe(1);
  });
});
