/** Changes that wait for a device: their entries, what remains of an order, and their return. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Blobs } from '../../../shared/failures/blobs.ts';
import {
  claimMark,
  newMark,
  isAbandoned,
  markedAway,
  markedHere,
  markedReturning,
  pauseOf,
  releaseMark,
  TURN_LEASE_MS,
} from '../../../shared/failures/waiting/away.ts';
import type { StoredChange, DeviceMark } from '../../../shared/failures/waiting/entry.ts';
import { changesOf, mergeEntries, wantedOf } from '../../../shared/failures/waiting/merge.ts';
import { digest } from '../../../shared/failures/identity.ts';
import { createWaitingPlace, type WaitingPlace } from '../../../shared/failures/waiting/place.ts';
import { orderInWords, remainingOrder } from '../../../shared/failures/waiting/remaining-order.ts';
import {
  returnWaitingChanges,
  type Probe,
  type ReturnResult,
} from '../../../shared/failures/waiting/turn.ts';
import { EMPTY_STATE, type DeclaredState } from '../../../shared/domain/declared/declared.ts';
import type { Change } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Steering } from '../../../shared/domain/steering/steering.ts';
import { DEAD_LETTER_EVENTS } from '../../../shared/queue/dead-letter.ts';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import {
  INGRESS_DESIRED,
  SLICE_EVENTS,
  STEERING,
  STEERING_EVENTS,
} from '../../../shared/queue/events.ts';
import type { OutgoingMessage, QueueName, Queue } from '../../../shared/queue/port.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = 1_000 * HOUR;
const DEVICE = 'bigip-1';
const OWNER = 'east/istio-system/istio-ingressgateway';
const KEY = '172.16.100.195:32400/tcp';
const FAULT = { code: 'BIP501', reason: 'not reachable' };

const markOf = (over: Partial<DeviceMark> = {}): DeviceMark => ({
  ...newMark(DEVICE, NOW),
  ...over,
});
const entryOf = (over: Partial<StoredChange> = {}): StoredChange => ({
  format: 1,
  id: 'i',
  kind: 'slice',
  device: DEVICE,
  subject: OWNER,
  what: 'w',
  group: OWNER,
  version: { epoch: 1, counter: 1, generation: 1 },
  sentAt: NOW,
  since: NOW,
  body: 'body',
  deduplicationId: 'd',
  attempts: [],
  ...over,
});
const version = (counter: number) => ({ epoch: 1, counter, generation: 1 });

describe('the next probe of a device', () => {
  test.each([
    [HOUR - 1, 0, 10_000],
    [HOUR, 0, 50_000],
    [HOUR - 1, 1, 30_000],
    [HOUR, 3, 110_000],
  ])('after %d ms and %d failed returns is in %d ms', (away, failedReturns, pause) => {
    expect(pauseOf({ since: NOW - away, failedReturns }, NOW)).toBe(pause);
  });

  test.each<[string, boolean, Partial<DeviceMark>]>([
    ['that is due', true, {}],
    ['that is due later', false, { due: NOW + 1 }],
    ['that is due at a time that no probe is set to', true, { due: NOW + 10 * MINUTE + 1 }],
    ['that is due just within that time', false, { due: NOW + 10 * MINUTE }],
    ['whose holder is working', false, { lease: { holder: 'h', until: NOW + 1 } }],
    ['whose holder may be working', false, { lease: { holder: 'h', until: NOW + TURN_LEASE_MS } }],
    ['whose holder died', true, { lease: { holder: 'h', until: NOW } }],
    [
      'whose holder had a clock that was ahead',
      true,
      { lease: { holder: 'h', until: NOW + TURN_LEASE_MS + 1 } },
    ],
  ])('is taken for one %s: %p', (_what, taken, over) => {
    const mark = claimMark(markOf(over), 'mine', NOW);
    expect(mark?.lease).toEqual(taken ? { holder: 'mine', until: NOW + TURN_LEASE_MS } : undefined);
    if (taken) expect(mark?.due).toBe(NOW + 10_000);
  });

  test('is overdue if no process has probed for ten minutes', () => {
    expect([0, 1].map((late) => isAbandoned(markOf(), NOW + 10 * MINUTE + late))).toEqual([
      false,
      true,
    ]);
  });
});

describe('the mark of a device', () => {
  const away = (known: DeviceMark | undefined, over: object = {}): DeviceMark =>
    markedAway(known, DEVICE, { ...FAULT, now: NOW, ...over });

  test('starts with the outage, or now if its start is unknown', () => {
    expect(away(undefined)).toEqual({
      ...newMark(DEVICE, NOW),
      state: 'away',
      ...FAULT,
      due: NOW + 10_000,
    });
    expect(away(markOf({ since: 5, failedReturns: 4 }), { since: NOW - HOUR })).toMatchObject({
      since: NOW - HOUR,
      failedReturns: 0,
      due: NOW + 50_000,
    });
  });

  test.each([
    ['away', 2],
    ['returning', 3],
  ] as const)(
    'keeps the beginning of the outage while it is %s, and counts %d failed returns',
    (state, failed) => {
      const lease = { holder: 'h', until: NOW };
      const after = away(markOf({ state, since: 5, failedReturns: 2, lease }), {
        since: NOW - HOUR,
      });
      expect(after).toMatchObject({ state: 'away', since: 5, failedReturns: failed });
      expect(after.lease).toBeUndefined();
    },
  );

  test('keeps its reason while the circuit breaker only reports that it is open', () => {
    const open = { code: 'BIP508', reason: 'breaker' };
    expect(away(markOf({ state: 'away', ...FAULT }), open)).toMatchObject(FAULT);
    expect(
      away(markOf({ state: 'away', ...FAULT }), { code: 'BIP502', reason: 'x' }),
    ).toMatchObject({ code: 'BIP502', reason: 'x' });
    for (const known of [undefined, markOf(FAULT), markOf({ state: 'away' })])
      expect(away(known, open)).toMatchObject(open);
  });

  test('can say that changes are returning, that the device is back, and that no process has the turn', () => {
    const lease = { holder: 'h', until: NOW };
    const mark = markOf({ state: 'away', since: 5, failedReturns: 2, lease });
    expect(markedReturning(mark, NOW)).toEqual({ ...mark, state: 'returning', due: NOW + 40_000 });
    const { lease: _lease, ...rest } = mark;
    expect(releaseMark(mark)).toEqual(rest);
    expect(markedHere(mark, NOW)).toEqual({ ...rest, state: 'here', since: NOW, failedReturns: 0 });
  });
});

const bodyOf = (counter: number, over: Parameters<typeof slice>[2] = {}): string =>
  serialiseEvent(INGRESS_DESIRED, slice(counter, [exposure()], over), {
    id: `e${counter}`,
    cluster: 'east',
    subject: OWNER,
    time: '2026-11-23T02:59:00Z',
    traceparent: 'trace',
  });
const change = (name: string, what: Change['what'] = 'deleted'): Change => ({
  kind: 'Gateway',
  namespace: 'ns',
  name,
  what,
  resourceVersion: '1',
});

describe('several entries of one group', () => {
  const [old, young] = [
    entryOf({
      version: version(1),
      sentAt: NOW + 9,
      since: NOW - 9,
      body: 'old',
      wanted: { a: 1, b: 5 },
    }),
    entryOf({
      version: version(2),
      sentAt: NOW,
      since: NOW,
      body: 'young',
      wanted: { a: 3, b: 2 },
    }),
  ];

  test('become the newest, with the first waiting time and the last request of each exposure', () => {
    for (const entries of [
      [old, young],
      [young, old],
    ])
      expect(mergeEntries(entries)).toEqual({ ...young, since: NOW - 9, wanted: { a: 3, b: 5 } });
    expect(mergeEntries([old])).toBe(old);
  });

  test('without versions, or of the same one, become the last that was sent', () => {
    for (const same of [undefined, version(1)]) {
      const [first, last] = [
        entryOf({ version: same, sentAt: NOW, body: 'first' }),
        entryOf({ version: same, sentAt: NOW + 1, body: 'last' }),
      ];
      for (const entries of [
        [first, last],
        [last, first],
      ])
        expect(mergeEntries(entries).body).toBe('last');
      expect(
        mergeEntries([entryOf({ ...first, sentAt: NOW + 5 }), { ...last, version: undefined }])
          .body,
      ).toBe('first');
    }
  });

  test('of which one has no version become the last that was sent, in any order', () => {
    const [bare, late] = [
      entryOf({ version: undefined }),
      entryOf({ sentAt: NOW + 1, body: 'late' }),
    ];
    for (const entries of [
      [bare, late],
      [late, bare],
    ])
      expect(mergeEntries(entries).body).toBe('late');
  });

  test('that are no slices keep only the exposures that they have', () => {
    const absence = entryOf({ kind: 'absence', wanted: { a: 1 } });
    expect(mergeEntries([absence, { ...absence, sentAt: NOW + 1 }]).wanted).toEqual({ a: 1 });
    expect(
      mergeEntries([entryOf({ kind: 'order' }), entryOf({ kind: 'order' })]),
    ).not.toHaveProperty('wanted');
  });

  test('keep the observed deletions, in the newest slice', () => {
    const merged = mergeEntries([
      entryOf({ version: version(1), body: bodyOf(1, { changes: [change('gone')] }) }),
      entryOf({ version: version(2), body: bodyOf(2, { changes: [change('later')] }) }),
    ]);
    const opened = parseEvent(merged.body, SLICE_EVENTS);
    if ('refused' in opened) throw new Error(opened.refused.reason);
    expect(opened.ok).toMatchObject({
      id: 'e2',
      cluster: 'east',
      subject: OWNER,
      traceparent: 'trace',
    });
    expect(opened.ok.data.version.counter).toBe(2);
    expect(opened.ok.data.changes.map(({ name }) => name)).toEqual(['gone', 'later']);
  });

  test('are sent unchanged if nothing is added, or if the result is unreadable or too large', () => {
    const same = bodyOf(2, { changes: [change('later')] });
    const last = entryOf({ version: version(2), body: same });
    expect(mergeEntries([entryOf({ version: version(1), body: bodyOf(1) }), last]).body).toBe(same);
    expect(mergeEntries([old, last]).body).toBe(same);
    // Together they exceed the size of a message; unproven removals are held for approval.
    const many = (of: string): Change[] =>
      Array.from({ length: 1_900 }, (_, n) =>
        change(Array.from({ length: 7 }, (_none, m) => digest(`${of} ${n} ${m}`)).join('')),
      );
    const [big, bigger] = ['a', 'b'].map((of, n) =>
      entryOf({ version: version(n), body: bodyOf(n, { changes: many(of) }) }),
    ) as [StoredChange, StoredChange];
    expect(mergeEntries([big, bigger]).body === bigger.body).toBe(true);
  });

  test('keep the request time of each exposure of a slice', () => {
    expect(wantedOf(slice(1, [exposure(), exposure({ port: 1 })]), 7)).toEqual({
      [KEY]: 7,
      '172.16.100.195:1/tcp': 7,
    });
  });
});

describe('the changes of several slices', () => {
  const named = (...slices: Parameters<typeof slice>[2][]): readonly string[] =>
    changesOf(slices.map((over, n) => slice(n, [], over))).map(
      ({ name, what }) => `${what} ${name}`,
    );

  test('are the newest of each object, oldest first', () => {
    expect(
      named(
        { changes: [change('a'), change('b')] },
        { changes: [change('a', 'updated')] },
        { changes: [{ ...change('b'), kind: 'VirtualService' }] },
      ),
    ).toEqual(['deleted b', 'updated a', 'deleted b']);
  });

  test('prove no removal of a Gateway that was created again', () => {
    const back = { exposures: [exposure({ gateways: ['ns/a'] })] };
    expect(named({ changes: [change('a'), change('b'), change('c', 'updated')] }, back)).toEqual([
      'deleted b',
      'updated c',
    ]);
    expect(named({ changes: [change('a', 'updated')] }, back)).toEqual(['updated a']);
    expect(named(back, { changes: [change('a')] })).toEqual(['deleted a']);
  });
});

describe('the remaining part of an order', () => {
  const none = { slices: [], states: [] };
  const approve = (over: object = {}): Steering => ({
    action: 'approve',
    device: DEVICE,
    owner: OWNER,
    ...over,
  });
  const wanting = (wanted: Record<string, number>, over: Partial<StoredChange> = {}) => ({
    slices: [entryOf({ wanted, ...over })],
    states: [],
  });

  test.each<[string, Steering]>([
    ['drain', { action: 'drain', device: DEVICE, cluster: 'east', mode: 'drain', because: 'b' }],
    ['enable', { action: 'enable', device: DEVICE, cluster: 'east' }],
    ['adopt', { action: 'adopt', device: DEVICE, cluster: 'east', clusterUid: 'u' }],
    ['retry', { action: 'retry', device: DEVICE, owner: OWNER }],
  ])('%s is all of it', (_action, order) => {
    expect(remainingOrder(order, NOW, wanting({ [KEY]: NOW + 1 }))).toBe(order);
  });

  test.each<[string, ReturnType<typeof wanting>, readonly string[] | undefined]>([
    ['nothing was requested again', none, ['a', KEY]],
    ['one was requested again', wanting({ [KEY]: NOW + 1 }), ['a']],
    ['it was requested at the time of the approval', wanting({ [KEY]: NOW }), ['a', KEY]],
    ['another owner requests it', wanting({ [KEY]: NOW + 1 }, { subject: 'west/a/b' }), ['a', KEY]],
    ['all of it was requested again', wanting({ [KEY]: NOW + 1, a: NOW + 1 }), undefined],
    [
      'an automatic address for that port was requested again',
      wanting({ 'auto(web):32400/tcp': NOW + 1 }),
      ['a'],
    ],
    [
      'an automatic address for another port was requested again',
      wanting({ 'auto(web):1/tcp': NOW + 1 }),
      ['a', KEY],
    ],
    [
      'the same port of another address was requested again',
      wanting({ '10.0.0.9:32400/tcp': NOW + 1 }),
      ['a', KEY],
    ],
    ['an older slice does not count', wanting(undefined as never), ['a', KEY]],
  ])('an approval, where %s', (_what, meanwhile, keys) => {
    const order = approve({ keys: ['a', KEY] });
    const left = remainingOrder(order, NOW, meanwhile);
    expect(left).toEqual(keys === undefined ? undefined : { ...order, keys });
    if (keys?.length === 2) expect(left).toBe(order);
  });

  test('an approval to share nodes stays as it is, whatever was requested again: its owner wants it', () => {
    const order = approve({ keys: ['a', KEY], shareNodes: ['k8s', 'edge'] });
    expect(remainingOrder(order, NOW, wanting({ [KEY]: NOW + 1 }))).toBe(order);
  });

  test('an approval of everything that is held names what was held', () => {
    const holding = (...held: string[]): DeclaredState => ({
      ...EMPTY_STATE,
      owners: { [OWNER]: { clusterUid: 'u', version: version(1), held } },
    });
    const states = [holding('a', KEY), holding(KEY, 'b'), EMPTY_STATE];
    expect(remainingOrder(approve(), NOW, { slices: [], states })).toStrictEqual(
      approve({ keys: ['a', KEY, 'b'] }),
    );
    expect(remainingOrder(approve(), NOW, { ...wanting({ a: NOW + 1 }), states })).toEqual(
      approve({ keys: [KEY, 'b'] }),
    );
    expect(remainingOrder(approve(), NOW, none)).toBeUndefined();
  });

  const forget = (...owners: string[]): Steering => ({
    action: 'forget',
    device: DEVICE,
    cluster: 'east',
    upTo: Object.fromEntries(owners.map((owner) => [owner, version(3)])),
    whole: false,
  });
  const spoke = (counter: number | undefined, subject = OWNER) => ({
    slices: [entryOf({ subject, version: counter === undefined ? undefined : version(counter) })],
    states: [],
  });
  const OTHER = 'east/other/gw';

  test.each<[string, ReturnType<typeof spoke>, readonly string[]]>([
    ['no cluster sent an event', { slices: [], states: [] }, [OWNER, OTHER]],
    ['a cluster sent an event since', spoke(4), [OTHER]],
    ['a cluster sent an event at the time of the order', spoke(3), [OWNER, OTHER]],
    ['the event of a cluster has no version', spoke(undefined), [OWNER, OTHER]],
    ['another cluster sent an event', spoke(4, 'west/a/b'), [OWNER, OTHER]],
  ])('to forget, where %s', (_what, meanwhile, owners) => {
    const order = forget(OWNER, OTHER);
    const left = remainingOrder(order, NOW, meanwhile);
    expect(left).toEqual(forget(...owners));
    if (owners.length === 2) expect(left).toBe(order);
  });

  test('to forget is empty if all clusters have sent events since', () => {
    expect(remainingOrder(forget(OWNER), NOW, spoke(4))).toBeUndefined();
  });

  test.each<[Steering, string]>([
    [approve(), `approve all held removals of ${OWNER}`],
    [approve({ keys: ['a', 'b'] }), `approve a, b of ${OWNER}`],
    [
      approve({ keys: ['a', 'b'], shareNodes: ['k8s', 'edge'] }),
      `move the nodes of k8s, edge to /Common for a, b of ${OWNER}`,
    ],
    [{ action: 'retry', device: DEVICE, owner: OWNER }, `try again what was refused of ${OWNER}`],
    [
      { action: 'retry', device: DEVICE, owner: OWNER, keys: ['a', 'b'] },
      `try again a, b of ${OWNER}`,
    ],
    [forget(OWNER, OTHER), 'forget istio-ingressgateway, gw'],
    [{ ...forget(OWNER), whole: true } as Steering, 'forget cluster east'],
    [{ action: 'enable', device: DEVICE, cluster: 'east' }, 'enable cluster east'],
    [
      { action: 'drain', device: DEVICE, cluster: 'east', mode: 'out', because: 'power' },
      'out cluster east: power',
    ],
    [
      { action: 'adopt', device: DEVICE, cluster: 'east', clusterUid: 'u' },
      'adopt cluster east with kube-system UID u',
    ],
  ])('%j in words is %s', (order, words) => {
    expect(orderInWords(order)).toBe(words);
  });
});

let blobs: Blobs;
let place: WaitingPlace;
let ids: number;
beforeEach(() => {
  blobs = memoryBlobs();
  ids = 0;
  place = createWaitingPlace(blobs, () => `id${String((ids += 1)).padStart(4, '0')}`);
});
const { format: _format, id: _id, ...PLAIN } = entryOf();
const keep = (over: Partial<StoredChange> = {}): Promise<readonly StoredChange[]> =>
  place.keep({ ...PLAIN, ...over });
const bodies = async (device?: string): Promise<readonly string[]> =>
  (await place.list(device)).map(({ entry }) => entry.body);

describe('the store of waiting changes', () => {
  test('keeps one entry of each group, device and kind, and counts them', async () => {
    await keep({ sentAt: NOW + 2 });
    expect(
      (await keep({ version: version(2), body: 'newer', sentAt: NOW + 2 })).map(({ body }) => body),
    ).toEqual(['body']);
    await keep({ group: 'other', body: 'other', sentAt: NOW + 1 });
    await keep({ kind: 'absence', body: 'absence', sentAt: NOW + 3 });
    await keep({ device: 'bigip-2', body: 'second', sentAt: NOW });
    await place.updateMark(DEVICE, () => markOf());
    expect(await bodies(DEVICE)).toEqual(['other', 'newer', 'absence']);
    expect(await bodies()).toEqual(['second', 'other', 'newer', 'absence']);
    expect([
      await place.count(DEVICE),
      await place.count('bigip-2'),
      await place.count('x'),
    ]).toEqual([3, 1, 0]);
    expect(await blobs.list('waiting/')).toHaveLength(5);
  });

  test('reports which entries a newer one replaces, in any order', async () => {
    await keep({ version: version(2), body: 'newer' });
    expect((await keep({ version: version(1), body: 'older' })).map(({ body }) => body)).toEqual([
      'older',
    ]);
    expect(await keep({ version: version(2), body: 'same' })).toEqual([]);
    expect(await keep({ kind: 'order', version: undefined })).toEqual([]);
    expect(await keep({ kind: 'order', version: undefined })).toEqual([]);
    expect(await bodies()).toHaveLength(2);
  });

  test('never compares entries without a version', async () => {
    await keep();
    expect(await keep({ version: undefined, sentAt: NOW + 1 })).toEqual([]);
    expect(await keep({ sentAt: NOW + 2 })).toEqual([]);
  });

  test('uses names that every version of Sluice finds', async () => {
    await keep();
    await place.updateMark(DEVICE, () => markOf());
    // Sorted by name.
    expect((await blobs.list('waiting/')).map(({ key }) => key)).toEqual([
      expect.stringMatching(/^waiting\/[0-9a-f]{16}\/mark\.json$/),
      expect.stringMatching(/^waiting\/[0-9a-f]{16}\/slice\/[0-9a-f]{24}\/id0001\.json$/),
    ]);
    expect((await place.list())[0]?.entry.id).toMatch(/^[0-9a-f]{8}$/);
  });

  test('counts entries that two processes stored for one group as one', async () => {
    await keep();
    const { key } = (await blobs.list('waiting/'))[0]!;
    await blobs.put(key.replace('id0001', 'id0009'), (await blobs.get(key))!.text);
    expect([
      await place.count(DEVICE),
      (await place.list()).map(({ keys }) => keys.length),
    ]).toEqual([1, [2]]);
  });

  test('refuses an entry with an existing name', async () => {
    const same = createWaitingPlace(blobs, () => 'same');
    await same.keep(PLAIN);
    await expect(same.keep(PLAIN)).rejects.toMatchObject({ code: 'RPL700' });
    expect(await bodies()).toEqual(['body']);
  });

  test('removes the given entries, and omits entries that are deleted while it is read', async () => {
    await keep();
    await keep({ group: 'other', body: 'other' });
    const [found] = await place.list();
    await place.remove(found!);
    expect(await bodies()).toEqual(['other']);
    await place.updateMark(DEVICE, () => markOf());
    const going = createWaitingPlace(
      { ...blobs, get: () => Promise.resolve(undefined) },
      () => 'x',
    );
    expect([await going.list(), await going.marks(), await going.mark(DEVICE)]).toStrictEqual([
      [],
      [],
      undefined,
    ]);
  });

  test('updates the mark that others wrote meanwhile, and writes nothing if nothing changes', async () => {
    let puts = 0;
    let theirs: (() => Promise<unknown>) | undefined;
    const mine = createWaitingPlace(
      {
        ...blobs,
        put: async (key, text, condition) => {
          puts += 1;
          const work = theirs;
          theirs = undefined;
          await work?.();
          return blobs.put(key, text, condition);
        },
      },
      () => 'x',
    );
    expect(await mine.updateMark(DEVICE, () => undefined)).toBeUndefined();
    expect(puts).toBe(0);
    for (const failedReturns of [1, 2]) {
      theirs = () => place.updateMark(DEVICE, (mark) => ({ ...(mark ?? markOf()), failedReturns }));
      await mine.updateMark(DEVICE, (mark) => ({
        ...(mark ?? markOf()),
        reason: `mine ${failedReturns}`,
      }));
      expect(await place.mark(DEVICE)).toMatchObject({
        failedReturns,
        reason: `mine ${failedReturns}`,
      });
    }
    expect(puts).toBe(4);
    await mine.updateMark(DEVICE, (mark) => mark);
    await mine.updateMark(DEVICE, () => undefined);
    expect(puts).toBe(4);
    expect(await place.marks()).toEqual([await place.mark(DEVICE)]);
  });

  test('gives up with RPL700 after twenty lost races', async () => {
    let tried = 0;
    const losing = createWaitingPlace(
      { ...blobs, put: async () => ((tried += 1), undefined) },
      () => 'x',
    );
    await expect(losing.updateMark(DEVICE, () => markOf())).rejects.toMatchObject({
      code: 'RPL700',
    });
    expect(tried).toBe(20);
  });
});

describe('a turn', () => {
  let now: number;
  let sent: { readonly queue: QueueName; readonly message: OutgoingMessage }[];
  let probe: () => Promise<Probe>;
  let probes: number;
  /** Called after each sent message. */
  let afterSend: () => Promise<unknown>;
  beforeEach(() => {
    now = NOW;
    sent = [];
    probes = 0;
    probe = () => Promise.resolve({ states: [] });
    afterSend = () => Promise.resolve();
  });
  const take = (signal?: AbortSignal): Promise<ReturnResult> => {
    const queue = (name: QueueName): Queue =>
      ({
        name,
        send: async (message: OutgoingMessage) => {
          sent.push({ queue: name, message });
          await afterSend();
        },
      }) as unknown as Queue;
    return returnWaitingChanges(
      {
        place,
        probe: () => {
          probes += 1;
          return probe();
        },
        functionVersion: '7',
        queues: { queue, close: () => Promise.resolve() },
        clock: { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() },
        id: () => `turn${String((ids += 1))}`,
        log: createLogger('silent'),
      },
      DEVICE,
      signal,
    );
  };
  const mark = (over: Partial<DeviceMark>): Promise<DeviceMark> =>
    place.updateMark(DEVICE, () => markOf(over));
  const order = (data: Steering): string =>
    serialiseEvent(STEERING, data, {
      id: 'o',
      cluster: 'east',
      subject: OWNER,
      time: '2026-11-23T02:59:00Z',
    });
  const waiting = (count: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: count }, (_, n) =>
        keep({ group: `g${n}`, body: bodyOf(n), sentAt: NOW + n }),
      ),
    );

  test.each([[undefined], [{ state: 'here' as const }]])(
    'does nothing if nothing waits (%j)',
    async (over) => {
      if (over !== undefined) await mark(over);
      expect([await take(), probes]).toEqual(['nothing', 0]);
    },
  );

  test('is not taken before it is due, nor while another process has it', async () => {
    await keep();
    for (const over of [{ due: NOW + 1 }, { lease: { holder: 'theirs', until: NOW + 1 } }]) {
      await mark({ state: 'away', ...over });
      expect([await take(), probes]).toEqual(['not-due', 0]);
      expect((await place.mark(DEVICE))?.lease).toEqual('lease' in over ? over.lease : undefined);
    }
  });

  test('probes the device, and keeps waiting while it does not answer', async () => {
    await keep();
    await mark({ state: 'returning', since: 5, failedReturns: 1, ...FAULT });
    probe = () => Promise.resolve({ away: { code: 'BIP502', reason: 'busy' } });
    expect(await take()).toBe('away');
    expect(await place.mark(DEVICE)).toEqual(
      markOf({
        state: 'away',
        since: 5,
        failedReturns: 1,
        code: 'BIP502',
        reason: 'busy',
        due: NOW + 110_000,
      }),
    );
    expect([sent, await place.count(DEVICE)]).toEqual([[], 1]);
  });

  test('probes even if nothing waits any more, as long as the device is away', async () => {
    await mark({ state: 'away' });
    expect([await take(), probes]).toEqual(['returned', 1]);
    now += 40_000;
    expect([await take(), probes]).toEqual(['here', 1]);
    expect(await place.mark(DEVICE)).toEqual(
      markOf({ since: now, due: expect.any(Number) as never }),
    );
  });

  test('returns orders first, then audits, slices and absences, each by time, and removes what was sent', async () => {
    await keep({ kind: 'absence', body: '{"n":"absence"}', sentAt: NOW });
    await keep({ kind: 'slice', group: 'b', body: '{"n":"slice 2"}', sentAt: NOW + 2 });
    await keep({ kind: 'slice', group: 'a', body: '{"n":"slice 1"}', sentAt: NOW + 1 });
    await keep({ kind: 'audit', group: 'c', body: '{"n":"audit"}', sentAt: NOW + 9 });
    await keep({ kind: 'order', group: 'd', body: '{"n":"order"}', sentAt: NOW + 9 });
    await mark({ state: 'away' });
    expect(await take()).toBe('returned');
    const names = sent.map(({ message }) => (JSON.parse(message.body) as { readonly n: string }).n);
    expect(names).toEqual(['order', 'audit', 'slice 1', 'slice 2', 'absence']);
    expect(new Set(sent.map(({ queue, message }) => `${queue} ${message.group}`))).toEqual(
      new Set([`slices ${DEVICE}`]),
    );
    expect([await place.count(DEVICE), (await place.mark(DEVICE))?.state]).toEqual([
      0,
      'returning',
    ]);
    expect((await place.mark(DEVICE))?.lease).toBeUndefined();
  });

  test('adds the waiting time to returned messages, and keeps the replay job in their id', async () => {
    const attempts = [{ at: '2026-11-23T02:59:00.000Z', ...FAULT }];
    await keep({ body: bodyOf(1), sentAt: NOW - 7, attempts, deduplicationId: 'replay.job1.x' });
    await keep({ group: 'g', body: bodyOf(2), deduplicationId: 'e2' });
    await take();
    const [first, second] = sent.map(({ message }) => message);
    const opened = parseEvent(first!.body, SLICE_EVENTS);
    expect(opened).toMatchObject({ ok: { waited: { sentAt: NOW - 7 } } });
    expect([first?.deduplicationId, second?.deduplicationId]).toEqual([
      expect.stringMatching(/^replay\.job1\.turn\d+$/),
      expect.stringMatching(/^waited\.turn\d+$/),
    ]);
  });

  test('returns entries that arrive meanwhile', async () => {
    await waiting(1);
    let came = false;
    afterSend = async () => {
      if (!came) await keep({ group: 'late', body: bodyOf(9) });
      came = true;
    };
    await take();
    expect([sent.length, await place.count(DEVICE)]).toEqual([2, 0]);
  });

  test.each([
    ['unreachable after failed returns', { state: 'away' as const, failedReturns: 1 }, 10],
    ['unreachable for the first time', { state: 'away' as const, failedReturns: 0 }, 25],
    ['that accepted the first ones', { state: 'returning' as const, failedReturns: 1 }, 25],
  ])('returns to a device %s of 25 changes %p', async (_what, over, count) => {
    await waiting(25);
    await mark({ due: NOW, ...over });
    await take();
    expect([sent.length, await place.count(DEVICE)]).toEqual([count, 25 - count]);
  });

  test.each([
    [
      'the device refuses again',
      () => place.updateMark(DEVICE, (known): DeviceMark => ({ ...known!, state: 'away' })),
    ],
    [
      'another process has taken over',
      () =>
        place.updateMark(DEVICE, (known) => ({
          ...known!,
          lease: { holder: 'theirs', until: NOW + 1 },
        })),
    ],
  ])('stops within ten changes when %s, whose mark stays', async (_what, happens) => {
    await waiting(25);
    let after: DeviceMark | undefined;
    afterSend = async () => {
      if (sent.length === 1) after = await happens();
    };
    await take();
    expect(sent).toHaveLength(9);
    // It releases its own turn.
    const { lease, ...rest } = after!;
    expect(await place.mark(DEVICE)).toEqual(lease?.holder === 'theirs' ? after : rest);
  });

  test('stops at once when its time is over', async () => {
    await waiting(5);
    const over = new AbortController();
    afterSend = async () => {
      if (sent.length === 2) over.abort();
    };
    await take(over.signal);
    expect([sent.length, await place.count(DEVICE)]).toEqual([2, 3]);
    expect((await place.mark(DEVICE))?.lease).toBeUndefined();
  });

  test.each(['away', 'here'] as const)(
    'changes no mark that another process has meanwhile (%s)',
    async (what) => {
      await keep({ body: bodyOf(1) });
      const theirs = { holder: 'theirs', until: NOW + MINUTE };
      probe = async () => {
        await place.updateMark(DEVICE, (known) => ({ ...known!, state: 'away', lease: theirs }));
        return what === 'away' ? { away: FAULT } : { states: [] };
      };
      await take();
      expect([await place.mark(DEVICE), sent]).toMatchObject([
        { state: 'away', code: '', lease: theirs },
        [],
      ]);
    },
  );

  test('does not mark a device as here if another process has the turn meanwhile', async () => {
    await mark({ state: 'returning' });
    const lease = { holder: 'theirs', until: NOW + MINUTE };
    const own = place;
    let updates = 0;
    place = {
      ...own,
      updateMark: async (device, edit) => {
        updates += 1;
        if (updates === 2) await own.updateMark(device, (known) => ({ ...known!, lease }));
        return own.updateMark(device, edit);
      },
    };
    await take();
    expect(await own.mark(DEVICE)).toMatchObject({ state: 'returning', lease });
  });

  test('returns the remaining part of an order, unchanged if all of it remains', async () => {
    const approval: Steering = {
      action: 'approve',
      device: DEVICE,
      owner: OWNER,
      keys: ['a', KEY],
    };
    // Unknown fields of another version are returned too.
    const whole = { ...(JSON.parse(order({ ...approval, keys: ['b'] })) as object), extra: 'x' };
    await keep({ kind: 'order', group: 'o1', body: order(approval), sentAt: NOW });
    await keep({
      kind: 'order',
      group: 'o2',
      body: JSON.stringify(whole),
      sentAt: NOW + 1,
    });
    await keep({ body: bodyOf(1), wanted: { [KEY]: NOW + 5 }, sentAt: NOW + 5 });
    // A request of an absence or audit is not a request of its owner.
    await keep({ kind: 'audit', group: 'x', body: bodyOf(1), wanted: { a: NOW + 5 } });
    await take();
    expect(JSON.parse(sent[1]!.message.body)).toMatchObject(whole);
    const given = sent.slice(0, 2).map(({ message }) => parseEvent(message.body, STEERING_EVENTS));
    expect(given).toMatchObject([
      { ok: { id: 'o', cluster: 'east', subject: OWNER, data: { keys: ['a'] } } },
      { ok: { id: 'o', data: { keys: ['b'] } } },
    ]);
  });

  test('reports an order of which nothing remains, instead of returning it', async () => {
    const approval: Steering = { action: 'approve', device: DEVICE, owner: OWNER, keys: [KEY] };
    const attempts = [{ at: '2026-11-23T02:59:00.000Z', ...FAULT }];
    await keep({ kind: 'order', group: 'o', body: order(approval), sentAt: NOW, attempts });
    await keep({ body: bodyOf(1), wanted: { [KEY]: NOW + 5 }, sentAt: NOW + 5 });
    await take();
    expect(sent.map(({ queue }) => queue)).toEqual(['slices-dead', 'slices']);
    expect(parseEvent(sent[0]!.message.body, DEAD_LETTER_EVENTS)).toMatchObject({
      ok: {
        data: {
          code: 'OWN311',
          reason: expect.stringContaining(`order "approve ${KEY} of ${OWNER}"`),
          owner: OWNER,
          device: DEVICE,
          attempts,
          original: { body: order(approval) },
        },
      },
    });
    expect(await place.count(DEVICE)).toBe(0);
  });
});
