/**
 * How a driver continues a job of another one, keeps it, and stops when another process decides so.
 */
import { describe, expect, test } from '@jest/globals';
import type { ReplayContext } from '../../../shared/failures/replay/context.ts';
import { applyJobAction } from '../../../shared/failures/replay/control.ts';
import { runJob } from '../../../shared/failures/replay/driver.ts';
import { DRIVER_LEASE_MS } from '../../../shared/failures/replay/job.ts';
import type { ReplayItem, ReplayJob } from '../../../shared/failures/replay/job.ts';
import { itemOf, JOB, preview, startDesk, type Desk } from '../../fixtures/failures/desk.ts';

type Given = Partial<ReplayItem> & { readonly unit: number };

interface Run extends Desk {
  readonly world: ReplayContext;
  /** What happens while the driver waits. */
  work: () => unknown;
  /** Bodies of the sent events: `event N` for item N. */
  bodies(): readonly string[];
  run(): Promise<ReplayJob>;
  items(): Promise<readonly ReplayItem[]>;
  results(): Promise<readonly string[]>;
  /** As a result of the functions, which resolves the failure of an item. */
  heal(...indexes: readonly number[]): Promise<unknown>;
}

/** A job with these items, each of its own owner and unit; its driver crashed before. */
async function started(given: readonly Given[], over: Partial<ReplayJob> = {}): Promise<Run> {
  const desk = startDesk();
  const items: ReplayItem[] = [];
  for (const [n, one] of given.entries()) {
    const head = await desk.park(n, { owner: `east/ns/unit-${one.unit}` });
    items.push(itemOf(head, { count: 1, ...one }));
  }
  await desk.failures.jobs.create({ ...JOB, rate: 1_000, ...over }, items);
  const clock = {
    ...desk.world.clock,
    sleep: async (ms: number): Promise<void> => {
      desk.now += ms;
      await run.work();
    },
  };
  const run: Run = Object.assign(desk, {
    world: { ...desk.world, clock },
    work: () => undefined,
    bodies: () => desk.sent.map(({ message }) => message.body),
    run: () => runJob(run.world, JOB.id),
    items: () => desk.failures.jobs.items(JOB.id),
    results: async () => (await run.items()).map(({ result, status }) => result?.kind ?? status),
    heal: (...indexes: readonly number[]) =>
      desk.failures.store.change(
        indexes.map((index) => items[index]!.failure),
        () => ({ state: 'healed' }),
      ),
  });
  return run;
}
const done = (kind: 'failed' | 'applied' | 'conflict', sentAt?: number): Partial<ReplayItem> => ({
  status: 'done',
  result: { kind, reason: '', at: 1 },
  ...(sentAt === undefined ? {} : { sentAt }),
});
/** The functions have handled everything that was sent. */
const healSent = async (run: Run): Promise<unknown> =>
  run.heal(...(await run.items()).flatMap(({ status }, n) => (status === 'sent' ? [n] : [])));
const SENT = { status: 'sent', sentAt: 1_000_000 } as const;

describe('a driver that continues a job', () => {
  test.each<[string, readonly Given[], number, string]>([
    [
      'counts events that were sent and failed before, and events in progress',
      [{ unit: 0, ...done('failed', 1) }, { unit: 1, ...SENT }, { unit: 2 }, { unit: 3 }],
      2,
      '1 of the first 2 events failed; 2 are not sent yet',
    ],
    [
      'counts an event once, even if only some of its items were sent or failed',
      [
        { unit: 0, ...done('conflict') },
        { unit: 0, ...done('failed', 1) },
        { unit: 0, ...done('applied', 1) },
        { unit: 1, ...SENT },
        { unit: 1, ...done('applied', 1) },
        { unit: 2 },
      ],
      2,
      '1 of the first 2 events failed; 1 are not sent yet',
    ],
    [
      'does not count items that were decided without sending',
      [{ unit: 0, ...done('conflict') }, { unit: 1, ...done('failed', 1) }, { unit: 2 }],
      1,
      '1 of the first 1 events failed; 1 are not sent yet',
    ],
  ])('%s', async (_what, given, canary, reason) => {
    const run = await started(given, { canary, canaryPassed: false });
    const out = given.flatMap((one, n) => ('status' in one && one.status === 'sent' ? [n] : []));
    run.work = () => run.heal(...out);
    expect(await run.run()).toMatchObject({ state: 'paused', code: 'RPL707', reason });
    expect(run.sent).toEqual([]);
  });

  test('sends first what may be out already, then the rest in its order', async () => {
    const run = await started([
      { unit: 0 },
      { unit: 1 },
      { unit: 2, ...done('conflict') },
      { unit: 2, status: 'sending', deduplicationId: 'old' },
    ]);
    run.work = () => healSent(run);
    await run.run();
    expect(run.bodies()).toEqual(['event 3', 'event 0', 'event 1']);
    expect(run.sent[0]?.message.deduplicationId).toBe('old');
  });

  test('sends what is left of a unit of which some is decided', async () => {
    const run = await started([{ unit: 0, ...done('conflict') }, { unit: 0 }]);
    run.work = () => run.heal(1);
    await run.run();
    expect([run.bodies(), await run.results()]).toEqual([['event 1'], ['conflict', 'applied']]);
  });

  test('does not send again what was sent, even if that was not written of all of it', async () => {
    const run = await started([
      { unit: 0, ...SENT },
      { unit: 0, ...SENT, status: 'sending', deduplicationId: 'old' },
    ]);
    run.work = () => run.heal(0, 1);
    await run.run();
    expect([run.sent, await run.results()]).toEqual([[], ['applied', 'applied']]);
  });

  test('waits for every item of a unit, which has failed if one of them did', async () => {
    const run = await started([{ unit: 0 }, { unit: 0 }, { unit: 1 }], {
      canary: 1,
      canaryPassed: false,
    });
    let looks = 0;
    run.work = async () => {
      looks += 1;
      if (looks === 1) await run.heal(0);
      if (looks === 3) await run.park(1, { owner: 'east/ns/unit-0' });
    };
    expect(await run.run()).toMatchObject({
      state: 'paused',
      reason: '1 of the first 1 events failed; 1 are not sent yet',
    });
    expect(await run.results()).toEqual(['applied', 'quarantined', 'waiting']);
  });

  test('does not count as a canary what is decided without sending', async () => {
    const run = await started([{ unit: 0 }, { unit: 1 }, { unit: 2 }], {
      canary: 1,
      canaryPassed: false,
    });
    const [first] = await run.items();
    run.preview = ({ exposure }) =>
      preview(exposure === first!.exposure ? 'conflict' : 'would-apply');
    run.work = () => run.park(1, { owner: 'east/ns/unit-1' });
    expect(await run.run()).toMatchObject({ state: 'paused', code: 'RPL707' });
    expect(run.bodies()).toEqual(['event 1']);
  });
});

describe('a job is driven', () => {
  test.each([
    ['planned', 'start it first'],
    ['paused', 'resume it first'],
  ] as const)('not while it is %s: %s', async (state, words) => {
    const run = await started([{ unit: 0 }], { state });
    await expect(run.run()).rejects.toMatchObject({
      code: 'RPL703',
      message: expect.stringContaining(words),
    });
    expect(run.sent).toEqual([]);
  });

  test.each([
    ['while another process holds it', 1, true],
    ['when that process died', 0, false],
    ['when its clock was ahead', DRIVER_LEASE_MS + 1, false],
  ])('by one process alone: %s', async (_what, left, refused) => {
    const until = startDesk().now + left;
    const run = await started([{ unit: 0, ...done('applied', 1) }], {
      lease: { holder: 'theirs', until },
    });
    if (refused) {
      await expect(run.run()).rejects.toMatchObject({
        code: 'RPL704',
        message: expect.stringContaining(new Date(until).toISOString()),
      });
      expect((await run.failures.jobs.get(JOB.id)).lease?.holder).toBe('theirs');
    } else expect(await run.run()).toMatchObject({ state: 'done' });
  });

  test('under a lease that is renewed at half of its time, and given back at the end', async () => {
    const run = await started(
      Array.from({ length: 4 }, (_, unit) => ({ unit })),
      { rate: 0.05 },
    );
    const left: number[] = [];
    const untils = new Set<number>();
    run.work = async () => {
      await healSent(run);
      const { lease } = await run.failures.jobs.get(JOB.id);
      left.push(lease!.until - run.now);
      untils.add(lease!.until);
    };
    expect(await run.run()).toMatchObject({ state: 'done' });
    expect(left.length).toBeGreaterThan(3);
    expect(Math.min(...left)).toBeGreaterThan(0);
    // For a job of a minute: not once for each step.
    expect(untils.size).toBe(2);
    expect((await run.failures.jobs.get(JOB.id)).lease).toBeUndefined();
  });

  test('no further when another process has taken it over, whose lease stays', async () => {
    const run = await started([{ unit: 0 }, { unit: 1 }], { rate: 0.05 });
    run.work = async () => {
      const lease = { holder: 'theirs', until: run.now + DRIVER_LEASE_MS };
      await run.failures.jobs.update(JOB.id, (job) => ({ ...job, lease }));
    };
    await expect(run.run()).rejects.toMatchObject({ code: 'RPL704' });
    expect(run.bodies()).toEqual(['event 0']);
    expect((await run.failures.jobs.get(JOB.id)).lease?.holder).toBe('theirs');
  });
});

describe('a decision of a person at the last moment', () => {
  const decide = (run: Run, action: 'cancel' | 'pause'): Promise<unknown> =>
    run.failures.jobs.update(JOB.id, (job) => applyJobAction(job, action, 'lunch'));
  /** Right after the driver has checked whether it may continue. */
  const afterLook = (run: Run, look: number, action: 'cancel' | 'pause'): Run['world'] => {
    let looks = 0;
    const get: ReplayContext['jobs']['get'] = async (id) => {
      const job = await run.failures.jobs.get(id);
      looks += 1;
      if (looks === look) await decide(run, action);
      return job;
    };
    return { ...run.world, jobs: { ...run.world.jobs, get } };
  };

  test('takes precedence over a device that is away', async () => {
    const run = await started([{ unit: 0 }]);
    run.preview = async () => {
      await decide(run, 'cancel');
      return preview('unknown');
    };
    expect(await run.run()).toMatchObject({ state: 'cancelled', reason: 'lunch' });
    expect(await run.failures.audit.list()).toEqual([]);
  });

  test('takes precedence over the end of the job', async () => {
    const run = await started([{ unit: 0 }]);
    run.preview = () => preview('conflict');
    const ended = await runJob(afterLook(run, 1, 'cancel'), JOB.id);
    expect(ended).toMatchObject({ state: 'cancelled', reason: 'lunch' });
    expect(ended.ended).toBeUndefined();
    expect(await run.failures.audit.list()).toEqual([]);
  });

  test('takes precedence over the renewal of the lease', async () => {
    const run = await started([{ unit: 0 }, { unit: 1 }], { rate: 0.02 });
    run.work = () => run.heal(0);
    // The second check comes after the wait, when half of the lease is over.
    const steps: string[] = [];
    const world = { ...run.world };
    const get: ReplayContext['jobs']['get'] = async (id) => {
      const job = await run.failures.jobs.get(id);
      if (run.now - 1_000_000 >= DRIVER_LEASE_MS / 2 && steps.length === 0) {
        steps.push('paused');
        await decide(run, 'pause');
      }
      return job;
    };
    const job = await runJob({ ...world, jobs: { ...run.world.jobs, get } }, JOB.id);
    expect([steps, job.state, job.reason]).toEqual([['paused'], 'paused', 'lunch']);
    expect(run.bodies()).toEqual(['event 0']);
  });

  test('is in the audit log, as are those of the driver', async () => {
    const run = await started([{ unit: 0 }]);
    run.preview = () => preview('unknown');
    expect(await run.run()).toMatchObject({ state: 'paused', code: 'RPL708' });
    expect(await run.failures.audit.list()).toMatchObject([
      {
        who: 'replay',
        action: 'replay pause',
        selection: 'job job1',
        why: expect.stringMatching(/^RPL708: the effect of a replay on bigip-1 is unknown: /),
        result: 'paused',
      },
    ]);
  });

  test('the end of a job is in the audit log, with its results', async () => {
    const run = await started([{ unit: 0, ...done('applied', 1) }, { unit: 1 }]);
    run.preview = () => preview('conflict');
    expect(await run.run()).toMatchObject({ state: 'done', ended: run.now });
    expect(await run.failures.audit.list()).toMatchObject([
      { who: 'ada', action: 'replay done', why: 'fixed', result: '1 applied, 1 conflict' },
    ]);
  });
});
