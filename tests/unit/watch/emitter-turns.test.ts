/** What a snapshot waits for, and what it takes along, where several things come together. */
import { describe, expect, test } from '@jest/globals';
import { change, start } from './emitter-support.ts';

describe('a member that leaves', () => {
  test('and is taken out ahead of its snapshot waits for what belongs to it, but for no result', async () => {
    const { clock, emitter, sent } = start();
    emitter.changed(change('a'), false);
    await clock.pass(200);
    emitter.left(change('leaving'));
    await clock.pass(50);
    emitter.left(change('leaving-too'));
    await clock.pass(99);
    expect(sent).toEqual([['a']]);
    await clock.pass(1);
    expect(sent).toEqual([['a'], ['a', 'leaving', 'leaving-too']]);
    await emitter.stop();
  });

  test('has the ports planned even if there is nothing to send', async () => {
    const { clock, emitter, sent, now, looks } = start();
    now.content = 1;
    emitter.changed(change('a'), false);
    await clock.pass(200);
    emitter.changed(change('leaving'), true);
    await clock.pass(1);
    expect([sent, looks.count]).toEqual([[['a']], 2]);
    await emitter.stop();
  });
});

describe('what is reported again', () => {
  test('waits for the result of the snapshot before, as any other does', async () => {
    const { clock, emitter, sent } = start();
    emitter.changed(change('a'), false);
    await clock.pass(200);
    emitter.refresh();
    await clock.pass(1_000);
    expect(sent).toHaveLength(1);
    emitter.settled({ revision: { epoch: 1, counter: 1 }, devices: [] });
    await clock.pass(1);
    expect(sent).toHaveLength(2);
    await emitter.stop();
  });

  test('takes a removal along that waited for others, and then waits for nothing', async () => {
    const { clock, emitter, sent } = start();
    emitter.changed(change('a'), false);
    await clock.pass(200);
    emitter.collected(change('removed'));
    await clock.pass(1_000);
    expect(sent).toHaveLength(1);
    emitter.refresh();
    await clock.pass(1);
    expect(sent).toEqual([['a'], ['a', 'removed']]);
    await emitter.stop();
  });
});

describe('a snapshot', () => {
  test('is sent of what Sluice wrote itself, once that has been quiet', async () => {
    const { clock, emitter, sent } = start();
    emitter.touched();
    await clock.pass(99);
    expect(sent).toEqual([]);
    await clock.pass(1);
    expect(sent).toEqual([[]]);
    await emitter.stop();
  });

  test('is not sent if only what Sluice wrote differs, and BIG-IP has no use for it', async () => {
    const { clock, emitter, sent, now } = start();
    emitter.changed(change('a'), false);
    await clock.pass(200);
    emitter.settled({ revision: { epoch: 1, counter: 1 }, devices: [] });
    now.isOwnWrite = true;
    emitter.touched();
    await clock.pass(1_000);
    expect(sent).toEqual([['a']]);
    await emitter.stop();
  });

  test('of two hundred more changes waits for quiet while the large one before is unanswered', async () => {
    const { clock, emitter, sent } = start();
    const create = (round: string): void => {
      for (let n = 0; n < 200; n++) emitter.changed(change(`${round}-${n}`), false);
    };
    create('first');
    await clock.pass(1);
    create('second');
    await clock.pass(99);
    expect(sent.map((names) => names.length)).toEqual([200]);
    await clock.pass(1);
    expect(sent.map((names) => names.length)).toEqual([200, 400]);
    await emitter.stop();
  });

  test('that is being sent when something changes does not have the ports planned before that is quiet', async () => {
    const { clock, emitter, now, looks } = start();
    now.during = () => {
      now.during = () => undefined;
      emitter.changed(change('b'), false);
    };
    emitter.changed(change('a'), false);
    await clock.pass(199);
    expect(looks.count).toBe(1);
    await clock.pass(1);
    expect(looks.count).toBe(2);
    await emitter.stop();
  });
});
