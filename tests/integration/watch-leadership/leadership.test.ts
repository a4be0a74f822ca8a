import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { gateway, quiet, route, until } from '../watch/support.ts';
import { pass, startCluster, type Cluster, type Replica } from './support.ts';

let at: Cluster;
beforeEach(async () => {
  at = await startCluster();
});
afterEach(() => at.close());

const epochs = (): number[] => at.snapshots().map(({ revision }) => revision.epoch);
const gateways = (): string[] =>
  at
    .snapshots()
    .at(-1)
    ?.objects.gateways.map(({ meta }) => meta.name) ?? [];
const ports = (): number[] => {
  const spec = at.lab.store.get('v1', 'Service', 'istio-system', 'istio-ingressgateway')?.[
    'spec'
  ] as { ports: { port: number }[] };
  return spec.ports.map(({ port }) => port);
};

function expose(name: string, port: number): void {
  at.lab.store.apply(gateway(name, port));
  at.lab.store.apply(route(name, name, port));
}

/** One leads and has sent everything, the other stands by. */
async function pair(): Promise<readonly [Replica, Replica]> {
  const a = at.replica('a');
  await a.watcher.start();
  await until(() => at.queues.sent.length === 2);
  at.settle();
  await until(() => at.queues.waiting('settled-east') === 0);
  const b = at.replica('b');
  await b.watcher.start();
  expect([a.leads(), b.leads()]).toEqual([true, false]);
  return [a, b];
}

describe('a standby replica', () => {
  test('follows every kind, and neither sends nor writes nor takes results', async () => {
    const a = at.replica('a');
    await a.watcher.start();
    await until(() => at.queues.sent.length === 2);
    const b = at.replica('b');
    await b.watcher.start();
    for (const resource of ['gateways.networking.istio.io', 'services', 'pods', 'namespaces'])
      await until(() => at.lab.faults.watches({ resource }) === 2);
    expose('echo', 32_400);
    await pass([b], () => b.clock.now() > 1_700_000_005_000);
    await quiet();
    expect(at.queues.sent).toHaveLength(2);
    expect(ports()).toEqual([15_020]);
    expect(at.lab.store.list('v1', 'Event')).toEqual([]);
  });

  test('leaves the results to the leader', async () => {
    at.seize('another', 5);
    const b = at.replica('b');
    await b.watcher.start();
    at.settle();
    await quiet();
    expect(at.queues.waiting('settled-east')).toBe(1);
    at.seize('', 5);
    await pass([b], () => at.queues.waiting('settled-east') === 0);
    expect(b.leads()).toBe(true);
  });
});

describe('the Lease is handed over', () => {
  test('in less than a second when the leader stops, and nothing that happened meanwhile is missed', async () => {
    const [a, b] = await pair();
    at.lab.store.apply(gateway('before', 31_001));
    await a.watcher.stop();
    expect(at.lease().holder).toBe('');
    at.lab.store.apply(gateway('between', 31_002));
    const taken = await pass([b], () => at.lease().holder === 'b');
    expect(taken).toBeLessThan(1_000);
    await pass([b], () => gateways().length === 2);
    expect(gateways()).toEqual(['before', 'between']);
    expect(epochs()).toEqual(epochs().toSorted((left, right) => left - right));
    expect(at.snapshots().at(-1)?.changes).toContainEqual(
      expect.objectContaining({ what: 'added', kind: 'Gateway', name: 'between' }),
    );
  });

  test('includes deletions that the standby observed', async () => {
    at.lab.store.apply(gateway('gone', 31_001));
    const [a, b] = await pair();
    at.queues.away = true;
    at.lab.store.delete('networking.istio.io/v1', 'Gateway', 'default', 'gone');
    await quiet();
    at.queues.away = false;
    at.queues.sent.splice(0);
    at.seize('', at.lease().epoch);
    await pass([b], () => at.snapshots().some(({ objects }) => objects.gateways.length === 0));
    expect(
      at.snapshots().find(({ revision }) => revision.epoch === at.lease().epoch)?.changes,
    ).toContainEqual(expect.objectContaining({ what: 'deleted', kind: 'Gateway', name: 'gone' }));
    expect(a.name).toBe('a');
  });

  test('not before the new leader has listed every kind', async () => {
    const [a, b] = await pair();
    const allow = at.lab.faults.deny({
      verbs: ['list'],
      resource: 'virtualservices.networking.istio.io',
    });
    await a.watcher.stop();
    const sent = at.queues.sent.length;
    await pass([b], () => at.lease().holder === 'b');
    await pass([b], () => b.clock.now() > 1_700_000_003_000);
    await quiet();
    expect(at.queues.sent).toHaveLength(sent);
    allow();
    await pass([b], () => at.queues.sent.length > sent);
    expect(b.leads()).toBe(true);
  });

  test('after 15 s to another replica when the leader is silent, not sooner', async () => {
    const [, b] = await pair();
    const taken = await pass([b], () => at.lease().holder === 'b');
    expect(taken).toBeGreaterThanOrEqual(15_000);
    expect(taken).toBeLessThan(17_000);
  });

  test('neither earlier nor later if the clock of the standby is set', async () => {
    const [, b] = await pair();
    await pass([b], () => b.clock.monotonic() >= 1_700_000_005_000);
    b.clock.step(3_600_000);
    await pass([b], () => b.clock.monotonic() >= 1_700_000_010_000);
    expect(at.lease().holder).toBe('a');
    b.clock.step(-7_200_000);
    await pass([b], () => at.lease().holder === 'b');
    expect(b.clock.monotonic() - 1_700_000_000_000).toBeLessThan(17_000);
  });

  test('at once to a process that comes back under its own name', async () => {
    at.seize('a', 7);
    const a = at.replica('a');
    await a.watcher.start();
    expect(a.leads()).toBe(true);
    expect(at.lease().epoch).toBeGreaterThan(7);
  });
});

describe('a leader that lost the Lease', () => {
  test('writes nothing any more, and becomes a standby', async () => {
    const [a] = await pair();
    at.seize('other', at.lease().epoch + 1_000_000);
    await pass([a], () => a.messages.includes('the Lease is lost; this replica stops writing'));
    const sent = at.queues.sent.length;
    expose('echo', 32_400);
    await pass([a], () => a.clock.now() > 1_700_000_008_000);
    await quiet();
    expect(at.queues.sent).toHaveLength(sent);
    expect(ports()).toEqual([15_020]);
    at.seize('', at.lease().epoch);
    const isSent = (): boolean => at.snapshots().at(-1)?.revision.epoch === at.lease().epoch;
    await pass([a], () => ports().includes(32_400) && isSent());
  });

  test('while it was suspended writes nothing when it resumes', async () => {
    const [a, b] = await pair();
    await pass([b], () => b.leads());
    await until(() => at.snapshots().length === 2);
    const woken = at.queues.sent.length;
    a.clock.advance(60_000);
    await until(() => a.messages.includes('the Lease is lost; this replica stops writing'));
    await quiet();
    expect(at.queues.sent.slice(woken)).toEqual([]);
    expect(at.lease().holder).toBe('b');
  });

  test('with its clock set back an hour knows after ten seconds that its lead is unproven', async () => {
    const [a] = await pair();
    const back = at.lab.faults.add({ resource: 'leases.coordination.k8s.io' }, { kind: 'cut' });
    a.clock.step(-3_600_000);
    await pass([a], () => a.clock.monotonic() > 1_700_000_012_000);
    const sent = at.queues.sent.length;
    expose('echo', 32_400);
    await pass([a], () => a.clock.monotonic() > 1_700_000_015_000);
    await quiet();
    expect(at.queues.sent).toHaveLength(sent);
    expect(ports()).toEqual([15_020]);
    back();
  });

  test('keeps its term where only the API was away, and wrote nothing meanwhile', async () => {
    const [a] = await pair();
    const { epoch } = at.lease();
    const back = at.lab.faults.add({ resource: 'leases.coordination.k8s.io' }, { kind: 'cut' });
    await pass([a], () => a.clock.now() > 1_700_000_012_000);
    const sent = at.queues.sent.length;
    expose('echo', 32_400);
    await pass([a], () => a.clock.now() > 1_700_000_015_000);
    expect(at.queues.sent).toHaveLength(sent);
    expect(ports()).toEqual([15_020]);
    back();
    await pass([a], () => ports().includes(32_400) && at.queues.sent.length > sent);
    expect(at.lease().epoch).toBe(epoch);
  });

  test('keeps its term if the Lease is labelled or deleted', async () => {
    const [a] = await pair();
    const { epoch } = at.lease();
    at.lab.store.delete('coordination.k8s.io/v1', 'Lease', 'default', 'sluice-watch-east');
    await pass([a], () => at.lease().holder === 'a');
    expect(at.lease().epoch).toBe(epoch);
    const lease = at.lab.store.get(
      'coordination.k8s.io/v1',
      'Lease',
      'default',
      'sluice-watch-east',
    );
    if (lease !== undefined)
      at.lab.store.apply({ ...lease, metadata: { ...lease.metadata, labels: { note: 'mine' } } });
    expose('echo', 32_400);
    await pass([a], () => a.clock.now() > 1_700_000_010_000 && ports().includes(32_400));
    expect(a.messages).not.toContain('the Lease is lost; this replica stops writing');
    expect(at.lease().epoch).toBe(epoch);
  });
});

describe('two replicas that both consider themselves leader', () => {
  /** The clock of the old leader does not advance, so it never notices by itself. */
  async function both(): Promise<readonly [Replica, Replica]> {
    const [a, b] = await pair();
    await pass([b], () => b.leads());
    return [a, b];
  }

  test('leave one port and each Event once, and the newer one uses the higher epoch', async () => {
    const [a, b] = await both();
    expose('echo', 32_400);
    const added = (): string[] =>
      at.lab.store
        .list('v1', 'Event')
        .flatMap((event) =>
          event['reason'] === 'ServicePortAdded'
            ? [(event['involvedObject'] as { kind: string }).kind]
            : [],
        );
    await pass([b], () => ports().includes(32_400) && added().length === 2);
    a.clock.advance(1_500);
    await quiet();
    expect(ports()).toEqual([15_020, 32_400]);
    expect(added().toSorted()).toEqual(['Gateway', 'Service']);
    expect(new Set(epochs()).size).toBeGreaterThan(1);
    expect(Math.max(...epochs())).toBe(at.lease().epoch);
    expect(a.leads()).toBe(true);
  });

  test('end with one leader: the superseded one steps down instead of raising its epoch', async () => {
    const [a] = await both();
    await until(() => at.snapshots().length === 2);
    const { epoch } = at.lease();
    // Whichever of the two receives the result, the Lease decides.
    const old = at.snapshots()[0]?.revision;
    for (let n = 0; n < 2; n += 1)
      at.settle({
        version: { epoch: old?.epoch ?? 0, counter: old?.counter ?? 0, generation: 1 },
        supersededBy: { epoch, counter: 1, generation: 1 },
      });
    a.clock.advance(2_600);
    await until(() => a.messages.includes('the Lease is lost; this replica stops writing'));
    expect(at.lease()).toEqual({ holder: 'b', epoch });
  });
});
