import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { create, parkInto, type ParkHandler } from '../../functions/park/handler.ts';
import type { Settled } from '../../shared/domain/exposure/exposure.ts';
import { CODES } from '../../shared/domain/codes/index.ts';
import { resolveFailures } from '../../shared/failures/resolve-failures.ts';
import { openFailures, type Failures } from '../../shared/failures/open.ts';
import { Evidence, FailureHead } from '../../shared/failures/port.ts';
import { sendDeadLetter } from '../../shared/queue/dead-letter.ts';
import { parseEvent, serialiseEvent } from '../../shared/queue/envelope.ts';
import { INGRESS_DESIRED, SLICE_EVENTS } from '../../shared/queue/events.ts';
import type { QueueMessage, WorkQueueName } from '../../shared/queue/port.ts';
import { configOf, testRuntime, type TestRuntime } from '../fixtures/failures/runtime.ts';
import { pump } from '../fixtures/failures/pump.ts';
import { exposure, slice } from '../fixtures/exposures.ts';

/**
 * Red with the guard removed: when `readFoundDeadLetter` (failure-record.ts) accepts only Sluice's
 * own dead letters, a message that never ran is lost; when `record` of the store forgets the
 * messages that it has seen, repeated deliveries count twice; when `failureId` (identity.ts)
 * includes the revision, each resync creates a new failure.
 */
const OWNER = 'east/istio-system/istio-ingressgateway';
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const KEY = '172.16.100.195:32400/tcp';

let runtime: TestRuntime;
let failures: Failures;
let park: ParkHandler;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-park-'));
  runtime = testRuntime(
    configOf({ failures: { kind: 'fs', path: join(folder, 'failures'), retentionDays: 30 } }),
  );
  failures = openFailures(runtime.config.failures, runtime);
  park = create(runtime);
});
afterEach(async () => {
  await park.close();
  await failures.close();
  await runtime.queues.close();
  rmSync(folder, { recursive: true, force: true });
});

function event(counter: number, id = `e${counter}`): string {
  return serialiseEvent(INGRESS_DESIRED, slice(counter, [exposure()]), {
    id,
    cluster: 'east',
    subject: OWNER,
    time: '2026-11-23T02:59:00Z',
    traceparent: TRACE,
  });
}

function message(id: string, body: string, group = 'bigip-1'): QueueMessage {
  return {
    id,
    receipt: id,
    group,
    deduplicationId: id,
    body,
    receiveCount: 1,
    sentAt: runtime.clock.now(),
  };
}

async function reject(
  counter: number,
  over: { readonly code?: string; readonly queue?: WorkQueueName; readonly id?: string } = {},
): Promise<void> {
  const { code = 'BIP421', queue = 'slices', id = `m${counter}` } = over;
  const details = {
    owner: OWNER,
    device: 'bigip-1',
    partition: 'k8s',
    exposure: KEY,
    revision: { epoch: 1, counter },
    response: '01070734:3: Configuration error',
  };
  await sendDeadLetter(runtime.queues, {
    code,
    reason: `${KEY}: ${code} says no; correct it`,
    queue,
    message: message(id, event(counter)),
    functionVersion: '7',
    now: runtime.clock.now(),
    traceparent: TRACE,
    ...details,
  });
  runtime.advance(1_000);
}

const parkAll = async (): Promise<number> =>
  (await pump(runtime.queues, 'slices-dead', park)) +
  (await pump(runtime.queues, 'snapshots-dead', park));

describe('12 every dead letter explains itself', () => {
  const permanent = Object.keys(CODES).filter((code) => !code.startsWith('RPL'));

  test('with code, class, message, attempts, origin, device response and the event, for every code', async () => {
    for (const code of permanent) await reject(1, { code, id: `m-${code}` });
    expect(await parkAll()).toBe(permanent.length);
    const heads = await failures.store.list();
    expect(new Set(heads.map((h) => h.code))).toEqual(new Set(permanent));
    for (const head of heads) {
      const { details, ...whole } = (await failures.store.get(head.id))!;
      expect(FailureHead.parse(whole)).toEqual(head);
      expect(Evidence.parse(details)).toMatchObject({
        functionVersion: '7',
        traceparent: TRACE,
        response: '01070734:3: Configuration error',
        attempts: [{ code: head.code, at: expect.any(String) }],
        event: { queue: 'slices', group: 'bigip-1', body: event(1), verification: 'unchecked' },
      });
      // A message that threw or crashed its process when it was parsed is not parsed again.
      const gateways = ['Q616', 'Q617'].includes(head.code) ? [] : ['default/tcp-echo-gateway'];
      expect(head).toMatchObject({
        owner: OWNER,
        device: 'bigip-1',
        partition: 'k8s',
        exposure: KEY,
        gateways,
        revision: { epoch: 1, counter: 1 },
        state: 'open',
        count: 1,
      });
      expect(head.sentence).toContain(head.code);
    }
  });

  test('a message that no function handled is labelled never-ran, whatever its body', async () => {
    const bodies = [
      event(1),
      'not json',
      '{}',
      serialiseEvent(
        INGRESS_DESIRED,
        { nonsense: true },
        { id: 'x', cluster: 'east', subject: 'east/other/gw', time: '2026-11-23T02:59:00Z' },
      ),
    ];
    for (const [i, body] of bodies.entries())
      await runtime.queues
        .queue('slices-dead')
        .send({ group: 'bigip-1', deduplicationId: `raw-${i}`, body });
    await parkAll();
    const heads = await failures.store.list();
    expect(heads).toHaveLength(bodies.length);
    expect(heads.every((h) => h.class === 'never-ran' && h.code === 'RPL701')).toBe(true);
    const kept = await Promise.all(
      heads.map(async (h) => (await failures.store.get(h.id))!.details.event.body),
    );
    expect(kept.sort()).toEqual(bodies.toSorted());
  });

  test('a resync every five minutes counts one failure, instead of creating 288 a day', async () => {
    for (let counter = 1; counter <= 288; counter++) {
      await reject(counter);
      if (counter % 50 === 0) await parkAll();
      runtime.advance(5 * 60_000);
    }
    await parkAll();
    expect(await failures.store.list()).toMatchObject([
      { count: 288, revision: { epoch: 1, counter: 288 } },
    ]);
  });

  test('a different structure of the same exposure is a different failure', async () => {
    await reject(1);
    const other = serialiseEvent(
      INGRESS_DESIRED,
      slice(2, [exposure({ settings: { ...exposure().settings, snat: 'none' } })]),
      { id: 'e', cluster: 'east', subject: OWNER, time: '2026-11-23T02:59:00Z' },
    );
    await sendDeadLetter(runtime.queues, {
      code: 'BIP421',
      reason: 'no',
      queue: 'slices',
      message: message('m2', other),
      functionVersion: '7',
      now: runtime.clock.now(),
      owner: OWNER,
      device: 'bigip-1',
      partition: 'k8s',
      exposure: KEY,
    });
    await parkAll();
    expect(await failures.store.list()).toHaveLength(2);
  });

  test('a crash of park before it deletes counts once', async () => {
    await reject(1);
    await pump(runtime.queues, 'slices-dead', park, { forget: true });
    await parkAll();
    expect(await failures.store.list()).toMatchObject([{ count: 1 }]);
  });

  test('while the store is unavailable, messages stay in their queue', async () => {
    await reject(1);
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const away = openFailures(
      { ...runtime.config.failures, kind: 'fs', path: join(file, 'x') },
      runtime,
    );
    expect(await pump(runtime.queues, 'slices-dead', parkInto(runtime, away))).toBe(0);
    runtime.advance(61_000);
    expect(await parkAll()).toBe(1);
    expect(await failures.store.list()).toHaveLength(1);
  });

  test('records whether the sender was verified', async () => {
    const senders = {
      clusters: [
        { id: 'east', senders: ['AROAEAST'] },
        { id: 'west' },
        { id: 'north' },
        { id: 'south' },
      ],
    };
    const checked = {
      ...runtime,
      config: configOf({
        ...senders,
        failures: { kind: 'fs', path: join(folder, 'failures'), replayers: ['AROAREPLAY'] },
      }),
    };
    for (const [i, sender] of ['AROAEAST', 'AROAEVIL', undefined, 'AROAREPLAY'].entries()) {
      const body = serialiseEvent(
        INGRESS_DESIRED,
        slice(1, [exposure({ port: 1_000 + i })], sender === undefined ? {} : { sender }),
        { id: `e${i}`, cluster: 'east', subject: OWNER, time: '2026-11-23T02:59:00Z' },
      );
      await sendDeadLetter(runtime.queues, {
        code: 'BIP421',
        reason: 'no',
        queue: 'slices',
        message: message(`m${i}`, body),
        functionVersion: '7',
        now: runtime.clock.now(),
        owner: OWNER,
        device: 'bigip-1',
        partition: 'k8s',
        exposure: `172.16.100.195:${1_000 + i}/tcp`,
      });
    }
    await pump(runtime.queues, 'slices-dead', parkInto(checked, failures));
    const heads = (await failures.store.list()).toSorted((a, b) =>
      a.exposure! < b.exposure! ? -1 : 1,
    );
    expect(
      await Promise.all(
        heads.map(async (h) => (await failures.store.get(h.id))!.details.event.verification),
      ),
    ).toEqual(['verified', 'refused', 'unchecked', 'unchecked']);
  });

  test('closed failures are deleted after their retention, once a day', async () => {
    await reject(1);
    await parkAll();
    const [head] = await failures.store.list();
    await failures.store.change([head!.id], () => ({ state: 'archived', note: 'known' }));
    runtime.advance(31 * 86_400_000);
    await reject(2, { code: 'BIP422' });
    await parkAll();
    expect((await failures.store.list()).map((h) => h.code)).toEqual(['BIP422']);
  });
});

describe('a newer applied version closes a failure', () => {
  const opened = parseEvent(event(1), SLICE_EVENTS);
  if (!('ok' in opened)) throw new Error('the fixture is broken');
  const base = opened.ok.data;
  const settled = (
    counter: number,
    outcome: Settled['exposures'][number]['outcome'] | 'absent',
    over: Partial<Settled> = {},
  ): Settled => ({
    owner: OWNER,
    clusterUid: base.clusterUid,
    version: { epoch: 1, counter, generation: 1 },
    device: 'bigip-1',
    devices: ['bigip-1'],
    servers: [],
    notes: [],
    exposures:
      outcome === 'absent'
        ? []
        : [
            {
              address: '172.16.100.195',
              port: 32_400,
              protocol: 'tcp',
              partition: 'k8s',
              gateways: [],
              outcome,
              code: 'OK',
              message: '',
            },
          ],
    ...over,
  });

  test.each([
    ['applied at a newer revision', settled(2, 'applied'), 'healed'],
    ['applied at the same revision', settled(1, 'applied'), 'healed'],
    ['no longer requested', settled(2, 'absent'), 'healed'],
    ['rejected again', settled(2, 'rejected'), 'open'],
    ['in conflict', settled(2, 'conflict'), 'open'],
    ['waiting for the device', settled(2, 'retry'), 'open'],
    ['applied at an older revision', settled(0, 'applied'), 'open'],
    ['applied on another device', settled(2, 'applied', { device: 'bigip-2' }), 'open'],
    [
      'applied for another owner',
      settled(2, 'applied', { owner: 'west/istio-system/istio-ingressgateway' }),
      'open',
    ],
  ])('%s', async (_name, result, state) => {
    await reject(1);
    await parkAll();
    await resolveFailures(failures.store, result);
    const [head] = await failures.store.list();
    expect(head?.state).toBe(state);
    expect(head?.note).toBe(
      state === 'healed' ? `healed by 1.${result.version.counter}` : undefined,
    );
  });

  test('a refusal in map is resolved by any newer accepted event', async () => {
    await sendDeadLetter(runtime.queues, {
      code: 'GW104',
      reason: 'no entry',
      queue: 'snapshots',
      message: message('m1', 'whatever'),
      functionVersion: '7',
      now: runtime.clock.now(),
      owner: OWNER,
      revision: { epoch: 1, counter: 1 },
    });
    await parkAll();
    await resolveFailures(failures.store, settled(2, 'rejected'));
    expect(await failures.store.list()).toMatchObject([{ state: 'healed', note: 'healed by 1.2' }]);
  });
});
