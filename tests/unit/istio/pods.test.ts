import { describe, expect, test } from '@jest/globals';
import type { EndpointSlice, Pod } from '../../../shared/domain/snapshot/objects.ts';
import { SelectorIndex } from '../../../shared/domain/istio/selector-index.ts';
import { serviceDirectory } from '../../../shared/domain/istio/services.ts';
import { assumedWorkload, workloadsOf } from '../../../shared/domain/istio/workload.ts';
import { meta, pod, service, servicePort } from '../../fixtures/kubernetes.ts';

const MESH = { unprivilegedPods: undefined, revision: 'default' };

const KEYS = new Set(['app', 'istio']);

function groups(pods: readonly Pod[]): readonly string[] {
  return workloadsOf(pods, KEYS, MESH).map((workload) =>
    workload.pods.map(({ meta: of }) => of.name).join(' '),
  );
}

describe('pods that are alike', () => {
  const port = (name: string, number: number, protocol = 'TCP') => ({
    name,
    port: number,
    protocol,
  });
  const labelled = (name: string, labels: Record<string, string>, fields: Partial<Pod> = {}): Pod =>
    pod(`ns/${name}`, { labels, ...fields });

  test.each<[string, Pod[], string[]]>([
    [
      'differ only in labels that no selector names',
      [labelled('b', { app: 'x', hash: '1' }), labelled('a', { app: 'x', hash: '2' })],
      ['a b'],
    ],
    [
      'write their labels in another order',
      [labelled('a', { app: 'x', istio: 'y' }), labelled('b', { istio: 'y', app: 'x' })],
      ['a b'],
    ],
    [
      'name their ports in another order',
      [
        labelled('a', { app: 'x' }, { containerPorts: [port('p', 1), port('q', 2)] }),
        labelled('b', { app: 'x' }, { containerPorts: [port('q', 2), port('p', 1)] }),
      ],
      ['a b'],
    ],
    [
      'differ in a port without a name',
      [labelled('a', { app: 'x' }, { containerPorts: [port('', 1)] }), labelled('b', { app: 'x' })],
      ['a b'],
    ],
  ])('are one kind where they %s', (_, pods, alike) => {
    expect(groups(pods)).toEqual(alike);
  });

  test.each<[string, Partial<Pod> & { labels?: Record<string, string> }]>([
    ['a label that a selector uses', { labels: { app: 'other' } }],
    ['the number of a named port', { containerPorts: [port('p', 2)] }],
    ['the protocol of a named port', { containerPorts: [port('p', 1, 'UDP')] }],
    ['whether they may bind low ports', { unprivileged: true }],
  ])('are two kinds where they differ in %s', (_, fields) => {
    const usual = { labels: { app: 'x' }, containerPorts: [port('p', 1)] };
    expect(groups([pod('ns/a', usual), pod('ns/b', { ...usual, ...fields })])).toEqual(['a', 'b']);
  });

  test('pods of two namespaces are two kinds', () => {
    expect(
      workloadsOf([pod('n1/a'), pod('n2/a')], KEYS, MESH).map(({ namespace }) => namespace),
    ).toEqual(['n1', 'n2']);
  });

  test('the mesh option decides on low ports before the pods do', () => {
    const rights = (option: boolean | undefined, own: boolean): boolean | undefined =>
      workloadsOf([pod('ns/a', { unprivileged: own })], KEYS, {
        ...MESH,
        unprivilegedPods: option,
      })[0]?.unprivileged;
    expect([
      rights(undefined, true),
      rights(undefined, false),
      rights(true, false),
      rights(false, true),
    ]).toEqual([true, false, true, false]);
    const assumed = (option: boolean | undefined): boolean =>
      assumedWorkload(service('ns/s', []), { ...MESH, unprivilegedPods: option }).unprivileged;
    expect([assumed(undefined), assumed(true), assumed(false)]).toEqual([false, true, false]);
  });

  test('without pods, the selector of the Service is used', () => {
    expect(assumedWorkload(service('ns/s', [], { selector: { app: 'x' } }), MESH)).toEqual({
      namespace: 'ns',
      labels: { app: 'x' },
      revision: 'default',
      unprivileged: false,
      containerPorts: [],
      ips: [],
      pods: [],
      sidecar: false,
      assumed: true,
    });
  });

  test('all addresses are known, and whether they run as sidecars', () => {
    const [workload] = workloadsOf(
      [
        pod('ns/a', { ips: ['10.0.0.1', 'fd00::1'], proxy: 'sidecar' }),
        pod('ns/b', { ips: ['10.0.0.2'], proxy: 'sidecar' }),
      ],
      KEYS,
      MESH,
    );
    expect([workload?.ips, workload?.sidecar, workload?.assumed]).toEqual([
      ['10.0.0.1', 'fd00::1', '10.0.0.2'],
      true,
      false,
    ]);
  });
});

describe('istio-port-mapping.md §1.2.1: Services and their pods', () => {
  const slice = (key: string, of: string, endpoints: EndpointSlice['endpoints']): EndpointSlice =>
    ({
      meta: meta(key),
      service: of,
      addressType: 'IPv4',
      endpoints,
      ports: [],
    }) as unknown as EndpointSlice;
  const handMade = service('ns/hand', [servicePort(80)], { selector: {} });
  const listed = slice('ns/hand-1', 'hand', [
    { pod: 'a', addresses: [] },
    { addresses: ['10.0.0.9'] },
  ] as unknown as EndpointSlice['endpoints']);
  const more = slice('ns/hand-2', 'hand', [
    { addresses: ['10.0.0.8'] },
  ] as unknown as EndpointSlice['endpoints']);
  const a = pod('ns/a', { labels: { app: 'x' }, ips: ['10.0.0.1'] });

  test.each<[string, Pod, boolean]>([
    ['by the name of the pod', a, true],
    ['by an address', pod('ns/b', { labels: {}, ips: ['10.0.0.2', '10.0.0.9'] }), true],
    [
      'by an address in another of its slices',
      pod('ns/b', { labels: {}, ips: ['10.0.0.8'] }),
      true,
    ],
    ['not at all', pod('ns/b', { labels: {}, ips: ['10.0.0.2'] }), false],
    ['only in another namespace', pod('other/a', { labels: {}, ips: ['10.0.0.9'] }), false],
  ])(
    'a Service without selector leads where its hand-made slices list the pod: %s',
    (_, one, leads) => {
      expect(serviceDirectory([handMade], [listed, more]).selects(handMade, one)).toBe(leads);
    },
  );

  test('a Service without selector does not lead to a pod that another one selects, nor anywhere without slices', () => {
    const selecting = service('ns/own', [servicePort(80)], { selector: { app: 'x' } });
    expect(serviceDirectory([handMade, selecting], [listed]).selects(handMade, a)).toBe(false);
    expect(serviceDirectory([handMade], []).selects(handMade, a)).toBe(false);
  });

  test('a Service selects in its own namespace only, and by all labels of its selector', () => {
    const one = service('ns/own', [servicePort(80)], { selector: { app: 'x', tier: 'y' } });
    const leads = (key: string, labels: Record<string, string>): boolean =>
      serviceDirectory([one], []).selects(one, pod(key, { labels }));
    expect([
      leads('ns/a', { app: 'x', tier: 'y', more: 'z' }),
      leads('ns/a', { app: 'x' }),
      leads('other/a', { app: 'x', tier: 'y' }),
    ]).toEqual([true, false, false]);
  });

  test('of hand-made Services only those count that list one of the pods', () => {
    const stranger = service('ns/stranger', [servicePort(80)], { selector: {} });
    const directory = serviceDirectory([stranger, handMade], [listed]);
    const found = (...pods: Pod[]): readonly string[] =>
      directory.of(workloadsOf(pods, KEYS, MESH)[0]!).map(({ meta: of }) => of.name);
    expect(found(a, pod('ns/z', { labels: { app: 'x' } }))).toEqual(['hand']);
    expect(found(pod('ns/z', { ips: [] }))).toEqual([]);
  });

  test('an ExternalName Service leads nowhere', () => {
    expect(serviceDirectory([service('ns/ext', [], { type: 'ExternalName' })], []).inOrder).toEqual(
      [],
    );
  });

  test('older Services come first, then those whose host name does', () => {
    const names = [
      service('ns/c', [], { age: 1 }),
      service('ns/b', [], { age: 1 }),
      service('ns/a', []),
      service('ns/z', [], { age: 5 }),
    ];
    for (const input of [names, names.toReversed()])
      expect(serviceDirectory(input, []).inOrder.map(({ meta: of }) => of.name)).toEqual([
        'z',
        'b',
        'c',
        'a',
      ]);
  });
});

describe('the index of selectors', () => {
  const items = [{ istio: 'x' }, { app: 'a', istio: 'x' }, {}, { istio: 'y' }, { app: 'a' }];
  const index = new SelectorIndex(
    items.map((selector, i) => ({ i, selector })),
    ({ selector }) => selector,
  );

  test.each([
    [{ istio: 'x', app: 'a' }, [0, 1, 4]],
    [{ app: 'a', istio: 'x' }, [0, 1, 4]],
    [{ istio: 'x' }, [0]],
    [{ istio: 'y', other: 'z' }, [3]],
    [{}, []],
  ])('%j finds %j, in the order of the items', (labels, found) => {
    expect(index.find(labels as Record<string, string>).map(({ i }) => i)).toEqual(found);
  });

  test('knows the items without a selector, and the labels that any asks for', () => {
    expect(index.unselective.map(({ i }) => i)).toEqual([2]);
    expect([...index.keys].sort()).toEqual(['app', 'istio']);
  });
});
