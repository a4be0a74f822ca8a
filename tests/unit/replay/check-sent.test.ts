/**
 * What a replay accepts as the result of an event that it sent, and when it stops waiting for one.
 */
import { describe, expect, test } from '@jest/globals';
import { checkSentUnit, RESULT_TIMEOUT_MS } from '../../../shared/failures/replay/check-sent.ts';
import type { ReplayItem, ReplayJob } from '../../../shared/failures/replay/job.ts';
import type { FailureHead } from '../../../shared/failures/port.ts';
import {
  itemOf,
  JOB,
  preview,
  startDesk,
  type Desk,
  type DeskUnit,
} from '../../fixtures/failures/desk.ts';

const TOGETHER_MS = 10_000;
const AT = { epoch: 1, counter: 1 };

/** An item whose event has just been sent. */
const sentItem = (desk: Desk, head: FailureHead, over: Partial<ReplayItem> = {}): ReplayItem =>
  itemOf(head, { status: 'sent', sentAt: desk.now, count: head.count, sentRevision: AT, ...over });

const look = (
  desk: Desk,
  unit: DeskUnit,
  { job = JOB, since = desk.now }: { readonly job?: ReplayJob; readonly since?: number } = {},
): Promise<void> => checkSentUnit(desk.world, job, { ...unit, since });

/** Checks one sent failure, after `before` happened to it. */
async function result(
  before: (desk: Desk, head: FailureHead) => unknown = () => undefined,
  over: Partial<ReplayItem> = {},
  job: ReplayJob = JOB,
) {
  const desk = startDesk();
  const head = await desk.park(1);
  desk.now += 1_000;
  const unit = desk.unit(sentItem(desk, head, over));
  await before(desk, head);
  await look(desk, unit, { job });
  return { desk, unit, item: unit.items.get(0)!, head: await desk.head(head) };
}

const nothingYet = preview('would-apply');

describe('an event that was sent', () => {
  test('has no result while nothing shows one, and nothing is written', async () => {
    const { unit, item, head } = await result();
    expect([unit.saves, item.status, head?.state]).toEqual([[], 'sent', 'open']);
  });

  test.each(['healed', 'replayed'] as const)('is applied when its failure is %s', async (state) => {
    const { item, head, desk } = await result((at, { id }) =>
      at.failures.store.change([id], () => ({ state, note: 'theirs' })),
    );
    expect(item).toMatchObject({ status: 'done', result: { kind: 'applied', at: desk.now } });
    expect(head).toMatchObject({ state, note: 'theirs' });
  });

  test('is applied when the device declares it, and its failure is replayed', async () => {
    const { item, head } = await result((desk) => (desk.preview = () => preview('unchanged')));
    expect(item).toMatchObject({ status: 'done', result: { kind: 'applied' } });
    expect(head).toMatchObject({ state: 'replayed', note: 'replayed by job job1' });
  });

  test.each([
    [{ by: '1.9' }, 'healed by 1.9'],
    [{}, 'healed by a newer revision'],
  ])('is superseded when the device declares a newer one (%j)', async (over, note) => {
    const { item, head } = await result(
      (desk) => (desk.preview = () => preview('superseded', { ...over, code: 'X' })),
    );
    expect(item).toMatchObject({
      status: 'done',
      result: { kind: 'superseded', reason: 'it is superseded', code: 'X' },
    });
    expect(head).toMatchObject({ state: 'healed', note });
  });

  test('is a conflict when another owner has taken its place, and stays open', async () => {
    const { item, head } = await result(
      (desk) => (desk.preview = () => preview('conflict', { code: 'OWN301' })),
    );
    expect(item).toMatchObject({
      status: 'done',
      result: { kind: 'conflict', code: 'OWN301', reason: 'it is conflict' },
    });
    expect(head?.state).toBe('open');
  });

  test.each(['would-apply', 'invalid', 'unknown'] as const)(
    'waits where a preview says %s',
    async (verdict) => {
      const { item } = await result((desk) => (desk.preview = () => preview(verdict)));
      expect(item.status).toBe('sent');
    },
  );

  test('is skipped when retention has removed its failure', async () => {
    const { item } = await result(undefined, { failure: '0123456789abcdef' });
    expect(item.result).toMatchObject({ kind: 'skipped', reason: 'its retention has ended' });
  });

  test('waits where its evidence is lost', async () => {
    const { item, desk } = await result((at) =>
      Object.assign(at.world.store, { get: () => Promise.resolve(undefined) }),
    );
    expect([item.status, desk.asked]).toEqual(['sent', []]);
  });
});

describe('the time to wait for a result', () => {
  const waited = async (
    ms: number,
    since: (now: number) => number = (now) => now,
    over: Partial<ReplayItem> = {},
  ): Promise<ReplayItem> => {
    const desk = startDesk();
    const unit = desk.unit(sentItem(desk, await desk.park(1), over));
    const began = since(desk.now);
    desk.now += ms;
    await look(desk, unit, { since: began });
    return unit.items.get(0)!;
  };

  test('ends after five minutes, and the failure stays open', async () => {
    expect((await waited(RESULT_TIMEOUT_MS - 1)).status).toBe('sent');
    expect((await waited(RESULT_TIMEOUT_MS)).result).toMatchObject({
      kind: 'no-result',
      code: 'RPL712',
    });
  });

  test('starts again with every driver, because the previous one may have crashed before sending', async () => {
    expect((await waited(RESULT_TIMEOUT_MS, (now) => now + 1)).status).toBe('sent');
  });

  test('begins with the sending, however long the driver has been at work', async () => {
    expect((await waited(RESULT_TIMEOUT_MS - 1, (now) => now - 60_000)).status).toBe('sent');
  });

  test('ends as well when the clock was set back', async () => {
    expect((await waited(-RESULT_TIMEOUT_MS)).result).toMatchObject({ kind: 'no-result' });
  });

  test('does not end for an item without a time of sending', async () => {
    expect((await waited(RESULT_TIMEOUT_MS, undefined, { sentAt: undefined })).status).toBe('sent');
  });
});

describe('a failure that recurs', () => {
  const again = (desk: Desk): Promise<FailureHead> => desk.park(1);

  test('in a job of a person is quarantined', async () => {
    const { item, head } = await result(again);
    expect(item).toMatchObject({
      status: 'done',
      result: {
        kind: 'quarantined',
        code: 'RPL711',
        reason: 'failed again with BIP421: port 1 is refused',
      },
    });
    expect(head).toMatchObject({
      state: 'quarantined',
      note: 'failed again in the same way in replay job job1',
    });
  });

  test('is not recognised if no count was stored at the sending', async () => {
    const { item } = await result(again, { count: undefined });
    expect(item.status).toBe('sent');
  });

  const POLICY = { ...JOB, policy: { name: 'nightly', atMost: 3 } };

  test('in a job of a policy stays open for the next one, and counts each job once', async () => {
    const { item, head } = await result(
      (desk, { id }) =>
        desk.failures.store
          .change([id], () => ({ state: 'open', replays: ['job0', 'job1'] }))
          .then(() => again(desk)),
      {},
      POLICY,
    );
    const said = 'failed again in attempt 2 of 3 of policy nightly';
    expect(item.result).toMatchObject({
      kind: 'failed',
      code: 'RPL714',
      reason: `${said} with BIP421: port 1 is refused`,
    });
    expect(head).toMatchObject({ state: 'open', note: said, replays: ['job0', 'job1'] });
  });

  test('in the last job that its policy allows is quarantined', async () => {
    const { item, head } = await result(
      (desk, { id }) =>
        desk.failures.store
          .change([id], () => ({ state: 'open', replays: ['a', 'b'] }))
          .then(() => again(desk)),
      {},
      POLICY,
    );
    expect([item.result?.kind, head?.state]).toEqual(['quarantined', 'quarantined']);
  });

  test('keeps the state that a person gave it meanwhile', async () => {
    const { head } = await result(
      async (desk, { id }) => {
        await again(desk);
        await desk.failures.store.change([id], () => ({ state: 'archived', note: 'known' }));
      },
      {},
      POLICY,
    );
    expect(head).toMatchObject({ state: 'archived', note: 'known' });
    expect(head?.replays).toBeUndefined();
  });
});

describe('another failure of the same owner since the sending', () => {
  const other =
    (over: Partial<FailureHead> = {}, later = 0) =>
    (desk: Desk) => {
      // The newest, so that it is listed first.
      return desk.park(1, { code: 'BIP424', sentence: 'no iRule', ...over }, desk.now + later);
    };

  test('is its result: the first one is over, and the new one is named', async () => {
    const { item, head, desk } = await result(other());
    const successor = (await desk.failures.store.list()).find(({ code }) => code === 'BIP424')!;
    expect(item.result).toMatchObject({
      kind: 'failed',
      code: 'BIP424',
      reason: `now fails with BIP424 (failure ${successor.id}): no iRule`,
    });
    expect(head).toMatchObject({
      state: 'replayed',
      note: `has failed with BIP424 since replay job job1: see ${successor.id}`,
    });
    expect(successor.state).toBe('open');
  });

  test.each([
    ['names no exposure', { exposure: undefined }],
    ['names no partition', { partition: undefined }],
    ['names no device', { device: undefined }],
  ])('is one that %s, because it may be of the whole event', async (_what, over) => {
    expect((await result(other(over))).item.result?.kind).toBe('failed');
  });

  test.each([
    ['exposure', { exposure: undefined }],
    ['partition', { partition: undefined }],
    ['device', { device: undefined }],
  ])('is one of any %s where the item names none', async (_what, over) => {
    expect((await result(other(), over)).item.result?.kind).toBe('failed');
  });

  test.each([
    ['of another exposure', { exposure: '10.0.0.1:2/tcp' }],
    ['in another partition', { partition: 'other' }],
    ['on another device', { device: 'bigip-2' }],
    ['of another owner', { owner: 'east/other/gw' }],
  ])('is not one %s', async (_what, over) => {
    const { item, head } = await result(other(over));
    expect([item.status, head?.state]).toEqual(['sent', 'open']);
  });

  test('is not one that was there before', async () => {
    const { item } = await result(other({}, -1));
    expect(item.status).toBe('sent');
  });

  test('is the last one that came, where there are several', async () => {
    const { item } = await result(async (desk) => {
      await other({ code: 'BIP422' }, 1)(desk);
      await other({ code: 'BIP424' }, 2)(desk);
      await other({ code: 'BIP423' }, 1)(desk);
    });
    expect(item.result?.code).toBe('BIP424');
  });

  test('is one that came in the same millisecond', async () => {
    expect((await result(other({}, 0))).item.result?.kind).toBe('failed');
  });

  test('is none where the time of sending is not known', async () => {
    expect((await result(other(), { sentAt: undefined })).item.status).toBe('sent');
  });

  test('is not looked for where the owner is not known', async () => {
    const { item } = await result(other(), { owner: undefined });
    expect(item.status).toBe('sent');
  });

  test('is not the failure itself, even if it was parked a moment after the sending', async () => {
    const desk = startDesk();
    const head = await desk.park(1);
    const unit = desk.unit(sentItem(desk, head, { sentAt: desk.now - 1_000 }));
    await look(desk, unit);
    expect(unit.items.get(0)?.status).toBe('sent');
  });

  test('is not one that came in a bundle', async () => {
    const elsewhere = startDesk();
    elsewhere.now += 5_000;
    const { id } = await elsewhere.park(1, { code: 'BIP424' });
    const whole = (await elsewhere.failures.store.get(id))!;
    const { item } = await result((desk) => desk.failures.store.adopt([whole]));
    expect(item.status).toBe('sent');
  });
});

describe('an item without its own result', () => {
  async function beside(
    first: Partial<ReplayItem['result']>,
    after: number,
  ): Promise<ReplayItem | undefined> {
    const desk = startDesk();
    const [loud, silent] = [await desk.park(1), await desk.park(2)];
    const at = desk.now;
    const unit = desk.unit(
      sentItem(desk, loud, {
        status: 'done',
        result: { kind: 'failed', reason: '', at, ...first },
      }),
      sentItem(desk, silent),
    );
    desk.now += after;
    await look(desk, unit);
    expect(unit.items.get(0)?.result?.at).toBe(at);
    return unit.items.get(1);
  }

  test('has failed ten seconds after others of its event were dead-lettered, and stays open', async () => {
    expect((await beside({}, TOGETHER_MS - 1))?.status).toBe('sent');
    expect(await beside({ kind: 'quarantined' }, TOGETHER_MS)).toMatchObject({
      status: 'done',
      result: {
        kind: 'failed',
        code: 'BIP421',
        reason:
          'still refused together with others of the same event, so it stays open: port 2 is refused',
      },
    });
  });

  test('has not failed if the others had another result', async () => {
    expect((await beside({ kind: 'conflict' }, TOGETHER_MS))?.status).toBe('sent');
  });
});

describe('a unit of several', () => {
  test('is saved with those that are decided, and what was decided before keeps its result', async () => {
    const desk = startDesk();
    const heads = [await desk.park(1), await desk.park(2), await desk.park(3)];
    const before = { kind: 'conflict' as const, reason: 'taken', at: 1 };
    const [first, second, third] = heads as [FailureHead, FailureHead, FailureHead];
    const unit = desk.unit(
      sentItem(desk, first, { status: 'done', result: before }),
      sentItem(desk, second),
      sentItem(desk, third),
    );
    desk.preview = ({ exposure }) =>
      exposure === second.exposure ? preview('unchanged') : nothingYet;
    await look(desk, unit);
    expect(unit.saves.map((save) => [...save.keys()])).toEqual([[1]]);
    expect([...unit.items.values()].map(({ status }) => status)).toEqual(['done', 'done', 'sent']);
    expect(unit.items.get(0)?.result).toEqual(before);
  });

  test('is checked with the event that was sent, which may be that of another item', async () => {
    const desk = startDesk();
    const revision = { epoch: 1, counter: 5 };
    const old = await desk.park(1);
    await desk.park(2, { revision });
    // Of two generations of one revision, the one that was seen last, whatever other events arrived
    // later.
    await desk.park(3, { revision }, desk.now + 1);
    await desk.park(4, { revision, device: 'bigip-2' }, desk.now + 2);
    await desk.park(5, { revision: { epoch: 1, counter: 6 } }, desk.now + 3);
    await desk.park(6, { revision: undefined }, desk.now + 4);
    await look(
      desk,
      desk.unit(sentItem(desk, old, { sentAt: desk.now + 9, sentRevision: revision })),
    );
    expect(desk.asked).toEqual([{ body: 'event 3', failure: old.exposure }]);
  });

  test.each([
    ['if nothing of that revision is stored', { sentRevision: { epoch: 1, counter: 9 } }],
    ['if no revision was sent', { sentRevision: undefined }],
    ['if the owner is unknown', { owner: undefined }],
  ])('is checked with its own event %s', async (_what, over) => {
    const desk = startDesk();
    const old = await desk.park(1);
    await desk.park(3, { revision: undefined });
    await look(desk, desk.unit(sentItem(desk, old, over)));
    expect(desk.asked.map(({ body }) => body)).toEqual(['event 1']);
  });

  test('is not checked with an event that came in a bundle, unless that was sent', async () => {
    const elsewhere = startDesk();
    const revision = { epoch: 1, counter: 5 };
    const { id } = await elsewhere.park(7, { revision });
    const whole = (await elsewhere.failures.store.get(id))!;
    const desk = startDesk();
    const own = await desk.park(1);
    const [came] = await desk.failures.store.adopt([whole]);
    await look(desk, desk.unit(sentItem(desk, own, { sentRevision: revision })));
    await look(desk, desk.unit(sentItem(desk, came!, { sentRevision: revision })));
    expect(desk.asked.map(({ body }) => body)).toEqual(['event 1', 'event 7']);
  });
});

describe('an order to try again', () => {
  const ordered = { ordered: true as const, sentRevision: { epoch: 2, counter: 5 } };

  test.each([
    ['the version that was declared before', '2.5'],
    ['an older version, in another partition', '2.4'],
    ['a version of an older epoch', '1.9'],
    ['an unknown version', undefined],
  ])('has no result while the device declares %s', async (_what, by) => {
    const { item, head } = await result(
      (desk) => (desk.preview = () => preview('superseded', by === undefined ? {} : { by })),
      ordered,
    );
    expect([item.status, head?.state]).toEqual(['sent', 'open']);
  });

  test.each(['2.6', '2.10', '3.1'])('is superseded by %s', async (by) => {
    const { item, head } = await result(
      (desk) => (desk.preview = () => preview('superseded', { by })),
      ordered,
    );
    expect([item.result?.kind, head?.state]).toEqual(['superseded', 'healed']);
  });

  test('by force, of which no revision is known, is superseded by any', async () => {
    const { item } = await result((desk) => (desk.preview = () => preview('superseded')), {
      ordered: true,
      sentRevision: undefined,
    });
    expect(item.result?.kind).toBe('superseded');
  });
});
