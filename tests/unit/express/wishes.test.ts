/**
 * From a snapshot to the member changes that are sent ahead of its slices: through map, as it is
 * deployed.
 */
import { describe, expect, test } from '@jest/globals';
import { mapSnapshot } from '../../../functions/map/map.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Express } from '../../../shared/domain/express/event.ts';
import { expressFor } from '../../../shared/domain/express/express-event.ts';
import { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import type { Change, Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import { ingressOf } from '../../bench/world.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { members as membersOf } from './fixtures.ts';

const { ref, objects } = ingressOf(3);

function config(
  over: {
    readonly members?: 'pods' | 'nodes';
    readonly partitions?: readonly string[];
    readonly devices?: readonly string[];
    readonly routeDomain?: number;
  } = {},
): SluiceConfig {
  const { members = 'pods', partitions = ['k8s'], devices = ['bigip'], routeDomain = 0 } = over;
  return SluiceConfig.parse({
    generation: 7,
    devices: ['bigip', 'other'].map((name) => ({
      name,
      url: 'https://192.0.2.1',
      username: 'u',
      password: 'env:P',
      partitions,
    })),
    clusters: [{ id: 'east', routeDomain }],
    ingresses: [
      {
        cluster: 'east',
        service: 'istio-system/istio-ingressgateway',
        devices,
        virtualAddress: '172.16.100.195',
        members,
      },
    ],
  });
}

interface PodText {
  readonly name: string;
  readonly ip: string;
  readonly node?: string;
  readonly ready?: boolean;
  readonly terminating?: boolean;
}

interface NodeText {
  readonly name: string;
  readonly ip: string;
  readonly ready?: boolean;
  readonly unschedulable?: boolean;
}

interface Given {
  readonly pods?: readonly PodText[];
  readonly nodes?: readonly NodeText[];
  readonly local?: boolean;
  /** `Pod a` */
  readonly changed?: readonly string[];
  readonly removed?: boolean;
}

function snapshot({
  pods = [{ name: 'a', ip: '10.1.0.1' }],
  nodes = [],
  local = false,
  changed = [],
  removed = false,
}: Given): Snapshot {
  const [template] = objects.pods;
  const [service] = objects.services;
  const all = KubernetesObjects.parse({
    ...objects,
    services: [
      {
        ...service,
        ...(local ? { externalTrafficPolicy: 'Local', healthCheckNodePort: 31_000 } : {}),
      },
    ],
    pods: pods.map(({ name, ip, node = 'n1', ready = true, terminating = false }) => ({
      ...template,
      meta: { ...template?.meta, name },
      ips: [ip],
      nodeName: node,
      ready,
      terminating,
    })),
    nodes: nodes.map(({ name, ip, ready = true, unschedulable = false }) => ({
      meta: { namespace: '', name },
      addresses: [{ type: 'InternalIP', address: ip }],
      ready,
      unschedulable,
    })),
  });
  const changes = changed.map((text): Change => {
    const [kind = '', name = ''] = text.split(' ');
    return { what: 'updated', kind, name, namespace: '', resourceVersion: '1' };
  });
  return {
    cluster: 'east',
    clusterUid: 'uid-east',
    ingress: ref,
    revision: { epoch: 1, counter: 5 },
    changes,
    removed,
    objects: removed ? KubernetesObjects.parse({}) : all,
  };
}

function express(given: Given, using: SluiceConfig = config()): readonly Express[] {
  const result = mapSnapshot({ snapshot: snapshot(given), sender: undefined, config: using });
  if (result.kind === 'refused') throw new Error(result.reason);
  return result.express;
}

/** `10.1.0.1 draining terminating`; `*` marks a change of a whole Kubernetes node. */
const wishes = (given: Given, using?: SluiceConfig): string[] =>
  express(given, using).flatMap((event) =>
    event.wishes.map((w) => `${w.address} ${w.availability} ${w.because}${w.wholeNode ? '*' : ''}`),
  );

const a = { name: 'a', ip: '10.1.0.1' };
const b = { name: 'b', ip: '10.1.0.2' };
const c = { name: 'c', ip: '10.1.0.3' };

describe('pods', () => {
  test('nothing is sent ahead while nothing leaves or comes back', () => {
    expect(express({ pods: [a, b] })).toEqual([]);
  });

  test('a terminating pod is sent ahead, with the version of its slice, to the device that offers the ingress', () => {
    expect(express({ pods: [{ ...a, terminating: true }, b] })).toEqual([
      {
        owner: 'east/istio-system/istio-ingressgateway',
        clusterUid: 'uid-east',
        device: 'bigip',
        partition: 'k8s',
        version: { epoch: 1, counter: 5, generation: 7 },
        wishes: [
          {
            address: '10.1.0.1',
            availability: 'draining',
            because: 'terminating',
            wholeNode: false,
          },
        ],
      },
    ]);
  });

  test.each<[string, Given, string[]]>([
    [
      'one that ends and no longer serves is taken out',
      { pods: [{ ...a, terminating: true, ready: false }, b] },
      ['10.1.0.1 out terminating'],
    ],
    [
      'one that is not ready is taken out',
      { pods: [{ ...a, ready: false }, b] },
      ['10.1.0.1 out unready'],
    ],
    [
      'one that changed and is ready returns',
      { pods: [a, b], changed: ['Pod a'] },
      ['10.1.0.1 ready back'],
    ],
    [
      'changes of other things bring no member back',
      { pods: [a, b], changed: ['Gateway a', 'Node n1'] },
      [],
    ],
    ['the last one that serves is never taken out', { pods: [{ ...a, terminating: true }] }, []],
    ['an ingress that is removed changes no member', { removed: true, changed: ['Pod a'] }, []],
    [
      'all in one request, sorted',
      { pods: [b, { ...c, terminating: true }, { ...a, ready: false }], changed: ['Pod b'] },
      ['10.1.0.1 out unready', '10.1.0.2 ready back', '10.1.0.3 draining terminating'],
    ],
  ])('%s', (_name, given, expected) => {
    expect(wishes(given)).toEqual(expected);
  });

  test('a cluster with a route domain names its members as the device does', () => {
    const given: Given = {
      pods: [b, { ...c, terminating: true }, { ...a, ready: false }],
      changed: ['Pod b'],
    };
    expect(wishes(given, config({ routeDomain: 2 }))).toEqual([
      '10.1.0.1%2 out unready',
      '10.1.0.2%2 ready back',
      '10.1.0.3%2 draining terminating',
    ]);
    const nodes: Given = {
      nodes: [1, 2, 3].map((i) => ({ name: `n${i}`, ip: `10.0.0.${i}`, unschedulable: i === 1 })),
    };
    expect(wishes(nodes, config({ routeDomain: 2, members: 'nodes' }))).toEqual([
      '10.0.0.1%2 draining cordoned*',
    ]);
  });

  test('a terminating pod is sent ahead to each device that offers the ingress', () => {
    expect(
      express(
        { pods: [{ ...a, terminating: true }, b] },
        config({ devices: ['bigip', 'other'] }),
      ).map((event) => event.device),
    ).toEqual(['bigip', 'other']);
  });

  test('a device with several partitions shares its nodes in Common, where nothing is written', () => {
    expect(
      express({ pods: [{ ...a, terminating: true }, b] }, config({ partitions: ['k8s', 'edge'] })),
    ).toEqual([]);
  });
});

test('an address that any exposure still wants does not leave, whatever the others say, in whatever order', () => {
  const both = ['draining', 'ready'].map((availability, i) =>
    exposure({ port: i + 1, members: membersOf([`10.1.0.1 ${availability}`, '10.1.0.2']) }),
  );
  for (const exposures of [both, both.toReversed()]) {
    expect(
      expressFor(slice(5, exposures), snapshot({ pods: [{ ...a, terminating: true }, b] }), {
        partition: 'k8s',
        members: 'pods',
      }),
    ).toBeUndefined();
  }
});

test('wishes are in the order of their addresses, whatever the order of the members', () => {
  const texts = ['10.1.0.2 out', '10.1.0.1 out', '10.1.0.4 out', '10.1.0.3 out'];
  for (const order of [texts, texts.toReversed(), texts.toSorted()]) {
    const found = expressFor(slice(5, [exposure({ members: membersOf(order) })]), snapshot({}), {
      partition: 'k8s',
      members: 'pods',
    });
    expect(found?.wishes.map(({ address }) => address)).toEqual([
      '10.1.0.1',
      '10.1.0.2',
      '10.1.0.3',
      '10.1.0.4',
    ]);
  }
});

test('exposures of another partition say nothing about this one', () => {
  const exposures = [
    exposure({ members: membersOf(['10.1.0.1 out']) }),
    exposure({ port: 2, partition: 'edge', members: membersOf(['10.1.0.2 out']) }),
  ];
  expect(
    expressFor(slice(5, exposures), snapshot({}), {
      partition: 'k8s',
      members: 'pods',
    })?.wishes.map(({ address }) => address),
  ).toEqual(['10.1.0.1']);
});

test.each<[string, string, Partial<NodeText>, string]>([
  [
    'drains on a node that is not ready, so its pods end',
    'draining',
    { ready: false },
    'terminating',
  ],
  [
    'is out on a node that is cordoned, so its pods are not ready',
    'out',
    { unschedulable: true },
    'unready',
  ],
  ['is out on a node that is not ready', 'out', { ready: false }, 'node-not-ready'],
  ['drains on a node that is cordoned', 'draining', { unschedulable: true }, 'cordoned'],
])('a member that %s', (_what, availability, over, because) => {
  const exposures = [exposure({ members: membersOf([`10.0.0.1 ${availability}`, '10.0.0.2']) })];
  const given = {
    nodes: [
      { name: 'n1', ip: '10.0.0.1', ...over },
      { name: 'n2', ip: '10.0.0.2' },
    ],
  };
  expect(
    expressFor(slice(5, exposures), snapshot(given), { partition: 'k8s', members: 'nodes' })
      ?.wishes,
  ).toMatchObject([{ address: '10.0.0.1', because }]);
});

describe('Kubernetes nodes', () => {
  const n = (i: number, over: Partial<NodeText> = {}): NodeText => ({
    name: `n${i}`,
    ip: `10.0.0.${i}`,
    ...over,
  });
  const nodes = config({ members: 'nodes' });
  const told = (given: Given): { readonly members: string[]; readonly notes: string[] } => {
    const result = mapSnapshot({ snapshot: snapshot(given), sender: undefined, config: nodes });
    if (result.kind === 'refused') throw new Error(result.reason);
    const [first] = result.slices;
    return {
      members: (first?.exposures[0]?.members ?? []).map((m) => `${m.address} ${m.availability}`),
      notes: (first?.notes ?? [])
        .filter((note) => note.code === 'GW140')
        .map((note) => note.message),
    };
  };

  test.each<[string, Given, string[]]>([
    [
      'a cordoned one drains',
      { nodes: [n(1, { unschedulable: true }), n(2)] },
      ['10.0.0.1 draining cordoned*'],
    ],
    [
      'one that is not ready is taken out, cordoned or not',
      { nodes: [n(1, { ready: false, unschedulable: true }), n(2)] },
      ['10.0.0.1 out node-not-ready*'],
    ],
    [
      'one that changed and is healthy returns',
      { nodes: [n(1), n(2)], changed: ['Node n1'] },
      ['10.0.0.1 ready back'],
    ],
    [
      'pods that end change no member while every node forwards',
      { nodes: [n(1), n(2)], pods: [{ ...a, terminating: true }, b] },
      [],
    ],
    [
      'under externalTrafficPolicy Local a node leaves with its last pod, for its own ingress only',
      {
        local: true,
        nodes: [n(1), n(2)],
        pods: [
          { ...a, terminating: true },
          { ...b, node: 'n2' },
        ],
      },
      ['10.0.0.1 draining terminating'],
    ],
    [
      'and returns with one',
      { local: true, nodes: [n(1), n(2)], pods: [a, { ...b, node: 'n2' }], changed: ['Pod a'] },
      ['10.0.0.1 ready back'],
    ],
  ])('%s', (_name, given, expected) => {
    expect(wishes(given, nodes)).toEqual(expected);
  });

  test('the slice requests the same for a cordoned node as the event sent ahead', () => {
    expect(told({ nodes: [n(1, { unschedulable: true }), n(2)] })).toEqual({
      members: ['10.0.0.1 draining', '10.0.0.2 ready'],
      notes: [],
    });
  });

  test.each<[string, readonly NodeText[]]>([
    ['the last', [n(1, { unschedulable: true })]],
    [
      'more than half, cordoned',
      [n(1, { unschedulable: true }), n(2, { unschedulable: true }), n(3)],
    ],
    ['more than half, not ready', [n(1, { ready: false }), n(2, { ready: false }), n(3)]],
    [
      'all that are left when none is ready, one of them cordoned too',
      [n(1, { ready: false, unschedulable: true }), n(2, { ready: false })],
    ],
    ['more than half, by both', [n(1, { unschedulable: true }), n(2, { ready: false }), n(3)]],
  ])('%s: all stay, in the slice too, which is reported', (_name, given) => {
    const said = told({ nodes: given });
    expect(said.members).toEqual(given.map(({ ip }) => `${ip} ready`));
    expect(said.notes[0]).toMatch(
      /kept as members: 10\.0\.0\.1|no member of .* is ready, so all stay/,
    );
    expect(wishes({ nodes: given }, nodes)).toEqual([]);
  });

  test('half of them may go', () => {
    expect(
      told({ nodes: [n(1, { unschedulable: true }), n(2, { ready: false }), n(3), n(4)] }).members,
    ).toEqual(['10.0.0.1 draining', '10.0.0.2 out', '10.0.0.3 ready', '10.0.0.4 ready']);
  });
});
