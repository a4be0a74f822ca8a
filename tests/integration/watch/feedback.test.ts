import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/index.ts';
import type { ExposureResult } from '../../../shared/domain/exposure/exposure.ts';
import type { ServerReport } from '../../../shared/domain/istio/port-mapping.ts';
import {
  type Bench,
  gateway,
  gatewayPod,
  ingressService,
  route,
  startBench,
  toldAll,
  until,
} from './support.ts';

interface Written {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
}

let at: Bench;

async function begin(
  ingress = {},
  service: Record<string, unknown> = { loadBalancerClass: 'sluice.io/bigip' },
): Promise<void> {
  at = await startBench(ingress);
  at.lab.store.apply(gatewayPod());
  at.lab.store.apply(
    ingressService({
      ...service,
      ports: [{ name: 'tcp-echo', port: 32400, protocol: 'TCP', targetPort: 32400 }],
    }),
  );
  at.lab.store.apply(gateway('echo', 32400));
  at.lab.store.apply(route('echo', 'echo', 32400));
  await at.watcher().start();
  await until(() => at.snapshots().length === 1);
}

afterEach(() => at.close());

const service = (): KubernetesObject | undefined =>
  at.lab.store.get('v1', 'Service', 'istio-system', 'istio-ingressgateway');
const addresses = (): readonly { ip: string; ipMode?: string }[] =>
  (service()?.['status'] as { loadBalancer?: { ingress?: { ip: string }[] } } | undefined)
    ?.loadBalancer?.ingress ?? [];
const events = (kind: string): readonly Written[] =>
  ['istio-system', 'default']
    .flatMap((namespace) => at.lab.store.list('v1', 'Event', namespace))
    .filter((event) => (event['involvedObject'] as { kind: string }).kind === kind) as never;

function result(more: Partial<ExposureResult> = {}): ExposureResult {
  return {
    address: '172.16.100.195',
    port: 32400,
    protocol: 'tcp',
    partition: 'k8s',
    gateways: ['default/echo'],
    outcome: 'applied',
    code: 'OK',
    message: 'created',
    ...more,
  };
}

async function told(exposures: readonly ExposureResult[], more = {}): Promise<void> {
  at.settle({ exposures: [...exposures], ...more });
  await toldAll(at);
}

describe('what the device has confirmed', () => {
  beforeEach(() => begin());

  test('is Programmed on the Gateway and Service, and has its external address', async () => {
    expect(addresses()).toEqual([]);
    await told([result()]);
    expect(events('Gateway')).toEqual([
      expect.objectContaining({
        type: 'Normal',
        reason: 'Programmed',
        message: expect.stringContaining('172.16.100.195:32400/tcp'),
        count: 1,
      }),
    ]);
    expect(events('Service').map((event) => event.reason)).toEqual(['Programmed']);
    expect(addresses()).toEqual([
      expect.objectContaining({ ip: '172.16.100.195', ipMode: 'Proxy' }),
    ]);
  });

  test('is not reported again for the same result, nor after a restart of the watcher', async () => {
    await told([result()]);
    await told([result({ outcome: 'unchanged' })]);
    await at.watcher().start();
    await until(() => at.snapshots().length === 2);
    await told([result()]);
    expect(events('Gateway').map((event) => [event.reason, event.count])).toEqual([
      ['Programmed', 1],
    ]);
  });

  test('counts up when it returns after a failure', async () => {
    await told([result()]);
    await told([result({ outcome: 'rejected', code: 'BIP411', message: 'the device refuses it' })]);
    await told([result()]);
    expect(
      Object.fromEntries(events('Gateway').map((event) => [event.reason, event.count])),
    ).toEqual({ ApplyFailed: 1, Programmed: 2 });
  });

  test('takes the address away when nothing is exposed any more', async () => {
    await told([result()]);
    expect(addresses()).toHaveLength(1);
    await until(
      () =>
        service()?.metadata.managedFields?.some((entry) => entry.manager === 'sluice-status') ===
        true,
    );
    await told([]);
    expect(addresses()).toEqual([]);
  });

  test('keeps the address while a deletion is held or an update is delayed', async () => {
    await told([result()]);
    await told([result({ outcome: 'held', code: 'OWN310', message: 'held' })]);
    await told([result({ outcome: 'retry', code: 'BIP501', message: 'busy' })]);
    expect(addresses().map(({ ip }) => ip)).toEqual(['172.16.100.195']);
  });

  test('ignores a late result of an older snapshot', async () => {
    await told([result()]);
    const epoch = at.snapshots().at(-1)?.revision.epoch ?? 0;
    const late = { version: { epoch: epoch - 1, counter: 1, generation: 1 } };
    await told([], late);
    await told([result({ outcome: 'rejected', code: 'BIP411', message: 'refused' })], late);
    expect(addresses()).toEqual([{ ip: '172.16.100.195', ipMode: 'Proxy' }]);
    expect(events('Gateway').map((event) => [event.reason, event.count])).toEqual([
      ['Programmed', 1],
    ]);
  });

  test('is written again after the status was cleared', async () => {
    await told([result()]);
    at.lab.store.apply({ ...(service() as KubernetesObject), status: { loadBalancer: {} } });
    await at.passUntil(() => addresses().length === 1);
  });
});

describe('what failed', () => {
  beforeEach(() => begin());

  test.each([
    ['rejected', 'ApplyFailed'],
    ['conflict', 'PortConflict'],
    ['held', 'DeletionHeld'],
    ['retry', 'ApplyDelayed'],
  ] as const)(
    '%s is a warning %s with code and sentence, and no external address',
    async (outcome, reason) => {
      await told([result({ outcome, code: 'BIP499', message: 'a sentence that explains it' })]);
      const written = (whom: string): unknown =>
        expect.objectContaining({
          type: 'Warning',
          reason,
          message: `172.16.100.195:32400/tcp${whom} on bigip-1: BIP499: a sentence that explains it`,
        });
      expect(events('Gateway')).toEqual([written('')]);
      expect(events('Service')).toEqual([written(' for Gateway default/echo')]);
      expect(addresses()).toEqual([]);
    },
  );

  test.each([
    ['no-route', 'NoRoute'],
    ['rejected', 'MappingRejected'],
    ['privileged-port', 'PrivilegedPort'],
    ['unreachable-bind', 'UnreachableBind'],
    ['no-service-port', 'NoServicePort'],
  ] as const)(
    'a server with verdict %s is a warning %s on its Gateway',
    async (verdict, reason) => {
      const server: ServerReport = {
        gateway: 'default/echo',
        api: 'istio',
        server: 0,
        name: 'tcp',
        port: 32400,
        protocol: 'TCP',
        verdict,
        code: 'MAP299',
        reason: 'because of this',
        envoyPorts: [],
        servicePorts: [],
        missingInService: false,
      };
      await told([], { device: undefined, devices: [], servers: [server] });
      expect(events('Gateway')).toEqual([
        expect.objectContaining({
          type: 'Warning',
          reason,
          message: 'server 0 (tcp), port 32400: MAP299: because of this',
        }),
      ]);
    },
  );
});

describe('a server that waits for its Service port', () => {
  const server = (port: number, verdict: ServerReport['verdict']): ServerReport => ({
    gateway: 'default/echo',
    api: 'istio',
    server: 0,
    port,
    protocol: 'TCP',
    verdict,
    code: 'MAP240',
    reason: 'no Service has the port',
    envoyPorts: [],
    servicePorts: [],
    missingInService: true,
  });
  const warned = (): readonly string[] =>
    events('Gateway')
      .filter(({ type }) => type === 'Warning')
      .map(({ reason }) => reason);
  const tellOf = (verdict: ServerReport['verdict']): Promise<void> =>
    told([], { device: undefined, devices: [], servers: [server(32500, verdict)] });
  const ask = (): void => {
    at.lab.store.apply(gateway('echo', 32500));
    at.lab.store.apply(route('echo', 'echo', 32500));
  };
  const has = (): boolean =>
    (service() as unknown as { spec: { ports: { port: number }[] } }).spec.ports.some(
      ({ port }) => port === 32500,
    );

  test.each(['no-service-port', 'privileged-port'] as const)(
    'gets no warning (%s) where the port was added since',
    async (verdict) => {
      await begin();
      ask();
      await at.passUntil(has);
      await toldAll(at);
      await tellOf(verdict);
      expect(warned()).toEqual([]);
    },
  );

  test('gets one Event, which says that the port is refused', async () => {
    await begin();
    at.lab.faults.deny({ verbs: ['patch'], resource: 'services' });
    ask();
    await at.passUntil(() => warned().length > 0);
    await tellOf('no-service-port');
    expect(warned()).toEqual(['ServicePortRefused']);
  });

  test('is warned where nothing is added', async () => {
    await begin({ servicePorts: 'observe' });
    ask();
    await at.passUntil(() => warned().length > 0);
    await tellOf('no-service-port');
    expect([...warned()].sort()).toEqual(['NoServicePort', 'ServicePortMissing']);
  });
});

describe('a Gateway that selects no gateway pod', () => {
  const wrong = (labels: Record<string, string>): KubernetesObject => {
    const made = gateway('typo', 32500);
    return { ...made, spec: { ...(made['spec'] as object), selector: labels } };
  };
  const said = (): readonly string[] =>
    events('Gateway').flatMap(({ reason, message, count }) =>
      reason === 'NotSelected' ? [`${message.slice(0, 7)} ${count}`] : [],
    );
  const looks = async (count: number): Promise<void> => {
    for (let look = 0; look < count; look += 1) {
      at.clock.advance(10_000);
      await toldAll(at);
    }
  };

  test('gets MAP201 once while it lasts, and again if it returns', async () => {
    await begin();
    at.lab.store.apply(wrong({ istio: 'ingresgateway' }));
    await toldAll(at);
    await looks(1);
    expect(said()).toEqual([]);
    await looks(3);
    expect(said()).toEqual(['MAP201: 1']);
    at.lab.store.apply(wrong({ istio: 'ingressgateway' }));
    await toldAll(at);
    await looks(2);
    at.lab.store.apply(wrong({ istio: 'ingresgateway' }));
    await toldAll(at);
    await looks(3);
    expect(said()).toEqual(['MAP201: 2']);
  });

  test('gets no Event if it selects the pods of another ingress', async () => {
    await begin();
    const labels = { istio: 'other' };
    at.lab.store.apply(gatewayPod('other', { namespace: 'default', labels }));
    at.lab.store.apply(wrong(labels));
    await toldAll(at);
    await looks(3);
    expect(said()).toEqual([]);
  });

  test('gets no warning if pods elsewhere may not be read, but an Event that says where Sluice looked', async () => {
    await begin();
    // Only those of the ingress were listed.
    at.lab.faults.deny({ verbs: ['list'], resource: 'pods' });
    at.lab.store.apply(wrong({ istio: 'other' }));
    await toldAll(at);
    await looks(3);
    expect(
      events('Gateway').flatMap(({ reason, type, message }) =>
        reason === 'NotSelected' ? [`${type} ${message}`] : [],
      ),
    ).toEqual([
      expect.stringMatching(
        /^Normal MAP201: .* Sluice may read pods only in istio-system: if this Gateway is for gateway pods elsewhere, nothing is wrong\. Otherwise compare spec\.selector /,
      ),
    ]);
  });

  test('gets no Event while the pods of the ingress are scaled down', async () => {
    await begin();
    at.lab.store.delete('v1', 'Pod', 'istio-system', 'gateway-1');
    at.lab.store.apply(wrong({ istio: 'ingressgateway', app: 'gateway' }));
    await toldAll(at);
    await looks(3);
    expect(said()).toEqual([]);
  });
});

test('notes are reported on the objects they concern', async () => {
  await begin();
  await told([], {
    notes: [
      { object: 'Gateway default/echo', code: 'GW136', message: 'the annotation is not known' },
      { object: 'HTTPRoute default/other', code: 'GW140', message: 'no member is ready' },
    ],
  });
  expect(events('Gateway')).toEqual([
    expect.objectContaining({
      type: 'Warning',
      reason: 'SettingIgnored',
      message: 'GW136: the annotation is not known',
    }),
  ]);
  expect(events('Service')).toEqual([
    expect.objectContaining({
      reason: 'NoReadyMember',
      message: 'HTTPRoute default/other: GW140: no member is ready',
    }),
  ]);
});

describe('the external address is not touched', () => {
  test('without the class and without the configuration', async () => {
    await begin({}, {});
    await told([result()]);
    expect(addresses()).toEqual([]);
  });

  test('unless the configuration sets writeStatus', async () => {
    await begin({ writeStatus: true }, {});
    await told([result()]);
    expect(addresses()).toHaveLength(1);
  });
});

describe('a result that cannot be reported yet', () => {
  test('is acknowledged, and reported when the API answers again', async () => {
    await begin();
    const allow = at.lab.faults.deny({ verbs: ['patch', 'create'] });
    at.settle({ exposures: [result()] });
    await until(() =>
      at.logs.some(({ message }) => message.startsWith('reporting results failed')),
    );
    expect(at.queues.waiting('settled-east')).toBe(0);
    allow();
    await at.passUntil(() => addresses().length === 1 && events('Gateway').length === 1);
  });

  test('and an unreadable one is dead-lettered with its code', async () => {
    await begin();
    at.queues.deliver('settled-east', '{"no": "event"}');
    await toldAll(at);
    expect(at.logs).toContainEqual(
      expect.objectContaining({
        level: 'error',
        fields: expect.objectContaining({ code: 'Q611' }),
      }),
    );
  });
});
