import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/index.ts';
import {
  type Bench,
  gateway,
  gatewayPod,
  ingressService,
  quiet,
  route,
  startBench,
  toldAll,
  until,
} from './support.ts';

interface Port {
  readonly name: string;
  readonly port: number;
  readonly targetPort: number;
  readonly nodePort: number;
}

let at: Bench;
beforeEach(async () => {
  at = await startBench();
  at.lab.store.apply(gatewayPod());
});
afterEach(() => at.close());

const service = (): KubernetesObject | undefined =>
  at.lab.store.get('v1', 'Service', 'istio-system', 'istio-ingressgateway');
const ports = (): readonly Port[] =>
  (service() as unknown as { spec: { ports: Port[] } }).spec.ports;
const numbers = (): readonly number[] => ports().map((entry) => entry.port);
const events = (kind: string): readonly { reason: string; message: string; count: number }[] =>
  ['istio-system', 'default']
    .flatMap((namespace) => at.lab.store.list('v1', 'Event', namespace))
    .filter((event) => (event['involvedObject'] as { kind: string }).kind === kind) as never;

function open(name: string, port: number): void {
  at.lab.store.apply(gateway(name, port));
  at.lab.store.apply(route(name, name, port));
}

describe('a port that a Gateway opens', () => {
  beforeEach(async () => {
    at.lab.store.apply(ingressService());
    await at.watcher().start();
  });

  test.each([
    ['gets its node port again after it was removed', false],
    ['gets another node port if its own is in use by then', true],
  ])('%s', async (_, isTaken) => {
    // The lab assigns the lowest free number, which is another one later.
    const filler = { namespace: 'default', name: 'filler' };
    at.lab.store.apply({ ...ingressService(), metadata: filler });
    open('echo', 32400);
    const found = (): Port | undefined => ports().find((entry) => entry.port === 32400);
    await at.passUntil(() => found() !== undefined);
    await toldAll(at);
    const before = found()?.nodePort ?? 0;
    const taker = {
      ...ingressService({ ports: [{ name: 'x', port: 1, nodePort: before }] }),
      metadata: { namespace: 'default', name: 'taker' },
    };
    at.lab.store.delete('v1', 'Service', filler.namespace, filler.name);
    at.lab.store.apply(ingressService());
    if (isTaken) at.lab.store.apply(taker);
    await at.passUntil(() => found() !== undefined);
    expect(found()?.nodePort === before).toBe(!isTaken);
  });

  test('is added to the Service, with its own name and target port, and nothing else changes', async () => {
    const before = ports();
    open('echo', 32400);
    await at.passUntil(() => numbers().includes(32400));
    const added = ports().find((entry) => entry.port === 32400);
    expect(added?.targetPort).toBe(32400);
    expect(added?.nodePort).toBeGreaterThan(0);
    expect(added?.name).toMatch(/^tcp-[a-z0-9-]{1,59}$/);
    expect(ports().filter((entry) => entry.port !== 32400)).toEqual(before);
    expect(service()?.metadata.managedFields?.map((entry) => entry.manager)).toContain('sluice');
  });

  test('has a unique name on the Service', async () => {
    open('echo', 32400);
    await at.passUntil(() => numbers().includes(32400));
    const taken = ports().find((entry) => entry.port === 32400)?.name ?? '';
    at.lab.store.apply(
      ingressService({ ports: [{ name: taken, port: 15020, protocol: 'TCP', targetPort: 15020 }] }),
    );
    await at.passUntil(() => numbers().includes(32400) && numbers().includes(15020));
    expect(new Set(ports().map((entry) => entry.name)).size).toBe(2);
  });

  test('is added beside those that were added before', async () => {
    open('one', 31001);
    await at.passUntil(() => numbers().includes(31001));
    open('two', 31002);
    await at.passUntil(() => numbers().includes(31002));
    expect(numbers()).toEqual([15020, 31001, 31002]);
  });

  test('is added again when an upgrade took it away', async () => {
    open('echo', 32400);
    await at.passUntil(() => numbers().includes(32400));
    at.lab.store.apply(ingressService());
    expect(numbers()).toEqual([15020]);
    await at.passUntil(() => numbers().includes(32400));
  });

  test('is not added while it is internal, and is added when the Gateway asks for it', async () => {
    const local = ingressService({ ports: [{ name: 'tcp-x', port: 9000, targetPort: 32400 }] });
    local.metadata.name = 'cluster-local';
    at.lab.store.apply(local);
    open('echo', 32400);
    open('other', 32401);
    await at.passUntil(() => numbers().includes(32401));
    expect(numbers()).toEqual([15020, 32401]);
    const asking = gateway('echo', 32400);
    asking.metadata.annotations = { 'sluice.io/expose': 'true' };
    at.lab.store.apply(asking);
    await at.passUntil(() => numbers().includes(32400));
  });

  test('is restored if it was added once, although another Service leads there by now', async () => {
    open('echo', 32400);
    await at.passUntil(() => numbers().includes(32400));
    const local = ingressService({ ports: [{ name: 'tcp-x', port: 9000, targetPort: 32400 }] });
    local.metadata.name = 'cluster-local';
    at.lab.store.apply(local);
    at.lab.store.apply(ingressService());
    expect(numbers()).toEqual([15020]);
    await at.passUntil(() => numbers().includes(32400));
  });

  test('is reported on the Service and on the Gateway, once', async () => {
    open('echo', 32400);
    await at.passUntil(() => events('Gateway').length === 1 && events('Service').length === 1);
    at.lab.store.apply({ ...gatewayPod('gateway-2') });
    await quiet();
    at.clock.advance(2_000);
    await quiet();
    expect(events('Gateway')).toEqual([
      expect.objectContaining({
        reason: 'ServicePortAdded',
        count: 1,
        message: expect.stringContaining('port 32400/TCP'),
      }),
    ]);
    expect(events('Service')).toEqual([
      expect.objectContaining({ reason: 'ServicePortAdded', count: 1 }),
    ]);
  });

  test('that may not be added is an Event with the remedy, and is tried again', async () => {
    const allow = at.lab.faults.deny({ verbs: ['patch'], resource: 'services' });
    open('echo', 32400);
    await at.passUntil(() => events('Gateway').length === 1);
    expect(events('Gateway')[0]).toMatchObject({
      reason: 'ServicePortRefused',
      message: expect.stringContaining('Allow the watcher to patch Services'),
    });
    allow();
    await at.passUntil(() => numbers().includes(32400));
    await until(() => events('Gateway').some((event) => event.reason === 'ServicePortAdded'));
  });
});

test('a port that the user added is left alone, and not taken over', async () => {
  at.lab.store.apply(
    ingressService({ ports: [{ name: 'mine', port: 32400, protocol: 'TCP', targetPort: 32400 }] }),
  );
  await at.watcher().start();
  open('echo', 32400);
  await at.passUntil(() => at.snapshots().length > 0);
  await quiet();
  expect(service()?.metadata.managedFields?.map((entry) => entry.manager)).not.toContain('sluice');
  expect(ports().map((entry) => entry.name)).toEqual(['mine']);
});

describe('a port that no Gateway wants any more', () => {
  beforeEach(async () => {
    at.lab.store.apply(ingressService());
    await at.watcher().start();
    open('echo', 32400);
    await at.passUntil(() => numbers().includes(32400));
    at.settle({});
    await at.passUntil(
      () =>
        at.snapshots().at(-1)?.objects.gateways.length === 1 &&
        at.snapshots().at(-1)?.objects.services[0]?.ports.length === 2,
    );
    at.settle({});
    await toldAll(at);
    at.lab.store.delete('networking.istio.io/v1', 'Gateway', 'default', 'echo');
    await at.passUntil(() => at.snapshots().at(-1)?.objects.gateways.length === 0);
  });

  async function pass(ms: number): Promise<void> {
    at.clock.advance(ms);
    await quiet();
  }

  test('stays until BIG-IP no longer uses it, and five minutes longer; then only this port is removed', async () => {
    await pass(30_000);
    expect(numbers()).toEqual([15020, 32400]);
    at.settle({});
    await toldAll(at);
    await pass(299_000);
    expect(numbers()).toEqual([15020, 32400]);
    await pass(1_000);
    await until(() => numbers().length === 1);
    expect(numbers()).toEqual([15020]);
  });

  test('stays as long as the removal is held on the device', async () => {
    const held = {
      address: '172.16.100.195',
      port: 32400,
      protocol: 'tcp' as const,
      partition: 'k8s',
      gateways: ['default/echo'],
      outcome: 'held' as const,
      code: 'OWN310',
      message: 'too many at once',
    };
    at.settle({ exposures: [held] });
    await toldAll(at);
    await pass(600_000);
    expect(numbers()).toEqual([15020, 32400]);
  });

  test('stays when a result for an older snapshot comes late', async () => {
    const last = at.snapshots().at(-1);
    at.settle({
      version: {
        epoch: last?.revision.epoch ?? 0,
        counter: (last?.revision.counter ?? 1) - 1,
        generation: 1,
      },
    });
    await toldAll(at);
    await pass(301_000);
    expect(numbers()).toEqual([15020, 32400]);
  });

  test('stays if it is wanted again in time', async () => {
    at.settle({});
    await toldAll(at);
    open('echo', 32400);
    await at.passUntil(() => at.snapshots().at(-1)?.objects.gateways.length === 1);
    await pass(600_000);
    expect(numbers()).toEqual([15020, 32400]);
  });
});

describe('with servicePorts: observe', () => {
  beforeEach(async () => {
    await at.close();
    at = await startBench({ servicePorts: 'observe' });
    at.lab.store.apply(gatewayPod());
    at.lab.store.apply(ingressService());
    await at.watcher().start();
  });

  test('a missing port is reported with the exact command, and the Service is not written', async () => {
    open('echo', 32400);
    await at.passUntil(() => events('Gateway').length === 1 && events('Service').length === 1);
    expect(events('Service')[0]).toMatchObject({
      reason: 'ServicePortMissing',
      message: expect.stringContaining(
        'kubectl -n istio-system patch service istio-ingressgateway --type=json -p',
      ),
    });
    expect(numbers()).toEqual([15020]);
  });
});
