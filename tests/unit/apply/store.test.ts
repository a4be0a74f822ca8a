/**
 * apply with the failure store of its configuration: what it keeps there, and what it does if the
 * store fails.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Apply, ApplyDependencies } from '../../../functions/apply/handler.ts';
import { create } from '../../../functions/apply/handler.ts';
import type { ResultRecorder } from '../../../functions/apply/record-results.ts';
import { BIGIP } from '../../../shared/bigip/capabilities.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { DrainOrder, Steering } from '../../../shared/domain/steering/steering.ts';
import { type Failures, openFailures } from '../../../shared/failures/open.ts';
import { type DeadLetter, DEAD_LETTER_EVENTS } from '../../../shared/queue/dead-letter.ts';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import { AUDIT, INGRESS_DESIRED, SETTLED_EVENTS, STEERING } from '../../../shared/queue/events.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import { QueueError } from '../../../shared/queue/port.ts';
import { type MemoryDevice, memoryDevice, refusing } from '../../fixtures/device.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { logTo } from '../../fixtures/log.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { memoryStore } from '../../fixtures/views.ts';
import { virtualClock } from '../../promises/support/clock.ts';
import { memoryQueues } from '../../promises/support/queues.ts';
import { ownerOf } from '../../promises/support/world.ts';
import { NO_SECRETS } from '../../fixtures/secrets.ts';

const { owner } = slice(1, []);
const MINUTE = 60_000;
const BUSY = (): DeviceError => new DeviceError('BIP503', 'transient', 'busy');
const AWAY = (): DeviceError => new DeviceError('BIP501', 'transient', 'away');

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'sluice-apply-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

interface Bench {
  readonly apply: Apply;
  readonly device: MemoryDevice;
  readonly clock: ReturnType<typeof virtualClock>;
  readonly queues: ReturnType<typeof memoryQueues>;
  readonly failures: Failures;
  readonly lines: Record<string, unknown>[];
  /** How often the partitions were read. */
  readings(): number;
  send(slice: Slice): Promise<void>;
  steer(order: Steering): Promise<void>;
  audit(partition: string): Promise<void>;
  /**
   * Handles one batch; with another process, if one is given. Resolves with the messages to retry.
   * `holds`: whether the process still holds its messages; default: yes.
   */
  step(by?: Apply, holds?: () => boolean): Promise<number>;
  /** Another process in the same environment. */
  restart(): Apply;
  /** Outcomes of all results, by port. */
  outcomes(): readonly string[];
  letters(): readonly DeadLetter[];
}

interface BenchOptions {
  readonly partitions?: readonly string[];
  readonly drift?: string;
  readonly device?: MemoryDevice;
  readonly recorder?: ResultRecorder;
  readonly given?: ApplyDependencies;
  readonly onClose?: () => void;
}

function bench({
  partitions = ['k8s'],
  drift = 'repair',
  device = memoryDevice(),
  recorder,
  given,
  onClose = () => undefined,
}: BenchOptions = {}): Bench {
  const clock = virtualClock();
  const queues = memoryQueues(clock);
  const lines: Record<string, unknown>[] = [];
  const log = logTo(lines);
  const config = configOf(partitions, drift);
  const runtime = runtimeWith({
    config,
    queues,
    clock,
    log,
    random: () => 0.5,
    secrets: { resolve: () => Promise.resolve('') },
  });
  let readings = 0;
  const read = device.read.bind(device);
  device.read = (partition) => {
    readings += 1;
    return read(partition);
  };
  const restart = (): Apply =>
    create(
      runtime,
      { get: () => Promise.resolve(device), close: async () => onClose() },
      recorder,
      { schedules: async () => memoryStore().failures, ...given },
    );
  const apply = restart();
  const put = (type: string, data: object, about: string): Promise<void> => {
    const id = randomUUID();
    const body = serialiseEvent(type, data, {
      id,
      cluster: about.split('/')[0]!,
      subject: about,
      time: new Date(clock.now()).toISOString(),
    });
    return queues.queue('slices').send({ group: 'bigip-1', deduplicationId: id, body });
  };
  const step = async (by = apply, holds = () => true): Promise<number> => {
    const queue = queues.queue('slices');
    const messages = await queue.receive({
      max: 10,
      waitMs: 0,
      visibilityMs: 10 * MINUTE,
    });
    const answer = await by(
      {
        Records: messages.map((m) => toRecord(m, 'arn:aws:sqs:local:0:slices.fifo')),
      },
      {
        awsRequestId: 'r',
        functionName: 'apply',
        functionVersion: '7',
        getRemainingTimeInMillis: () => 120_000,
        holds: async () => holds(),
      },
    );
    const failed = new Set(answer?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const { id, receipt } of messages) if (!failed.has(id)) await queue.delete(receipt);
    return failed.size;
  };
  return {
    apply,
    device,
    clock,
    queues,
    failures: openFailures(config.failures, { clock, id: randomUUID, secrets: NO_SECRETS }),
    lines,
    readings: () => readings,
    send: (one) => put(INGRESS_DESIRED, one, one.owner),
    steer: (order) => put(STEERING, order, ownerOf('east')),
    audit: (partition) =>
      put(AUDIT, { device: 'bigip-1', partitions: [partition], reason: 'a test' }, ownerOf('east')),
    step,
    restart,
    outcomes: () =>
      queues.sent('settled-east').flatMap(({ body }) => {
        const opened = parseEvent(body, SETTLED_EVENTS);
        return 'ok' in opened
          ? opened.ok.data.exposures.map((e) => `${e.port} ${e.outcome} ${e.code}`)
          : [];
      }),
    letters: () =>
      queues.sent('slices-dead').flatMap(({ body }) => {
        const opened = parseEvent(body, DEAD_LETTER_EVENTS);
        return 'ok' in opened ? [opened.ok.data] : [];
      }),
  };
}

function configOf(partitions: readonly string[], drift: string): SluiceConfig {
  return SluiceConfig.parse({
    generation: 1,
    devices: [
      {
        name: 'bigip-1',
        url: 'https://192.0.2.1',
        username: 'u',
        password: 'env:P',
        partitions,
      },
    ],
    clusters: [{ id: 'east' }, { id: 'west' }],
    policy: { drift },
    failures: { kind: 'fs', path },
    ingresses: ['east', 'west'].map((cluster) => ({
      cluster,
      service: 'istio-system/istio-ingressgateway',
      devices: ['bigip-1'],
      virtualAddress: '172.16.100.195',
    })),
  });
}

/** The previous snapshot was settled completely. */
const unchangedSince = (counter: number): Partial<Slice> => ({
  settledSince: { epoch: 1, counter },
});
const versionIn = ({ device }: Bench, partition = 'k8s'): number | undefined =>
  device.state(partition).owners[owner]?.version.counter;

test('after each declare, readers without credentials find the partition as it is', async () => {
  const at = bench({ partitions: ['one', 'two'] });
  await at.send(slice(1, [exposure({ partition: 'one' })]));
  await at.step();
  for (const partition of ['one', 'two'])
    expect((await at.failures.views.of('bigip-1', partition))?.seen).toEqual(
      at.device.state(partition),
    );
});

describe('a version that changes nothing', () => {
  test('is not declared, and the store keeps when its cluster was heard', async () => {
    const at = bench();
    await at.send(slice(1, [exposure()]));
    await at.step();
    expect(await at.failures.heard.of('bigip-1')).toEqual(new Map());
    await at.send(slice(2, [exposure()], unchangedSince(1)));
    await at.step();
    expect([at.device.declares.length, versionIn(at)]).toEqual([1, 1]);
    expect([...(await at.failures.heard.of('bigip-1')).keys()]).toEqual(['east']);
    expect(at.outcomes()).toEqual(['32400 applied OK', '32400 unchanged OK']);
  });

  test('is declared along with the next change of its partition', async () => {
    const at = bench();
    await at.send(slice(1, [exposure()]));
    await at.step();
    await at.send(slice(2, [exposure()], unchangedSince(1)));
    await at.step();
    const west = { owner: ownerOf('west'), clusterUid: 'uid-west' };
    await at.send(slice(1, [exposure({ address: '10.0.0.1' })], west));
    await at.step();
    expect([at.device.declares.length, versionIn(at)]).toEqual([2, 2]);
  });

  test('is declared if the store cannot keep that, and each exposure has its own result', async () => {
    let tries = 0;
    const lost = (): Promise<never> => {
      tries += 1;
      return Promise.reject(new Error('the disk is full'));
    };
    const at = bench({ partitions: ['one', 'two'], given: { heard: lost } });
    const [one, two] = [
      exposure({ port: 1, partition: 'one', address: '10.0.0.1' }),
      exposure({ port: 2, partition: 'two', address: '10.0.0.2', members: [] }),
    ];
    const changed = {
      ...two,
      members: [{ address: '10.9.9.9', port: 2, availability: 'ready' }],
    };
    await at.send(slice(1, [one, two]));
    await at.step();
    await at.send(slice(2, [one, changed as typeof two], unchangedSince(1)));
    await at.step();
    expect(['one', 'two'].map((name) => versionIn(at, name))).toEqual([2, 2]);
    expect(at.outcomes().slice(2)).toEqual(['1 unchanged OK', '2 applied OK']);
    expect([tries, at.letters()]).toEqual([1, []]);
  });

  test('is declared at once for a minute after the store failed', async () => {
    const lost = (): Promise<never> => Promise.reject(new Error('the disk is full'));
    const at = bench({ given: { heard: lost } });
    const readingsFor = async (counter: number): Promise<number> => {
      const before = at.readings();
      await at.send(slice(counter, [exposure()], unchangedSince(counter - 1)));
      await at.step();
      expect(versionIn(at)).toBe(counter);
      return at.readings() - before;
    };
    await readingsFor(1);
    const failed = await readingsFor(2);
    const after = await readingsFor(3);
    expect(failed - after).toBe(1);
    at.clock.advance(MINUTE);
    expect(await readingsFor(4)).toBe(failed);
  });
});

describe('a drain because a cluster was silent', () => {
  const seen = new Date(virtualClock().now()).toISOString();
  const drain: DrainOrder = {
    action: 'drain',
    device: 'bigip-1',
    cluster: 'east',
    mode: 'drain',
    because: 'silent',
    silent: { seen, speaking: ['west'] },
  };
  const other: DrainOrder = {
    action: 'drain',
    device: 'bigip-1',
    cluster: 'west',
    mode: 'drain',
    because: 'maintenance',
  };
  const enable = { action: 'enable', device: 'bigip-1', cluster: 'west' } as const;
  const drainedAfter = async (
    at: Bench,
    orders: readonly Steering[],
    isHeard = false,
  ): Promise<string[]> => {
    await at.send(slice(1, []));
    await at.step();
    at.clock.advance(MINUTE);
    const now = new Date(at.clock.now()).toISOString();
    if (isHeard) await at.failures.heard.note('bigip-1', new Map([['east', now]]));
    for (const order of orders) await at.steer(order);
    await at.step();
    return Object.keys(at.device.state().drains ?? {});
  };

  test('is carried out', async () => {
    expect(await drainedAfter(bench(), [drain])).toEqual(['east']);
  });

  test('is void if the store knows that the cluster was heard since, also beside other orders', async () => {
    expect(await drainedAfter(bench(), [other, drain], true)).toEqual(['west']);
  });

  test('is the only order for which the store is asked', async () => {
    let opened = 0;
    const store = bench().failures;
    const heard = (): Promise<Failures> => {
      opened += 1;
      return Promise.resolve(store);
    };
    const at = bench({ given: { heard } });
    await drainedAfter(at, [other, { ...enable, silent: true }, enable]);
    expect(opened).toBe(0);
    await at.steer(drain);
    await at.step();
    expect(opened).toBe(1);
  });
});

describe('a message that waited for its device', () => {
  /** The device was down for long enough, and works again. */
  async function returned(): Promise<Bench> {
    const at = bench();
    at.device.reach = () => {
      throw AWAY();
    };
    await at.send(slice(1, [exposure()]));
    for (let tries = 0; tries < 4; tries += 1) {
      await at.step();
      at.clock.advance(2 * MINUTE);
    }
    expect(await at.failures.waiting.list()).toHaveLength(1);
    at.device.reach = () => undefined;
    return at;
  }

  test('still has its first attempts when it is refused, each of them once', async () => {
    const at = await returned();
    const next = at.restart();
    await next.turns();
    at.clock.advance(MINUTE);
    await next.turns();
    let isBusy = true;
    at.device.before = (...args) => {
      if (isBusy) throw BUSY();
      refusing(() => true)(...args);
    };
    expect(await at.step(next)).toBe(1);
    isBusy = false;
    at.clock.advance(2 * MINUTE);
    await at.step(next);
    expect(at.letters().map(({ attempts }) => attempts.map(({ code }) => code))).toEqual([
      ['BIP501', 'BIP501', 'BIP501', 'BIP501', 'BIP503', 'BIP421'],
    ]);
  });

  test('counts from when it was first sent, however often it waits', async () => {
    const at = await returned();
    const begun = new Date(at.clock.now()).toISOString();
    await at.steer({
      action: 'drain',
      device: 'bigip-1',
      cluster: 'east',
      mode: 'drain',
      because: 'maintenance',
    });
    for (let waits = 0; waits < 2; waits += 1) {
      // It is moved at once, because the device is known to be down, or was until now.
      at.device.reach = () => {
        throw AWAY();
      };
      await at.step();
      expect(at.queues.messages('slices')).toEqual([]);
      at.device.reach = () => undefined;
      at.clock.advance(2 * MINUTE);
      await at.apply.turns();
    }
    await at.step();
    expect(at.device.state().drains?.['east']).toMatchObject({ since: begun });
  });

  test('is followed by later ones, without another request, until the device works again', async () => {
    const at = await returned();
    const before = at.readings();
    await at.send(slice(2, [exposure()]));
    expect(await at.step()).toBe(0);
    expect([at.readings() - before, at.queues.messages('slices')]).toEqual([0, []]);
    await at.apply.turns();
    await at.step();
    expect(versionIn(at)).toBe(2);
  });
});

describe('messages that another process may have', () => {
  const dropped = ({ lines }: Bench): number =>
    lines.filter(({ said }) => said === 'dropped').length;

  test('are not reported, whatever the device answers', async () => {
    const at = bench();
    let isHeld = true;
    at.device.reach = () => {
      isHeld = false;
      throw BUSY();
    };
    await at.send(slice(1, [exposure()]));
    expect(await at.step(at.apply, () => isHeld)).toBe(1);
    expect([dropped(at), at.outcomes()]).toEqual([1, []]);
  });

  test('are not moved to the store', async () => {
    const at = bench();
    at.device.reach = () => {
      throw AWAY();
    };
    await at.send(slice(1, [exposure()]));
    for (let tries = 0; tries < 4; tries += 1) {
      await at.step();
      at.clock.advance(2 * MINUTE);
    }
    await at.steer({ action: 'retry', device: 'bigip-1', owner });
    expect(await at.step(at.apply, () => false)).toBe(1);
    expect([dropped(at), (await at.failures.waiting.list()).length]).toEqual([1, 1]);
  });
});

describe('what the device refused', () => {
  const bad = (e: { readonly port: number }): boolean => e.port === 2;
  const both = slice(1, [exposure({ port: 1 }), exposure({ port: 2 })]);
  const declaresOf = async (at: Bench, work: () => Promise<unknown>): Promise<number> => {
    const before = at.device.declares.length;
    await work();
    return at.device.declares.length - before;
  };

  test('is tried again by a replay', async () => {
    const at = bench();
    at.device.before = refusing(bad);
    await at.send(both);
    await at.step();
    await at.send(both);
    expect(await declaresOf(at, () => at.step())).toBeGreaterThan(0);
    expect(at.letters().map(({ code }) => code)).toEqual(['BIP421', 'BIP421']);
  });

  test('is not tried again by a message that is retried', async () => {
    const at = bench();
    at.device.before = refusing(bad);
    await at.send(both);
    await at.step();
    await at.send(both);
    const { reach } = at.device;
    at.device.reach = () => {
      throw BUSY();
    };
    expect(await at.step()).toBe(1);
    at.device.reach = reach;
    at.clock.advance(5_000);
    expect(await declaresOf(at, () => at.step())).toBe(0);
  });
});

describe('a change by hand', () => {
  test.each([
    ['adopt', { enabled: false }],
    ['repair', undefined],
  ])('with policy.drift %s is declared as %j', async (drift, values) => {
    const at = bench({ drift });
    await at.send(slice(1, [exposure({ port: 1 })]));
    await at.step();
    const [key = '', server] = [...(at.device.partitions.get('k8s')?.servers ?? [])][0] ?? [];
    at.device.partitions.get('k8s')?.servers.set(key, { ...server!, enabled: false });
    await at.send(slice(2, [exposure({ port: 1 }), exposure({ port: 2 })]));
    await at.step();
    expect(at.device.state().overrides?.[key]?.values).toEqual(values);
  });
});

test('a repair that leaves a difference is reported, and recorded in the store', async () => {
  const at = bench();
  await at.send(slice(1, [exposure()]));
  await at.step();
  at.device.drift = () =>
    Promise.resolve([{ kind: 'differs', path: '/k8s/x', message: 'differs', heal: 'declare' }]);
  await at.audit('k8s');
  await at.step();
  expect(at.lines).toContainEqual(expect.objectContaining({ code: 'BIP457', object: '/k8s/x' }));
  expect(await at.failures.repairs.left('bigip-1', 'k8s')).toEqual(expect.any(String));
});

test('a partition above the recommended limits is reported', async () => {
  const at = bench({
    device: memoryDevice('bigip-1', { ...BIGIP, bytesOf: () => 10 ** 9 }),
  });
  await at.send(slice(1, [exposure()]));
  await at.step();
  expect(at.lines).toContainEqual(
    expect.objectContaining({
      said: 'above the recommended limits',
      partition: 'k8s',
    }),
  );
});

test('an error that Sluice does not know sets aside only its message', async () => {
  const at = bench();
  at.device.before = () => {
    throw new TypeError('no such property');
  };
  await at.send(slice(1, [exposure()]));
  expect(await at.step()).toBe(0);
  expect(at.letters()).toMatchObject([{ code: 'Q616', device: 'bigip-1' }]);
});

test('a queue that fails is an attempt without a code, which is reported to no cluster', async () => {
  const at = bench();
  const queue = at.queues.queue.bind(at.queues);
  let isFull = true;
  at.queues.queue = (name) =>
    name === 'settled-east' && isFull
      ? {
          ...queue(name),
          send: () => Promise.reject(new QueueError('Q601', 'full')),
        }
      : queue(name);
  at.device.before = refusing(() => true);
  await at.send(slice(1, [exposure()]));
  expect(await at.step()).toBe(1);
  isFull = false;
  expect(at.outcomes()).toEqual([]);
  at.clock.advance(5_000);
  expect(await at.step()).toBe(0);
  expect(at.outcomes()).toEqual(['32400 rejected BIP421']);
  expect(at.letters().map(({ attempts }) => attempts[0])).toMatchObject([
    { code: 'unknown', reason: expect.stringContaining('full') },
  ]);
});

describe('one process', () => {
  test('declares nothing while it creates partitions', async () => {
    const device = memoryDevice();
    const events: string[] = [];
    const gate = Promise.withResolvers<void>();
    const prepare = device.prepare.bind(device);
    device.prepare = async (partition) => {
      events.push('creating');
      await gate.promise;
      events.push('created');
      return prepare(partition);
    };
    device.before = () => void events.push('declare');
    const at = bench({ device });
    const turns = at.apply.turns();
    while (events.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await at.send(slice(1, [exposure()]));
    const step = at.step();
    for (let i = 0; i < 50; i += 1) await new Promise((resolve) => setImmediate(resolve));
    gate.resolve();
    await Promise.all([turns, step]);
    expect(events).toEqual(['creating', 'created', 'declare']);
  });

  test('keeps results in the history of its store, or tells the given recorder', async () => {
    const own = bench();
    await own.send(slice(1, [exposure()]));
    await own.step();
    expect((await own.failures.history.of(owner))?.chapters).toHaveLength(1);
    const noted: string[] = [];
    const recorder: ResultRecorder = {
      note: async (settled) => void noted.push(settled.owner),
      tell: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const at = bench({ recorder });
    await at.send(slice(2, [exposure()]));
    await at.step();
    expect(noted).toEqual([owner]);
    expect((await at.failures.history.of(owner))?.chapters).toHaveLength(1);
  });

  test('closes everything that it opened', async () => {
    const closed: string[] = [];
    const close = async (what: string): Promise<void> => void closed.push(what);
    const at = bench({
      recorder: {
        note: () => Promise.resolve(),
        tell: () => Promise.resolve(),
        close: () => close('recorder'),
      },
      onClose: () => void closed.push('devices'),
    });
    await at.apply.close();
    expect(closed.toSorted()).toEqual(['devices', 'recorder']);
  });
});
