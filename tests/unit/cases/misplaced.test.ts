/** Settings in places where nothing reads them: each is reported in a note. */
import { describe, expect, test } from '@jest/globals';
import { isForeignAnnotation } from '../../../shared/domain/exposure/sources/service-fields.ts';
import { normaliseService } from '../../../shared/kubernetes/objects/index.ts';
import { gateway, ingress, judge } from '../../fixtures/cases.ts';

const PORTS = '{name: http, port: 80}, {name: tcp, port: 9000}';
const ROUTE = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: v, namespace: edge, annotations: {sluice.io/expose: "false", team: a}}
spec: {hosts: ["*"], gateways: [tcp], tcp: [{route: [{destination: {host: x}}]}]}
---
`;
const API = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: api, namespace: istio-system, annotations: {metallb.io/address-pool: x}}
spec:
  gatewayClassName: istio
  addresses: [{type: Hostname, value: istio-ingressgateway}]
  listeners: [{name: web, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: istio-system, annotations: {sluice.io/source: 10.0.0.0/8}}
spec: {parentRefs: [{name: api}], rules: [{backendRefs: [{name: x, port: 80}]}]}
---
`;
const labelled = (manifests: string): string =>
  manifests.replace('namespace: edge,', 'namespace: edge, labels: {sluice.io/expose: "false"},');

describe('a request in the wrong place is noted', () => {
  test.each<[string, string, RegExp]>([
    [
      'an annotation on a VirtualService',
      gateway('tcp', ['9000/TCP']) + ROUTE,
      /^VirtualService edge\/v: GW121 annotation sluice\.io\/expose .*no effect.*Gateway/,
    ],
    [
      'an annotation on a route of Gateway API',
      API,
      /^HTTPRoute istio-system\/r: GW121 annotation sluice\.io\/source .*no effect/,
    ],
    [
      'an annotation of another load balancer on a Gateway of Gateway API',
      API,
      /^Gateway istio-system\/api: GW159 annotation metallb\.io\/address-pool: ignored/,
    ],
    [
      'an annotation of another load balancer on a Gateway',
      gateway('web', ['80'], '{service.beta.kubernetes.io/aws-load-balancer-internal: "true"}'),
      /^Gateway edge\/web: GW159 annotation service\.beta\.kubernetes\.io\/aws-load-balancer-internal/,
    ],
    [
      'the annotation with networks of clients on a Gateway',
      gateway(
        'web',
        ['80'],
        '{service.beta.kubernetes.io/load-balancer-source-ranges: 10.0.0.0/8}',
      ),
      /^Gateway edge\/web: GW159 annotation service\.beta\.kubernetes\.io\/load-balancer-source-ranges/,
    ],
    [
      'a label that is meant as an annotation',
      labelled(gateway('web', ['80'])),
      /^Gateway edge\/web: GW121 label sluice\.io\/expose .*annotation/,
    ],
  ])('%s', (_, manifests, note) => {
    expect(judge(ingress(PORTS) + manifests).notes).toContainEqual(expect.stringMatching(note));
  });

  test('each of several by name, on the Service too, and nothing else of the same object', () => {
    const service = ingress(PORTS).replace(
      'namespace: istio-system, creationTimestamp',
      'namespace: istio-system, labels: {sluice.io/snat: none, app: x}, creationTimestamp',
    );
    const route = ROUTE.replace(
      '{sluice.io/expose: "false", team: a}',
      '{team: a, sluice.io/snat: none, cis.f5.com/ip: 10.0.0.1}',
    );
    const labels = gateway('tcp', ['9000/TCP']).replace(
      'namespace: edge,',
      'namespace: edge, labels: {sluice.io/snat: none, sluice.io/expose: "false", app: x},',
    );
    const said = judge(service + labels + route).notes;
    expect(said.map((note) => /^(.*) (has|to) no effect/.exec(note)?.[1] ?? note)).toEqual([
      'Gateway edge/tcp: GW121 label sluice.io/expose',
      'Gateway edge/tcp: GW121 label sluice.io/snat',
      'Service istio-system/istio-ingressgateway: GW121 label sluice.io/snat',
      'VirtualService edge/v: GW121 annotation cis.f5.com/ip',
      'VirtualService edge/v: GW121 annotation sluice.io/snat',
    ]);
  });

  test('a Gateway of other pods is none of this ingress', () => {
    const other = gateway('other', ['8080'], '{metallb.io/address-pool: x}').replace(
      'selector: {istio: ingressgateway}',
      'selector: {istio: other}',
    );
    expect(judge(ingress(PORTS) + gateway('web', ['80']) + other).notes).toEqual([]);
  });

  test('other annotations and labels are not', () => {
    const manifests = gateway('web', ['80'], '{team: a}').replace(
      'namespace: edge,',
      'namespace: edge, labels: {app: web},',
    );
    expect(judge(ingress(PORTS) + manifests).notes).toEqual([]);
  });
});

describe('networks of clients', () => {
  const ranges = (value: unknown): unknown =>
    normaliseService({ spec: { loadBalancerSourceRanges: value } }).sourceRanges;

  test.each<[unknown, unknown]>([
    ['10.0.0.0/8', ['10.0.0.0/8']],
    [
      ['10.0.0.0/8', 7],
      ['10.0.0.0/8', '7'],
    ],
    [{ a: 'b' }, ['{"a":"b"}']],
    [[], undefined],
    [null, undefined],
  ])('%j is not dropped where it asks for something', (value, expected) => {
    expect(ranges(value)).toEqual(expected);
  });
});

describe('a field of the Service', () => {
  test.each<[string, unknown, readonly string[] | undefined]>([
    ['externalIPs', ['192.0.2.1'], ['spec.externalIPs']],
    ['externalIPs', [], undefined],
    ['externalIPs', null, undefined],
    ['sessionAffinity', 'None', undefined],
    ['sessionAffinity', 'ClientIP', ['spec.sessionAffinity']],
  ])('%s %j asks for %j', (field, value, unheeded) => {
    expect(normaliseService({ spec: { [field]: value } }).unheeded).toEqual(unheeded);
  });
});

test.each([
  'service.beta.kubernetes.io/ovh-loadbalancer-proxy-protocol',
  'service.beta.kubernetes.io/cloudstack-load-balancer-proxy-protocol',
  'service.beta.kubernetes.io/upcloud-load-balancer-config',
  'kubernetes.civo.com/firewall-id',
  'kubernetes.digitalocean.com/load-balancer-id',
  'kubernetes.io/elb.class',
  'projectcalico.org/loadBalancerIPs',
  'ako.vmware.com/load-balancer-ip',
  'yawol.stackit.cloud/internalLB',
  'openelb.alpha.kubesphere.io/v1alpha1',
  'loxilb.io/staticIP',
  'tailscale.com/expose',
])('%s is an annotation of another load balancer', (name) => {
  expect(isForeignAnnotation(name)).toBe(true);
});

test.each([
  'service.beta.kubernetes.io/load-balancer-source-ranges',
  'service.kubernetes.io/topology-mode',
  'external-dns.alpha.kubernetes.io/hostname',
  'kubernetes.io/description',
])('%s is not', (name) => {
  expect(isForeignAnnotation(name)).toBe(false);
});

test('an EnvoyFilter that adds listeners at the start of Envoy is pointed out', () => {
  const filter = (value: string): string => `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: boot, namespace: istio-system}
spec: {configPatches: [{applyTo: BOOTSTRAP, patch: {operation: MERGE, value: ${value}}}]}
---
`;
  const notes = (value: string): readonly string[] =>
    judge(ingress(PORTS) + gateway('web', ['80']) + filter(value)).notes;
  expect(notes('{static_resources: {listeners: [{name: x}]}}')).toEqual([
    expect.stringContaining('GW163 EnvoyFilter istio-system/boot'),
  ]);
  expect(notes('{stats_config: {}}')).toEqual([]);
});
