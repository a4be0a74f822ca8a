/** What an uninstallation removes and keeps, object by object, without sockets. */
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { DeviceError } from '../../../shared/device/errors.ts';
import { removeStoreFiles, storeFiles } from '../../../shared/failures/fs/remains.ts';
import type { RawObject } from '../../../shared/kubernetes/index.ts';
import { clusterPart } from '../../../shared/operations/uninstall/cluster-part.ts';
import { devicePart } from '../../../shared/operations/uninstall/device-part.ts';
import { afterParts, NOTHING } from '../../../shared/operations/uninstall/part.ts';
import type { UninstallPart, UninstallStep } from '../../../shared/operations/uninstall/part.ts';
import type { AuditEntry, AuditLog } from '../../../shared/failures/audit.ts';
import { carryOutUninstall } from '../../../shared/operations/uninstall/carry-out.ts';
import { handedOverItems } from '../../../shared/operations/uninstall/handed-over-items.ts';
import { storeParts } from '../../../shared/operations/uninstall/store-parts.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import { HANDED_OVER_ANNOTATION } from '../../../shared/operations/migrate/handed-over.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { smallConfig } from '../../fixtures/config.ts';
import { memoryDevice } from '../../fixtures/device.ts';
import { createManualClock } from '../../contract/queue/manual-clock.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { fdb, live, record, records, route } from '../paths/support.ts';

const NOW = Date.parse('2026-11-30T12:00:00Z');
const CLUSTERS = new Set(['east']);
const lines = ({ items }: UninstallPart): readonly string[] =>
  items.map(({ action, object }) => `${action} ${object}`);

const AUTHOR = { who: 'ada', why: 'the end' };
/** Tells what was printed. */
async function carryOut(
  part: Pick<UninstallPart, 'steps' | 'running'>,
  { audit, hasLog = false }: { readonly audit?: AuditLog; readonly hasLog?: boolean } = {},
): Promise<readonly AuditEntry[]> {
  const printed: AuditEntry[] = [];
  const none = { record: () => Promise.reject(new Error('there is no log')) };
  await carryOutUninstall(
    { ...part, hasLog, author: AUTHOR, selection: 'all' },
    {
      audit: audit ?? none,
      now: () => NOW,
      tell: () => undefined,
      print: (one) => void printed.push(one),
    },
  );
  return printed;
}

describe('in a cluster', () => {
  interface Given {
    readonly ports?: readonly number[];
    readonly owned?: readonly number[];
    readonly annotations?: Readonly<Record<string, string>>;
    readonly status?: { readonly manager: string };
  }

  const service = ({ ports = [443], owned = [], annotations = {}, status }: Given): RawObject => {
    const keys = owned.map((port) => [`k:{"port":${port},"protocol":"TCP"}`, {}]);
    const apply = { operation: 'Apply' };
    return {
      metadata: {
        namespace: 'istio-system',
        name: 'gw',
        uid: 'u',
        resourceVersion: '7',
        annotations,
        managedFields: [
          {
            ...apply,
            manager: 'sluice',
            fieldsV1: { 'f:spec': { 'f:ports': Object.fromEntries(keys) } },
          },
          ...(status === undefined
            ? []
            : [
                {
                  ...apply,
                  manager: status.manager,
                  subresource: 'status',
                  fieldsV1: { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } },
                },
              ]),
        ],
      },
      spec: {
        type: 'LoadBalancer',
        selector: { a: 'b' },
        ports: ports.map((port) => ({ port, protocol: 'TCP', name: `p${port}` })),
      },
      status: { loadBalancer: status === undefined ? {} : { ingress: [{ ip: '192.0.2.9' }] } },
    };
  };
  const lease = (holder: string, renewTime = '2026-11-30T11:59:55.000000Z'): RawObject => ({
    metadata: { name: 'l' },
    spec: { holderIdentity: holder, renewTime },
  });
  const look = (
    raw: RawObject,
    leases: Readonly<Record<string, RawObject>> = {},
  ): Promise<UninstallPart> => {
    const client: Parameters<typeof clusterPart>[0] = {
      discover: () => Promise.resolve(undefined),
      pages: async function* () {
        yield { items: [raw], resourceVersion: '1' };
      },
      get: (_kind, name, namespace) => Promise.resolve(leases[`${namespace}/${name}`]),
      apply: (_kind, object) => Promise.resolve(object),
      remove: () => Promise.resolve(),
      time: () => NOW,
    };
    const place = {
      cluster: 'east',
      namespaces: ['istio-system'],
      leaseNamespace: 'sluice-system',
      now: 0,
    };
    return clusterPart(client, place);
  };
  const OWN = 'sluice-system/sluice-watch-east';
  const note = (name: string): string =>
    JSON.stringify({ lease: name, holder: 'pod-1', time: '2026-11-30T11:59:00Z' });
  const S = 'Service istio-system/gw';

  test.each<[string, Given, readonly string[]]>([
    [
      'ports that people added stay',
      { ports: [443, 8443], owned: [8443] },
      [`remove ${S} port 8443/TCP`, `keep ${S} port 443/TCP`],
    ],
    [
      'the only ports of a Service stay',
      { ports: [8443], owned: [8443] },
      [`keep ${S} port 8443/TCP`],
    ],
    [
      'ports of a Service that another watcher uses stay',
      { ports: [443, 8443], owned: [8443], annotations: { 'leader.sluice.io/west': '{}' } },
      [`keep ${S} port 8443/TCP`, `keep ${S} port 443/TCP`],
    ],
    ['a Service that Sluice never wrote is not named', {}, []],
    [
      'the status that this cluster wrote goes',
      {
        status: { manager: 'sluice-status' },
        annotations: { 'watcher.sluice.io/status-cluster': 'east' },
      },
      [`remove ${S} status 192.0.2.9`],
    ],
    [
      'the status of another Sluice stays',
      {
        status: { manager: 'sluice-status' },
        annotations: { 'watcher.sluice.io/status-cluster': 'west' },
      },
      [`keep ${S} status 192.0.2.9`],
    ],
    [
      'the status of another controller stays',
      { status: { manager: 'metallb' } },
      [`keep ${S} status 192.0.2.9`],
    ],
    [
      'the note of the last leader goes',
      { annotations: { 'leader.sluice.io/east': note(OWN) } },
      [`remove ${S} annotation leader.sluice.io/east`],
    ],
  ])('%s', async (_what, given, expected) => {
    const part = await look(service(given));
    expect(lines(part)).toEqual([...expected, 'keep Events']);
    expect(part.steps).toHaveLength(expected.filter((one) => one.startsWith('remove')).length);
    expect(part.running).toEqual([]);
  });

  test.each([
    ['its Lease is held', {}, { [OWN]: lease('pod-1') }, 1],
    ['its Lease is held, by a time that cannot be read', {}, { [OWN]: lease('pod-1', 'x') }, 1],
    [
      'another Lease that a Service names is held',
      { annotations: { 'leader.sluice.io/east': note('other/l') } },
      { 'other/l': lease('pod-2') },
      1,
    ],
    ['nobody: its Lease was given up', {}, { [OWN]: lease('') }, 0],
    [
      'nobody: its Lease was not renewed for five minutes',
      {},
      { [OWN]: lease('pod-1', '2026-11-30T11:55:00.000000Z') },
      0,
    ],
  ])('a watcher runs if %s', async (_what, given, leases, count) => {
    const part = await look(service(given), leases);
    expect(part.running).toHaveLength(count);
    if (count > 0) await expect(carryOut(part)).rejects.toThrow('nothing was removed');
  });
});

describe('on a device', () => {
  const [config] = smallConfig().devices;
  const state = planPartition('k8s', EMPTY_STATE, [slice(1, [exposure({ port: 443 })])], {
    sameFleet: () => false,
  }).next;
  const look = (device: ReturnType<typeof memoryDevice>): Promise<UninstallPart> =>
    devicePart(() => Promise.resolve(device), config!, CLUSTERS);
  const declared = async (): Promise<ReturnType<typeof memoryDevice>> => {
    const device = memoryDevice();
    await device.declare('k8s', state, undefined);
    return device;
  };
  const ROUTE = route('10.244.3.0/24', '192.0.2.13');

  test('what was declared goes, and a device without anything has nothing to remove', async () => {
    const device = await declared();
    const part = await look(device);
    expect(lines(part)).toEqual([
      expect.stringMatching(/^remove virtual server .*443\/tcp in k8s/),
      'remove partition k8s',
    ]);
    await carryOut(part);
    expect(await look(device)).toEqual(NOTHING);
  });

  test('a declaration that changed since it was shown stays', async () => {
    const device = await declared();
    const part = await look(device);
    device.touch();
    await expect(carryOut(part)).rejects.toMatchObject({
      code: 'BIP430',
    });
    expect(device.state()).toEqual(state);
  });

  test('paths of Sluice go with their journal; those of others and of other installations stay', async () => {
    const device = memoryDevice();
    const [mine, theirs] = [live(ROUTE), live(route('10.9.0.0/24', '192.0.2.1'), 'theirs')];
    for (const one of [mine, theirs]) device.paths.units.active.set(`route ${one.at}`, one);
    await device.paths.write({ number: 0, records: records(record(ROUTE)) });
    expect(lines(await look(device))).toEqual([
      'remove route 10.244.3.0/24 via 192.0.2.13',
      expect.stringMatching(/^remove partition .* with the journal/),
    ]);
    const other = fdb('0a:0a:c0:00:02:0d', '192.0.2.13');
    await device.paths.write({
      number: 1,
      records: records(record(ROUTE), record(other, { owner: 'north/a/b' })),
    });
    expect(lines(await look(device))).toEqual([
      'remove route 10.244.3.0/24 via 192.0.2.13',
      expect.stringMatching(/^keep the journal/),
      expect.stringMatching(/^remove 1 entry in the journal of paths/),
    ]);
  });

  test('a route of others that Sluice used stays and is named, and its journal goes', async () => {
    const device = memoryDevice();
    const theirs = live(ROUTE, 'theirs');
    device.paths.units.active.set(`route ${ROUTE.at}`, theirs);
    const found = record(ROUTE, { found: true });
    await device.paths.write({ number: 0, records: records(found) });
    expect(lines(await look(device))).toEqual([
      'keep route 10.244.3.0/24 via 192.0.2.13',
      expect.stringMatching(/^remove partition .* with the journal/),
    ]);
  });

  test.each<[string, (device: ReturnType<typeof memoryDevice>) => void, readonly unknown[]]>([
    [
      'that does not answer',
      (device) =>
        void (device.reach = () => {
          throw new DeviceError('BIP501', 'transient', 'away');
        }),
      ['unknown all of the device'],
    ],
    [
      'whose standby unit does not answer',
      (device) => void (device.paths.peer = 'away'),
      [
        expect.stringMatching(/^remove virtual/),
        'remove partition k8s',
        'unknown paths on the standby unit',
      ],
    ],
    [
      'with a partition of others',
      (device) =>
        void device.partitions.set('k8s', {
          ...device.partitions.get('k8s')!,
          declared: undefined,
        }),
      ['keep partition k8s'],
    ],
  ])('nothing is removed on missing information: a device %s', async (_what, spoil, expected) => {
    const device = await declared();
    spoil(device);
    expect(lines(await look(device))).toEqual(expected);
  });

  test('a partition with objects of others stays, with the paths that its members need', async () => {
    const device = await declared();
    device.drift = () =>
      Promise.resolve([{ kind: 'orphan', path: '/k8s/theirs', message: 'x', heal: 'told' }]);
    device.paths.units.active.set(`route ${ROUTE.at}`, live(ROUTE));
    const part = await look(device);
    expect(part.steps).toEqual([]);
    expect(part.items[0]).toMatchObject({ action: 'keep', inUse: true });
    expect(part.items.map(({ why }) => why)).toEqual([
      expect.stringContaining('/k8s/theirs'),
      expect.stringContaining('partition k8s'),
    ]);
  });
});

describe('the record of a removal', () => {
  const world = () => {
    const failures = failuresOver(memoryBlobs(), { clock: createManualClock(NOW), id: () => 'id' });
    const seen: string[] = [];
    const step = (what: string, more: Partial<UninstallStep> = {}): UninstallStep => ({
      what,
      run: async () => {
        const [entry] = await failures.audit.list();
        seen.push(`${what}: ${entry?.result ?? 'no entry'}`);
      },
      ...more,
    });
    return { ...failures, seen, step };
  };

  test('is in the audit log before the first step, and names all of them at the end', async () => {
    const { audit, seen, step } = world();
    const part = { ...NOTHING, steps: [step('a'), step('b')] };
    expect(await carryOut(part, { audit, hasLog: true })).toEqual([]);
    expect(seen).toEqual(['a: begun', 'b: begun']);
    expect(await audit.list()).toMatchObject([
      { ...AUTHOR, action: 'uninstall', selection: 'all', result: 'removed a; b' },
    ]);
  });

  test('is printed if the audit log goes, and is in it until then', async () => {
    const { audit, seen, step } = world();
    const part = { ...NOTHING, steps: [step('a'), step('store', { endsLog: true })] };
    expect(await carryOut(part, { audit, hasLog: true })).toEqual([
      {
        ...AUTHOR,
        at: new Date(NOW).toISOString(),
        action: 'uninstall',
        selection: 'all',
        result: 'removed a; store',
      },
    ]);
    expect(seen).toEqual(['a: begun', 'store: removed a']);
  });

  test('is printed, too, if there is no audit log: none is made for it', async () => {
    const { audit, step } = world();
    const part = { ...NOTHING, steps: [step('a')] };
    expect(await carryOut(part, { audit })).toMatchObject([{ result: 'removed a' }]);
    expect(await audit.list()).toEqual([]);
    expect(await carryOut(NOTHING)).toEqual([]);
  });

  test('of one that fails says how far it came; without an entry nothing is removed', async () => {
    const { audit, seen, step } = world();
    const lost = step('b', { run: () => Promise.reject(new Error('away')) });
    const part = { ...NOTHING, steps: [step('a'), lost, step('c')] };
    await expect(carryOut(part, { audit, hasLog: true })).rejects.toThrow('away');
    expect(await audit.list()).toMatchObject([{ result: expect.stringContaining('failed: away') }]);
    seen.length = 0;
    await expect(carryOut(part, { hasLog: true })).rejects.toThrow('there is no log');
    expect(seen).toEqual([]);
  });

  test('is lost with a folder, and the preview says where it will be', async () => {
    const path = mkdtempSync(join(tmpdir(), 'sluice-'));
    const { store, waiting } = world();
    const [queue, failures] = [
      { kind: 'sqlite', path: join(path, 'none', 'q') },
      { kind: 'fs', path },
    ];
    const runtime = { config: { ...smallConfig(), queue, failures } };
    const context = { runtime, store, waiting, close: () => Promise.resolve() } as never;
    const there = await storeParts({ context, discard: false });
    expect(there).toMatchObject({ hasLog: true, steps: [{ endsLog: true }] });
    expect(there.items[0]?.why).toContain('the entry of this removal is printed at its end');
    await there.steps[0]?.run();
    expect(await storeParts({ context, discard: false })).toEqual({ ...NOTHING, hasLog: false });
  });
});

test('what F5 CIS handed over stays, with the way back; an account that may not look only hears so', async () => {
  const over = {
    address: '192.0.2.7',
    label: { name: 'f5type', value: 'virtual-server' },
    at: new Date(NOW).toISOString(),
    by: 'ada',
  };
  const map = (name: string, text?: string): RawObject => ({
    kind: 'ConfigMap',
    metadata: {
      namespace: 'web',
      name,
      ...(text !== undefined && { annotations: { [HANDED_OVER_ANNOTATION]: text } }),
    },
  });
  const withheld = [{ api: 'istio', gateway: 'web/gw', expose: null }];
  const maps = [
    map('other'),
    map('taken', JSON.stringify(over)),
    map('half', JSON.stringify({ ...over, withheld })),
    map('broken', '{'),
  ];
  const client = {
    discover: ({ plural }: { plural: string }) =>
      Promise.resolve(
        plural === 'configmaps' ? ({ group: '', version: 'v1' } as never) : undefined,
      ),
    pages: async function* () {
      yield { items: maps, resourceVersion: '1' };
    },
  };
  const items = await handedOverItems(client, 'cluster east');
  expect(items.map(({ action, object }) => `${action} ${object}`)).toEqual([
    'keep ConfigMap web/taken',
    'keep ConfigMap web/half',
    'keep ConfigMap web/broken',
  ]);
  expect(items[0]?.why).toMatch(/sluice migrate cis undo 192\.0\.2\.7.* f5type: virtual-server$/);
  expect(items[1]?.why).toContain('sluice.io/expose of web/gw is "false"');
  const refused = { ...client, discover: () => Promise.reject(new Error('403')) };
  expect(await handedOverItems(refused, 'cluster east')).toMatchObject([
    { action: 'keep', why: 'not looked at: 403' },
  ]);
});

test('nothing that a device may still use goes while it does not answer', () => {
  const item = { place: 'bigip-1', object: 'x', action: 'unknown', why: 'y' } as const;
  const later = {
    ...NOTHING,
    items: [{ ...item, action: 'remove' as const }],
    steps: [{ what: 'x', run: () => Promise.resolve() }],
  };
  expect(afterParts([{ ...NOTHING, items: [item] }], later)).toMatchObject({
    items: [{ action: 'keep', why: expect.stringContaining('bigip-1') }],
    steps: [],
  });
  const stays = { ...item, action: 'keep', inUse: true } as const;
  expect(afterParts([{ ...NOTHING, items: [stays] }], later)).toMatchObject({ steps: [] });
  expect(afterParts([{ ...NOTHING, items: [{ ...item, action: 'keep' }] }], later)).toBe(later);
  expect(afterParts([NOTHING], later)).toBe(later);
});

test('the folder of failures goes, except for what Sluice did not make', () => {
  const root = join(mkdtempSync(join(tmpdir(), 'sluice-')), 'failures');
  mkdirSync(join(root, 'index', 'a'), { recursive: true });
  for (const name of ['index/a/b.json', '.lock', '.0aa-1.tmp']) writeFileSync(join(root, name), '');
  removeStoreFiles(root);
  expect(storeFiles(root)).toBeUndefined();
  mkdirSync(join(root, 'notes'), { recursive: true });
  writeFileSync(join(root, 'notes', '.mine'), '');
  symlinkSync('/etc', join(root, 'etc'));
  removeStoreFiles(root);
  expect(readdirSync(root).toSorted()).toEqual(['etc', 'notes']);
});
