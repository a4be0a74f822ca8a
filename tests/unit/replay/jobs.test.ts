/**
 * Stored jobs: what is selected for one, which jobs exclude each other, and two writers of one job.
 */
import { describe, expect, test } from '@jest/globals';
import type { Blobs } from '../../../shared/failures/blobs.ts';
import type { FailureHead } from '../../../shared/failures/port.ts';
import { applyJobAction, controlJob } from '../../../shared/failures/replay/control.ts';
import { countResults, DRIVER_LEASE_MS } from '../../../shared/failures/replay/job.ts';
import type { JobState, ReplayItem, ReplayJob } from '../../../shared/failures/replay/job.ts';
import { createJobs } from '../../../shared/failures/replay/jobs.ts';
import { failuresInHand, findRivalJob } from '../../../shared/failures/replay/rivals.ts';
import {
  createJob,
  EVIDENCE_LOST,
  freezeSelection,
  previewItems,
  selectItems,
} from '../../../shared/failures/replay/select.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { itemOf, JOB, OWNER, preview, startDesk } from '../../fixtures/failures/desk.ts';

const HOUR = 3_600_000;
let next = 0;
const head = (over: Partial<FailureHead> = {}): FailureHead => {
  next += 1;
  const id = over.id ?? String(next).padStart(16, '0');
  return {
    id,
    code: 'BIP421',
    class: 'device',
    sentence: `failure ${id}`,
    queue: 'slices',
    owner: OWNER,
    device: 'bigip-1',
    partition: 'k8s',
    gateways: [],
    revision: { epoch: 1, counter: 1 },
    state: 'open',
    count: 1,
    first: 1,
    last: 1,
    changed: 1,
    seen: [],
    evidence: `evidence/${id.slice(0, 2)}/${id}/000000000000.json`,
    ...over,
  };
};
const units = (heads: readonly FailureHead[]): readonly string[][] =>
  [...Map.groupBy(freezeSelection(heads), ({ unit }) => unit).values()].map((items) =>
    items.map(({ failure }) => failure),
  );

describe('the units of a selection', () => {
  test.each([
    ['owner', { owner: 'east/other/gw' }],
    ['queue', { queue: 'snapshots' as const }],
    ['device', { device: 'bigip-2' }],
    ['known device', { device: undefined }],
  ])('hold failures of one %s', (_what, over) => {
    const [one, other] = [head(), head(over)];
    expect(units([one, other])).toEqual([[one.id], [other.id]]);
    expect(units([one, head({ id: 'f'.repeat(16) })])).toHaveLength(1);
  });

  test('hold failures together that name no device, and apart those that name no owner', () => {
    const bare = [head({ device: undefined }), head({ device: undefined })];
    expect(units(bare)).toHaveLength(1);
    expect(units([head({ owner: undefined }), head({ owner: undefined })])).toHaveLength(2);
  });

  test('begin with the newest revision, then the smaller id, and end without revisions', () => {
    const of = (counter: number | undefined, over: Partial<FailureHead> = {}): FailureHead =>
      head({ revision: counter === undefined ? undefined : { epoch: 1, counter }, ...over });
    const [old, equal, equalToo, young] = [
      of(1),
      of(2, { id: 'a'.repeat(16) }),
      of(2, { id: 'b'.repeat(16) }),
      of(3),
    ];
    const [bare, bareLater] = [of(undefined, { last: 5 }), of(undefined, { last: 9 })];
    const expected = [young, equal, equalToo, old, bareLater, bare].map(({ id }) => id);
    for (const heads of [
      [old, equal, equalToo, young, bare, bareLater],
      [bareLater, bare, young, equalToo, equal, old],
      [bare, equalToo, old, bareLater, young, equal],
    ])
      expect(units(heads)).toEqual([expected]);
  });

  test('are sent in the order of their first failures, those last that policies have tried without success', () => {
    const [tried, late, early] = [
      head({ owner: 'a/a/a', first: 1, replays: ['j1'] }),
      head({ owner: 'b/b/b', first: 9 }),
      head({ owner: 'c/c/c', first: 2 }),
    ];
    const beside = head({ owner: 'b/b/b', first: 3 });
    expect(units([tried, late, early, beside]).map(([id]) => id)).toEqual([
      early.id,
      late.id,
      tried.id,
    ]);
  });

  test('say of each failure whether it has to be released from quarantine', () => {
    const [put, open] = [head({ state: 'quarantined' }), head()];
    const items = freezeSelection([put, open]);
    expect(new Map(items.map(({ failure, lifts }) => [failure, lifts]))).toEqual(
      new Map([
        [put.id, true],
        [open.id, false],
      ]),
    );
  });
});

describe('what is selected', () => {
  test('was seen at the cut-off or before, and matches the filter', async () => {
    const desk = startDesk();
    const [before, then] = [await desk.park(1, {}, 10), await desk.park(2, {}, 20)];
    await desk.park(3, {}, 21);
    await desk.park(4, { code: 'BIP424' }, 10);
    const items = await selectItems(desk.failures.store, { code: ['BIP421'] }, 20);
    expect(items.map(({ failure }) => failure).toSorted()).toEqual([before.id, then.id].toSorted());
  });

  test('is refused if nothing matches, with the filter and the time', async () => {
    const desk = startDesk();
    await desk.park(1, {}, 21);
    await expect(selectItems(desk.failures.store, {}, 20)).rejects.toMatchObject({
      code: 'RPL705',
      message: expect.stringContaining('"state:open" up to 1970-01-01T00:00:00.020Z'),
    });
  });
});

describe('a new job', () => {
  const request = { id: 'j', filter: {}, by: 'ada', why: 'w', canary: 1, rate: 2, now: 7 };
  const items = [itemOf(head()), itemOf(head()), itemOf(head(), { unit: 1 })];

  test('is planned, with its canary ahead of it', () => {
    const job = createJob(request, items);
    expect(job).toMatchObject({ state: 'planned', items: 3, units: 2, canaryPassed: false });
    expect([job.cutoff, job.created, 'force' in job, 'policy' in job]).toEqual([
      7,
      7,
      false,
      false,
    ]);
  });

  test('without a canary has passed it, and says by which policy and whether by force', () => {
    const policy = { name: 'p', atMost: 3 };
    expect(createJob({ ...request, canary: 0, policy, force: true }, items)).toMatchObject({
      canaryPassed: true,
      policy,
      force: true,
    });
  });
});

describe('the preview of a job', () => {
  test('looks at each failure with the event of the first of its unit, and counts them', async () => {
    const desk = startDesk();
    const [first, second] = [await desk.park(1), await desk.park(2)];
    const third = await desk.park(3, { owner: 'east/other/gw' });
    desk.preview = ({ exposure }) =>
      preview(exposure === second.exposure ? 'conflict' : 'unchanged');
    const seen: number[] = [];
    const items = await previewItems(
      desk.world,
      [itemOf(first), itemOf(second), itemOf(third, { unit: 1 })],
      (count) => seen.push(count),
    );
    expect(items.map(({ failure, preview: found }) => [failure, found?.verdict])).toEqual([
      [first.id, 'unchanged'],
      [second.id, 'conflict'],
      [third.id, 'unchanged'],
    ]);
    expect(desk.asked.map(({ body }) => body)).toEqual(['event 1', 'event 1', 'event 3']);
    expect(seen).toEqual([2, 3]);
  });

  test('of a failure whose evidence is lost says so, and asks no device', async () => {
    const desk = startDesk();
    const items = await previewItems(desk.world, [itemOf(head())], () => undefined);
    expect([items[0]?.preview, desk.asked]).toEqual([EVIDENCE_LOST, []]);
  });
});

interface Placed {
  readonly state?: JobState;
  readonly created?: number;
  readonly lease?: number;
  readonly items: readonly ReplayItem[];
}

async function withJob(placed: Placed) {
  const desk = startDesk();
  const { state = 'running', created = desk.now, lease, items } = placed;
  const other: ReplayJob = {
    ...JOB,
    id: 'other',
    by: 'bob',
    state,
    created,
    ...(lease === undefined ? {} : { lease: { holder: 'h', until: desk.now + lease } }),
  };
  await desk.failures.jobs.create(other, items);
  return desk;
}
const done = { status: 'done', result: { kind: 'applied', reason: '', at: 1 } } as const;

describe('a job over the same failures', () => {
  const mine = [itemOf(head({ id: '1'.repeat(16) })), itemOf(head({ id: '2'.repeat(16) }))];
  const [shared, alone] = [mine[0]!, itemOf(head({ id: '3'.repeat(16) }))];
  const rival = async (placed: Placed, items = mine, job = JOB): Promise<string | undefined> =>
    findRivalJob((await withJob(placed)).world, job, items);

  test('is a rival while a process runs it, and is named with its author', async () => {
    expect(await rival({ lease: 1, items: [shared, alone] })).toMatch(
      /^1 of its failures are also in the running job other of bob;/,
    );
  });

  test.each<[string, Placed]>([
    ['is not running', { state: 'paused', lease: 1, items: [shared] }],
    ['has no process', { items: [shared] }],
    ['has a process that died', { lease: 0, items: [shared] }],
    ['has an impossible lease', { lease: DRIVER_LEASE_MS + 1, items: [shared] }],
    ['has another failure', { lease: 1, items: [alone] }],
    ['is done with that failure', { lease: 1, items: [{ ...shared, ...done }, alone] }],
  ])('is no rival if it %s', async (_what, placed) => {
    expect(await rival(placed)).toBeUndefined();
  });

  test('is no rival over items that are done, nor of itself', async () => {
    const placed = { lease: 1, items: [shared] };
    expect(await rival(placed, [{ ...shared, ...done }, mine[1]!])).toBeUndefined();
    expect(await rival(placed, mine, { ...JOB, id: 'other' })).toBeUndefined();
  });
});

describe('what a policy leaves to a job of another author', () => {
  const item = itemOf(head({ id: '1'.repeat(16) }));
  const taken = async (
    placed: Placed,
    of: { readonly id: string; readonly owner?: string; readonly device?: string },
  ): Promise<boolean> => (await failuresInHand((await withJob(placed)).world))(of);
  const other = { id: 'f'.repeat(16), owner: OWNER, device: 'bigip-1' };

  test('is its failures, and others of their owners on the same device', async () => {
    expect(await taken({ items: [item] }, { id: item.failure })).toBe(true);
    expect(await taken({ items: [item] }, other)).toBe(true);
  });

  test.each([
    ['another owner', { ...other, owner: 'east/other/gw' }],
    ['another device', { ...other, device: 'bigip-2' }],
    ['no device', { id: other.id, owner: OWNER }],
    ['no owner', { id: other.id, device: 'bigip-1' }],
  ])('is not a failure of %s', async (_what, of) => {
    expect(await taken({ items: [item] }, of)).toBe(false);
  });

  test('of an owner on no device is what names none', async () => {
    const items = [itemOf(head({ device: undefined }))];
    expect(await taken({ items }, { id: other.id, owner: OWNER })).toBe(true);
    expect(await taken({ items }, other)).toBe(false);
  });

  test('of no owner is that failure alone', async () => {
    const items = [itemOf(head({ owner: undefined, device: undefined }))];
    expect(await taken({ items }, { id: other.id })).toBe(false);
    expect(await taken({ items }, { id: other.id, owner: 'undefined' })).toBe(false);
  });

  test.each<[JobState, boolean]>([
    ['planned', true],
    ['running', true],
    ['paused', true],
    ['cancelled', false],
    ['done', false],
  ])('depends on its state: %s %s', async (state, expected) => {
    expect(await taken({ state, items: [item] }, other)).toBe(expected);
  });

  test('excludes what that job has done', async () => {
    expect(await taken({ items: [{ ...item, ...done }] }, other)).toBe(false);
  });

  test.each([
    ['planned', HOUR, true],
    ['planned', HOUR + 1, false],
    ['planned', -HOUR - 1, false],
    ['paused', HOUR + 1, true],
  ] as const)('of one that is %s %d ms ago: %s', async (state, ago, expected) => {
    const { now } = startDesk();
    expect(await taken({ state, created: now - ago, items: [item] }, other)).toBe(expected);
  });
});

describe('the storage of jobs', () => {
  const job = (id: string, over: Partial<ReplayJob> = {}): ReplayJob => ({ ...JOB, id, ...over });
  const many = Array.from({ length: 250 }, () => itemOf(head()));

  test('lists jobs newest first, with all their items in order', async () => {
    const jobs = createJobs(memoryBlobs());
    await jobs.create(job('a', { created: 1 }), many);
    await jobs.create(job('b', { created: 3 }), []);
    await jobs.create(job('c', { created: 2 }), [many[0]!]);
    expect((await jobs.list()).map(({ id }) => id)).toEqual(['b', 'c', 'a']);
    expect((await jobs.items('a')).map(({ failure }) => failure)).toEqual(
      many.map(({ failure }) => failure),
    );
    expect(await jobs.items('b')).toEqual([]);
  });

  test('keeps a hundred items on a page, and no page without any', async () => {
    const blobs = memoryBlobs();
    for (const [id, length, pages] of [
      ['none', 0, 0],
      ['full', 200, 2],
      ['more', 201, 3],
    ] as const) {
      await createJobs(blobs).create(job(id), many.slice(0, length));
      expect(await blobs.list(`jobs/${id}/items-`)).toHaveLength(pages);
    }
  });

  test('counts items by result, and by state while they have none', () => {
    const items = [many[0]!, { ...many[1]!, status: 'sent' as const }, { ...many[2]!, ...done }];
    expect(countResults([...items, many[3]!])).toEqual({ waiting: 2, sent: 1, applied: 1 });
  });

  test('never takes the place of a job that is there', async () => {
    const jobs = createJobs(memoryBlobs());
    await jobs.create(job('a', { by: 'ada' }), []);
    await jobs.create(job('a', { by: 'eve' }), []);
    expect((await jobs.get('a')).by).toBe('ada');
  });

  test.each(['../x', 'a/b', '', 'a b'])('knows no job %j, and looks for none', async (id) => {
    const blobs = memoryBlobs();
    const asked: string[] = [];
    const jobs = createJobs({
      ...blobs,
      get: (key) => {
        asked.push(key);
        return blobs.get(key);
      },
    });
    await expect(jobs.get(id)).rejects.toMatchObject({
      code: 'RPL702',
      message: expect.stringContaining('replay status'),
    });
    expect(asked).toEqual([]);
  });

  test('a page that is lost is named', async () => {
    const blobs = memoryBlobs();
    const jobs = createJobs({ ...blobs, get: () => Promise.resolve(undefined) });
    await jobs.create(job('a'), [many[0]!]);
    await expect(jobs.items('a')).rejects.toMatchObject({
      code: 'RPL702',
      message: expect.stringContaining('jobs/a/items-00000.json'),
    });
  });

  test('a change is made on what others wrote meanwhile, and writes nothing where it changes nothing', async () => {
    const blobs = memoryBlobs();
    let writes = 0;
    let theirs: (() => Promise<unknown>) | undefined;
    const jobs = createJobs({
      ...blobs,
      put: async (key, text, condition) => {
        const work = theirs;
        theirs = undefined;
        await work?.();
        writes += 1;
        return blobs.put(key, text, condition);
      },
    });
    await createJobs(blobs).create(job('a'), []);
    theirs = () => createJobs(blobs).update('a', (one) => ({ ...one, code: 'theirs' }));
    expect(await jobs.update('a', (one) => ({ ...one, reason: 'mine' }))).toMatchObject({
      code: 'theirs',
      reason: 'mine',
    });
    expect(writes).toBe(2);
    await jobs.update('a', (one) => one);
    expect(writes).toBe(2);
  });

  test('a change is given up after twenty lost races', async () => {
    const blobs = memoryBlobs();
    await createJobs(blobs).create(job('a'), []);
    let tried = 0;
    const losing: Blobs = { ...blobs, put: async () => ((tried += 1), undefined) };
    await expect(
      createJobs(losing).update('a', (one) => ({ ...one, reason: 'r' })),
    ).rejects.toMatchObject({ code: 'RPL700' });
    expect(tried).toBe(20);
  });

  test('a driver keeps what it saved, page by page, and writes no page that did not change', async () => {
    const blobs = memoryBlobs();
    const written: string[] = [];
    const jobs = createJobs({
      ...blobs,
      put: (key, text, condition) => {
        written.push(key);
        return blobs.put(key, text, condition);
      },
    });
    await jobs.create(job('a'), many);
    const ledger = await jobs.ledger('a');
    written.length = 0;
    for (const status of ['sending', 'sent'] as const)
      await ledger.save(
        new Map([
          [99, { ...many[99]!, status }],
          [249, { ...many[249]!, status }],
        ]),
      );
    expect(written).toEqual([0, 2, 0, 2].map((page) => `jobs/a/items-0000${page}.json`));
    for (const items of [ledger.items, await jobs.items('a')])
      expect(items.map(({ status }) => status)).toEqual(
        many.map((_, index) => ([99, 249].includes(index) ? 'sent' : 'waiting')),
      );
    await expect(ledger.save(new Map([[300, many[0]!]]))).rejects.toThrow('job a has no page 3');
  });

  test.each<[JobState, number | undefined, boolean]>([
    ['planned', undefined, true],
    ['cancelled', undefined, true],
    ['done', 4, true],
    ['done', 5, false],
    ['running', undefined, false],
    ['paused', undefined, false],
  ])('retention until 5 of one from 1 that is %s (ended at %p): %p', async (state, ended, gone) => {
    const blobs = memoryBlobs();
    const jobs = createJobs(blobs);
    const old = job('old', { state, created: 1, ...(ended === undefined ? {} : { ended }) });
    await jobs.create(old, many);
    await jobs.create(job('young', { state, created: 5 }), []);
    expect(await jobs.prune(5)).toBe(gone ? 1 : 0);
    expect((await jobs.list()).map(({ id }) => id)).toEqual(gone ? ['young'] : ['young', 'old']);
    expect(await blobs.list('jobs/old/')).toHaveLength(gone ? 0 : 4);
  });
});

describe('what a person does to a job', () => {
  const order = (id: string) => ({ id, who: 'ada', why: 'because' });

  test.each([
    ['planned', 'start', 'running'],
    ['running', 'pause', 'paused'],
    ['paused', 'resume', 'running'],
    ['running', 'resume', 'running'],
    ['planned', 'cancel', 'cancelled'],
    ['running', 'cancel', 'cancelled'],
    ['paused', 'cancel', 'cancelled'],
  ] as const)('one that is %s: %s makes it %s', (state, action, then) => {
    const stopped = { ...JOB, state, reason: 'lunch', code: 'RPL708', canaryPassed: false };
    const after = applyJobAction(stopped, action, 'because');
    expect(after).toMatchObject({ state: then, canaryPassed: false });
    // The reason why it is paused, and not that of a running job.
    expect([after.reason, after.code]).toEqual([
      then === 'running' ? undefined : 'because',
      undefined,
    ]);
  });

  test.each([
    ['planned', 'pause', 'running'],
    ['planned', 'resume', 'paused or running'],
    ['running', 'start', 'planned'],
    ['done', 'resume', 'paused or running'],
    ['done', 'cancel', 'planned or running or paused'],
    ['cancelled', 'start', 'planned'],
  ] as const)('one that is %s: %s is refused', (state, action, needed) => {
    const refused = (job: ReplayJob, words: string): void =>
      expect(() => applyJobAction(job, action, 'w')).toThrow(
        expect.objectContaining({ code: 'RPL703', message: words }),
      );
    refused({ ...JOB, state }, `Job job1 is ${state}; ${action} requires a job that is ${needed}.`);
    refused(
      { ...JOB, state, reason: 'by hand' },
      `Job job1 is ${state} (by hand); ${action} requires a job that is ${needed}.`,
    );
  });

  test.each([
    ['RPL707', false, true],
    ['RPL708', false, false],
    ['RPL708', true, true],
  ])('who resumes after %s (canary passed: %p) sends the rest: %p', (code, before, after) => {
    const paused = { ...JOB, state: 'paused' as const, code, canaryPassed: before };
    expect(applyJobAction(paused, 'resume', 'w').canaryPassed).toBe(after);
  });

  test('is in the audit log, unless it was refused', async () => {
    const desk = startDesk();
    await desk.failures.jobs.create({ ...JOB, state: 'planned' }, []);
    await controlJob(desk.failures, 'start', order(JOB.id));
    await expect(controlJob(desk.failures, 'start', order(JOB.id))).rejects.toMatchObject({
      code: 'RPL703',
    });
    expect(await desk.failures.audit.list()).toMatchObject([
      {
        who: 'ada',
        action: 'replay start',
        selection: 'job job1: state:open',
        why: 'because',
        result: 'running',
      },
    ]);
  });
});
