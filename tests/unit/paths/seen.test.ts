/** Where people see the state of paths: the log of audit, `sluice status` and `sluice why`. */
import { expect, test } from '@jest/globals';
import { auditAll } from '../../../functions/audit/audit.ts';
import { whyText } from '../../../functions/cli/why/tables.ts';
import { statusText } from '../../../functions/cli/status/tables.ts';
import { parseConfig } from '../../../shared/config/load.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { JournalRecord } from '../../../shared/domain/paths/journal.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { createViewKeeper } from '../../../shared/failures/view-keeper.ts';
import type { DeclaredPartitionView } from '../../../shared/operations/devices/partition-view.ts';
import { type PathView, readPaths } from '../../../shared/operations/devices/path-view.ts';
import type { NetworkNote } from '../../../shared/operations/health/refused-paths.ts';
import { networkNotes } from '../../../shared/operations/health/unreached.ts';
import type { StatusView } from '../../../shared/operations/status/status.ts';
import { answersNow, type WhyAnswer } from '../../../shared/operations/why/why.ts';
import { type MemoryDevice, memoryDevice } from '../../fixtures/device.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { logTo } from '../../fixtures/log.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { arp, OWNER, record, records, route } from './support.ts';

const NOW = 1_000_000;

function config(mode: 'none' | 'routes'): SluiceConfig {
  const [cluster, namespace, service] = OWNER.split('/');
  const text = JSON.stringify({
    generation: 1,
    devices: [
      {
        name: 'bigip-1',
        url: 'https://192.0.2.1',
        username: 'u',
        password: 'env:P',
        partitions: ['k8s'],
      },
    ],
    clusters: [{ id: cluster, network: { mode } }],
    ingresses: [
      {
        cluster,
        service: `${namespace}/${service}`,
        devices: ['bigip-1'],
        virtualAddress: '10.0.0.1',
      },
    ],
    policy: { drift: 'report' },
  });
  return parseConfig(text, 'sluice.yaml', 1);
}

async function deviceWith(...list: readonly JournalRecord[]): Promise<MemoryDevice> {
  const device = memoryDevice();
  await device.paths.write({ number: 0, records: records(...list) });
  return device;
}

const GOOD = record(route('10.244.1.0/24', '192.0.2.11'), { members: ['10.244.1.5'] });
const BAD = record(route('10.244.3.0/24', '192.0.2.13'), {
  node: 'n3',
  members: ['10.244.3.5'],
  refused: 'BIP472',
});

async function seen(mode: 'none' | 'routes', device: MemoryDevice): Promise<PathView | undefined> {
  const site = config(mode);
  return readPaths(site, site.devices[0]!, device, NOW);
}

/** What audit logs of the paths. */
async function logged(mode: 'none' | 'routes', device: MemoryDevice): Promise<readonly object[]> {
  const lines: Record<string, unknown>[] = [];
  const queue = () => ({ send: () => Promise.resolve() });
  const clock = { now: () => NOW, monotonic: () => NOW, sleep: () => Promise.resolve() };
  const runtime = runtimeWith({
    config: config(mode),
    queues: { queue, close: () => Promise.resolve() } as never,
    log: logTo(lines),
    clock,
  });
  const devices = { get: () => Promise.resolve(device), close: () => Promise.resolve() };
  const views = createViewKeeper({ ...runtime, dryRun: true }, () => Promise.reject(new Error()));
  await auditAll(runtime, {
    devices,
    views,
    heard: () => Promise.resolve(new Map() as never),
    repairs: () => Promise.reject(new Error('nothing is to be repaired')),
  });
  await views.close();
  return lines.filter(({ said, code }) => said === 'paths' || code === 'BIP474');
}

test('audit logs the figures of each device, with no label but the device', async () => {
  const stale = record(route('10.244.4.0/24', '192.0.2.14'), { left: NOW - 90_000 });
  expect(await logged('routes', await deviceWith(GOOD, BAD, stale))).toEqual([
    {
      device: 'bigip-1',
      paths: { wanted: 2, refused: 1, stale: 1, held: 0, oldestStaleSeconds: 90 },
      level: 'info',
      said: 'paths',
    },
  ]);
});

test('audit says if the journal cannot be read', async () => {
  const device = await deviceWith(GOOD);
  device.paths.journals.set(2, [{ name: 'route 10.244.1.0/24', data: 'nonsense' }]);
  expect(await logged('routes', device)).toMatchObject([{ code: 'BIP474', level: 'warn' }]);
});

test('with mode: none, no device is asked for paths', async () => {
  const device = await deviceWith(GOOD);
  device.paths.reach = () => {
    throw new Error('it was asked');
  };
  expect(await logged('none', device)).toEqual([]);
  expect(await seen('none', device)).toBeUndefined();
});

function declared(
  paths: PathView | undefined,
  down: readonly string[] = [],
): DeclaredPartitionView {
  const addresses = ['10.244.1.5', '10.244.3.5'];
  const asked = exposure({
    port: 443,
    members: addresses.map((address) => ({ address, port: 8_443, availability: 'ready' })),
  });
  const state = planPartition('k8s', EMPTY_STATE, [slice(1, [asked], { owner: OWNER })], {
    sameFleet: () => false,
  }).next;
  const [key = ''] = Object.keys(state.exposures);
  const health = addresses.map((address) => ({
    exposure: key,
    address,
    port: 8_443,
    state: down.includes(address) ? ('down' as const) : ('up' as const),
  }));
  return { device: 'bigip-1', partition: 'k8s', state, health, ...(paths && { paths }) };
}

function notes(view: DeclaredPartitionView): readonly NetworkNote[] {
  return networkNotes(config('routes'), [view]);
}

test('a refused path is reported with its node and the exposures that wait for it', async () => {
  const found = notes(declared(await seen('routes', await deviceWith(GOOD, BAD))));
  expect(found).toEqual([
    {
      device: 'bigip-1',
      cluster: 'east',
      code: 'BIP472',
      exposures: [expect.stringMatching(/:443\/tcp$/)],
      message:
        'path to node n3: route 10.244.3.0/24 via 192.0.2.13 is not on bigip-1, so new members ' +
        'behind it wait; "sluice failures list" has the words of the device',
    },
  ]);
});

test('the nodes of members that are down are known from their paths', async () => {
  const device = await deviceWith(
    GOOD,
    record(arp('10.244.3.5', '0a:00:00:00:00:03'), { node: 'n3' }),
  );
  const found = notes(declared(await seen('routes', device), ['10.244.3.5']));
  expect(found.map(({ code, message }) => [code, message.slice(0, 15)])).toEqual([
    ['BIP487', 'path to node n3'],
  ]);
});

test('status counts the entries of paths', async () => {
  const paths = (await seen('routes', await deviceWith(GOOD, BAD)))?.figures;
  const row = { device: 'bigip-1', partition: 'k8s', exposures: 1, milliseconds: 3, paths };
  const view = {
    clusters: [],
    queues: [],
    devices: [row],
    waiting: [],
    held: [],
    network: [],
    failures: {},
    jobs: [],
    unknown: [],
  } as unknown as StatusView;
  expect(statusText(view, NOW)).toContain('1 exposure, read in 3 ms; 2 path entries (1 refused)');
});

test('why begins with the path to a node that the members of the Gateway need', () => {
  const view = declared(undefined, ['10.244.3.5']);
  const { gateways, address } = exposure();
  const answer = (port: number): WhyAnswer =>
    ({
      server: { server: 0, port, protocol: 'TCP', verdict: 'listening', code: 'OK', reason: '' },
      exposures: [`${address}:${port}/tcp`],
      remedy: 'Nothing.',
    }) as unknown as WhyAnswer;
  const asked = {
    gateway: gateways[0] ?? '',
    cluster: 'east',
    nodeOf: (_cluster: string, pod: string) => (pod === '10.244.3.5' ? 'n3' : 'n1'),
  };
  const answersOf = (port: number): readonly WhyAnswer[] =>
    answersNow(config('none'), asked, { declared: [view], heads: [], answers: [answer(port)] });
  const [title, first] = whyText(answersOf(443)).split('\n');
  expect(title).toBe('The network');
  expect(first).toMatch(
    /^path to node n3: all members behind it \(10\.244\.3\.5\) are down.*\(BIP487\)$/,
  );
  expect(whyText(answersOf(8_080))).not.toContain('path to node');
});
