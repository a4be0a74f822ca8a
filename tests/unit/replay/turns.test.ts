/** The function replay: which policy has its turn, what is logged, and what its host receives. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parkInto } from '../../../functions/park/handler.ts';
import { create } from '../../../functions/replay/handler.ts';
import { loadMap } from '../../../functions/replay/map-bundle.ts';
import { runPolicyTurns } from '../../../functions/replay/turns.ts';
import { openFailures, type Failures } from '../../../shared/failures/open.ts';
import { createPreviewer, type Previewer } from '../../../shared/failures/replay/preview.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_OBSERVED } from '../../../shared/queue/events.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { VERSION } from '../../../shared/runtime/version.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { snapshotOf } from '../../bench/world.ts';
import { configOf, testRuntime } from '../../fixtures/failures/runtime.ts';
import { owner, startSite } from '../../fixtures/failures/site.ts';

const POLICIES = ['first', 'second'].map((name) => ({
  name,
  codes: ['BIP424'],
  everyMinutes: 5,
  olderThanMinutes: 2,
  rate: 10,
}));

interface Desk {
  readonly runtime: Runtime;
  readonly failures: Failures;
  readonly previewer: Previewer;
  /** `first nothing`: policy and turn, as it is logged. */
  readonly lines: readonly (readonly [string, Readonly<Record<string, unknown>>])[];
  readonly calls: string[];
  /** How long it waited for the end of the function's time. */
  readonly waits: number[];
  readonly over: AbortSignal[];
}

function desk(
  options: { readonly broken?: string; readonly dryRun?: boolean; readonly late?: boolean } = {},
): Desk {
  const site = startSite();
  const config = configOf({ failures: { kind: 'fs', path: '/nowhere', replay: POLICIES } });
  const lines: (readonly [string, Readonly<Record<string, unknown>>])[] = [];
  const write =
    (level: string) =>
    (fields: object): void =>
      void lines.push([level, { ...fields }]);
  const log: Logger = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => log,
  };
  const [calls, waits, over]: [string[], number[], AbortSignal[]] = [[], [], []];
  const clock = {
    now: () => site.runtime.clock.now(),
    monotonic: () => site.runtime.clock.now(),
    sleep: (ms: number, signal?: AbortSignal) => {
      waits.push(ms);
      if (signal !== undefined) over.push(signal);
      return options.late === true ? Promise.resolve() : new Promise<void>(() => undefined);
    },
  };
  const get: Failures['turns']['get'] = (name) => {
    calls.push(`turn ${name}`);
    return name === options.broken
      ? Promise.reject(new Error('the store is odd'))
      : site.failures.turns.get(name);
  };
  const turns = { ...site.failures.turns, get };
  const failures = {
    ...site.failures,
    turns,
    close: async () => void calls.push('failures closed'),
  };
  const previewer = {
    ...createPreviewer({ runtime: site.runtime, map: () => Promise.resolve({ slices: [] }) }),
    refresh: () => void calls.push('refresh'),
    close: async () => void calls.push('previewer closed'),
  };
  const runtime = {
    ...site.runtime,
    config,
    clock,
    log,
    ...(options.dryRun === true ? { dryRun: true } : {}),
  };
  return { runtime, failures, previewer, lines, calls, waits, over };
}

const take = (
  { runtime, failures, previewer }: Desk,
  signal?: AbortSignal,
): ReturnType<typeof runPolicyTurns> => runPolicyTurns(runtime, { ...failures, previewer }, signal);
const contextWith = (left: number) => ({
  awsRequestId: 'r',
  functionName: 'replay',
  functionVersion: '1',
  getRemainingTimeInMillis: () => left,
});

describe('the turns of the policies', () => {
  test('are taken one after the other, each on a new reading of the devices', async () => {
    const at = desk();
    expect(await take(at)).toMatchObject([
      { policy: 'first', kind: 'nothing' },
      { policy: 'second', kind: 'nothing' },
    ]);
    expect(at.calls).toEqual(['refresh', 'turn first', 'refresh', 'turn second']);
    expect(at.lines).toMatchObject([
      ['info', { policy: 'first', turn: 'nothing' }],
      ['info', { policy: 'second', turn: 'nothing' }],
    ]);
  });

  test('that are not due are reported and not logged: the function runs every minute', async () => {
    const at = desk();
    await take(at);
    expect(await take(at)).toMatchObject([
      { policy: 'first', kind: 'not-due' },
      { policy: 'second', kind: 'not-due' },
    ]);
    expect(at.lines).toHaveLength(2);
  });

  test('are not taken in a dry run', async () => {
    const at = desk({ dryRun: true });
    expect([await take(at), at.calls]).toEqual([[], []]);
  });

  test('are not begun once the time is over', async () => {
    const at = desk();
    expect([await take(at, AbortSignal.abort()), at.calls]).toEqual([[], []]);
    expect(await take(at, new AbortController().signal)).toHaveLength(2);
  });

  test('one that throws is reported and logged under its policy, and the next one still runs', async () => {
    const at = desk({ broken: 'first' });
    expect(await take(at)).toMatchObject([
      { policy: 'first', error: 'the store is odd' },
      { policy: 'second', kind: 'nothing' },
    ]);
    expect(at.lines).toMatchObject([
      ['error', { policy: 'first', error: 'the store is odd' }],
      ['info', { policy: 'second' }],
    ]);
  });

  test('one that ran names its job in the log, one without a job names none', async () => {
    const at = desk();
    await take(at);
    expect(at.lines.map(([, fields]) => [fields['policy'], 'job' in fields])).toEqual([
      ['first', false],
      ['second', false],
    ]);
    const site = startSite();
    site.refusal.code = 'BIP424';
    await site.fail(owner(1), 1, [1_001]);
    site.runtime.advance(120_000);
    await runPolicyTurns(
      { ...at.runtime, clock: site.runtime.clock, queues: site.runtime.queues },
      { ...site.failures, previewer: site.world().previewer },
    );
    const [job] = await site.failures.jobs.list();
    expect(at.lines.slice(2)).toMatchObject([
      ['info', { policy: 'first', turn: 'ran', job: job!.id }],
      ['info', { policy: 'second', turn: 'nothing' }],
    ]);
  });
});

describe('the function replay', () => {
  test('ends well when every turn did', async () => {
    const at = desk();
    await expect(
      create(at.runtime, at)({ Records: [] }, contextWith(240_000)),
    ).resolves.toBeUndefined();
  });

  test('fails with the policy and its reason when a run failed, so that it is noticed', async () => {
    const at = desk({ broken: 'second' });
    await expect(create(at.runtime, at)({ Records: [] }, contextWith(240_000))).rejects.toThrow(
      /^replay: second: the store is odd$/,
    );
  });

  test.each([
    [240_000, 210_000],
    [30_000, 0],
    [10_000, 0],
  ])('with %d ms left works for %d, and then waits for nothing more', async (left, works) => {
    const at = desk();
    await create(at.runtime, at)({ Records: [] }, contextWith(left));
    expect([at.waits, at.over.map(({ aborted }) => aborted)]).toEqual([[works], [true]]);
  });

  test('begins no further turn when its time is nearly over', async () => {
    const at = desk({ late: true });
    await create(at.runtime, at)({ Records: [] }, contextWith(10_000));
    expect(at.calls.filter((call) => call.startsWith('turn'))).not.toContain('turn second');
  });

  test('closes its readers', async () => {
    const at = desk();
    await create(at.runtime, at).close();
    expect(at.calls).toEqual(['previewer closed', 'failures closed']);
  });

  test('works in the failure store that the configuration names', async () => {
    const path = mkdtempSync(join(tmpdir(), 'sluice-turns-'));
    const runtime = testRuntime(configOf({ failures: { kind: 'fs', path, replay: POLICIES } }));
    const replay = create(runtime);
    expect(await replay.turns()).toMatchObject([
      { policy: 'first', kind: 'nothing' },
      { policy: 'second', kind: 'nothing' },
    ]);
    await replay.close();
    const store = openFailures(runtime.config.failures, runtime);
    expect(await store.turns.get('first')).toMatchObject({ policy: 'first' });
    expect(await store.releases.of('replay')).toMatchObject([{ release: VERSION }]);
    await store.close();
    rmSync(path, { recursive: true });
  });

  test('previews a snapshot with the map bundle of its host, or says that it is missing', async () => {
    const at = desk();
    const policies = [
      { name: 'never-ran', classes: ['never-ran'], everyMinutes: 5, olderThanMinutes: 2, rate: 10 },
    ];
    const runtime = {
      ...at.runtime,
      config: configOf({ failures: { kind: 'fs', path: '/nowhere', replay: policies } }),
    };
    const body = serialiseEvent(INGRESS_OBSERVED, snapshotOf(1, 1), {
      id: 'e',
      cluster: 'east',
      subject: 'east/istio-system/istio-ingressgateway',
      time: new Date(runtime.clock.now()).toISOString(),
    });
    const record = toRecord(
      {
        id: 'm',
        receipt: 'm',
        group: 'g',
        deduplicationId: 'm',
        body,
        receiveCount: 1,
        sentAt: runtime.clock.now() - 600_000,
      },
      'snapshots-dead',
    );
    await parkInto(runtime, at.failures)({ Records: [record] }, contextWith(30_000));
    const later = { ...runtime.clock, now: () => runtime.clock.now() + 600_000 };
    const asked: string[] = [];
    const map = (): Promise<never> => {
      asked.push('map');
      return Promise.reject(new Error('no map today'));
    };
    const { failures } = at;
    await create({ ...runtime, clock: later }, { failures, map }).turns();
    expect(asked.length).toBeGreaterThan(0);
    // Here, in the sources, none is beside it.
    const muchLater = { ...later, now: () => runtime.clock.now() + 1_200_000 };
    const [turn] = await create({ ...runtime, clock: muchLater }, { failures }).turns();
    const items = await failures.jobs.items((turn as { readonly job: string }).job);
    expect(JSON.stringify(items)).toContain('the function map was not found');
  });

  test.each([
    ['packed next to it', ['map'], 'map'],
    ['in the folder next to it', ['../map'], '../map'],
    ['packed next to it, where an older build left another one', ['map', '../map'], 'map'],
  ])('takes the function map that is %s', async (_where, folders, wanted) => {
    const own = join(mkdtempSync(join(tmpdir(), 'sluice-map-')), 'replay');
    for (const folder of folders) {
      mkdirSync(join(own, folder), { recursive: true });
      writeFileSync(
        join(own, folder, 'handler.mjs'),
        `export const create = ${JSON.stringify(folder)};`,
      );
    }
    mkdirSync(own, { recursive: true });
    const loaded = await loadMap(pathToFileURL(join(own, 'handler.mjs')).href);
    expect(loaded).toMatchObject({ create: wanted });
    rmSync(join(own, '..'), { recursive: true });
  });

  test('says so when the function map is not beside it', async () => {
    await expect(loadMap()).rejects.toThrow(
      'the function map was not found (./map/handler.mjs, ../map/handler.mjs); run "npm run build" first',
    );
  });
});
