import { afterEach, describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/index.ts';
import type { IngressConfig } from '../../../shared/config/schema.ts';
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
} from '../watch/support.ts';

interface Port {
  readonly name: string;
  readonly port: number;
}

let at: Bench;
afterEach(() => at.close());

async function started(ingress: Partial<IngressConfig> = {}): Promise<void> {
  at = await startBench(ingress);
  at.lab.store.apply(gatewayPod());
  at.lab.store.apply(ingressService());
  await at.watcher().start();
}

const ports = (): readonly Port[] =>
  (
    at.lab.store.get('v1', 'Service', 'istio-system', 'istio-ingressgateway') as unknown as {
      spec: { ports: Port[] };
    }
  ).spec.ports;
const numbers = (): readonly number[] => ports().map(({ port }) => port);
type Told = KubernetesObject & {
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  readonly involvedObject: { readonly kind: string };
};
const events = (kind: string): readonly Told[] =>
  ['istio-system', 'default']
    .flatMap((namespace) => at.lab.store.list('v1', 'Event', namespace) as readonly Told[])
    .filter(({ involvedObject }) => involvedObject.kind === kind);

function open(name: string, port: number): void {
  at.lab.store.apply(gateway(name, port));
  at.lab.store.apply(route(name, name, port));
}

async function settle(): Promise<void> {
  at.settle({});
  await toldAll(at);
}

/**
 * A port that was added, that no Gateway requests any more, and whose removal BIG-IP has confirmed;
 * the five minutes are over.
 */
async function unwanted(meanwhile: () => unknown = () => undefined): Promise<void> {
  open('echo', 32400);
  await at.passUntil(() => numbers().includes(32400));
  meanwhile();
  await settle();
  await at.passUntil(() => at.snapshots().at(-1)?.objects.services[0]?.ports.length === 2);
  await settle();
  at.lab.store.delete('networking.istio.io/v1', 'Gateway', 'default', 'echo');
  await at.passUntil(() => at.snapshots().at(-1)?.objects.gateways.length === 0);
  await settle();
  await quiet();
  at.clock.advance(301_000);
}

describe('servicePorts.withdraw', () => {
  test('set to false keeps a port that is no longer needed', async () => {
    await started({ withdraw: false });
    await unwanted();
    await quiet();
    expect(numbers()).toEqual([15020, 32400]);
  });

  test('set to true removes it', async () => {
    await started();
    await unwanted();
    await until(() => numbers().length === 1);
    expect(numbers()).toEqual([15020]);
  });

  test('reports a refused removal in an Event on the Service, with the remedy', async () => {
    await started();
    await unwanted(() =>
      at.lab.faults.add(
        { verbs: ['patch'], resource: 'services' },
        { kind: 'fail', code: 422, reason: 'Invalid', message: 'spec.ports: kept by policy' },
      ),
    );
    await until(() => events('Service').some(({ reason }) => reason === 'ServicePortRefused'));
    expect(
      events('Service').find(({ reason }) => reason === 'ServicePortRefused')?.message,
    ).toMatch(
      /port 32400\/TCP could not be removed from Service istio-system\/istio-ingressgateway.*kept by policy.*Correct the Service/,
    );
  });
});

describe('an addition that is refused is an Event on the Service and the Gateway', () => {
  test.each([
    [
      409,
      'Conflict',
      'Apply failed with 1 conflict: conflict with "helm": .spec.ports',
      /conflict with "helm".*--show-managed-fields/,
    ],
    [
      403,
      'Forbidden',
      'admission webhook "ports.example.com" denied the request: no new ports',
      /denied the request: no new ports.*admission policy/,
    ],
    [
      422,
      'Invalid',
      "services \"a\" is forbidden: ValidatingAdmissionPolicy 'few-ports' with binding 'b' denied request: no",
      /denied request: no.*ValidatingAdmissionPolicy 'few-ports', or set servicePorts: observe/,
    ],
    [422, 'Invalid', 'spec.ports: too many', /too many.*servicePorts: observe/],
  ])('%i %s: with the remedy', async (code, reason, message, said) => {
    await started();
    at.lab.faults.add(
      { verbs: ['patch'], resource: 'services' },
      { kind: 'fail', code, reason, message },
    );
    open('echo', 32400);
    await at.passUntil(() => events('Gateway').length > 0 && events('Service').length > 0);
    for (const kind of ['Gateway', 'Service'])
      expect(events(kind)[0]).toMatchObject({
        reason: 'ServicePortRefused',
        message: expect.stringMatching(said),
      });
  });
});

test('with servicePorts: observe, a port that was added manually and removed is reported again', async () => {
  await started({ servicePorts: 'observe' });
  open('echo', 32400);
  const missed = (): readonly number[] =>
    ['Gateway', 'Service'].map(
      (kind) => events(kind).find(({ reason }) => reason === 'ServicePortMissing')?.count ?? 0,
    );
  await at.passUntil(() => missed().every((count) => count === 1));
  at.lab.store.apply(
    ingressService({
      ports: [
        { name: 'status-port', port: 15020, protocol: 'TCP', targetPort: 15020 },
        { name: 'tcp-echo', port: 32400, protocol: 'TCP', targetPort: 32400 },
      ],
    }),
  );
  await at.passUntil(
    () => at.snapshots().at(-1)?.objects.services[0]?.ports.length === 2 || (at.settle({}), false),
  );
  await quiet();
  at.lab.store.apply(ingressService());
  await at.passUntil(() => missed().every((count) => count === 2));
  expect(numbers()).toEqual([15020]);
});
