/** What the page says about ages, chains, jobs, totals and clusters. */
import { describe, expect, test } from '@jest/globals';
import { chainSentence, openedLink } from '../../../../functions/console/page/logic/chain.ts';
import { clusterOrders, clusterStates } from '../../../../functions/console/page/logic/clusters.ts';
import { holdersOf, usedShare } from '../../../../functions/console/page/logic/addresses.ts';
import { parseFindings } from '../../../../functions/console/page/logic/findings.ts';
import {
  countedObjects,
  countsIn,
  isShownIn,
  jobActions,
  jobSentence,
  progressOf,
  progressWords,
  RESULT_WORDS,
  unendedJobs,
  VERDICT_LABELS,
} from '../../../../functions/console/page/logic/jobs.ts';
import { stationsOf } from '../../../../functions/console/page/logic/stations.ts';
import { ago, clockTime, millisOf } from '../../../../functions/console/page/logic/times.ts';
import { singular, totalsLine } from '../../../../functions/console/page/logic/totals.ts';
import { barsOf, trendWords } from '../../../../functions/console/page/logic/trend.ts';
import { PREVIEW_VERDICTS, RESULTS } from '../../../../shared/failures/replay/job.ts';

const NOON = Date.UTC(2026, 10, 30, 12);

describe('times', () => {
  test('have an age, and a future one is just now', () => {
    expect(ago(NOON - 90_000, NOON)).toBe('90s ago');
    expect(ago(NOON + 5_000, NOON)).toBe('just now');
  });

  test('of the last day have no date', () => {
    expect(clockTime(NOON - 3_600_000, NOON, 'UTC')).toBe('11:00');
    expect(clockTime(NOON - 3 * 86_400_000, NOON, 'UTC')).toBe('27 Nov, 12:00');
  });

  test('come as numbers and as texts, and may be missing', () => {
    expect([
      millisOf('2026-11-30T12:00:00Z'),
      millisOf(NOON),
      millisOf('soon'),
      millisOf(undefined),
    ]).toEqual([NOON, NOON, undefined, undefined]);
  });
});

const link = (
  name: 'gateway' | 'bigip' | 'members',
  state: 'ok' | 'broken' | 'unknown' | 'after',
) => ({
  name,
  state,
  says: '',
});
const chain = {
  cluster: 'east',
  gateway: 'team/web',
  port: 443,
  protocol: 'HTTPS',
  hosts: [],
  failures: [],
};

describe('the way of a port', () => {
  test('is opened at the broken link, and says where it breaks', () => {
    const broken = {
      ...chain,
      broken: 'bigip' as const,
      links: [link('gateway', 'ok'), link('bigip', 'broken'), link('members', 'after')],
    };
    expect(openedLink(broken)).toBe('bigip');
    expect(chainSentence(broken)).toBe('Port 443 (HTTPS) is not there: the way breaks at BIG-IP.');
  });

  test('is fine only if every link is', () => {
    const fine = { ...chain, links: [link('gateway', 'ok'), link('members', 'ok')] };
    expect([openedLink(fine), chainSentence(fine)]).toEqual([
      'members',
      'Port 443 (HTTPS) is there: every link is fine.',
    ]);
    const half = { ...chain, links: [link('gateway', 'unknown'), link('members', 'ok')] };
    expect([openedLink(half), chainSentence(half)]).toEqual([
      'gateway',
      'Port 443 (HTTPS): no link is known to be broken, but not all are known.',
    ]);
  });
});

describe('a job', () => {
  const job = {
    id: 'a',
    by: 'ada',
    why: '',
    filter: '',
    cutoff: 0,
    created: 0,
    items: 500,
    units: 300,
    canary: 1,
    canaryPassed: false,
    rate: 5,
    state: 'running' as const,
    force: false,
    isDriven: true,
  };

  test('has words for every verdict and result', () => {
    expect(Object.keys(VERDICT_LABELS)).toEqual([...PREVIEW_VERDICTS]);
    expect(Object.keys(RESULT_WORDS)).toEqual([...RESULTS]);
  });

  test('says how many are decided, and at its end how many are closed', () => {
    const counts = { waiting: 100, sent: 20, applied: 300, invalid: 80 };
    expect(progressWords(progressOf(counts, 500), false)).toBe('380 of 500 decided');
    expect(progressWords(progressOf({ applied: 480, superseded: 20 }, 500), true)).toBe(
      '500 of 500 closed',
    );
  });

  test('counts what is not zero, in one order', () => {
    expect(countsIn({ invalid: 2, 'would-apply': 3, conflict: 0 }, VERDICT_LABELS)).toEqual([
      { key: 'would-apply', word: 'would apply', tone: 'ok', n: 3 },
      { key: 'invalid', word: 'still invalid', tone: 'bad', n: 2 },
    ]);
  });

  test('is previewed with its verdicts, and other changes with what they count', () => {
    expect(countedObjects({ failures: 1, unchanged: 2 })).toEqual([
      { key: 'failures', word: 'failure', tone: 'plain', n: 1 },
      { key: 'unchanged', word: 'unchanged', tone: 'plain', n: 2 },
    ]);
  });

  test('can be paused and cancelled while it runs, and resumed if nobody drives it', () => {
    expect(jobActions(job)).toEqual(['pause', 'cancel']);
    expect(jobActions({ ...job, isDriven: false })).toContain('resume');
    expect(jobActions({ ...job, state: 'planned' })).toEqual(['start', 'cancel']);
    expect(jobActions({ ...job, state: 'paused' })).toEqual(['resume', 'cancel']);
    expect(jobActions({ ...job, state: 'done' })).toEqual([]);
  });

  test('is in sight until it has ended, and those that run come first', () => {
    const of = (state: 'planned' | 'paused' | 'running' | 'done') => ({ ...job, state });
    expect(
      unendedJobs([of('paused'), of('done'), of('planned'), of('running')]).map(
        ({ state }) => state,
      ),
    ).toEqual(['running', 'paused']);
  });

  test('is not repeated where its room shows it', () => {
    const paused = { ...job, state: 'paused' as const };
    const at = (room: 'now' | 'replay', part?: string) => ({
      room,
      query: {},
      ...(part !== undefined && { part }),
    });
    expect(isShownIn(at('now'), paused)).toBe(false);
    expect(isShownIn(at('replay'), paused)).toBe(true);
    expect(isShownIn(at('replay'), job)).toBe(false);
    expect(isShownIn(at('replay', job.id), job)).toBe(true);
    expect(isShownIn(at('replay', 'another'), job)).toBe(false);
  });

  test('says what it does', () => {
    expect(jobSentence(job)).toBe('It is sending the first 1; the rest follows if that succeeds.');
    expect(jobSentence({ ...job, canaryPassed: true })).toBe('It is running.');
    expect(jobSentence({ ...job, isDriven: false })).toContain('waits for the function replay');
    expect(jobSentence({ ...job, state: 'paused', reason: 'the canary failed' })).toBe(
      'It is paused: the canary failed',
    );
  });
});

describe('failures', () => {
  test('are summed up in one line', () => {
    expect(totalsLine({ open: 40, archived: 200, replayed: 240, healed: 20 })).toBe(
      '40 open, 460 of 500 closed',
    );
    expect(totalsLine({ archived: 500 })).toBe('500 of 500 closed');
    expect(totalsLine({})).toBe('No failure is stored.');
    expect(['failures', 'ingresses', 'held'].map(singular)).toEqual(['failure', 'ingress', 'held']);
  });

  test('have a course, oldest first', () => {
    const stations = stationsOf({
      failure: {
        first: 1,
        last: 9,
        count: 3,
        state: 'archived',
        changed: 12,
        note: 'a test',
      } as never,
      attempts: [{ at: new Date(5).toISOString(), code: 'BIP421', reason: 'no' }],
      event: { sentAt: 4 } as never,
    });
    expect(stations.map(({ at, title }) => [at, title])).toEqual([
      [1, 'First seen'],
      [4, 'Newest event sent'],
      [5, 'Attempt 1 of 1: BIP421'],
      [9, 'Last seen, 3 times in all'],
      [12, 'Became archived'],
    ]);
  });

  test('have a course over the day, where one is never invisible', () => {
    expect(barsOf([0, 1, 1_000], { height: 20, step: 4 })).toEqual([
      { x: 4, y: 19, height: 1 },
      { x: 8, y: 0, height: 20 },
    ]);
    expect(trendWords([0, 1, 2])).toBe('3 in the last 3 hours, 2 in the last one');
  });
});

describe('a cluster', () => {
  const row = {
    cluster: 'east',
    device: 'bigip-1',
    uids: [],
    owners: 1,
    exposures: 1,
    members: 1,
    held: 0,
    state: 'enabled' as const,
    silent: false,
  };

  test('is enabled, or everything that is unusual', () => {
    expect(clusterStates(row)).toEqual([{ tone: 'ok', word: 'enabled' }]);
    expect(
      clusterStates({ ...row, state: 'draining', silent: true, held: 1, waiting: 2 }).map(
        ({ word }) => word,
      ),
    ).toEqual(['draining', 'silent', '1 removal held', '2 ports held']);
  });

  test('gets the orders that change something', () => {
    const actions = (one: typeof row) => clusterOrders(one).map(({ action }) => action);
    expect(actions(row)).toEqual(['drain', 'out']);
    expect(clusterOrders({ ...row, state: 'draining' }).map(({ action }) => action)).toEqual([
      'enable',
      'out',
    ]);
    expect(
      clusterOrders({
        ...row,
        silent: true,
        state: 'out',
        rival: { clusterUid: 'u', since: '' },
      }),
    ).toEqual([{ action: 'enable' }, { action: 'forget' }, { action: 'adopt', uid: 'u' }]);
  });
});

test('an address has its holders, and a pool its share', () => {
  expect(
    holdersOf({
      address: '10.0.0.1',
      by: [
        { who: 'east/team/gw', exposures: ['443/tcp', '80/tcp'] },
        { who: '/Common/a', exposures: [] },
      ],
    }),
  ).toBe('east/team/gw (443/tcp, 80/tcp), /Common/a');
  expect([holdersOf({ address: 'x' }), usedShare(3, 12), usedShare('9', 0)]).toEqual(['', 0.25, 0]);
});

test('findings are listed worst first, and what is none is left out', () => {
  const finding = (state: string) => ({ id: state, what: 'clock', state, says: 'it' });
  expect(
    parseFindings({ findings: [finding('ok'), finding('odd'), null, finding('fail')] }).map(
      ({ state }) => state,
    ),
  ).toEqual(['fail', 'ok']);
  expect(parseFindings(undefined)).toEqual([]);
});
