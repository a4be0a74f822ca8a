/** A snapshot waits for the Service port that is being written, so that one declare is enough. */
import { describe, expect, test } from '@jest/globals';
import { Emitter } from '../../../functions/watch/emit/emitter.ts';
import { isOwnServiceWrite, isOwnWrite } from '../../../functions/watch/emit/own-writes.ts';
import type { Content } from '../../../functions/watch/emit/snapshot-content.ts';
import { ServicePorts } from '../../../functions/watch/ports/reconcile-ports.ts';
import type { WatchedIngress } from '../../../functions/watch/ingresses.ts';
import { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import type { Change } from '../../../shared/domain/snapshot/snapshot.ts';
import { KubernetesError } from '../../../shared/kubernetes/index.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { createManualClock } from '../../contract/queue/manual-clock.ts';

const REF = { namespace: 'istio-system', service: 'istio-ingressgateway' };
const log = createLogger('silent');

interface Service {
  readonly ports?: readonly number[];
  readonly status?: { readonly ip: string; readonly isOurs: boolean };
}

/** Servers of one Gateway, and the ingress Service. */
function contentOf(servers: readonly number[], { ports = [], status }: Service = {}): Content {
  const meta = { namespace: REF.namespace, name: REF.service };
  return {
    removed: false,
    objects: KubernetesObjects.parse({
      gateways: [
        {
          meta: { namespace: 'default', name: 'echo' },
          selector: {},
          servers: servers.map((number) => ({ port: { number, protocol: 'TCP' }, hosts: ['*'] })),
        },
      ],
      services: [
        {
          meta,
          selector: {},
          ports: ports.map((port) => ({ port })),
          ...(status && {
            loadBalancerIngress: [{ ip: status.ip }],
            statusIsOurs: status.isOurs,
          }),
        },
      ],
    }),
  };
}

const change = (what: Change['what'], kind = 'Gateway'): Change => ({
  what,
  kind,
  namespace: 'default',
  name: 'echo',
  resourceVersion: '1',
});

/** A watcher's emitter whose content and port write are controlled by the test. */
function start(content: Content) {
  const clock = createManualClock();
  const now: {
    content: Content | undefined;
    isWriting: boolean;
    isMapping: boolean;
    isResting: boolean;
    plans: number;
  } = { content, isWriting: false, isMapping: false, isResting: false, plans: 0 };
  const sent: { readonly at: number; readonly ports: readonly number[] }[] = [];
  const emitter = new Emitter({
    clock,
    random: () => 0.5,
    log,
    debounce: { quietMs: 100, maxMs: 1_000 },
    content: () => now.content,
    send: ({ objects }) => {
      const ports = objects.services.flatMap((service) => service.ports.map(({ port }) => port));
      sent.push({ at: clock.monotonic(), ports });
      return Promise.resolve({ epoch: 1, counter: sent.length });
    },
    // As in the reconciler: until the mapping is made again, a port may be missing.
    observed: () => void (now.isWriting ||= now.isMapping),
    awaitsPort: () => now.isWriting || now.isResting,
    planPorts: () => {
      now.plans += 1;
      now.isResting = false;
    },
  });
  emitter.start();
  const begun = clock.monotonic();
  return {
    clock,
    emitter,
    now,
    ports: () => sent.map(({ ports }) => ports),
    times: () => sent.map(({ at }) => at - begun),
  };
}

describe('a snapshot whose Service port is being written', () => {
  test('waits, and contains the port', async () => {
    const { clock, emitter, now, ports } = start(contentOf([80]));
    now.isWriting = true;
    emitter.changed(change('added'), false);
    await clock.pass(300);
    expect(ports()).toEqual([]);
    now.isWriting = false;
    now.isMapping = true;
    now.content = contentOf([80], { ports: [80] });
    emitter.touched();
    // Without another debounce.
    await clock.pass(1);
    expect(ports()).toEqual([[80]]);
    await emitter.stop();
  });

  test('ends its wait when the write is over without a change of the Service', async () => {
    const { clock, emitter, now, ports } = start(contentOf([80]));
    now.isWriting = true;
    emitter.changed(change('added'), false);
    await clock.pass(150);
    now.isWriting = false;
    emitter.portsChanged();
    await clock.pass(1);
    expect(ports()).toEqual([[]]);
    await emitter.stop();
  });

  test('waits 300 ms at most, even if Sluice writes more meanwhile', async () => {
    const { clock, emitter, now, times } = start(contentOf([80]));
    now.isWriting = true;
    emitter.changed(change('added'), false);
    await clock.pass(350);
    emitter.touched();
    await clock.pass(51);
    expect(times()).toEqual([400]);
    await emitter.stop();
  });

  test('waits for the end of other changes as always, and for them alone', async () => {
    const { clock, emitter, now, times } = start(contentOf([80]));
    now.isWriting = true;
    emitter.changed(change('added'), false);
    await clock.pass(350);
    emitter.changed(change('updated', 'VirtualService'), false);
    await clock.pass(101);
    expect(times()).toEqual([450]);
    await emitter.stop();
  });

  test('is sent after the longest debounce, even if changes never end', async () => {
    const { clock, emitter, now, times } = start(contentOf([80]));
    now.isWriting = true;
    emitter.changed(change('added'), false);
    await clock.pass(150);
    for (let at = 150; at <= 1_000; at += 50) {
      emitter.changed(change('updated', 'VirtualService'), false);
      await clock.pass(50);
    }
    expect(times()).toEqual([1_000]);
    await emitter.stop();
  });

  test('does not tell that a Gateway is gone while it is replaced', async () => {
    const { clock, emitter, now, ports } = start(contentOf([80]));
    now.isWriting = true;
    emitter.changed(change('added'), false);
    await clock.pass(390);
    now.content = contentOf([]);
    emitter.changed(change('deleted'), false);
    await clock.pass(50);
    expect(ports()).toEqual([]);
    now.content = contentOf([80], { ports: [80] });
    emitter.changed(change('added'), false);
    await clock.pass(101);
    expect(ports()).toEqual([[80]]);
    await emitter.stop();
  });

  test('does not wait any longer once a server is removed', async () => {
    const { clock, emitter, now, times } = start(contentOf([80]));
    emitter.changed(change('added'), false);
    await clock.pass(100);
    emitter.settled({ revision: { epoch: 1, counter: 1 }, devices: [] });
    now.isWriting = true;
    now.content = contentOf([80, 81]);
    emitter.changed(change('updated'), false);
    await clock.pass(110);
    now.content = contentOf([81]);
    emitter.changed(change('updated'), false);
    await clock.pass(101);
    expect(times()).toEqual([100, 310]);
    await emitter.stop();
  });

  test('does not have the ports planned if none can be missing', async () => {
    const { clock, emitter, now, times } = start(contentOf([80]));
    emitter.changed(change('added'), false);
    await clock.pass(101);
    expect([times(), now.plans]).toEqual([[100], 0]);
    await emitter.stop();
  });

  test('does not wait because the worker that plans the ports rests: they are planned now', async () => {
    const { clock, emitter, now, times } = start(contentOf([80]));
    now.isResting = true;
    emitter.changed(change('added'), false);
    await clock.pass(101);
    expect(times()).toEqual([100]);
    expect(now.plans).toBe(1);
    // A pod that leaves does not even wait for the plan of ports.
    emitter.changed(change('updated', 'Pod'), true);
    await clock.pass(1);
    expect(now.plans).toBe(1);
    await emitter.stop();
  });

  test('does not wait for the removal of a server, or of the whole ingress', async () => {
    for (const after of [contentOf([80]), { ...contentOf([80, 81]), removed: true }]) {
      const { clock, emitter, now, times } = start(contentOf([80, 81]));
      emitter.changed(change('added'), false);
      await clock.pass(100);
      emitter.settled({ revision: { epoch: 1, counter: 1 }, devices: [] });
      now.isWriting = true;
      now.content = after;
      emitter.changed(change('updated'), false);
      await clock.pass(101);
      expect(times()).toEqual([100, 200]);
      await emitter.stop();
    }
  });

  test('does not wait when a pod leaves, not even if it waits already', async () => {
    const { clock, emitter, now, times } = start(contentOf([80]));
    now.isWriting = true;
    emitter.changed(change('added'), false);
    await clock.pass(150);
    emitter.changed(change('updated', 'Pod'), true);
    await clock.pass(1);
    expect(times()).toEqual([150]);
    await emitter.stop();
  });

  test('does not wait when a node is added that is cordoned', async () => {
    const { clock, emitter, now, times } = start(contentOf([80]));
    now.isWriting = true;
    emitter.changed(change('added'), false);
    await clock.pass(150);
    emitter.changed(change('added', 'Node'), true);
    await clock.pass(1);
    expect(times()).toEqual([150]);
    await emitter.stop();
  });

  test('waits for the end of what is added meanwhile, so that both go together', async () => {
    const { clock, emitter, now, times } = start(contentOf([80]));
    now.isWriting = true;
    emitter.changed(change('added'), false);
    await clock.pass(380);
    emitter.changed(change('added'), false);
    now.isWriting = false;
    emitter.portsChanged();
    await clock.pass(200);
    expect(times()).toEqual([480]);
    await emitter.stop();
  });

  test('is made without a wait once the state is known again', async () => {
    const { clock, emitter, now, times } = start(contentOf([80]));
    emitter.changed(change('added'), false);
    await clock.pass(100);
    emitter.settled({ revision: { epoch: 1, counter: 1 }, devices: [] });
    now.isWriting = true;
    now.content = undefined;
    emitter.changed(change('updated'), false);
    await clock.pass(150);
    now.content = contentOf([81]);
    emitter.changed(change('updated'), false);
    await clock.pass(200);
    expect(times()).toEqual([100, 350]);
    await emitter.stop();
  });

  test('is sent at once when the watcher stops', async () => {
    const { clock, emitter, now, ports } = start(contentOf([80]));
    now.isWriting = true;
    emitter.changed(change('added'), false);
    await clock.pass(150);
    await emitter.stop();
    expect(ports()).toEqual([[]]);
  });
});

describe('a port is being written', () => {
  const missing = {
    service: `${REF.namespace}/${REF.service}`,
    name: 'tcp-80',
    port: 80,
    targetPort: 80,
    protocol: 'TCP',
    gateways: ['default/echo'],
  } as const;

  function ports(
    write: () => Promise<unknown> = () => Promise.resolve(),
    servicePorts: WatchedIngress['servicePorts'] = 'manage',
  ) {
    const now = { content: contentOf([80]) };
    const service = (): unknown => ({
      of: 'services',
      object: now.content.objects.services[0],
      owned: { version: '1', ports: [], status: false, statusManagers: [] },
    });
    const raw = { metadata: { namespace: REF.namespace, name: REF.service } };
    const created = new ServicePorts({
      cache: { service, index: { gateways: new Map(), apiGateways: new Map() } } as never,
      client: { get: () => Promise.resolve(raw), apply: write } as never,
      recorder: { report: () => undefined },
      ingress: { ref: REF, servicePorts, withdraw: false } as WatchedIngress,
      clock: createManualClock(),
      log,
      ownPorts: { nodePort: () => undefined },
    });
    const demand = (...all: readonly (typeof missing)[]): void =>
      void created.demand({
        missing: all,
        wants: { has: () => true },
        newest: { epoch: 1, counter: 1 },
      });
    return { ports: created, now, demand };
  }

  test('from the change until the Service has it', () => {
    const { ports: created, now, demand } = ports();
    created.changed();
    expect(created.isWriting()).toBe(true);
    demand(missing);
    expect(created.isWriting()).toBe(true);
    now.content = contentOf([80], { ports: [80] });
    expect(created.isWriting()).toBe(false);
  });

  test('only if one is missing, and only if Sluice may add it', () => {
    const managed = ports();
    managed.demand();
    expect(managed.ports.isWriting()).toBe(false);
    const observed = ports(undefined, 'observe');
    observed.demand(missing);
    expect(observed.ports.isWriting()).toBe(false);
  });

  test('not after the API server refused it', async () => {
    const refusal = new KubernetesError({
      status: 403,
      reason: 'Forbidden',
      message: 'forbidden',
    });
    const { ports: created, demand } = ports(() => Promise.reject(refusal));
    demand(missing);
    await expect(created.reconcile()).rejects.toThrow('forbidden');
    expect(created.isWriting()).toBe(false);
  });
});

describe('what Sluice wrote to the Service itself', () => {
  const own =
    (mapping: (content: Content) => object = () => ({ same: true })) =>
    (sent: Content, content: Content): boolean =>
      isOwnWrite({ ref: REF, isOwnPort: ({ port }) => port === 80, mapping }, sent, content);
  const bare = contentOf([80]);
  const told = contentOf([80], { status: { ip: '172.16.100.195', isOurs: true } });

  test('is no reason for a snapshot if it maps to the same', () => {
    expect(own()(bare, told)).toBe(true);
    expect(own()(bare, contentOf([80], { ports: [80] }))).toBe(true);
  });

  test('is one if the mapping differs', () => {
    const mapping = ({ objects }: Content): object => objects.services[0]?.ports ?? [];
    expect(own(mapping)(bare, contentOf([80], { ports: [80] }))).toBe(false);
  });

  test('does not cover what others wrote, or changes elsewhere', () => {
    const foreign = contentOf([80], { status: { ip: '172.16.100.195', isOurs: false } });
    expect(own()(bare, foreign)).toBe(false);
    expect(own()(bare, contentOf([80], { ports: [81] }))).toBe(false);
    expect(own()(bare, contentOf([80, 81], { ports: [80] }))).toBe(false);
    expect(own()(bare, { ...told, removed: true })).toBe(false);
  });
});

describe('a change of the Service', () => {
  const NAME = { namespace: REF.namespace, name: REF.service };
  type Ports = Service & { readonly owned?: readonly number[] };

  /** Sluice owned port 80 before, and owns `owned` now. */
  function isOwn(
    before: Ports,
    { owned = [], ...after }: Ports,
    what: Change['what'] = 'updated',
    edit: Partial<KubernetesObjects['services'][number]> = {},
  ): boolean {
    const objectOf = (service: Service): KubernetesObjects['services'][number] =>
      contentOf([], service).objects.services[0]!;
    return isOwnServiceWrite(
      {
        change: { ...change(what, 'Service'), ...NAME },
        before: { of: 'services', object: objectOf(before) },
        observed: {
          of: 'services',
          object: { ...objectOf(after), ...edit },
          owned: {
            version: '2',
            ports: owned.map((port) => ({ port, protocol: 'TCP' })),
            status: false,
            statusManagers: [],
          },
        },
      },
      ({ service, port }) => service === `${NAME.namespace}/${NAME.name}` && port === 80,
    );
  }

  test.each<[string, Ports, Ports]>([
    ['adds a port', {}, { ports: [80], owned: [80] }],
    ['removes a port that it added', { ports: [80, 81] }, { ports: [81] }],
    ['writes the status', {}, { status: { ip: '172.16.100.195', isOurs: true } }],
  ])('is none by its author if Sluice %s', (_, before, after) => {
    expect(isOwn(before, after)).toBe(true);
  });

  test.each<[string, Ports, Ports]>([
    ['adds a port', {}, { ports: [81] }],
    ['adds a port again that Sluice had added before', {}, { ports: [80] }],
    ['removes a port', { ports: [80, 81] }, { ports: [80], owned: [80] }],
    ['writes the status', {}, { status: { ip: '10.0.0.1', isOurs: false } }],
    [
      'replaces the status that Sluice wrote',
      { status: { ip: '172.16.100.195', isOurs: true } },
      { status: { ip: '10.0.0.1', isOurs: false } },
    ],
  ])('is one by another author who %s', (_, before, after) => {
    expect(isOwn(before, after)).toBe(false);
  });

  test('is one by its author if it edits a port that Sluice added', () => {
    const there = { ports: [80], owned: [80] };
    const ports = [{ name: 'mine', port: 80, protocol: 'TCP', targetPort: 8080 }];
    expect(isOwn(there, there, 'updated', { ports })).toBe(false);
  });

  test.each([
    { sourceRanges: ['10.0.0.0/8'] },
    { meta: { ...contentOf([]).objects.services[0]!.meta, annotations: { 'sluice.io/a': 'b' } } },
    { externalTrafficPolicy: 'Local' },
  ])('is one by its author if it comes together with what Sluice wrote: %j', (edit) => {
    expect(isOwn({}, { ports: [80], owned: [80] }, 'updated', edit)).toBe(false);
  });

  test.each(['added', 'deleted'] as const)('is one if the Service is %s', (what) => {
    const there = { ports: [80], owned: [80] };
    expect(isOwn(there, there, what)).toBe(false);
  });
});
