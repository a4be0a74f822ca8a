/** What `sluice migrate cis` shows and refuses, from what F5 CIS and Sluice have. */
import { describe, expect, test } from '@jest/globals';
import type { ForeignServer } from '../../../shared/device/foreign-server.ts';
import { EMPTY_STATE, type DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { exposureKey } from '../../../shared/domain/exposure/exposure.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import type { RawObject } from '../../../shared/kubernetes/index.ts';
import { migrationAdvice } from '../../../shared/operations/migrate/advice.ts';
import { planTake, planUndo } from '../../../shared/operations/migrate/address-plan.ts';
import type { AskedExposure } from '../../../shared/operations/migrate/asked.ts';
import { controllersIn } from '../../../shared/operations/migrate/controllers.ts';
import type { MigrationFacts } from '../../../shared/operations/migrate/facts.ts';
import {
  HANDED_OVER_ANNOTATION,
  handingOver,
} from '../../../shared/operations/migrate/handed-over.ts';
import { ownedByCis } from '../../../shared/operations/migrate/owned.ts';
import { migrationRows } from '../../../shared/operations/migrate/rows.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import {
  gateway,
  ingressService,
  objects as objectsWith,
  server,
  servicePort,
} from '../../fixtures/kubernetes.ts';

const ADDRESS = '172.16.100.195';
const KEY = `${ADDRESS}:32400/tcp`;
const OWNER = 'east/istio-system/istio-ingressgateway';
const SERVICE = 'istio-ingressgateway';

const named = (name: string, labels: object): RawObject['metadata'] => ({
  namespace: 'istio-system',
  name,
  labels: labels as Record<string, string>,
  resourceVersion: '7',
});
const configMap = (data: string, name = 'map'): RawObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: named(name, { f5type: 'virtual-server' }),
  data: { schema: 'f5schemadb://bigip-virtual-server_v0.1.7.json', data },
});
const walkthrough = (port = 32_400, backendPort = 32_400): RawObject =>
  configMap(
    JSON.stringify({
      virtualServer: {
        backend: { serviceName: SERVICE, servicePort: backendPort },
        frontend: {
          virtualAddress: { port, bindAddr: ADDRESS },
          partition: 'cis',
          balance: 'least-connections-member',
        },
      },
    }),
  );
const transportServer = (over: object = {}, labels: object = { f5cr: 'true' }): RawObject => ({
  apiVersion: 'cis.f5.com/v1',
  kind: 'TransportServer',
  metadata: named('ts', labels),
  spec: {
    virtualServerAddress: ADDRESS,
    virtualServerPort: 32_400,
    mode: 'standard',
    pool: { service: SERVICE, servicePort: 32_400 },
    ...over,
  },
});
const deployment = (args: readonly string[], readyReplicas = 1): RawObject => ({
  kind: 'Deployment',
  metadata: { namespace: 'kube-system', name: 'cis' },
  spec: { template: { spec: { containers: [{ image: 'x/k8s-bigip-ctlr:2', args }] } } },
  status: { readyReplicas },
});
const RUNNING = deployment(['--bigip-partition=cis', '--agent=as3']);
const live = (over: Partial<ForeignServer> = {}): ForeignServer => ({
  path: '/cis/Shared/one',
  partition: 'cis',
  address: ADDRESS,
  port: 32_400,
  protocol: 'tcp',
  balance: 'least-connections-member',
  monitors: [],
  persistence: ['source-address'],
  snat: 'auto',
  ...over,
});
const asked = (over: Partial<AskedExposure> = {}, of = exposure()): AskedExposure => ({
  owner: OWNER,
  service: `istio-system/${SERVICE}`,
  key: exposureKey(of),
  exposure: of,
  gateways: [{ api: 'istio', gateway: 'default/tcp-echo-gateway', ports: [32_400] }],
  servicePorts: [32_400],
  ...over,
});
/** As apply declares it; `holders`: while others have the address. */
const declaredWith = (holders: readonly ForeignServer[]): DeclaredState =>
  planPartition('k8s', EMPTY_STATE, [slice(1, [exposure()])], { sameFleet: () => false, holders })
    .next;

function factsOf(
  raw: readonly RawObject[],
  over: Partial<MigrationFacts> = {},
  deployments: readonly RawObject[] = [RUNNING],
): MigrationFacts {
  const controllers = controllersIn(deployments);
  return {
    device: 'bigip',
    controllers,
    owned: ownedByCis(raw, { services: [ingressService([servicePort(32_400)])] }, controllers),
    foreign: [live()],
    declared: new Map([['k8s', declaredWith([live()])]]),
    asked: [asked()],
    leaning: new Set(),
    ...over,
  };
}

describe('what is shown', () => {
  test('a virtual server for which Sluice waits is ready, with what changes', () => {
    expect(migrationRows(factsOf([walkthrough()]))).toMatchObject([
      {
        key: KEY,
        objects: ['ConfigMap istio-system/map'],
        state: 'ready',
        differences: [
          'balance: least-connections-member, then round-robin',
          'persistence: source-address, then none',
          'monitors: none, then tcp every 5 s',
        ],
        problems: [],
      },
    ]);
  });

  test('side by side: the same port of the Service at another address', () => {
    const at = exposure({ address: '10.9.9.9' });
    const state = planPartition('k8s', EMPTY_STATE, [slice(1, [at])], { sameFleet: () => false });
    const facts = factsOf([walkthrough()], {
      asked: [asked({}, at)],
      declared: new Map([['k8s', state.next]]),
    });
    expect(migrationRows(facts)).toMatchObject([
      { key: KEY, state: 'cis', beside: ['10.9.9.9:32400/tcp'] },
    ]);
  });

  test.each([
    ['taken over', [declaredWith([])], 'sluice'],
    ['served by nobody', [EMPTY_STATE], 'nobody'],
  ])('without a virtual server of CIS: %s', (_, [state], expected) => {
    const facts = factsOf([walkthrough()], { foreign: [], declared: new Map([['k8s', state!]]) });
    expect(migrationRows(facts)).toMatchObject([{ key: KEY, state: expected }]);
  });

  test('an unreadable ConfigMap hides nothing else', () => {
    const facts = factsOf([configMap('{"virtualServer": ', 'broken'), walkthrough()]);
    expect(migrationRows(facts).map(({ objects, state }) => [objects, state])).toEqual([
      [['ConfigMap istio-system/map'], 'ready'],
    ]);
  });
});

describe('an address is taken over only if everything on it goes on', () => {
  const one = [walkthrough()];
  test.each<[string, MigrationFacts, string]>([
    ['nothing at the address', factsOf([], { foreign: [] }), 'F5 CIS has nothing at'],
    [
      'Sluice would have nothing there',
      factsOf(one, { asked: [] }),
      `Sluice would have nothing at ${KEY}`,
    ],
    [
      'Sluice has not asked for it',
      factsOf(one, { declared: new Map([['k8s', EMPTY_STATE]]) }),
      'Sluice has not asked bigip for',
    ],
    [
      'it would lead to another port',
      factsOf([walkthrough(32_400, 443)]),
      'leads to port 443 of Service istio-system/istio-ingressgateway, and Sluice would lead',
    ],
    [
      'two objects share it for two Services',
      factsOf([...one, transportServer({ pool: { service: 'other', servicePort: 32_400 } })]),
      'TransportServer istio-system/ts leads to port 32400 of Service istio-system/other',
    ],
    [
      'settings come only from the ConfigMap',
      factsOf(one, { leaning: new Set([KEY]) }),
      'come only from its F5 ConfigMap',
    ],
    [
      'another port belongs to nobody here',
      factsOf(one, { foreign: [live(), live({ path: '/cis/Shared/x', port: 443 })] }),
      '/cis/Shared/x belongs to no object of F5 CIS in this cluster',
    ],
    [
      'another port belongs to an object that cannot be converted',
      factsOf(
        [
          ...one,
          {
            ...transportServer({ virtualServerPort: 53, type: 'udp' }),
            metadata: named('dns', { f5cr: 'true' }),
          },
        ],
        { foreign: [live(), live({ path: '/cis/Shared/x', port: 53, protocol: 'udp' })] },
      ),
      'TransportServer istio-system/dns cannot be converted',
    ],
    [
      'CIS does not find the object',
      factsOf([transportServer({}, { app: 'x' })]),
      'has no label f5cr=true, so F5 CIS does not read it',
    ],
    [
      'a Service, which has no label for CIS',
      factsOf([
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { ...named(SERVICE, {}), annotations: { 'cis.f5.com/ip': ADDRESS } },
          spec: { type: 'LoadBalancer', ports: [{ port: 32_400 }] },
        },
      ]),
      'F5 CIS finds a Service by its annotations',
    ],
    [
      'CIS is stopped',
      factsOf(one, {}, [deployment(['--bigip-partition=cis'], 0)]),
      'kube-system/cis has no ready pod',
    ],
    ['CIS is elsewhere', factsOf(one, {}, []), 'no Deployment of F5 CIS is in this cluster'],
    [
      'CIS keeps the nodes in its partition',
      factsOf(one, { foreign: [live(), live({ address: '10.1.1.1' })] }, [
        deployment(['--bigip-partition=cis', '--agent', 'cccl']),
      ]),
      'kube-system/cis runs with the agent cccl',
    ],
  ])('%s', (_, facts, problem) => {
    expect(planTake(facts, ADDRESS).problems).toContainEqual(expect.stringContaining(problem));
  });

  test('one object after the other is let go of, and none twice', () => {
    const over = {
      address: ADDRESS,
      label: { name: 'f5cr', value: 'true' },
      at: '2026-01-01T00:00:00Z',
      by: 'ann',
    };
    const patch = handingOver(over) as { metadata: RawObject['metadata'] };
    const away = {
      ...transportServer(),
      metadata: { ...transportServer().metadata, ...patch.metadata },
    };
    const { objects, problems, ...plan } = planTake(factsOf([walkthrough(), away]), ADDRESS);
    expect(objects.map(({ object }) => object)).toEqual(['ConfigMap istio-system/map']);
    expect(plan.away.map(({ object }) => object)).toEqual(['TransportServer istio-system/ts']);
    expect(problems).toEqual([]);
    expect(planUndo(factsOf([walkthrough(), away]), ADDRESS).objects).toMatchObject([
      { object: 'TransportServer istio-system/ts', label: over.label },
    ]);
  });

  test('an annotation that Sluice did not write is not believed', () => {
    const object = transportServer();
    const annotations = { [HANDED_OVER_ANNOTATION]: '{"label":{"name":"x","value":"y"}}' };
    const facts = factsOf([{ ...object, metadata: { ...object.metadata, annotations } }]);
    expect(planTake(facts, ADDRESS).problems).toContainEqual(
      expect.stringContaining('is not what Sluice wrote'),
    );
    expect(planUndo(facts, ADDRESS).problems).toContainEqual(
      expect.stringContaining('no object in this cluster was handed over'),
    );
  });

  test('a Gateway with two addresses is not withheld as a whole', () => {
    const over = {
      address: ADDRESS,
      label: { name: 'f5cr', value: 'true' },
      at: '2026-01-01T00:00:00Z',
      by: '',
    };
    const patch = handingOver(over) as { metadata: RawObject['metadata'] };
    const away = {
      ...transportServer(),
      metadata: { ...transportServer().metadata, ...patch.metadata },
    };
    const facts = factsOf([away], {
      foreign: [],
      declared: new Map([['k8s', declaredWith([])]]),
      asked: [asked(), asked({}, exposure({ address: '10.9.9.9' }))],
    });
    expect(planUndo(facts, ADDRESS).problems).toEqual([
      expect.stringContaining('belong to one Gateway'),
    ]);
  });
});

test.each([
  [
    ['--bigip-partition=a', '--bigip-partition', 'b', '--pool-member-type=cluster'],
    {
      partitions: ['a', 'b'],
      agent: 'as3',
      members: 'cluster',
      label: { name: 'f5cr', value: 'true' },
    },
  ],
  [
    ['-agent=cccl', '--custom-resource-label=team in (edge)'],
    { partitions: [], agent: 'cccl', label: { name: 'team', value: 'edge' } },
  ],
  [['--custom-resource-label=a in (b,c)'], { label: undefined }],
])('arguments of CIS: %j', (args, expected) => {
  expect(controllersIn([deployment(args)])).toMatchObject([expected]);
});

test('Deployments of other programs, and such that are no Deployment at all, are none of CIS', () => {
  const other = {
    ...deployment([]),
    spec: { template: { spec: { containers: [{ image: 'nginx' }, null] } } },
  };
  expect(controllersIn([other, { ...other, spec: 7 }, { ...other, spec: {} }])).toEqual([]);
});

test('a Gateway gets its address even if it is the most frequent one, where sluice.yaml has another', () => {
  const advised = (entries: ReadonlyMap<string, string>): readonly unknown[] => {
    const raw = [transportServer()];
    const { ingresses, gateways } = migrationAdvice(
      raw,
      objectsWith({
        services: [ingressService([servicePort(32_400)])],
        gateways: [gateway('default/tcp-echo-gateway', [server(32_400)])],
      }),
      factsOf(raw).owned,
      {
        cluster: 'east',
        device: 'bigip',
        partition: 'k8s',
        members: 'nodes',
        addresses: new Map(),
        entries,
      },
    );
    return [
      ingresses[0]?.virtualAddress,
      gateways[0]?.annotations['sluice.io/virtual-address'] ?? 'of the entry',
    ];
  };
  expect(advised(new Map())).toEqual([ADDRESS, 'of the entry']);
  expect(advised(new Map([[`istio-system/${SERVICE}`, '172.16.100.1']]))).toEqual([
    '172.16.100.1',
    ADDRESS,
  ]);
});
