/**
 * Every row of the catalogue on F5's AS3 in front of a model of BIG-IP, and the lab compared with
 * it. Runs only if AS3_DEVICE is the URL of such a device. Settings whose objects or modules do not
 * exist on the device are left out.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Device } from '../../../shared/device/device.ts';
import { call } from '../../integration/lab-bigip/client.ts';
import { real, REAL_URL, realDevice, realFingerprint } from './real-device.ts';
import { type Needed, ROW_CASES, type RowCase, stateOf, virtualsOf } from './row-cases.ts';
import { closeAll, connect, declare, lab } from './support.ts';

const described = REAL_URL === undefined ? describe.skip : describe;

/**
 * Never reported as unchanged: AS3 creates an LTM policy, whose rules the model does not store; and
 * the model keeps an address with its own traffic group marked as inheriting one.
 */
const UNSTABLE = ['policyWaf', 'trafficGroup'];

/** Some models accept no objects of some kinds, so each object is looked up afterwards. */
async function create({ collection, path }: Needed): Promise<boolean> {
  const name = path.split('/').at(-1);
  await real('POST', `/mgmt/tm/${collection}`, { name, partition: 'Common' });
  const at = `/mgmt/tm/${collection}/${path.replaceAll('/', '~')}`;
  const { status, body } = await real('GET', at);
  return status === 200 && (body as { readonly fullPath?: string }).fullPath === path;
}

async function modulesOnDevice(): Promise<readonly string[]> {
  const { body } = await real('GET', '/mgmt/tm/sys/provision');
  const { items = [] } = body as {
    readonly items?: readonly { readonly name: string; readonly level: string }[];
  };
  return items.filter(({ level }) => level !== 'none').map(({ name }) => name);
}

type Item = Readonly<Record<string, unknown>>;

/** The properties that settings determine, as iControl REST shows them. */
function shown(item: Item): Item {
  const attached = (list: unknown): readonly string[] =>
    ((list as { readonly items?: readonly Item[] } | undefined)?.items ?? [])
      .map(({ fullPath, context }) => `${String(fullPath)} ${String(context)}`)
      // AS3 adds it if ASM is provisioned and any LTM policy is attached.
      .filter((one) => !one.startsWith('/Common/websecurity'))
      .toSorted();
  const {
    kind: _kind,
    selfLink: _selfLink,
    generation: _generation,
    poolReference: _poolReference,
    membersReference: _members,
    throughputCapacity,
    profilesReference,
    policiesReference,
    rateLimit,
    vlans,
    ...rest
  } = item;
  return {
    ...rest,
    // With AFM the model also writes the default, and keeps rules and numbers as they were sent.
    throughputCapacity: JSON.stringify(throughputCapacity ?? 'infinite'),
    rateLimit: JSON.stringify(rateLimit ?? '').replaceAll('"', ''),
    vlans: vlans ?? [],
    profiles: attached(profilesReference),
    policies: attached(policiesReference),
  };
}

const LISTS = ['virtual', 'pool', 'virtual-address'] as const;

async function everything(
  get: (path: string) => Promise<{ readonly body: unknown }>,
): Promise<Readonly<Record<string, Item>>> {
  const lists = await Promise.all(
    LISTS.map((kind) =>
      get(`/mgmt/tm/ltm/${kind}?$filter=partition+eq+k8s&expandSubcollections=true`),
    ),
  );
  const items = lists.flatMap(
    ({ body }) => (body as { readonly items?: readonly Item[] }).items ?? [],
  );
  return Object.fromEntries(items.map((item) => [String(item['fullPath']), shown(item)]));
}

described('every setting on F5’s AS3', () => {
  let device: Device;
  const able: RowCase[] = [];

  beforeAll(async () => {
    device = realDevice(await realFingerprint());
    await real('DELETE', '/mgmt/shared/appsvcs/declare');
    const modules = await modulesOnDevice();
    for (const one of ROW_CASES) {
      const hasModules = one.modules.every((any) => any.some((name) => modules.includes(name)));
      const there = await Promise.all(one.needed.map(create));
      const isHeld = hasModules && !there.includes(false) && !UNSTABLE.includes(one.setting);
      if (isHeld) able.push(one);
    }
    await real('POST', '/mgmt/tm/net/vlan', { name: 'internal', partition: 'Common' });
  }, 120_000);

  afterAll(async () => {
    await device.close();
    await real('DELETE', '/mgmt/shared/appsvcs/declare');
    await closeAll();
  });

  test('the device has what most rows need', () => {
    const settings = new Set(able.map(({ setting }) => setting));
    process.stderr.write(`${settings.size} settings: ${[...settings].join(' ')}\n`);
    expect(settings.size).toBeGreaterThan(40);
  });

  test('is accepted, and again without a change', async () => {
    const state = stateOf(able);
    await declare(device, state);
    expect(await device.verify('k8s', state)).toEqual([]);
    expect(await device.drift('k8s', state)).toEqual([]);
    const reading = await device.read('k8s');
    const key = reading.kind === 'ours' ? reading.declared.lockKey : undefined;
    expect(await device.declare('k8s', state, key)).toMatchObject({ outcome: 'unchanged' });
  }, 120_000);

  test('makes the same objects as on the lab’s device', async () => {
    const objects = able.flatMap(({ needed }) =>
      needed.map(({ collection, path }) => `${collection} ${path}`),
    );
    const bigip = await lab({
      common: {
        objects,
        profiles: objects.map((one) => one.split(' ')[1] ?? ''),
        persistence: ['/Common/my-persistence'],
      },
    });
    await declare(connect(bigip), stateOf(able));
    const [theirs, ours] = await Promise.all([
      everything((path) => real('GET', path)),
      everything((path) => call(bigip, 'GET', path)),
    ]);
    expect(Object.keys(ours).toSorted()).toEqual(Object.keys(theirs).toSorted());
    for (const one of able)
      for (const path of virtualsOf(one)) expect(ours[path]).toEqual(theirs[path]);
    expect(ours).toEqual(theirs);
  }, 120_000);

  test('is detected when it is changed by hand, and repaired', async () => {
    const state = stateOf(able);
    const changes = able.flatMap((one) => one.byHand.map((change) => ({ ...change, one })));
    for (const { path, body } of changes)
      expect((await real('PATCH', path, body)).status).toBe(200);
    const found = await device.drift('k8s', state);
    const seen = new Set(found.map(({ path }) => path));
    const missed = changes.filter(
      ({ path }) => !seen.has((path.split('/').at(-1) ?? '').replaceAll('~', '/')),
    );
    expect(missed.map(({ one }) => one.name)).toEqual([]);
    await declare(device, state);
    expect(await device.drift('k8s', state)).toEqual([]);
  }, 120_000);
});
