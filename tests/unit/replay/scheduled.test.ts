import { describe, expect, test } from '@jest/globals';
import { ReplayPolicy } from '../../../shared/config/schema.ts';
import { controlJob } from '../../../shared/failures/replay/control.ts';
import { DRIVER_LEASE_MS } from '../../../shared/failures/replay/job.ts';
import type { ReplayItem, ReplayJob } from '../../../shared/failures/replay/job.ts';
import { ReplayError } from '../../../shared/failures/error.ts';
import { pauseAfter } from '../../../shared/failures/replay/policy.ts';
import {
  runPolicyTurn,
  type PolicyTurnResult,
} from '../../../shared/failures/replay/policy-turn.ts';
import { owner, startSite, type Site } from '../../fixtures/failures/site.ts';

/**
 * Red with the guard removed: without the check of the code, failures that need a change are sent
 * in every turn; without recording the job before it is created, a crash leaves a second job over
 * the same failures; without the search for rival jobs a person's job and a policy's run at once;
 * without `failuresInHand` (rivals.ts) a policy takes what a person has just planned; without the
 * doubled pause a bad canary is sent every five minutes.
 */
class Crash extends Error {}

const MINUTE = 60_000;
const policyOf = (over: object = {}): ReplayPolicy =>
  ReplayPolicy.parse({
    name: 'references',
    codes: ['BIP424'],
    everyMinutes: 5,
    olderThanMinutes: 2,
    rate: 10,
    ...over,
  });

async function siteWith(count: number, code = 'BIP424'): Promise<Site> {
  const site = startSite();
  site.refusal.code = code;
  for (let n = 0; n < count; n++) await site.fail(owner(n), 1, [1_000 + n]);
  site.runtime.advance(2 * MINUTE);
  return site;
}

const turn = (site: Site, policy = policyOf()): Promise<PolicyTurnResult> =>
  runPolicyTurn(site.world(), policy);
const kinds = (items: readonly ReplayItem[]): Record<string, number> =>
  Object.fromEntries(
    [...Map.groupBy(items, (i) => i.result?.kind ?? i.status)].map(([k, list]) => [k, list.length]),
  );
const states = async (site: Site): Promise<string[]> =>
  (await site.failures.store.list()).map((h) => `${h.exposure?.split(':')[1]} ${h.state}`).sort();

describe('replay on a schedule', () => {
  test("sends what may pass by itself, as a job that status and audit log show as the policy's", async () => {
    const site = await siteWith(3);
    expect(await turn(site)).toMatchObject({ kind: 'ran', reason: '3 applied' });
    expect(await states(site)).toEqual([
      '1000/tcp replayed',
      '1001/tcp replayed',
      '1002/tcp replayed',
    ]);
    const [job] = await site.failures.jobs.list();
    expect(job).toMatchObject({
      by: 'policy references',
      why: 'policy references of failures.replay, every 5 minutes',
      state: 'done',
      items: 3,
    });
    expect((await site.failures.audit.list()).map((e) => [e.who, e.action])).toEqual([
      ['policy references', 'replay plan'],
      ['policy references', 'replay start'],
      ['policy references', 'replay done'],
    ]);
  });

  test('waits for its next turn, and makes no job where nothing fits', async () => {
    const site = await siteWith(1);
    await turn(site);
    await site.fail(owner(5), 1, [1_005]);
    expect(await turn(site)).toMatchObject({
      kind: 'not-due',
      reason: expect.stringContaining('1 applied'),
    });
    site.runtime.advance(5 * MINUTE);
    expect(await turn(site)).toMatchObject({ kind: 'ran' });
    site.runtime.advance(5 * MINUTE);
    expect(await turn(site)).toMatchObject({ kind: 'nothing' });
    expect(await site.failures.jobs.list()).toHaveLength(2);
  });

  test('never touches what needs a change, what is quarantined or archived, or what failed a moment ago', async () => {
    const site = await siteWith(1, 'BIP421');
    site.refusal.code = 'BIP424';
    for (const n of [1, 2]) await site.fail(owner(n), 1, [1_000 + n]);
    const ids = new Map(
      (await site.failures.store.list()).map((h) => [h.exposure?.split(':')[1], h.id]),
    );
    await site.failures.store.change([ids.get('1001/tcp')!], () => ({ state: 'quarantined' }));
    await site.failures.store.change([ids.get('1002/tcp')!], () => ({ state: 'archived' }));
    site.runtime.advance(2 * MINUTE);
    await site.fail(owner(3), 1, [1_003]);
    expect(await turn(site, policyOf({ codes: undefined }))).toMatchObject({ kind: 'nothing' });
    expect(site.sent).toEqual([]);
  });

  test('a bad canary ends the turn; the pauses double up to a day, and a good turn ends that', async () => {
    const site = await siteWith(6);
    for (let n = 0; n < 6; n++) site.poison.add(1_000 + n);
    for (const misses of [1, 2]) {
      expect(await turn(site)).toMatchObject({
        kind: 'ran',
        reason: expect.stringContaining('the canary failed'),
      });
      expect(site.sent).toHaveLength(misses);
      const { due } = (await site.failures.turns.get('references'))!;
      expect(due - site.runtime.clock.now()).toBe(5 * MINUTE * 2 ** misses);
      site.runtime.advance(due - site.runtime.clock.now());
    }
    expect((await site.failures.jobs.list()).map((job) => job.state)).toEqual([
      'cancelled',
      'cancelled',
    ]);
    site.poison.clear();
    expect(await turn(site)).toMatchObject({ kind: 'ran', reason: '6 applied' });
    expect(await site.failures.turns.get('references')).toMatchObject({ misses: 0 });
    expect(pauseAfter(policyOf(), 50)).toBe(24 * 60 * MINUTE);
  });

  test('the next turn uses another canary, so that one faulty event does not block the rest', async () => {
    const site = await siteWith(3);
    site.poison.add(1_000);
    await turn(site);
    expect(await states(site)).toEqual(['1000/tcp open', '1001/tcp open', '1002/tcp open']);
    site.runtime.advance(10 * MINUTE);
    await turn(site);
    expect(await states(site)).toEqual(['1000/tcp open', '1001/tcp replayed', '1002/tcp replayed']);
  });

  test('what failed again in atMost turns is quarantined, and left alone from then on', async () => {
    const site = await siteWith(1);
    site.poison.add(1_000);
    for (const expected of ['open', 'open', 'quarantined']) {
      await turn(site);
      expect((await site.failures.store.list()).map((h) => h.state)).toEqual([expected]);
      site.runtime.advance(24 * 60 * MINUTE);
    }
    expect(await turn(site)).toMatchObject({ kind: 'nothing' });
    expect(site.sent).toHaveLength(3);
  });

  test('does not touch what a person has planned, and continues once that is over', async () => {
    const site = await siteWith(2);
    const job = await site.plan('code:BIP424');
    expect(await turn(site)).toMatchObject({ kind: 'nothing' });
    await controlJob(site.failures, 'cancel', { id: job.id, who: 'ada', why: 'later' });
    site.runtime.advance(5 * MINUTE);
    expect(await turn(site)).toMatchObject({ kind: 'ran', reason: '2 applied' });
  });

  test('two jobs with the same failures never run at once, whatever started them', async () => {
    const site = await siteWith(2);
    const [mine, yours] = [
      await site.plan('code:BIP424', { rate: 1 }),
      await site.plan('code:BIP424'),
    ];
    let second: unknown;
    await site.run(mine, { onProgress: () => void (second ??= site.run(yours)) });
    expect(await second).toMatchObject({
      state: 'paused',
      code: 'RPL713',
      reason: expect.stringContaining(`job ${mine.id} of ada`),
    });
    expect(site.sent).toHaveLength(2);
    expect(await site.run(yours)).toMatchObject({ state: 'done' });
    expect(site.sent).toHaveLength(2);
  });

  test('two hosts with one store run one turn', async () => {
    const site = await siteWith(3);
    const both = await Promise.all([
      turn(site, policyOf({ rate: 1 })),
      turn(site, policyOf({ rate: 1 })),
    ]);
    expect(both.map((t) => t.kind).sort()).toEqual(['ran', 'taken']);
    expect(site.sent).toHaveLength(3);
    expect(await site.failures.jobs.list()).toHaveLength(1);
  });

  test('a job that a person paused stays paused until that person goes on', async () => {
    const site = await siteWith(3);
    const stopped = new AbortController();
    site.work = async () => stopped.abort();
    await runPolicyTurn(site.world(), policyOf({ rate: 1 }), stopped.signal);
    const [job] = await site.failures.jobs.list();
    await controlJob(site.failures, 'pause', { id: job!.id, who: 'ada', why: 'looking' });
    expect(await turn(site)).toMatchObject({
      kind: 'held',
      reason: expect.stringContaining('looking'),
    });
    expect(await site.failures.jobs.get(job!.id)).toMatchObject({
      state: 'paused',
      reason: 'looking',
    });
  });

  test('a turn whose time ran out goes on with its own job', async () => {
    const site = await siteWith(3);
    const working = site.work;
    const stopped = new AbortController();
    site.work = async () => stopped.abort();
    expect(await runPolicyTurn(site.world(), policyOf(), stopped.signal)).toMatchObject({
      kind: 'ran',
      reason: 'not finished yet; it continues',
    });
    site.work = working;
    expect(await turn(site)).toMatchObject({ kind: 'ran', reason: '3 applied' });
    expect(await site.failures.jobs.list()).toHaveLength(1);
  });

  test('a device that is away stops the job before anything is sent; the next turn goes on with it', async () => {
    const site = await siteWith(3);
    site.away.device = true;
    expect(await turn(site)).toMatchObject({
      kind: 'ran',
      reason: expect.stringContaining('on bigip-1 is unknown'),
    });
    expect(site.sent).toEqual([]);
    site.away.device = false;
    site.runtime.advance(5 * MINUTE);
    expect(await turn(site)).toMatchObject({ kind: 'ran', reason: '3 applied' });
    expect((await site.failures.jobs.list()).map((job) => job.state)).toEqual(['done']);
    expect(await states(site)).toEqual([
      '1000/tcp replayed',
      '1001/tcp replayed',
      '1002/tcp replayed',
    ]);
  });

  test('says when its next turn is due, even if no turn has said anything yet', async () => {
    const site = await siteWith(1);
    const due = site.runtime.clock.now() + MINUTE;
    await site.failures.turns.update('references', (before) => ({ ...before, due }));
    expect(await turn(site)).toEqual({
      kind: 'not-due',
      until: due,
      reason: 'its next run is due later',
    });
  });

  test.each([
    ['alive', MINUTE, 'taken'],
    ['dead', 0, 'ran'],
  ])('leaves a turn to a process that is %s', async (_what, ms, kind) => {
    const site = await siteWith(1);
    const lease = { holder: 'theirs', until: site.runtime.clock.now() + ms };
    await site.failures.turns.update('references', (before) => ({ ...before, lease }));
    expect(await turn(site)).toMatchObject({ kind });
    expect((await site.failures.turns.get('references'))?.lease).toEqual(
      kind === 'taken' ? lease : undefined,
    );
  });

  test('leaves a turn that another process has just ended', async () => {
    const site = await siteWith(1);
    const world = site.world();
    const get: typeof world.turns.get = async (name) => {
      const before = await world.turns.get(name);
      const due = site.runtime.clock.now() + MINUTE;
      await site.failures.turns.update(name, (now) => ({ ...now, due }));
      return before;
    };
    const late = { ...world, turns: { ...world.turns, get } };
    expect(await runPolicyTurn(late, policyOf())).toEqual({
      kind: 'taken',
      reason: 'another process took over policy references',
    });
    expect(await site.failures.jobs.list()).toEqual([]);
  });

  /** Leaves a job of the policy behind, as a crashed process would. */
  async function left(site: Site, change: (job: ReplayJob) => ReplayJob): Promise<ReplayJob> {
    const job = await site.plan('code:BIP424', { canary: 1 });
    await site.failures.turns.update('references', (now) => ({ ...now, job: job.id }));
    return site.failures.jobs.update(job.id, change);
  }

  test('leaves its job to the process that runs it', async () => {
    const site = await siteWith(1);
    const until = site.runtime.clock.now() + MINUTE;
    const lease = { holder: 'theirs', until };
    await left(site, (job) => ({ ...job, state: 'running', lease }));
    expect(await turn(site)).toMatchObject({
      kind: 'taken',
      reason: expect.stringContaining('Another process runs job'),
    });
  });

  test('makes no second job while the store does not say what became of the first', async () => {
    const site = await siteWith(1);
    await left(site, (job) => ({ ...job, state: 'running' }));
    const world = site.world();
    const away = new ReplayError('RPL700', 'the store is away');
    const jobs = { ...world.jobs, get: () => Promise.reject(away) };
    await expect(runPolicyTurn({ ...world, jobs }, policyOf())).rejects.toBe(away);
    expect(await site.failures.jobs.list()).toHaveLength(1);
  });

  test('plans anew if its process crashed before it created the job', async () => {
    const site = await siteWith(1);
    await site.failures.turns.update('references', (now) => ({ ...now, job: 'never-made' }));
    expect(await turn(site)).toMatchObject({ kind: 'ran', reason: '1 applied' });
  });

  test('ends a job whose canary failed just before its process died', async () => {
    const site = await siteWith(1);
    const reason = '1 of the first 1 events failed';
    const job = await left(site, (one) => ({ ...one, state: 'paused', code: 'RPL707', reason }));
    expect(await turn(site)).toMatchObject({
      kind: 'ran',
      job: job.id,
      reason: `the canary failed (${reason}); the rest waits for the next run`,
    });
    expect(await site.failures.jobs.get(job.id)).toMatchObject({ state: 'cancelled' });
    expect((await site.failures.turns.get('references'))?.misses).toBe(1);
    expect(site.sent).toEqual([]);
  });

  test('continues a job that runs, without another entry in the audit log', async () => {
    const site = await siteWith(1);
    await left(site, (job) => ({ ...job, state: 'running' }));
    expect(await turn(site)).toMatchObject({ kind: 'ran', reason: '1 applied' });
    expect((await site.failures.audit.list()).map(({ action }) => action)).toEqual(['replay done']);
  });

  test('checks a job that was paused by a person once in its interval, and reports it', async () => {
    const site = await siteWith(1);
    const job = await left(site, (one) => ({ ...one, state: 'paused' }));
    const reason =
      `job ${job.id} was paused (by hand); policy references continues when the job is ` +
      'resumed or cancelled';
    expect(await turn(site)).toEqual({ kind: 'held', job: job.id, reason });
    expect(await site.failures.turns.get('references')).toMatchObject({
      says: reason,
      due: site.runtime.clock.now() + 5 * MINUTE,
    });
    expect(await turn(site)).toMatchObject({ kind: 'not-due', reason });
  });

  test('counts a turn as failed if one of its events failed, but not because a device is away', async () => {
    const site = await siteWith(2);
    site.poison.add(1_001);
    expect(await turn(site)).toMatchObject({ kind: 'ran', reason: '1 applied, 1 failed' });
    const after = (await site.failures.turns.get('references'))!;
    expect([after.misses, after.due - site.runtime.clock.now()]).toEqual([1, 10 * MINUTE]);
    site.runtime.advance(10 * MINUTE);
    site.away.device = true;
    expect(await turn(site)).toMatchObject({ kind: 'ran' });
    expect((await site.failures.turns.get('references'))?.misses).toBe(1);
  });

  test('takes a thousand failures at most, in a job with a short id', async () => {
    const site = await siteWith(1);
    const [one] = await site.failures.store.list();
    const many = Array.from({ length: 1_001 }, (_, n) => ({
      ...one!,
      id: String(n).padStart(16, '0'),
      owner: `east/ns/${n}`,
    }));
    const world = site.world();
    const store = { ...world.store, list: () => Promise.resolve(many) };
    const id = (): string => '0123456789abcdef';
    await runPolicyTurn({ ...world, store, id }, policyOf(), AbortSignal.abort());
    expect(await site.failures.jobs.list()).toMatchObject([{ id: '01234567', items: 1_000 }]);
  });

  test('killed around each of its steps, the next turn sends nothing twice and counts once', async () => {
    let steps = 0;
    for (let k = 0; ; k++) {
      const site = await siteWith(3);
      let seen = 0;
      site.step = (what) => {
        if (seen++ === k) throw new Crash(what);
      };
      const died = await turn(site).then(
        () => false,
        (error: unknown) => {
          if (error instanceof Crash) return true;
          throw error;
        },
      );
      steps = k;
      if (!died) break;
      site.step = () => undefined;
      await site.runtime.clock.sleep(DRIVER_LEASE_MS + 1);
      await turn(site);
      expect(await states(site)).toEqual([
        '1000/tcp replayed',
        '1001/tcp replayed',
        '1002/tcp replayed',
      ]);
      expect(new Set(site.sent.map((s) => s.message.deduplicationId)).size).toBe(3);
      const jobs = await site.failures.jobs.list();
      expect(jobs.map((job) => job.state)).toEqual(['done']);
      expect(kinds(await site.failures.jobs.items(jobs[0]!.id))).toEqual({ applied: 3 });
    }
    expect(steps).toBeGreaterThan(30);
  });
});
