/** What the clusters are told about a stage, and what an order requests from their watchers. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Arrived, Stage } from '../../../functions/apply/arrivals.ts';
import { createAttempts } from '../../../functions/apply/attempts.ts';
import type { PartitionResult } from '../../../functions/apply/job.ts';
import { reportStage } from '../../../functions/apply/report.ts';
import { createToldDrained } from '../../../functions/apply/told-drained.ts';
import type { Scope } from '../../../functions/apply/scope.ts';
import type { DeclaredState, OwnerRecord } from '../../../shared/domain/declared/declared.ts';
import { declaredState, EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { Settled, Slice } from '../../../shared/domain/exposure/exposure.ts';
import { changeId, type PlanEntry } from '../../../shared/domain/plan/plan.ts';
import type { Absence } from '../../../shared/domain/snapshot/absence.ts';
import type { Approval, RetryOrder, Steering } from '../../../shared/domain/steering/steering.ts';
import { type DeadLetter, DEAD_LETTER_EVENTS } from '../../../shared/queue/dead-letter.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import type { EventMeta } from '../../../shared/queue/envelope-types.ts';
import { RESYNC_EVENTS, type Resync, SETTLED_EVENTS } from '../../../shared/queue/events.ts';
import { smallConfig } from '../../fixtures/config.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';
import { logTo } from '../../fixtures/log.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { virtualClock } from '../../promises/support/clock.ts';
import { memoryQueues } from '../../promises/support/queues.ts';

const { owner } = slice(1, []);
const WEST = 'west/istio-system/istio-ingressgateway';
const KEY = '172.16.100.195:32400/tcp';
const MINUTE = 60_000;
const HOP = { at: '2026-01-01T00:00:00Z', where: 'map' };
const config = smallConfig(['east', 'west']);

let clock: ReturnType<typeof virtualClock>;
let queues: ReturnType<typeof memoryQueues>;
let lines: Record<string, unknown>[];
/** Devices for which the store was asked when clusters were heard, and its response. */
let asked: string[];
let heard: Map<string, string>;
/** What was written to the history. */
let noted: unknown[][];
let scope: Scope;
beforeEach(() => {
  clock = virtualClock();
  queues = memoryQueues(clock);
  [lines, asked, noted, heard] = [[], [], [], new Map()];
  const log = logTo(lines);
  scope = {
    runtime: runtimeWith({ config, queues, clock, log }),
    context: { functionVersion: '7' },
    attempts: createAttempts(),
    heard: {
      of: (device: string) => {
        asked.push(device);
        return Promise.resolve(heard);
      },
    },
    drained: createToldDrained(),
    recorder: { note: async (...given: unknown[]) => void noted.push(given) },
  } as unknown as Scope;
});

const arrivalOf = <K extends string, T>(
  kind: K,
  data: T,
  receiveCount = 1,
): { readonly kind: K } & Arrived<T> => ({
  kind,
  message: {
    id: 'm',
    receipt: 'r',
    group: 'bigip-1',
    deduplicationId: 'd',
    body: '{}',
    receiveCount,
    sentAt: 5,
  },
  meta: { id: 'e', hops: [HOP] } as unknown as EventMeta,
  data,
});
const report = (
  stage: {
    readonly orders?: readonly Steering[];
    readonly slices?: readonly Slice[];
    readonly absences?: readonly Absence[];
    readonly receiveCount?: number;
  },
  ...results: readonly PartitionResult[]
): Promise<void> => {
  const { orders = [], slices = [], absences = [], receiveCount } = stage;
  const all: Stage = {
    orders: orders.map((one) => arrivalOf('order', one, receiveCount)),
    absences: absences.map((one) => arrivalOf('absence', one)),
    audits: [],
    slices: slices.map((one) => arrivalOf('slice', one)),
  };
  return reportStage(scope, all, results);
};
const entry = (kind: PlanEntry['kind'], more: Partial<PlanEntry> = {}): PlanEntry => ({
  owner,
  key: KEY,
  kind,
  code: 'OK',
  reason: '',
  gateways: [],
  ...more,
});
const result = (
  declared: DeclaredState = EMPTY_STATE,
  more: Partial<PartitionResult> = {},
  entries: readonly PlanEntry[] = [],
): PartitionResult => ({
  partition: 'k8s',
  entries: new Map(entries.map((one) => [changeId(one), one])),
  rejections: new Map(),
  approved: [],
  declared,
  ...more,
});
const recordOf = (more: Partial<OwnerRecord> = {}): OwnerRecord => ({
  clusterUid: 'uid-east',
  version: { epoch: 1, counter: 1, generation: 1 },
  ...more,
});
const settled = (cluster = 'east'): readonly Settled[] =>
  queues.sent(`settled-${cluster}`).flatMap(({ body }) => {
    const opened = parseEvent(body, SETTLED_EVENTS);
    return 'ok' in opened ? [opened.ok.data] : [];
  });
/** Requests to send an ingress again, with the subject of the event. */
const resyncs = (cluster = 'east'): readonly (Resync & { readonly subject: string })[] =>
  queues.sent(`settled-${cluster}`).flatMap(({ body }) => {
    const opened = parseEvent(body, RESYNC_EVENTS);
    return 'ok' in opened ? [{ ...opened.ok.data, subject: opened.ok.subject }] : [];
  });
const letters = (): readonly DeadLetter[] =>
  queues.sent('slices-dead').flatMap(({ body }) => {
    const opened = parseEvent(body, DEAD_LETTER_EVENTS);
    return 'ok' in opened ? [opened.ok.data] : [];
  });

describe('the result of a slice', () => {
  test('is sent and added to the history with its hops, and its earlier attempts are forgotten', async () => {
    scope.attempts.add('m', { at: '', code: 'BIP503', reason: 'busy' });
    await report({ slices: [slice(1, [exposure()])] }, result(EMPTY_STATE, {}, [entry('create')]));
    expect(settled()).toMatchObject([{ owner, exposures: [{ outcome: 'applied' }] }]);
    expect(scope.attempts.of('m')).toEqual([]);
    expect(noted).toEqual([
      [expect.objectContaining({ owner }), { hops: [HOP], attempt: 1, deduplicationId: 'd' }],
    ]);
  });

  test.each<[string, Slice, PlanEntry['kind'][], number]>([
    ['is sent although nothing is exposed', slice(1, []), [], 1],
    ['is not sent for a device without anything of it', slice(1, [], { devices: [] }), [], 0],
    ['is sent for what is left there', slice(1, [], { devices: [] }), ['held'], 1],
  ])('%s', async (_, one, kinds, count) => {
    const { address, port, protocol } = exposure();
    const declared = declaredState({ [owner]: recordOf() }, [
      { address, port, protocol, settings: SETTINGS, contributions: [] },
    ]);
    const left = kinds.map((kind) => entry(kind));
    await report({ slices: [one] }, result(declared, {}, left));
    expect([settled().length, noted.length]).toEqual([count, count]);
  });
});

describe('a cluster that shares an exposure and is silent', () => {
  const ago = (ms: number): string => new Date(clock.now() - ms).toISOString();
  /** East and west share one exposure. */
  const shared = (west: string): DeclaredState =>
    declaredState({ [owner]: recordOf({ seen: ago(0) }), [WEST]: recordOf({ seen: west }) }, [
      {
        address: '172.16.100.195',
        port: 32_400,
        protocol: 'tcp',
        settings: SETTINGS,
        contributions: [owner, WEST].map((one) => ({
          owner: one,
          gateways: [],
          since: '',
          members: [],
        })),
      },
    ]);
  const note = { object: 'Gateway a/b', code: 'GW136', message: 'own' };
  const codes = (): readonly string[] => settled().flatMap(({ notes }) => notes.map((n) => n.code));
  const one = slice(1, [exposure()], { notes: [note] });

  test('is reported to the others, after their own notes', async () => {
    await report({ slices: [one] }, result(shared(ago(60 * MINUTE)), {}, [entry('unchanged')]));
    expect([codes(), asked]).toEqual([['GW136', 'OWN331'], ['bigip-1']]);
  });

  test('is not reported if it has sent an event since then', async () => {
    heard.set('west', ago(MINUTE));
    await report({ slices: [one] }, result(shared(ago(60 * MINUTE)), {}, [entry('unchanged')]));
    expect(codes()).toEqual(['GW136']);
  });

  test('is not looked for while all are heard, nor without slices', async () => {
    await report({ slices: [one] }, result(shared(ago(MINUTE))));
    expect(codes()).toEqual(['GW136']);
    await report({}, result(shared(ago(60 * MINUTE))));
    expect(asked).toEqual([]);
  });
});

describe('a member whose removal may wait', () => {
  const address = exposure().members[0]!.address;
  const drained = new Map([[owner, [address]]]);
  const other = slice(1, [exposure()], { owner: WEST });

  test('is reported with the result, and its ingress is requested once another owner has its address', async () => {
    await report({ slices: [slice(1, [exposure()])] }, result(EMPTY_STATE, { drained }));
    expect(settled().map((one) => one.drained)).toEqual([[address]]);
    await report({ slices: [slice(2, [exposure()], { owner: WEST, device: 'bigip-2' })] });
    expect(resyncs()).toEqual([]);
    await report({ slices: [other] });
    await report({ slices: [other] });
    expect(resyncs()).toMatchObject([{ subject: owner, device: 'bigip-1', partition: 'k8s' }]);
  });

  test('is forgotten with the next result of its owner', async () => {
    await report({ slices: [slice(1, [exposure()])] }, result(EMPTY_STATE, { drained }));
    await report({ slices: [slice(2, [exposure()])] }, result());
    await report({ slices: [other] });
    expect(resyncs()).toEqual([]);
  });
});

test('the watcher of an inventory from an earlier term hears that it is behind', async () => {
  const absence: Absence = {
    cluster: 'east',
    clusterUid: 'uid-east',
    device: 'bigip-1',
    version: { epoch: 1, counter: 9, generation: 1 },
    absent: [owner],
  };
  const version = { epoch: 2, counter: 1, generation: 1 };
  await report(
    { absences: [absence] },
    result(declaredState({ [owner]: recordOf({ version }) }, [])),
  );
  expect(settled()).toMatchObject([{ owner, supersededBy: { epoch: 2, counter: 1 } }]);
  expect(noted).toEqual([]);
});

describe('an order about a cluster', () => {
  const east = { device: 'bigip-1', cluster: 'east' } as const;
  const adopt: Steering = { ...east, action: 'adopt', clusterUid: 'uid-new' };
  const declared = (clusterUid: string): DeclaredState =>
    declaredState({ [owner]: recordOf({ clusterUid }) }, []);

  test('to adopt it asks its watcher for everything', async () => {
    const edge = { partition: 'edge' };
    await report({ orders: [adopt] }, result(declared('uid-new')), result(EMPTY_STATE, edge));
    expect(resyncs()).toMatchObject([
      { subject: 'bigip-1', cluster: 'east', partition: 'k8s, edge', code: 'OWN302' },
    ]);
    expect(lines).toMatchObject([{ said: 'steered', partitions: ['k8s', 'edge'] }]);
  });

  test.each<[string, Steering, DeclaredState]>([
    ['to adopt it that a newer order replaced', adopt, declared('uid-east')],
    ['to enable it', { ...east, action: 'enable' }, EMPTY_STATE],
  ])('%s asks its watcher for nothing', async (_, order, state) => {
    await report({ orders: [order] }, result(state));
    expect([queues.sent('settled-east'), letters(), lines.length]).toEqual([[], [], 1]);
  });
});

describe('a retry', () => {
  const retry = (of = owner): RetryOrder => ({ action: 'retry', device: 'bigip-1', owner: of });

  test('requests the ingress of each owner once from its watcher', async () => {
    await report({ orders: [retry(), retry(), retry(WEST)] }, result());
    expect(resyncs()).toMatchObject([
      {
        subject: owner,
        cluster: 'east',
        device: 'bigip-1',
        partition: 'k8s',
        code: 'OK',
        reason: `a retry of ${owner} was ordered`,
      },
    ]);
    expect(resyncs('west')).toHaveLength(1);
    expect(lines.map(({ said }) => said)).toEqual(Array(3).fill('quarantine lifted by order'));
  });

  test('is done although its watcher cannot be asked', async () => {
    const away = { ...queues, queue: () => ({ send: () => Promise.reject(new Error('full')) }) };
    const runtime = { ...scope.runtime, queues: away as unknown as typeof queues };
    await reportStage(
      { ...scope, runtime },
      { orders: [arrivalOf('order', retry())], absences: [], audits: [], slices: [] },
      [result()],
    );
    expect(lines.at(-1)).toMatchObject({ level: 'warn', cluster: 'east', error: 'Error: full' });
  });
});

describe('an approval', () => {
  const approval = (more: Partial<Approval> = {}): Approval => ({
    action: 'approve',
    device: 'bigip-1',
    owner,
    ...more,
  });
  const met = (...approved: PartitionResult['approved']): PartitionResult =>
    result(EMPTY_STATE, { approved });

  test('of removals asks the watcher for nothing, one of a move of nodes for the ingress', async () => {
    await report({ orders: [approval()] }, met({ owner, key: KEY }));
    expect(resyncs()).toEqual([]);
    const move = approval({ keys: [KEY], shareNodes: ['k8s'] });
    await report({ orders: [move] }, met({ owner, key: KEY }));
    expect(resyncs().map(({ reason }) => reason)).toEqual([
      `a move of nodes that ${owner} waits for was approved`,
    ]);
    expect(lines).toMatchObject([
      { said: 'removals approved', approved: [KEY] },
      { said: 'move of nodes approved', shareNodes: ['k8s'], approved: [KEY] },
    ]);
  });

  test.each<[string, Approval, PartitionResult, boolean]>([
    ['of everything is met by any removal', approval(), met({ owner, key: KEY }), true],
    ['is met by what it names', approval({ keys: ['x', KEY] }), met({ owner, key: KEY }), true],
    ['is not met by another exposure', approval({ keys: ['x'] }), met({ owner, key: KEY }), false],
    ['is not met by another owner', approval(), met({ owner: WEST, key: KEY }), false],
  ])('%s', async (_, order, results, isMet) => {
    await report({ orders: [order] }, results);
    expect(letters()).toHaveLength(isMet ? 0 : 1);
  });

  test('that was received before may have been fulfilled then', async () => {
    await report({ orders: [approval()], receiveCount: 2 }, result());
    expect(letters()).toEqual([]);
  });

  test.each<[string, Approval, string, string]>([
    [
      'of everything',
      approval(),
      `device bigip-1 holds no removals of ${owner}, or a newer snapshot`,
      'name the held removals',
    ],
    [
      'of some exposures',
      approval({ keys: [KEY, 'x'] }),
      `device bigip-1 holds no removal of ${KEY}, x for ${owner}, or`,
      'name the held removals',
    ],
    [
      'of a move of nodes',
      approval({ keys: [KEY], shareNodes: ['one', 'two'] }),
      `holds nothing of ${KEY} for ${owner} that a move of the nodes of one, two alone would release`,
      'name what is held',
    ],
  ])(
    '%s without effect says what was not found and where to look',
    async (_, order, what, where) => {
      await report({ orders: [order] }, result());
      expect(letters()).toMatchObject([{ code: 'OWN311', owner }]);
      expect(letters()[0]?.reason).toContain(what);
      expect(letters()[0]?.reason).toContain(where);
    },
  );
});
