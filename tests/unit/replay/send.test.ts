/**
 * What a replay sends for one unit of a job, what it settles without sending, and what it records
 * about both.
 */
import { describe, expect, test } from '@jest/globals';
import { appliedResult, sendUnit } from '../../../shared/failures/replay/send.ts';
import type { SendOutcome } from '../../../shared/failures/replay/send.ts';
import type { FailureHead } from '../../../shared/failures/port.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import { STEERING_EVENTS } from '../../../shared/queue/events.ts';
import {
  itemOf,
  JOB,
  OWNER,
  preview,
  startDesk,
  type Desk,
  type DeskUnit,
} from '../../fixtures/failures/desk.ts';

const FORCED = { ...JOB, force: true as const };

/** `revision` of an owner, first sent in epoch 1. */
const at = (counter: number, epoch = 1) => ({ revision: { epoch, counter } });
const retry = (key: string, counter: number, device = 'bigip-1') => ({
  device,
  owner: OWNER,
  keys: [key],
  declared: { epoch: 1, counter },
});

async function settledAs(
  desk: Desk,
  unit: DeskUnit,
  job = JOB,
): Promise<readonly (string | undefined)[]> {
  const outcome = await sendUnit(desk.world, job, unit);
  expect([outcome.kind, desk.sent]).toEqual(['settled', []]);
  return [...unit.items.values()].map(({ result }) => result?.kind);
}

const orders = (desk: Desk) =>
  desk.sent.map(({ queue, message: { group, body, deduplicationId } }) => {
    const opened = parseEvent(body, STEERING_EVENTS);
    if ('refused' in opened) throw new Error(opened.refused.reason);
    return { queue, group, deduplicationId, order: opened.ok.data };
  });

describe('the event that is sent', () => {
  test.each<[string, Partial<FailureHead>, Partial<FailureHead>]>([
    ['of the newest epoch', at(9, 1), at(1, 2)],
    ['of the newest revision within an epoch', at(1), at(2)],
    ['that has a revision, rather than one that has none', { revision: undefined }, at(1)],
  ])('is the one %s, whenever it was seen', async (_what, older, newer) => {
    for (const turned of [false, true]) {
      const desk = startDesk();
      const [old, young] = [
        await desk.park(1, older, desk.now + 50_000),
        await desk.park(2, newer, desk.now),
      ];
      const items = [itemOf(old), itemOf(young)];
      const unit = desk.unit(...(turned ? items.toReversed() : items));
      expect(await sendUnit(desk.world, JOB, unit)).toEqual({ kind: 'sent' });
      expect(desk.sent.map(({ message }) => message.body)).toEqual(['event 2']);
    }
  });

  test('is the latest one if the revisions are equal', async () => {
    const desk = startDesk();
    const none = { revision: undefined };
    const [first, last] = [await desk.park(1, none, 10), await desk.park(2, none, 20)];
    await sendUnit(desk.world, JOB, desk.unit(itemOf(first), itemOf(last)));
    expect(desk.sent.map(({ message }) => message.body)).toEqual(['event 2']);
  });

  test('goes to its queue and group, under an id of the job, and every item says what was sent when', async () => {
    const desk = startDesk();
    const [old, young] = [await desk.park(1, at(1)), await desk.park(2, at(4))];
    const unit = desk.unit(itemOf(old), itemOf(young));
    await sendUnit(desk.world, JOB, unit);
    const [{ queue, message }] = desk.sent as [Desk['sent'][number]];
    expect([queue, message.group]).toEqual(['slices', 'bigip-1']);
    expect(message.deduplicationId).toMatch(/^replay\.job1\.id\d+$/);
    const said = {
      deduplicationId: message.deduplicationId,
      count: 1,
      sentAt: desk.now,
      sentRevision: { epoch: 1, counter: 4 },
    };
    // First that it is about to be sent, then that it was.
    expect(unit.saves.map((save) => [...save.values()])).toMatchObject([
      [
        { ...said, status: 'sending' },
        { ...said, status: 'sending' },
      ],
      [
        { ...said, status: 'sent' },
        { ...said, status: 'sent' },
      ],
    ]);
    expect([...unit.items.values()].some(({ ordered }) => ordered)).toBe(false);
  });

  test('keeps id, count and time of the first try when a driver goes on after a crash', async () => {
    const desk = startDesk();
    const head = await desk.park(1);
    const began = { deduplicationId: 'replay.job1.old', count: 1, sentAt: 5 };
    const unit = desk.unit(
      itemOf(await desk.park(2)),
      itemOf(head, { ...began, status: 'sending' }),
    );
    await sendUnit(desk.world, JOB, unit);
    expect(desk.sent.map(({ message }) => message.deduplicationId)).toEqual(['replay.job1.old']);
    expect(unit.items.get(1)).toMatchObject({ ...began, status: 'sent' });
    expect(unit.items.get(0)).toMatchObject({
      deduplicationId: 'replay.job1.old',
      sentAt: desk.now,
    });
  });

  test('is judged on a reading that is a second old at most', async () => {
    const desk = startDesk();
    await sendUnit(desk.world, JOB, desk.unit(itemOf(await desk.park(1))));
    expect(desk.refreshed).toEqual([1_000]);
  });

  test('is sent for what it still changes alone: the rest of its unit has its result at once', async () => {
    const desk = startDesk();
    const [change, same] = [await desk.park(1), await desk.park(2)];
    desk.preview = ({ exposure }) =>
      preview(exposure === change.exposure ? 'would-apply' : 'unchanged');
    const unit = desk.unit(itemOf(change), itemOf(same));
    expect(await sendUnit(desk.world, JOB, unit)).toEqual({ kind: 'sent' });
    expect([...unit.items.values()].map(({ status, result }) => [status, result?.kind])).toEqual([
      ['sent', undefined],
      ['done', 'unchanged'],
    ]);
  });

  test('does not touch what is done already', async () => {
    const desk = startDesk();
    const [open, over] = [await desk.park(1), await desk.park(2)];
    const result = { kind: 'conflict' as const, reason: 'taken', at: 1 };
    const unit = desk.unit(itemOf(open), itemOf(over, { status: 'done', result }));
    await sendUnit(desk.world, JOB, unit);
    expect(unit.items.get(1)).toEqual(itemOf(over, { status: 'done', result }));
    expect(desk.asked.map(({ failure }) => failure)).toEqual([open.exposure]);
  });
});

describe('a driver that crashed while it was sending', () => {
  test('finds that the event arrived if it has failed again, and takes only what was being sent for sent', async () => {
    const desk = startDesk();
    const head = await desk.park(1);
    await desk.park(1);
    // Items of one unit can be on two pages: the second was not written before the crash.
    const unit = desk.unit(
      itemOf(head, { status: 'sending', count: 1, deduplicationId: 'd' }),
      itemOf(await desk.park(2)),
    );
    expect(await sendUnit(desk.world, JOB, unit)).toEqual({ kind: 'sent' });
    expect([desk.sent, [...unit.items.values()].map(({ status }) => status)]).toEqual([
      [],
      ['sent', 'waiting'],
    ]);
  });

  test.each([
    ['has not failed since', { count: 1 }],
    ['has no count', {}],
  ])('sends again what %s', async (_what, over) => {
    const desk = startDesk();
    const head = await desk.park(1);
    if (!('count' in over)) await desk.park(1);
    const unit = desk.unit(itemOf(head, { ...over, status: 'sending', deduplicationId: 'd' }));
    await sendUnit(desk.world, JOB, unit);
    expect(desk.sent).toHaveLength(1);
  });

  test('counts what the device declares by now as applied', async () => {
    const desk = startDesk();
    desk.preview = () => preview('unchanged');
    const unit = desk.unit(itemOf(await desk.park(1), { status: 'sending', count: 1 }));
    expect(await settledAs(desk, unit)).toEqual(['applied']);
  });
});

describe('what is not sent', () => {
  test.each([
    ['healed', 'healed by 1.2', 'healed by 1.2'],
    ['healed', undefined, 'healed'],
    ['replayed', undefined, 'replayed'],
    ['quarantined', 'failed again', 'failed again'],
    ['quarantined', undefined, 'it is quarantined'],
  ] as const)('a failure that is %s by now (%s) is skipped: %s', async (state, note, reason) => {
    const desk = startDesk();
    const head = await desk.park(1);
    await desk.failures.store.change([head.id], () => ({
      state,
      ...(note === undefined ? {} : { note }),
    }));
    const unit = desk.unit(itemOf(head));
    expect(await settledAs(desk, unit)).toEqual(['skipped']);
    expect(unit.items.get(0)?.result).toEqual({ kind: 'skipped', reason, at: desk.now });
    expect(await desk.head(head)).toMatchObject({ state, ...(note === undefined ? {} : { note }) });
  });

  test('a failure that retention removed is skipped, and leads nothing', async () => {
    const desk = startDesk();
    const unit = desk.unit(itemOf(await desk.park(1), { failure: '0123456789abcdef' }));
    expect(await settledAs(desk, unit)).toEqual(['skipped']);
    expect(unit.items.get(0)?.result?.reason).toBe('its retention has ended');
  });

  test('a failure whose evidence is lost is invalid, and no device is asked about it', async () => {
    const desk = startDesk();
    const head = await desk.park(1);
    const world = {
      ...desk.world,
      store: { ...desk.failures.store, get: () => Promise.resolve(undefined) },
    };
    const unit = desk.unit(itemOf(head));
    expect(await sendUnit(world, JOB, unit)).toEqual({ kind: 'settled' });
    expect([desk.sent, desk.asked, unit.items.get(0)]).toMatchObject([
      [],
      [],
      { status: 'done', result: { kind: 'invalid', code: 'RPL706' } },
    ]);
    expect((await desk.head(head))?.state).toBe('open');
  });

  test.each([
    [{ device: 'bigip-1' }, 'bigip-1'],
    [{ device: undefined }, 'its devices'],
  ])('nothing at all while a device is away (%j)', async (over, where) => {
    const desk = startDesk();
    desk.preview = () => preview('unknown', { reason: 'no connection' });
    const unit = desk.unit(itemOf(await desk.park(1), over));
    const outcome: SendOutcome = await sendUnit(desk.world, JOB, unit);
    expect(outcome).toEqual({
      kind: 'away',
      reason: `the effect of a replay on ${where} is unknown: no connection`,
    });
    expect([desk.sent, unit.saves]).toEqual([[], []]);
  });

  test.each([
    ['conflict', 'conflict'],
    ['invalid', 'invalid'],
  ] as const)('what would be a %s stays open, with code and reason', async (verdict, kind) => {
    const desk = startDesk();
    desk.preview = () => preview(verdict, { code: 'OWN301' });
    const head = await desk.park(1);
    const unit = desk.unit(itemOf(head));
    expect(await settledAs(desk, unit)).toEqual([kind]);
    expect(unit.items.get(0)).toMatchObject({
      status: 'done',
      result: { kind, code: 'OWN301', reason: `it is ${verdict}`, at: desk.now },
    });
    expect((await desk.head(head))?.state).toBe('open');
  });

  test('what the device declares already is replayed', async () => {
    const desk = startDesk();
    desk.preview = () => preview('unchanged');
    const head = await desk.park(1);
    expect(await settledAs(desk, desk.unit(itemOf(head)))).toEqual(['unchanged']);
    expect(await desk.head(head)).toMatchObject({
      state: 'replayed',
      note: 'already up to date, as replay job job1 found',
    });
  });

  test.each([
    [{ by: '1.7' }, 'healed by 1.7'],
    [{}, 'healed by a newer revision'],
  ])('what a newer revision replaced is healed (%j)', async (over, note) => {
    const desk = startDesk();
    desk.preview = () => preview('superseded', over);
    const head = await desk.park(1);
    const unit = desk.unit(itemOf(head));
    expect(await settledAs(desk, unit)).toEqual(['superseded']);
    expect(unit.items.get(0)?.result?.reason).toBe('it is superseded');
    expect(await desk.head(head)).toMatchObject({ state: 'healed', note });
  });

  test('what the newest revision of its owner does not request any more is healed by that', async () => {
    const desk = startDesk();
    const [old, young] = [await desk.park(1, at(1)), await desk.park(2, at(3))];
    desk.preview = () => preview('unchanged');
    const unit = desk.unit(itemOf(old), itemOf(young));
    expect(await settledAs(desk, unit)).toEqual(['superseded', 'unchanged']);
    expect(unit.items.get(0)?.result?.reason).toBe(
      'revision 1.3 of the same owner does not request it',
    );
    expect(await desk.head(old)).toMatchObject({ state: 'healed', note: 'healed by 1.3' });
    expect(await desk.head(young)).toMatchObject({ state: 'replayed' });
  });

  test.each([
    ['has no revision', { revision: undefined }, at(3)],
    ['is as new as any other', { revision: undefined }, { revision: undefined }],
  ])('what %s is not taken for replaced', async (_what, one, other) => {
    const desk = startDesk();
    const head = await desk.park(1, one);
    desk.preview = () => preview('unchanged');
    const unit = desk.unit(itemOf(head), itemOf(await desk.park(2, other)));
    expect(await settledAs(desk, unit)).toEqual(['unchanged', 'unchanged']);
    expect((await desk.head(head))?.state).toBe('replayed');
  });

  test('an item with a revision, whose newest event has none, is not taken for replaced', async () => {
    const desk = startDesk();
    const head = await desk.park(1, { revision: undefined });
    desk.preview = () => preview('unchanged');
    expect(await settledAs(desk, desk.unit(itemOf(head, at(3))))).toEqual(['unchanged']);
  });

  test.each(['healed', 'replayed'] as const)(
    'a failure that was %s meanwhile by another process keeps that state',
    async (state) => {
      const desk = startDesk();
      const head = await desk.park(1);
      desk.preview = async () => {
        await desk.failures.store.change([head.id], () => ({ state, note: 'theirs' }));
        return preview('unchanged');
      };
      await settledAs(desk, desk.unit(itemOf(head)));
      expect(await desk.head(head)).toMatchObject({ state, note: 'theirs' });
    },
  );
});

describe('quarantine', () => {
  test('ends for what is sent, and for nothing else', async () => {
    const desk = startDesk();
    const heads = [await desk.park(1), await desk.park(2), await desk.park(3)];
    const [first, second, third] = heads as [FailureHead, FailureHead, FailureHead];
    await desk.failures.store.change([first.id, second.id], () => ({ state: 'quarantined' }));
    desk.preview = ({ exposure }) =>
      preview(exposure === second.exposure ? 'conflict' : 'would-apply');
    const unit = desk.unit(
      itemOf(first, { lifts: true }),
      itemOf(second, { lifts: true }),
      itemOf(third),
    );
    await sendUnit(desk.world, JOB, unit);
    expect(await desk.head(first)).toMatchObject({
      state: 'open',
      note: 'quarantine lifted by replay job job1',
    });
    expect((await desk.head(second))?.state).toBe('quarantined');
    expect((await desk.head(third))?.note).toBeUndefined();
  });

  test('stays resolved or archived by a faster process', async () => {
    const desk = startDesk();
    const head = await desk.park(1);
    await desk.failures.store.change([head.id], () => ({ state: 'quarantined' }));
    desk.preview = async () => {
      await desk.failures.store.change([head.id], () => ({ state: 'archived', note: 'known' }));
      return preview('would-apply');
    };
    await sendUnit(desk.world, JOB, desk.unit(itemOf(head, { lifts: true })));
    expect(await desk.head(head)).toMatchObject({ state: 'archived', note: 'known' });
  });
});

describe('an order to try again', () => {
  test('is sent instead of the event where that is all that can be done, once for each device and owner', async () => {
    const desk = startDesk();
    const heads = [await desk.park(1), await desk.park(2), await desk.park(3)];
    const tries = [retry('a', 9), retry('b', 7), retry('a', 8, 'bigip-2')];
    desk.preview = ({ exposure }) =>
      preview('would-apply', {
        retry: [tries[heads.findIndex((head) => head.exposure === exposure)]!, tries[1]!],
      });
    const unit = desk.unit(...heads.map((head) => itemOf(head)));
    expect(await sendUnit(desk.world, JOB, unit)).toEqual({ kind: 'sent' });
    const [first, second, ...more] = orders(desk);
    expect([first, second, more]).toMatchObject([
      {
        queue: 'slices',
        group: 'bigip-1',
        order: { action: 'retry', device: 'bigip-1', owner: OWNER, keys: ['a', 'b'] },
      },
      { queue: 'slices', group: 'bigip-2', order: { device: 'bigip-2', keys: ['a'] } },
      [],
    ]);
    expect(first?.deduplicationId).toMatch(/^replay\.job1\.id\d+$/);
    expect(second?.deduplicationId).toBe(`${first?.deduplicationId}.1`);
    // The newest declared version of each owner: only a newer one can be a result.
    expect(
      [...unit.items.values()].map(({ ordered, sentRevision }) => [ordered, sentRevision?.counter]),
    ).toEqual([
      [true, 9],
      [true, 7],
      [true, 8],
    ]);
  });

  test('is not sent where the event itself changes something, even if that is only for one of several', async () => {
    const desk = startDesk();
    const [event, order] = [await desk.park(1), await desk.park(2)];
    desk.preview = ({ exposure }) =>
      preview('would-apply', exposure === order.exposure ? { retry: [retry('a', 7)] } : {});
    const unit = desk.unit(itemOf(order), itemOf(event));
    await sendUnit(desk.world, JOB, unit);
    expect(desk.sent.map(({ message }) => message.body)).toEqual([
      expect.stringMatching(/^event \d$/),
    ]);
    expect(unit.items.get(0)?.ordered).toBeUndefined();
  });

  test('by force is given for what can no longer be sent, beside what a newer revision left out', async () => {
    const desk = startDesk();
    const [invalid, left] = [await desk.park(1), await desk.park(2)];
    desk.preview = ({ exposure }) =>
      exposure === left.exposure
        ? preview('would-apply', { retry: [retry('a', 7)] })
        : preview('invalid');
    await sendUnit(desk.world, FORCED, desk.unit(itemOf(invalid), itemOf(left)));
    expect(orders(desk)).toMatchObject([{ order: { keys: [invalid.exposure, 'a'] } }]);
  });

  test('by force names no exposure where the failure is of a whole event, and waits for no revision', async () => {
    const desk = startDesk();
    desk.preview = () => preview('invalid');
    const unit = desk.unit(itemOf(await desk.park(1, { exposure: undefined })));
    await sendUnit(desk.world, FORCED, unit);
    const [{ order }] = orders(desk) as [ReturnType<typeof orders>[number]];
    expect([order, unit.items.get(0)]).toMatchObject([
      { action: 'retry', device: 'bigip-1', owner: OWNER },
      { ordered: true },
    ]);
    expect('keys' in order).toBe(false);
    expect(unit.items.get(0)?.sentRevision).toBeUndefined();
  });

  /** Red when orders need the event: the item stayed without a result, and the job ended anyway. */
  test('by force is given even if the evidence is lost', async () => {
    const desk = startDesk();
    const head = await desk.park(1);
    const world = {
      ...desk.world,
      store: { ...desk.failures.store, get: () => Promise.resolve(undefined) },
    };
    const unit = desk.unit(itemOf(head));
    expect(await sendUnit(world, FORCED, unit)).toEqual({ kind: 'sent' });
    expect(orders(desk)).toMatchObject([{ order: { action: 'retry', keys: [head.exposure] } }]);
    expect(unit.items.get(0)?.status).toBe('sent');
  });

  test.each([
    ['without force', JOB, 'invalid', {}],
    ['for an exposure of another owner', FORCED, 'conflict', {}],
    ['without a device', FORCED, 'invalid', { device: undefined }],
    ['without an owner', FORCED, 'invalid', { owner: undefined }],
  ] as const)('is not given %s', async (_what, job, verdict, over) => {
    const desk = startDesk();
    desk.preview = () => preview(verdict);
    const unit = desk.unit(itemOf(await desk.park(1), over));
    expect(await settledAs(desk, unit, job)).toEqual([verdict]);
  });
});

describe('the result of what was applied', () => {
  const item = itemOf({} as FailureHead);

  test.each([
    ['applied', {}],
    ['applied', { revision: { epoch: 1, counter: 1 } }],
    ['applied', { sentRevision: { epoch: 1, counter: 1 } }],
    ['applied', { revision: { epoch: 1, counter: 1 }, sentRevision: { epoch: 1, counter: 1 } }],
    ['superseded', { revision: { epoch: 1, counter: 1 }, sentRevision: { epoch: 1, counter: 2 } }],
    [
      'applied',
      {
        ordered: true as const,
        revision: { epoch: 1, counter: 1 },
        sentRevision: { epoch: 1, counter: 2 },
      },
    ],
  ])('is %s for %j', (kind, over) => {
    expect(appliedResult({ ...item, ...over }, 7)).toMatchObject({ kind, at: 7 });
  });

  test('of an order says that a newer revision was taken', () => {
    expect(appliedResult({ ...item, ordered: true }, 7).reason).toMatch(/^a newer revision/);
  });
});
