/** map as it is deployed: what it receives, what it sends, and which messages are retried. */
import { describe, expect, test } from '@jest/globals';
import { create } from '../../../functions/map/handler.ts';
import { leavingEvents } from '../../../functions/map/leaving.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Secrets } from '../../../shared/config/secrets.ts';
import type { Express, Leaving } from '../../../shared/domain/express/event.ts';
import type { Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import { DEAD_LETTER_EVENTS } from '../../../shared/queue/dead-letter.ts';
import type { DeadLetter } from '../../../shared/queue/dead-letter.ts';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import {
  ABSENCE_EVENTS,
  CLUSTER_INVENTORY,
  EXPRESS_EVENTS,
  INGRESS_OBSERVED,
  MEMBER_LEAVING,
  SLICE_EVENTS,
} from '../../../shared/queue/events.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import { LATEST_EPOCH } from '../../../shared/domain/revision.ts';
import { MAX_RECEIVE_COUNT } from '../../../shared/queue/limits.ts';
import { QueueError } from '../../../shared/queue/port.ts';
import type { QueueName, Queues } from '../../../shared/queue/port.ts';
import { newKeyPair, readSigner } from '../../../shared/queue/signature.ts';
import { createSuspects } from '../../../shared/queue/suspects.ts';
import type { EventSigner } from '../../../shared/queue/signature.ts';
import { ingressOf } from '../../bench/world.ts';
import { virtualClock } from '../../promises/support/clock.ts';
import { memoryMarks, QUIET } from '../../fixtures/marks.ts';
import { memoryQueues } from '../../promises/support/queues.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { memoryStore } from '../../fixtures/views.ts';
import type { ReleaseStore } from '../../../shared/failures/releases.ts';
import type { VerdictStore } from '../../../shared/failures/verdicts.ts';
import { VERSION } from '../../../shared/runtime/version.ts';

const { ref, objects } = ingressOf(3);
const OWNER = `east/${ref.namespace}/${ref.service}`;
const START = Date.UTC(2026, 10, 23, 3);

const { privatePem, publicPem } = newKeyPair();
const read = readSigner(privatePem);
if ('problem' in read) throw new Error(read.problem);
const signer: EventSigner = read.ok;

function configOf(verifyKeys: readonly string[] = []): SluiceConfig {
  return SluiceConfig.parse({
    generation: 1,
    devices: ['one', 'two'].map((name) => ({
      name,
      url: 'https://192.0.2.1',
      username: 'u',
      password: 'env:P',
      partitions: ['k8s'],
    })),
    clusters: [{ id: 'east', verifyKeys }],
    ingresses: [
      {
        cluster: 'east',
        service: `${ref.namespace}/${ref.service}`,
        devices: ['one', 'two'],
        virtualAddress: '172.16.100.195',
      },
      {
        cluster: 'east',
        service: 'apps/gateway',
        devices: ['one'],
        virtualAddress: '172.16.100.196',
      },
    ],
  });
}

function snapshot(counter: number, over: Partial<Snapshot> = {}): Snapshot {
  return {
    cluster: 'east',
    clusterUid: 'uid-east',
    ingress: ref,
    revision: { epoch: START, counter },
    changes: [],
    removed: false,
    objects,
    ...over,
  };
}

/** One of two pods terminates, which is sent ahead of the slices. */
function leaving(counter: number): Snapshot {
  const [pod] = objects.pods;
  const pods = ['a', 'b'].map((name, i) => ({
    ...pod!,
    meta: { ...pod!.meta, name },
    ips: [`10.1.0.${i + 1}`],
    ready: true,
    terminating: i === 0,
  }));
  return snapshot(counter, { objects: { ...objects, pods } });
}

interface Desk {
  readonly clock: ReturnType<typeof virtualClock>;
  readonly queues: ReturnType<typeof memoryQueues>;
  keys: 'there' | 'away';
  /** A queue that rejects messages for now. */
  away: QueueName | undefined;
  tell(id: string, event: Snapshot, signed?: boolean): Promise<void>;
  send(id: string, body: string): Promise<void>;
  /**
   * Handles one batch; resolves with the number of messages to retry. What the function has done is
   * deleted.
   */
  step(): Promise<number>;
  /** `one 5`: the device and the revision, in the order in which they were sent. */
  slices(): readonly string[];
  letters(): readonly DeadLetter[];
  verdicts(): ReturnType<VerdictStore['all']>;
  releases(): ReturnType<ReleaseStore['of']>;
}

function desk(verifyKeys: readonly string[] = [], chance = 0.5): Desk {
  const clock = virtualClock(START);
  const queues = memoryQueues(clock);
  const secrets: Secrets = {
    resolve: () =>
      at.keys === 'there'
        ? Promise.resolve(publicPem)
        : Promise.reject(new Error('the secret store gives no answer')),
  };
  const through: Queues = {
    close: () => Promise.resolve(),
    queue: (name) =>
      at.away === name
        ? {
            ...queues.queue(name),
            send: () => Promise.reject(new QueueError('Q601', 'the queue gives no answer')),
          }
        : queues.queue(name),
  };
  let ids = 0;
  const store = memoryStore();
  const map = create(
    runtimeWith({
      config: configOf(verifyKeys),
      secrets,
      queues: through,
      clock,
      id: () => `id-${(ids += 1)}`,
      random: () => chance,
    }),
    createSuspects(memoryMarks(), QUIET),
    store,
  );
  const at: Desk = {
    clock,
    queues,
    keys: 'there',
    away: undefined,
    tell: (id, event, signed = false) =>
      at.send(
        id,
        serialiseEvent(
          INGRESS_OBSERVED,
          event,
          { id, cluster: 'east', subject: OWNER, time: new Date(clock.now()).toISOString() },
          signed ? signer : undefined,
        ),
      ),
    send: (id, body) => queues.queue('snapshots').send({ group: OWNER, deduplicationId: id, body }),
    step: async () => {
      const batch = await queues
        .queue('snapshots')
        .receive({ max: 10, waitMs: 0, visibilityMs: 60_000 });
      const context = {
        awsRequestId: 'r',
        functionName: 'map',
        functionVersion: '7',
        getRemainingTimeInMillis: () => 30_000,
      };
      const answer = await map(
        {
          Records: batch.map((message) => toRecord(message, 'arn:aws:sqs:local:0:snapshots.fifo')),
        },
        context,
      );
      const again = new Set(
        (answer?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier),
      );
      for (const message of batch)
        if (!again.has(message.id)) await queues.queue('snapshots').delete(message.receipt);
      return again.size;
    },
    slices: () =>
      queues.sent('slices').flatMap(({ body }) => {
        const opened = parseEvent(body, SLICE_EVENTS);
        return 'ok' in opened ? [`${opened.ok.data.device} ${opened.ok.data.version.counter}`] : [];
      }),
    verdicts: () => store.failures.verdicts.all(),
    releases: () => store.failures.releases.of('map'),
    letters: () =>
      queues.sent('snapshots-dead').flatMap(({ body }) => {
        const opened = parseEvent(body, DEAD_LETTER_EVENTS);
        return 'ok' in opened ? [opened.ok.data] : [];
      }),
  };
  return at;
}

describe('pods that begin to terminate', () => {
  const data = (over: Partial<Leaving> = {}): Leaving => ({
    cluster: 'east',
    clusterUid: 'uid-east',
    ingress: ref,
    revision: { epoch: START, counter: 7 },
    addresses: ['10.1.0.1', 'fd00:0::1', 'nonsense'],
    ...over,
  });
  const tell = async (at: Desk, event: object, signed = false): Promise<void> => {
    const time = new Date(START).toISOString();
    const meta = { id: 'e-1', cluster: 'east', subject: OWNER, time };
    await at.send('e-1', serialiseEvent(MEMBER_LEAVING, event, meta, signed ? signer : undefined));
    expect(await at.step()).toBe(0);
  };
  const sent = (at: Desk): readonly Express[] =>
    at.queues.sent('express').flatMap(({ body }) => {
      const opened = parseEvent(body, EXPRESS_EVENTS);
      return 'ok' in opened ? [opened.ok.data] : [];
    });

  test('are sent on to the devices of their ingress, without a slice', async () => {
    const at = desk();
    await tell(at, data());
    const wish = { availability: 'draining', because: 'terminating', wholeNode: false };
    expect(sent(at)).toMatchObject(
      ['one', 'two'].map((device) => ({
        owner: OWNER,
        clusterUid: 'uid-east',
        device,
        partition: 'k8s',
        version: { epoch: START, counter: 7, generation: 1 },
        wishes: ['10.1.0.1', 'fd00::1'].map((address) => ({ ...wish, address })),
        ahead: true,
      })),
    );
    expect(at.slices()).toEqual([]);
  });

  test('of an ingress on one device concern only that', () => {
    const ingress = { namespace: 'apps', service: 'gateway' };
    const devices = leavingEvents(data({ ingress }), configOf()).map(({ device }) => device);
    expect(devices).toEqual(['one']);
  });

  test('get the route domain of their cluster', () => {
    const { clusters, ...config } = configOf();
    const [cluster] = clusters;
    const routed = { ...config, clusters: [{ ...cluster!, routeDomain: 4 }] };
    const [event] = leavingEvents(data({ addresses: ['10.1.0.1'] }), routed);
    expect(event?.wishes.map(({ address }) => address)).toEqual(['10.1.0.1%4']);
  });

  test.each<[string, (config: SluiceConfig) => Partial<SluiceConfig>]>([
    ['nodes are members', ({ ingresses }) => ({ ingresses: withNodes(ingresses) })],
    ['nodes are shared', ({ devices }) => ({ devices: withTwoPartitions(devices) })],
    ['their ingress is not configured', () => ({ ingresses: [] })],
  ])('are left to their snapshot where %s', (_, over) => {
    const config = configOf();
    expect(leavingEvents(data(), { ...config, ...over(config) })).toEqual([]);
  });

  test('are sent on for the ingress of their own cluster, if another has one of that name', () => {
    const config = configOf();
    const [east] = config.ingresses;
    const [cluster] = config.clusters;
    const two = {
      ...config,
      clusters: [cluster!, { ...cluster!, id: 'west' }],
      ingresses: [
        { ...east!, cluster: 'west', devices: ['two'] },
        { ...east!, devices: ['one'] },
      ],
    };
    const devicesOf = (id: string): readonly string[] =>
      leavingEvents(data({ cluster: id }), two).map(({ device }) => device);
    expect([devicesOf('east'), devicesOf('west')]).toEqual([['one'], ['two']]);
  });

  test('are left to their snapshot if none of their addresses can be read', () => {
    expect(leavingEvents(data({ addresses: ['nonsense'] }), configOf())).toEqual([]);
  });

  test.each<[string, object]>([
    ['without a signature', data()],
    ['without addresses', { ...data(), addresses: [] }],
    ['of another cluster', { ...data(), cluster: 'west' }],
    [
      'of another ingress than their subject',
      data({ ingress: { namespace: 'apps', service: 'gateway' } }),
    ],
  ])('are dropped %s, which is no dead letter', async (what, event) => {
    const isUnsigned = what === 'without a signature';
    const at = desk(['env:KEY']);
    await tell(at, event, !isUnsigned);
    expect([sent(at), at.letters()]).toEqual([[], []]);
  });

  test('are sent on if they are signed', async () => {
    const at = desk(['env:KEY']);
    await tell(at, data(), true);
    expect(sent(at)).toHaveLength(2);
  });
});

const withNodes = (all: SluiceConfig['ingresses']): SluiceConfig['ingresses'] =>
  all.map((one) => ({ ...one, members: 'nodes' }));
const withTwoPartitions = (all: SluiceConfig['devices']): SluiceConfig['devices'] =>
  all.map((one) => ({ ...one, partitions: ['k8s', 'edge'] }));

describe('a snapshot', () => {
  test('leaves a note of the release that mapped it', async () => {
    const at = desk();
    expect(await at.releases()).toEqual([]);
    await at.tell('a', snapshot(5));
    await at.step();
    expect(await at.releases()).toMatchObject([{ release: VERSION }]);
  });

  test('leaves the verdicts on its servers for readers without access to the cluster', async () => {
    const at = desk();
    await at.tell('e-2', snapshot(2));
    await at.step();
    const [found] = await at.verdicts();
    expect(found).toMatchObject({ owner: OWNER, revision: { counter: 2 }, total: 3 });
    expect(found?.servers[0]).toMatchObject({ verdict: 'listening', code: 'OK' });
    expect(found?.servers[0]?.exposures[0]).toMatch(/^172\.16\.100\.195:/);
    // An older snapshot that arrives late does not replace them.
    await at.tell('e-1', snapshot(1, { removed: true }));
    await at.step();
    expect(await at.verdicts()).toEqual([found]);
    await at.tell('e-3', snapshot(3, { removed: true }));
    await at.step();
    expect(await at.verdicts()).toMatchObject([{ revision: { counter: 3 }, total: 0 }]);
  });

  test("becomes one slice for each device, in the device's group", async () => {
    const at = desk();
    await at.tell('e-1', snapshot(1));
    expect(await at.step()).toBe(0);
    expect(at.slices()).toEqual(['one 1', 'two 1']);
    expect(at.queues.sent('slices').map(({ group }) => group)).toEqual(['one', 'two']);
  });

  /**
   * Red when an id is random instead of derived: a snapshot that is handled twice would be applied
   * twice.
   */
  test('that is delivered twice sends everything with the same ids, which the queue deduplicates', async () => {
    const at = desk();
    const twice: (readonly string[])[] = [];
    const names = ['slices', 'express'] as const;
    for (const id of ['first', 'second']) {
      await at.send(
        id,
        serialiseEvent(INGRESS_OBSERVED, leaving(1), {
          id: 'e-1',
          cluster: 'east',
          subject: OWNER,
          time: new Date(START).toISOString(),
        }),
      );
      await at.step();
      twice.push(
        names.flatMap((name) => at.queues.sent(name).map(({ deduplicationId }) => deduplicationId)),
      );
    }
    expect(twice[0]).toHaveLength(4);
    expect(new Set(twice[0]).size).toBe(4);
    expect(twice[1]).toEqual(twice[0]);
  });

  test('another one sends under other ids', async () => {
    const at = desk();
    await at.tell('e-1', leaving(1));
    await at.tell('e-2', leaving(2));
    await at.step();
    expect(at.slices()).toEqual(['one 1', 'two 1', 'one 2', 'two 2']);
    expect(at.queues.sent('express')).toHaveLength(4);
  });

  test('of an ingress that is not configured is dead-lettered under its owner', async () => {
    const at = desk();
    await at.send(
      'e-1',
      serialiseEvent(
        INGRESS_OBSERVED,
        snapshot(1, { ingress: { namespace: 'other', service: 'gw' } }),
        {
          id: 'e-1',
          cluster: 'east',
          subject: 'east/other/gw',
          time: new Date(START).toISOString(),
        },
      ),
    );
    expect(await at.step()).toBe(0);
    expect(at.letters()).toMatchObject([
      { code: 'GW104', owner: 'east/other/gw', functionVersion: '7' },
    ]);
  });

  test('that cannot be parsed is dead-lettered, and does not delay others', async () => {
    const at = desk();
    await at.send('x', 'nonsense');
    await at.tell('e-1', snapshot(1));
    expect(await at.step()).toBe(0);
    expect([at.letters().map(({ code }) => code), at.slices()]).toEqual([
      ['Q610'],
      ['one 1', 'two 1'],
    ]);
  });

  test('whose content is invalid is dead-lettered under its owner once, and does not delay others', async () => {
    const at = desk();
    await at.send(
      'x',
      serialiseEvent(
        INGRESS_OBSERVED,
        { nonsense: true },
        { id: 'x', cluster: 'east', subject: OWNER, time: new Date(START).toISOString() },
      ),
    );
    await at.tell('e-1', snapshot(1));
    expect(await at.step()).toBe(0);
    expect([at.letters().map(({ code }) => code), at.slices()]).toEqual([
      ['Q613'],
      ['one 1', 'two 1'],
    ]);
  });

  test('passes its hops on to everything that it becomes', async () => {
    const at = desk();
    const before = { at: new Date(START - 1_000).toISOString(), where: 'watch' };
    await at.send(
      'e-1',
      serialiseEvent(INGRESS_OBSERVED, leaving(1), {
        id: 'e-1',
        cluster: 'east',
        subject: OWNER,
        time: new Date(START).toISOString(),
        hops: [before],
      }),
    );
    await at.step();
    const hops = [...at.queues.sent('slices'), ...at.queues.sent('express')].map(({ body }) =>
      parseEvent(body, { ...SLICE_EVENTS, ...EXPRESS_EVENTS }),
    );
    const after = { at: new Date(START).toISOString(), where: 'map' };
    expect(hops).toMatchObject(
      ['one', 'two', 'one', 'two'].map(() => ({ ok: { hops: [before, after] } })),
    );
  });

  test('is handled again with all that come after it when the queue takes no slice', async () => {
    const at = desk();
    at.away = 'slices';
    await at.tell('e-1', snapshot(1));
    await at.tell('e-2', snapshot(2));
    expect(await at.step()).toBe(2);
    at.away = undefined;
    at.clock.advance(60_000);
    expect(await at.step()).toBe(0);
    expect(at.slices()).toEqual(['one 1', 'two 1', 'one 2', 'two 2']);
  });
});

describe('what is sent ahead of the slices', () => {
  test('is sent for a member that leaves, while the snapshot is fresh', async () => {
    const at = desk();
    await at.tell('e-1', leaving(1));
    await at.step();
    const events = at.queues.sent('express').map(({ body }) => parseEvent(body, EXPRESS_EVENTS));
    expect(events).toMatchObject(
      ['one', 'two'].map((device) => ({
        ok: {
          data: { device, wishes: [{ address: '10.1.0.1', availability: 'draining' }] },
          time: new Date(START).toISOString(),
        },
      })),
    );
  });

  test.each([
    [60_000, 2],
    [60_001, 0],
  ])('is sent for a snapshot that waited a minute, and no longer (%d ms)', async (waited, sent) => {
    const at = desk();
    await at.tell('e-1', leaving(1));
    at.clock.advance(waited);
    await at.step();
    expect(at.queues.sent('express')).toHaveLength(sent);
  });

  test('is not sent for a snapshot that waited too long: by then the slice says it', async () => {
    const at = desk();
    await at.tell('e-1', leaving(1));
    at.clock.advance(3_600_000);
    await at.step();
    expect([at.queues.sent('express').length, at.slices().length]).toEqual([0, 2]);
  });

  test('delays no slice when its queue is unavailable', async () => {
    const at = desk();
    at.away = 'express';
    await at.tell('e-1', leaving(1));
    expect(await at.step()).toBe(0);
    expect(at.slices()).toEqual(['one 1', 'two 1']);
  });
});

test('while the slices cannot be sent, a snapshot waits for days with longer pauses, and is sent then', async () => {
  const at = desk();
  at.away = 'slices';
  await at.tell('e-1', snapshot(1));
  let tries = 0;
  const days = START + 3 * 86_400_000;
  while (at.clock.now() < days) {
    tries += await at.step();
    at.clock.advance(Math.max(1, (at.queues.nextAt('snapshots') ?? days) - at.clock.now()));
  }
  expect(tries).toBeLessThan(MAX_RECEIVE_COUNT);
  expect([at.slices(), at.letters()]).toEqual([[], []]);
  at.away = undefined;
  expect(await at.step()).toBe(0);
  expect(at.slices()).toEqual(['one 1', 'two 1']);
});

/**
 * Red when only the message whose key is missing is retried: the later ones were deleted without
 * being handled.
 */
describe('while the key of a cluster is unavailable', () => {
  test('its snapshots wait in their order, and each is handled once the key is there', async () => {
    const at = desk(['file:/east.pub']);
    at.keys = 'away';
    for (const counter of [1, 2, 3]) await at.tell(`e-${counter}`, snapshot(counter), true);
    expect(await at.step()).toBe(3);
    expect([at.slices(), at.letters()]).toEqual([[], []]);
    at.keys = 'there';
    at.clock.advance(30_000);
    expect(await at.step()).toBe(0);
    expect(at.slices()).toEqual(
      [1, 2, 3].flatMap((counter) => [`one ${counter}`, `two ${counter}`]),
    );
    expect(at.queues.messages('snapshots')).toEqual([]);
  });

  test.each([
    [0, 5_000],
    [1, 30_000],
  ])(
    'nothing is read again before a pause is over, nor later than half a minute (chance %d: %d ms)',
    async (chance, pause) => {
      const at = desk(['file:/east.pub'], chance);
      at.keys = 'away';
      await at.tell('e-1', snapshot(1), true);
      await at.step();
      expect((at.queues.nextAt('snapshots') ?? 0) - at.clock.now()).toBe(pause);
    },
  );

  test('messages before the first that needs it are done, and not retried', async () => {
    const at = desk(['file:/east.pub']);
    at.keys = 'away';
    await at.send('x', 'nonsense');
    await at.tell('e-1', snapshot(1), true);
    expect(await at.step()).toBe(1);
    expect(at.letters().map(({ code }) => code)).toEqual(['Q610']);
  });
});

/**
 * Red when the subject that such an event claims counts as its owner: results of the true owner
 * would then close the failure.
 */
describe('an event without proof of its origin', () => {
  test.each<[string, string, (at: Desk) => Promise<void>]>([
    ['unsigned', 'OWN321', (at) => at.tell('e-1', snapshot(1))],
    [
      'changed after signing',
      'OWN322',
      (at) =>
        at.send(
          'e-1',
          serialiseEvent(
            INGRESS_OBSERVED,
            snapshot(1),
            { id: 'e-1', cluster: 'east', subject: OWNER, time: new Date(START).toISOString() },
            signer,
          ).replace('"counter":1', '"counter":7'),
        ),
    ],
    [
      'about another ingress than its subject',
      'OWN324',
      (at) =>
        at.send(
          'e-1',
          serialiseEvent(
            INGRESS_OBSERVED,
            snapshot(1),
            {
              id: 'e-1',
              cluster: 'east',
              subject: 'east/apps/gateway',
              time: new Date(START).toISOString(),
            },
            signer,
          ),
        ),
    ],
    [
      'with the content of another cluster',
      'OWN324',
      (at) =>
        at.send(
          'e-1',
          serialiseEvent(
            INGRESS_OBSERVED,
            snapshot(1, { cluster: 'west' }),
            { id: 'e-1', cluster: 'east', subject: OWNER, time: new Date(START).toISOString() },
            signer,
          ),
        ),
    ],
    [
      'of an unknown cluster',
      'GW103',
      (at) =>
        at.send(
          'e-1',
          serialiseEvent(INGRESS_OBSERVED, snapshot(1, { cluster: 'west' }), {
            id: 'e-1',
            cluster: 'west',
            subject: 'west/a/b',
            time: new Date(START).toISOString(),
          }),
        ),
    ],
  ])(
    '(%s) becomes a dead letter that belongs to no owner, and no slice',
    async (_how, code, send) => {
      const at = desk(['file:/east.pub']);
      await send(at);
      expect(await at.step()).toBe(0);
      expect([at.letters().map((letter) => [letter.code, letter.owner]), at.slices()]).toEqual([
        [[code, undefined]],
        [],
      ]);
    },
  );

  test('passes when it is signed, and its slices go out', async () => {
    const at = desk(['file:/east.pub']);
    await at.tell('e-1', snapshot(1), true);
    expect(await at.step()).toBe(0);
    expect(at.slices()).toHaveLength(2);
  });

  test('with a clock that is ahead is accepted; a year after 2300 is refused', async () => {
    const at = desk();
    await at.tell(
      'e-1',
      snapshot(1, { revision: { epoch: START + 365 * 24 * 3_600_000, counter: 1 } }),
    );
    await at.tell('e-2', snapshot(1, { revision: { epoch: LATEST_EPOCH + 1, counter: 1 } }));
    await at.step();
    expect([at.slices().length, at.letters().map(({ code }) => code)]).toEqual([2, ['Q613']]);
  });
});

describe('an inventory', () => {
  test('that misses an ingress ends the verdicts on it', async () => {
    const at = desk();
    await at.tell('e-2', snapshot(2));
    await at.step();
    const inventory = {
      cluster: 'east',
      clusterUid: 'uid-east',
      revision: { epoch: START, counter: 9 },
      ingresses: [],
      watched: [ref],
    };
    const of = { id: 'i-1', cluster: 'east', subject: 'east', time: new Date(START).toISOString() };
    await at.send('i-1', serialiseEvent(CLUSTER_INVENTORY, inventory, of));
    await at.step();
    expect(await at.verdicts()).toMatchObject([
      { owner: OWNER, revision: { counter: 9 }, total: 0 },
    ]);
  });

  test('that misses an ingress is sent to every device, always with the same ids', async () => {
    const at = desk();
    const inventory = {
      cluster: 'east',
      clusterUid: 'uid-east',
      revision: { epoch: START, counter: 9 },
      ingresses: [ref],
      watched: [ref, { namespace: 'apps', service: 'gateway' }],
    };
    for (const id of ['first', 'second']) {
      await at.send(
        id,
        serialiseEvent(CLUSTER_INVENTORY, inventory, {
          id: 'i-1',
          cluster: 'east',
          subject: 'east',
          time: new Date(START).toISOString(),
        }),
      );
      await at.step();
    }
    const absences = at.queues.sent('slices').map(({ body }) => parseEvent(body, ABSENCE_EVENTS));
    expect(absences).toMatchObject(
      ['one', 'two'].map((device) => ({
        ok: { data: { device, absent: ['east/apps/gateway'], version: { counter: 9 } } },
      })),
    );
  });
});
