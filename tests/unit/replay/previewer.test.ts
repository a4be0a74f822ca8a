/** How a previewer reads devices, and which events it never opens. */
import { describe, expect, test } from '@jest/globals';
import { ConfigError } from '../../../shared/config/error.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import {
  createPreviewer,
  type MapEvent,
  type Previewer,
  type PreviewTarget,
} from '../../../shared/failures/replay/preview.ts';
import type { Evidence } from '../../../shared/failures/port.ts';
import type { Preview } from '../../../shared/failures/replay/job.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_DESIRED, INGRESS_OBSERVED } from '../../../shared/queue/events.ts';
import { newKeyPair, readSigner } from '../../../shared/queue/signature.ts';
import { memoryDevice, type MemoryDevice } from '../../fixtures/device.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { CLUSTERS, configOf, testRuntime } from '../../fixtures/failures/runtime.ts';

const KEY = '172.16.100.195:32400/tcp';
const PARKED = 'evidence/00/0000000000000000/000000000000.json';
const IMPORTED = 'imported/00/0000000000000000/000000000000.json';

const META = {
  id: 'e',
  cluster: 'east',
  subject: 'east/istio-system/istio-ingressgateway',
  time: '2026-11-23T00:00:00Z',
};
const bodyOf = (wanted: Slice): string =>
  serialiseEvent(INGRESS_DESIRED, wanted, { ...META, subject: wanted.owner });
const event = (over: Partial<Evidence['event']> = {}): Evidence['event'] => ({
  queue: 'slices',
  group: 'bigip-1',
  id: 'm',
  sentAt: 0,
  receiveCount: 1,
  verification: 'unchecked',
  body: bodyOf(slice(1, [exposure()])),
  ...over,
});
const snapshot = event({ queue: 'snapshots', body: 'any' });

interface Setting {
  readonly previewer: Previewer;
  readonly device: MemoryDevice;
  readonly runtime: ReturnType<typeof testRuntime>;
  /** `connect`, `read k8s`, `foreign`, in order. */
  readonly did: string[];
  readonly preview: (
    of?: Evidence['event'],
    aim?: PreviewTarget,
    evidence?: string,
  ) => Promise<Preview>;
}

function setting(over: { readonly config?: SluiceConfig; readonly map?: MapEvent } = {}): Setting {
  const runtime = testRuntime(over.config ?? configOf());
  const device = memoryDevice();
  const did: string[] = [];
  const [read, foreign] = [device.read.bind(device), device.foreign.bind(device)];
  device.read = (partition) => {
    did.push(`read ${partition}`);
    return read(partition);
  };
  device.foreign = () => {
    did.push('foreign');
    return foreign();
  };
  const previewer = createPreviewer({
    runtime,
    map: over.map ?? (() => Promise.resolve({ slices: [slice(1, [exposure()])] })),
    connect: () => {
      did.push('connect');
      return Promise.resolve(device);
    },
  });
  return {
    previewer,
    device,
    runtime,
    did,
    preview: (of = event(), aim = {}, evidence = PARKED) =>
      previewer.preview({ evidence, details: { event: of } }, aim),
  };
}
const twoPartitions = configOf({
  devices: [
    {
      name: 'bigip-1',
      url: 'https://127.0.0.1:1',
      username: 'admin',
      password: 'env:NONE',
      partitions: ['k8s', 'other'],
    },
  ],
});

describe('a previewer', () => {
  test('connects to a device once, and reads it once until it is told to look again', async () => {
    const { preview, previewer, did } = setting();
    for (let n = 0; n < 3; n++) await preview();
    expect(did).toEqual(['connect', 'read k8s', 'foreign']);
    previewer.refresh();
    await preview();
    expect(did.slice(3)).toEqual(['read k8s', 'foreign']);
  });

  test('reads anew what is older than it is allowed to be, and nothing younger', async () => {
    const { preview, previewer, did, runtime } = setting();
    await preview();
    runtime.advance(999);
    previewer.refresh(1_000);
    await preview();
    expect(did).toHaveLength(3);
    runtime.advance(1);
    previewer.refresh(1_000);
    await preview();
    expect(did).toHaveLength(5);
  });

  test('takes a virtual server of another client into account', async () => {
    const { preview, device } = setting();
    device.foreign = () =>
      Promise.resolve([
        {
          path: '/Common/old',
          partition: 'Common',
          address: '172.16.100.195',
          port: 32400,
          protocol: 'tcp' as const,
        },
      ]);
    expect(await preview()).toMatchObject({ verdict: 'conflict', code: 'BIP422' });
  });

  test('goes on with what it knows where the device does not list those', async () => {
    const { preview, device } = setting();
    device.foreign = () => Promise.reject(new Error('no'));
    expect(await preview()).toMatchObject({ verdict: 'would-apply' });
  });

  test('takes the other partitions of the device into account, and shows the requested one', async () => {
    const { preview, device } = setting({ config: twoPartitions });
    const other = slice(1, [exposure({ partition: 'other' })], {
      owner: 'west/a/b',
      clusterUid: 'uid-west',
    });
    const { next } = planPartition('other', EMPTY_STATE, [other], { sameFleet: () => false });
    await device.declare('other', next, undefined);
    expect(await preview(event(), { partition: 'k8s' })).toMatchObject({
      verdict: 'conflict',
      code: 'BIP422',
    });
    // It requests nothing there.
    expect(await preview(event(), { partition: 'other' })).toMatchObject({ verdict: 'unchanged' });
  });

  test('reports a partition that is not configured', async () => {
    const { preview, did } = setting();
    expect(await preview(event(), { partition: 'gone' })).toMatchObject({
      verdict: 'invalid',
      code: 'OWN303',
    });
    expect(did).toEqual([]);
  });

  test('of an event for several devices shows the requested one', async () => {
    const slices = [slice(1, [exposure()]), slice(1, [exposure()], { device: 'gone' })];
    const { preview } = setting({ map: () => Promise.resolve({ slices }) });
    expect(await preview(snapshot, { device: 'bigip-1' })).toMatchObject({
      verdict: 'would-apply',
      difference: [{ key: KEY }],
    });
    expect(await preview(snapshot)).toMatchObject({ verdict: 'would-apply' });
    expect(await preview(snapshot, { device: 'gone' })).toMatchObject({ code: 'GW106' });
  });

  test('says unknown of a device without an answer, with its code and its words', async () => {
    const { preview, device } = setting();
    device.read = () => Promise.reject(new Error('no connection'));
    expect(await preview()).toEqual({
      verdict: 'unknown',
      reason: 'no connection',
      difference: [],
    });
    const other = setting();
    other.device.read = () => Promise.reject(Object.assign(new Error('x'), { code: 'BIP501' }));
    expect(await other.preview()).toMatchObject({ verdict: 'unknown', code: 'BIP501' });
  });

  test('says unknown of a snapshot that map would try again later', async () => {
    const { preview } = setting({ map: () => Promise.resolve({ postponed: 'not now' }) });
    expect(await preview(snapshot)).toEqual({
      verdict: 'unknown',
      reason: 'not now',
      difference: [],
    });
  });

  test.each([
    ['of this store', PARKED],
    ['of a bundle', IMPORTED],
  ])('says unknown of a snapshot %s whose key cannot be read, and why', async (_where, from) => {
    const pair = newKeyPair();
    const signer = readSigner(pair.privatePem);
    if ('problem' in signer) throw new Error(signer.problem);
    const signed = event({
      queue: 'snapshots',
      body: serialiseEvent(INGRESS_OBSERVED, { any: 'thing' }, META, signer.ok),
    });
    const { preview, runtime } = setting({
      config: configOf({
        clusters: CLUSTERS.map((id) => ({ id, verifyKeys: [`env:${id}.pub`] })),
      }),
    });
    let resolve = (): Promise<string> =>
      Promise.reject(new ConfigError('GW102', 'env:east.pub', [{ path: '', message: 'denied' }]));
    runtime.secrets.resolve = () => resolve();
    expect(await preview(signed, {}, from)).toEqual({
      verdict: 'unknown',
      code: 'GW102',
      reason: expect.stringContaining('denied'),
      difference: [],
    });
    resolve = () => Promise.resolve(pair.publicPem);
    expect(await preview(signed, {}, from)).toMatchObject({ verdict: 'would-apply' });
  });

  test('closes what it connected to, and nothing that it could not connect to', async () => {
    const { preview, previewer, device } = setting();
    let closed = 0;
    device.close = async () => void (closed += 1);
    await preview();
    await previewer.close();
    expect(closed).toBe(1);
    const broken = createPreviewer({
      runtime: testRuntime(),
      map: () => Promise.resolve({ slices: [] }),
      connect: () => Promise.reject(new Error('no connection')),
    });
    await broken.preview({ evidence: PARKED, details: { event: event() } }, {});
    await expect(broken.close()).resolves.toBeUndefined();
  });

  test.each([
    [{}, ['env:NONE']],
    [{ tls: { ca: 'env:CA' } }, ['env:CA']],
  ])('connects with the certificate that is configured (%j)', async (tls, secrets) => {
    const config = configOf({ devices: [{ ...twoPartitions.devices[0]!, ...tls }] });
    const asked: string[] = [];
    const runtime = {
      ...testRuntime(config),
      secrets: {
        resolve: (name: string) => {
          asked.push(name);
          return Promise.reject(new Error(`no secret ${name}`));
        },
      },
    };
    const previewer = createPreviewer({ runtime, map: () => Promise.resolve({ slices: [] }) });
    const answer = await previewer.preview({ evidence: PARKED, details: { event: event() } }, {});
    expect(answer.verdict).toBe('unknown');
    expect([...new Set(asked)]).toEqual(secrets);
    await previewer.close();
  });
});

describe('an event that throws when it is mapped', () => {
  test('is invalid, so that it does not stop the job', async () => {
    const { preview } = setting({ map: () => Promise.reject(new TypeError('bad input')) });
    expect(await preview(snapshot)).toMatchObject({
      verdict: 'invalid',
      reason: expect.stringContaining('bad input'),
    });
  });

  test('because the store, a secret or the network is away is not judged', async () => {
    const away = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    const { preview } = setting({ map: () => Promise.reject(away) });
    await expect(preview(snapshot)).rejects.toBe(away);
  });
});

describe('an event that is not unpacked', () => {
  test.each<[string, Partial<Evidence['event']>, PreviewTarget, RegExp]>([
    ['that killed every process', {}, { code: 'Q617' }, /^every process that handled it died/],
    ['with the epoch of a clock that was ahead', {}, { code: 'GW105' }, /^a clock that was ahead/],
    [
      'of which only the beginning is stored',
      { body: 'four', cut: { bytes: 9, sha256: 'x' } },
      {},
      /^only the first 4 characters of 9 bytes/,
    ],
    [
      'of a sender that is not allowed',
      { verification: 'refused', sender: 'AROAEVIL' },
      {},
      /^its sender AROAEVIL may not speak/,
    ],
    [
      'of a sender that is not configured',
      { verification: 'refused' },
      {},
      /^its sender {2}may not speak/,
    ],
  ])('is one %s', async (_what, over, aim, words) => {
    let mapped = 0;
    const { preview, did } = setting({
      map: () => {
        mapped += 1;
        return Promise.resolve({ slices: [] });
      },
    });
    expect(await preview({ ...snapshot, ...over }, aim)).toEqual({
      verdict: 'invalid',
      code: 'RPL706',
      reason: expect.stringMatching(words),
      difference: [],
    });
    expect([mapped, did]).toEqual([0, []]);
  });
});

test('an event of a bundle that would change nothing is not asked for proof', async () => {
  const config = configOf({
    clusters: CLUSTERS.map((id) => ({ id, ...(id === 'east' ? { senders: ['AROA'] } : {}) })),
  });
  const { preview, device } = setting({ config });
  expect(await preview(event(), {}, IMPORTED)).toMatchObject({ code: 'RPL715' });
  const other = slice(1, [exposure()], { owner: 'west/a/b', clusterUid: 'uid-west' });
  const { next } = planPartition('k8s', EMPTY_STATE, [other], { sameFleet: () => false });
  const taken = setting({ config });
  await taken.device.declare('k8s', next, undefined);
  expect(device.state()).toEqual(EMPTY_STATE);
  expect(await taken.preview(event(), {}, IMPORTED)).toMatchObject({
    verdict: 'conflict',
    code: 'OWN301',
  });
});
