import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { parseConfig } from '../../../shared/config/load.ts';
import { exposureKey } from '../../../shared/domain/exposure/exposure.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { normaliseNode, normaliseObjects } from '../../../shared/kubernetes/objects/index.ts';
import { mapObjects } from '../../../shared/operations/map/map.ts';
import { LEAVING_TAINTS } from '../../../shared/domain/snapshot/leaving-nodes.ts';
import { gateway, ingress, judge, SLUICE } from '../../fixtures/cases.ts';
import { slice } from '../../fixtures/exposures.ts';

describe('a node that goes away leaves the pools as a cordoned one does', () => {
  const node = (metadata: object, spec: object): boolean =>
    normaliseNode({ metadata: { name: 'n', ...metadata }, spec }).unschedulable;

  test.each([
    ['it is cordoned', {}, { unschedulable: true }],
    ['it is being deleted', { deletionTimestamp: '2026-01-01T00:00:00Z' }, {}],
    ['the autoscaler removes it', {}, { taints: [{ key: 'ToBeDeletedByClusterAutoscaler' }] }],
    ['Karpenter removes it', {}, { taints: [{ key: 'karpenter.sh/disrupted' }] }],
    ...[...LEAVING_TAINTS].map(
      (key) => [`it has taint ${key}`, {}, { taints: [{ key }] }] as const,
    ),
  ])('%s', (_, metadata, spec) => {
    expect(node(metadata, spec)).toBe(true);
  });

  test('other taints keep pods away, not connections', () => {
    expect(node({}, { taints: [{ key: 'dedicated', value: 'edge' }] })).toBe(false);
    expect(node({ deletionTimestamp: null }, {})).toBe(false);
  });
});

describe('a Service port with a named target', () => {
  const note = (ports: string): readonly string[] =>
    judge(ingress('{name: http, port: 80, targetPort: web}', '', ports) + gateway('g', ['80']))
      .notes;

  test('that no container has leads nowhere, which is reported', () => {
    expect(note('{name: other, containerPort: 8080}')).toEqual([
      expect.stringMatching(/^Service .*GW164 port 80 leads nowhere.*named web/),
    ]);
    expect(note('{name: web, containerPort: 8080, protocol: UDP}')).toHaveLength(1);
  });

  test('that a container has is all right', () => {
    expect(note('{name: web, containerPort: 8080}')).toEqual([]);
  });
});

describe('several Services with the same pods', () => {
  const SECOND = `
apiVersion: v1
kind: Service
metadata: {name: second, namespace: istio-system, creationTimestamp: "2026-01-01T00:00:00Z"}
spec: {type: LoadBalancer, selector: {istio: ingressgateway}, ports: [{name: http, port: 80}]}
---
`;
  const two = SLUICE.replace(
    /ingresses: \[(.*)\]/,
    'ingresses: [$1, {cluster: east, service: istio-system/second, devices: [bigip], virtualAddress: 172.16.100.195}]',
  );
  const mapped = (manifests: string, sluice = two): ReturnType<typeof mapObjects> => {
    const config = parseConfig(sluice, 'sluice.yaml', 1);
    const raw = parseAllDocuments(manifests).flatMap((one) => (one.toJS() as unknown) ?? []);
    const { objects } = normaliseObjects(raw);
    const { mesh } = config.clusters[0]!;
    return mapObjects({ objects, mesh, configured: { config, clusterId: 'east' } });
  };

  test('and one address: one has it, and the other gets the reason', () => {
    const { exposures, notes } = mapped(
      ingress('{name: http, port: 80}') + SECOND + gateway('web', ['80']),
    );
    expect(exposures.map(exposureKey)).toEqual(['172.16.100.195:80/tcp']);
    expect(notes).toEqual([
      {
        object: 'Service istio-system/second',
        code: 'OWN301',
        message: expect.stringContaining('belongs to ingress istio-system/istio-ingressgateway'),
      },
    ]);
  });

  test('a port that one of them leads to is not called refused because the other does not', () => {
    const { ingresses } = mapped(
      ingress('{name: http, port: 80}, {name: x, port: 9000}') + SECOND + gateway('x', ['9000']),
    );
    expect(ingresses.flatMap(({ servers }) => servers.map(({ verdict }) => verdict))).toEqual([
      'listening',
    ]);
  });

  test('one that selects no pods borrows no listeners where pods are given', () => {
    const empty = SECOND.replace('{istio: ingressgateway}', '{istio: ingressgateway, app: none}');
    const { ingresses } = mapped(
      ingress('{name: http, port: 80}') + empty + gateway('web', ['80']),
      SLUICE,
    );
    expect(ingresses.map(({ services }) => services)).toEqual([
      ['istio-system/istio-ingressgateway'],
    ]);
  });
});

describe('what 0.1.0 declared, under this version', () => {
  const PORTS = '{name: http, port: 80}, {name: https, port: 443}';
  const cases: readonly (readonly [string, string])[] = [
    [
      'an internal port',
      `${ingress(PORTS)}
apiVersion: v1
kind: Service
metadata: {name: local, namespace: istio-system}
spec: {selector: {istio: ingressgateway}, ports: [{name: http, port: 8081}]}
---
${gateway('local', ['8081'])}`,
    ],
    [
      'ranges of clients',
      ingress(PORTS, 'loadBalancerSourceRanges: [10.20.0.0/16]') + gateway('web', ['80']),
    ],
    [
      'several ranges of clients',
      ingress(PORTS, 'loadBalancerSourceRanges: [10.0.0.0/8, 192.168.0.0/16]') +
        gateway('web', ['80']),
    ],
    [
      'a namespace that the mesh does not read',
      `${ingress(PORTS)}
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: 'discoverySelectors: [{matchLabels: {kubernetes.io/metadata.name: istio-system}}]'}
---
${gateway('web', ['80'])}`,
    ],
    [
      'a listener without usable TLS',
      `${ingress(PORTS)}
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: istio-system}
spec:
  gatewayClassName: istio
  addresses: [{type: Hostname, value: istio-ingressgateway}]
  listeners: [{name: web, port: 443, protocol: HTTPS}]
`,
    ],
  ];

  test.each(cases)('%s keeps running as accepted, and the plan is empty', (_, manifests) => {
    const { built } = judge(manifests);
    const before = built.exposures.map(({ refusedIfNew: _refused, sourceByService: _by, ...e }) => {
      const { source: _source, ...settings } = e.settings;
      return { ...e, settings };
    });
    expect(before).toHaveLength(1);
    const rules = { sameFleet: () => false };
    const { next } = planPartition('k8s', EMPTY_STATE, [slice(1, before)], rules);
    const plan = planPartition('k8s', next, [slice(2, built.exposures)], rules);
    expect(plan.entries.map(({ kind }) => kind)).toEqual(['unchanged']);
    expect(plan.next.exposures).toEqual(next.exposures);
  });
});
