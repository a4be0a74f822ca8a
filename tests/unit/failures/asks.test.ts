/** What a console asks of functions: taken once, answered once, and kept whatever dies. */
import { describe, expect, test } from '@jest/globals';
import { createActs } from '../../../shared/failures/acts.ts';
import { answerAsk } from '../../../shared/failures/answer-ask.ts';
import { ASKS, createAsks } from '../../../shared/failures/asks.ts';
import type { Asks } from '../../../shared/failures/asks.ts';
import { ReplayError } from '../../../shared/failures/error.ts';
import { createAudit } from '../../../shared/failures/audit.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';

const ASK = { id: 'a-1', by: 'ada', why: 'because', wanted: { kind: 'look' } } as const;
const asksOf = () => {
  const blobs = memoryBlobs();
  const time = { now: 1_000 };
  const clock = { now: () => time.now };
  const asks: Asks = createAsks(blobs, clock.now);
  return { asks, blobs, time, answering: { asks, clock } };
};

describe('a question', () => {
  test('is answered by the first function that takes it, and by no other', async () => {
    const { asks, answering } = asksOf();
    await asks.create(ASK);
    let done = 0;
    const work = async () => ({ state: 'done' as const, answer: { findings: (done += 1) } });
    await Promise.all([answerAsk(answering, 'a-1', work), answerAsk(answering, 'a-1', work)]);
    await answerAsk(answering, 'a-1', work);
    expect(done).toBe(1);
    expect(await asks.get('a-1')).toEqual({
      ...ASK,
      at: 1_000,
      state: 'done',
      answer: { findings: 1 },
      ended: 1_000,
    });
    expect(await asks.open()).toEqual([]);
  });

  test('shows its progress, and the error of a function that fails', async () => {
    const { asks, answering } = asksOf();
    await asks.create(ASK);
    await answerAsk(answering, 'a-1', async (_ask, change) => {
      await change({ progress: { done: 1, total: 2 } });
      expect(await asks.open()).toMatchObject([{ state: 'working', progress: { done: 1 } }]);
      throw new ReplayError('RPL705', 'No failure matches.');
    });
    expect(await asks.get('a-1')).toMatchObject({
      state: 'failed',
      problem: { code: 'RPL705', message: 'No failure matches.' },
    });
  });

  test('that no function takes within a minute has failed, and is not answered later', async () => {
    const { asks, time, answering } = asksOf();
    await asks.create(ASK);
    time.now += 59_999;
    expect(await asks.get('a-1')).toMatchObject({ state: 'waiting' });
    time.now += 1;
    let worked = false;
    const late = await answerAsk(answering, 'a-1', async () => {
      worked = true;
      return { state: 'done' };
    });
    expect([late.state, worked]).toEqual(['failed', false]);
    expect(await asks.get('a-1')).toMatchObject({
      state: 'failed',
      problem: { message: expect.stringMatching(/^The function audit did not begin in time; /) },
      ended: 61_000,
    });
    expect(await asks.open()).toEqual([]);
  });

  test('whose function dies has failed when no sign of life came for two and a half minutes', async () => {
    const { asks, time, answering } = asksOf();
    await asks.create(ASK);
    const states: string[] = [];
    const look = async (ms: number): Promise<void> => {
      time.now += ms;
      states.push((await asks.get('a-1')).state);
    };
    await answerAsk(answering, 'a-1', async (_ask, change) => {
      await look(149_999);
      await change({ progress: { done: 1, total: 2 } });
      await look(149_999);
      await look(1);
      // A function that was only frozen learns that nobody waits, before it does anything.
      await expect(change({})).rejects.toThrow('given up; nothing was done');
      throw new Error('too late');
    });
    expect(states).toEqual(['working', 'working', 'failed']);
  });

  test('that is lost is not open, although nobody asked for it since', async () => {
    const { asks, time, answering } = asksOf();
    const seen: (readonly string[])[] = [];
    const look = async (ms: number): Promise<void> => {
      time.now += ms;
      seen.push((await asks.open()).map(({ id }) => id));
    };
    await asks.create(ASK);
    await asks.create({ ...ASK, id: 'a-2' });
    await answerAsk(answering, 'a-2', async (_ask, change) => {
      await look(60_000);
      await look(90_000);
      // Nobody looked at it by its id, so it is not given up yet.
      await change({});
      await look(0);
      return { state: 'done' };
    });
    await look(0);
    expect(seen).toEqual([['a-2'], [], ['a-2'], []]);
  });

  test('that a function answers after all has its answer', async () => {
    const { asks, time, answering } = asksOf();
    await asks.create(ASK);
    await answerAsk(answering, 'a-1', async () => {
      time.now += 150_000;
      expect((await asks.get('a-1')).state).toBe('failed');
      return { state: 'done', answer: { findings: 0 } };
    });
    const { state, answer, problem } = await asks.get('a-1');
    expect([state, answer, problem]).toEqual(['done', { findings: 0 }, undefined]);
  });

  test('that has ended is not read again to find those that are open', async () => {
    const blobs = memoryBlobs();
    let reads = 0;
    const get: typeof blobs.get = (key) => {
      reads += 1;
      return blobs.get(key);
    };
    const asks = createAsks({ ...blobs, get }, () => 1_000);
    for (let n = 0; n < 40; n++) await asks.create({ ...ASK, id: `a-${n}` });
    for (let n = 1; n < 40; n++) await asks.update(`a-${n}`, () => ({ state: 'done' }));
    const readsOf = async (): Promise<number> => {
      reads = 0;
      expect((await asks.open()).map(({ id }) => id)).toEqual(['a-0']);
      return reads;
    };
    expect([await readsOf(), await readsOf()]).toEqual([40, 1]);
    await asks.create({ ...ASK, id: 'b' });
    expect((await asks.open()).map(({ id }) => id)).toEqual(['a-0', 'b']);
    // It ended too early for who asked, and was answered after all.
    await asks.update('a-1', () => ({ state: 'done' }));
    expect((await asks.open()).map(({ id }) => id)).toEqual(['a-0', 'b']);
  });

  test('that does not exist, or that another version wrote, is refused with its id', async () => {
    const { asks, blobs } = asksOf();
    await blobs.put(`${ASKS}odd.json`, '{"format":2}');
    for (const id of ['none', 'odd', '../audit/x', ''])
      await expect(asks.get(id)).rejects.toMatchObject({ code: 'RPL702' });
    expect(await asks.open()).toEqual([]);
  });

  test('is removed after its time', async () => {
    const { asks } = asksOf();
    await asks.create(ASK);
    expect([await asks.prune(1_000), await asks.prune(1_001)]).toEqual([0, 1]);
    await expect(asks.get('a-1')).rejects.toMatchObject({ code: 'RPL702' });
  });
});

describe('an act with a key', () => {
  test('begins once, and its repetition gets the answer', async () => {
    const acts = createActs(memoryBlobs(), () => 1_000);
    expect(await acts.begin('ada', 'key', { a: 1 })).toBeUndefined();
    expect(await acts.begin('ada', 'key', { a: 1 })).toEqual({ isSame: true });
    expect(await acts.begin('bob', 'key', { a: 1 })).toBeUndefined();
    const answer = { says: 'Done.', undo: { kind: 'enable' }, ask: 'a-1' };
    await acts.end('ada', 'key', { a: 1 }, answer);
    expect(await acts.begin('ada', 'key', { a: 1 })).toEqual({ isSame: true, answer });
    expect(await acts.begin('ada', 'key', { a: 2 })).toMatchObject({ isSame: false });
    await acts.forget('ada', 'key');
    expect(await acts.begin('ada', 'key', { a: 2 })).toBeUndefined();
    expect([await acts.prune(1_000), await acts.prune(1_001)]).toEqual([0, 2]);
  });
});

describe('the record of an act', () => {
  const entry = { who: 'ada', action: 'drain', selection: 'east', why: 'update' };
  const logOf = () => {
    let id = 0;
    let now = 0;
    const blobs = memoryBlobs();
    return {
      blobs,
      audit: createAudit(
        blobs,
        () => (now += 1_000),
        () => `id${(id += 1)}`,
      ),
    };
  };

  test('is there before the act, and has its result afterwards', async () => {
    const { audit } = logOf();
    const during = await audit.record(entry, async () => ({
      result: 'sent',
      value: await audit.list(),
    }));
    expect(during).toMatchObject([{ ...entry, result: 'begun' }]);
    expect(await audit.list()).toMatchObject([{ ...entry, result: 'sent' }]);
  });

  test('has the error of an act that fails', async () => {
    const { audit } = logOf();
    const act = () => Promise.reject(new Error('the queue is away'));
    await expect(audit.record(entry, act)).rejects.toThrow('the queue is away');
    expect(await audit.list()).toMatchObject([{ ...entry, result: 'failed: the queue is away' }]);
  });

  test('that cannot be written means that nothing is done', async () => {
    const { blobs } = logOf();
    const put = () => Promise.reject(new Error('the disk is full'));
    const audit = createAudit(
      { ...blobs, put },
      () => 1,
      () => 'id',
    );
    let done = 0;
    const act = async () => ({ result: 'sent', value: (done += 1) });
    await expect(audit.record(entry, act)).rejects.toThrow('the disk is full');
    expect(done).toBe(0);
  });

  test('is read in pages, newest first', async () => {
    const { audit } = logOf();
    for (let i = 1; i <= 5; i++) await audit.append({ ...entry, result: String(i) });
    const first = await audit.page(2);
    const second = await audit.page(2, first.next);
    const third = await audit.page(2, second.next);
    expect([first, second, third].map(({ entries }) => entries.map((one) => one.result))).toEqual([
      ['5', '4'],
      ['3', '2'],
      ['1'],
    ]);
    expect(third.next).toBeUndefined();
  });
});
