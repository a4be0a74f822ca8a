/**
 * Facts that affect a port and that Sluice cannot judge: reported on the object, and only there.
 */
import { describe, expect, test } from '@jest/globals';
import { gateway, ingress, judge, SLUICE } from '../../fixtures/cases.ts';
import { build, configMap, walkthrough } from '../exposure/fixtures.ts';

const PORTS = '{name: http, port: 80}';
const WEB = gateway('web', ['80']);
const notes = (manifests: string, sluice = SLUICE): readonly string[] =>
  judge(manifests, sluice).notes;

describe('an EnvoyFilter on listeners of the gateway pods', () => {
  const filter = (patches: string, selector = '{istio: ingressgateway}'): string => `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: f, namespace: istio-system}
spec: {workloadSelector: {labels: ${selector}}, configPatches: [${patches}]}
---
`;
  const LISTENER = '{applyTo: LISTENER, patch: {operation: MERGE, value: {}}}';
  const told = (patches: string): readonly string[] =>
    notes(ingress(PORTS) + WEB + filter(patches));
  const sentence = (what: string, more = ''): string =>
    'Service istio-system/istio-ingressgateway: GW163 EnvoyFilter istio-system/f changes listeners ' +
    `of the gateway pods (${what}); ${more}Sluice cannot judge whether ports are opened, closed or changed by it`;

  test.each<[string, string, string]>([
    ['the kind of change', LISTENER, 'MERGE LISTENER'],
    [
      'the fact that it changes something',
      '{applyTo: LISTENER, patch: {value: {}}}',
      'changes LISTENER',
    ],
    [
      'the port',
      '{applyTo: LISTENER, match: {listener: {portNumber: 8080}}, patch: {operation: REMOVE}}',
      'REMOVE LISTENER of port 8080',
    ],
    ['each change once', `${LISTENER}, ${LISTENER}`, 'MERGE LISTENER'],
  ])('is reported with %s', (_, patches, what) => {
    expect(told(patches)).toEqual([sentence(what)]);
  });

  test('is reported with what the PROXY protocol needs if one of its patches mentions it', () => {
    const proxy =
      '{applyTo: LISTENER, patch: {operation: MERGE, value: {listener_filters: [{name: ' +
      'envoy.filters.listener.proxy_protocol}]}}}';
    expect(told(`${LISTENER}, ${proxy}`)).toEqual([
      sentence(
        'MERGE LISTENER',
        'it speaks of the PROXY protocol: without its header Envoy drops every connection, ' +
          'so name the iRule that sends it in sluice.io/proxy-protocol; ',
      ),
    ]);
  });

  test('is not reported without a patch of a listener, or for other pods', () => {
    expect(told('{applyTo: CLUSTER, patch: {operation: MERGE, value: {}}}')).toEqual([]);
    expect(notes(ingress(PORTS) + WEB + filter(LISTENER, '{app: x}'))).toEqual([]);
  });

  test('counts as soon as it applies to one of the pods', () => {
    const second = ingress(PORTS)
      .split('---\n')
      .filter((part) => part.includes('kind: Pod'))
      .map((part) =>
        part.replace('gw-1', 'gw-2').replace('ingressgateway}', 'ingressgateway, app: x}'),
      )
      .map((part) => part.replaceAll('10.244.1.5', '10.244.1.6'));
    const all = `${ingress(PORTS)}${second.join('')}---\n${WEB}${filter(LISTENER, '{app: x}')}`;
    expect(notes(all)).toEqual([sentence('MERGE LISTENER')]);
  });
});

describe('a Service port with a named target', () => {
  const NAMED = '{name: http, port: 80, targetPort: web}';
  test.each<[string, string, readonly string[]]>([
    ['is reported if no container has the name', '', ['GW164']],
    [
      'is reported if the name belongs to another protocol',
      '{name: web, containerPort: 80, protocol: UDP}',
      ['GW164'],
    ],
    ['is not reported if a container has it', '{name: web, containerPort: 80}', []],
  ])('%s', (_, containers, codes) => {
    const told = notes(ingress(NAMED, '', containers) + WEB);
    expect(told.flatMap((note) => /GW164/.exec(note) ?? [])).toEqual(codes);
  });

  test('is not reported while there are no pods', () => {
    const service = { ports: [{ name: 'http', port: 32_400, targetPort: 'web' }] };
    const codes = build({ service, pods: [] }).notes.map(({ code }) => code);
    expect(codes).not.toContain('GW164');
    expect(build({ service }).notes.map(({ code }) => code)).toContain('GW164');
  });
});

describe('an ingress whose Service is gone', () => {
  test('keeps what Gateways and ConfigMaps ask for, without a note about the Service', () => {
    const gates = [{ name: 'g', annotations: { 'sluice.io/snat': 'none' } }];
    const built = build({ gates, objects: { services: [] } });
    expect(built.exposures.map(({ settings }) => settings.snat)).toEqual(['none']);
    expect(built.notes).toEqual([]);
    const stray = configMap('cm', walkthrough({}, { servicePort: 1 }));
    expect(build({ gates, objects: { services: [] }, configMaps: [stray] }).notes).toMatchObject([
      { code: 'GW128', message: expect.stringContaining('does not have') },
    ]);
  });
});

describe('a certificate in another namespace, while ReferenceGrants cannot be read', () => {
  const api = (name: string, ref: string, kind = 'istio'): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}, namespace: istio-system, creationTimestamp: "2026-01-02T00:00:00Z"}
spec:
  gatewayClassName: ${kind}
  addresses: [{type: Hostname, value: istio-ingressgateway}]
  listeners: [{name: web, port: 80, protocol: HTTPS, tls: {certificateRefs: [${ref}]}}]
---
`;
  const codes = (manifests: string): readonly string[] =>
    notes(ingress(PORTS) + manifests).flatMap((note) => /^\S+ \S+: GW161/.exec(note) ?? []);
  test.each<[string, string, readonly string[]]>([
    ['is reported', api('a', '{name: c, namespace: x}'), ['Gateway istio-system/a: GW161']],
    ['is not reported in its own namespace', api('a', '{name: c}'), []],
    [
      'is not reported for a Gateway of another controller',
      api('a', '{name: c}') + api('b', '{name: c, namespace: x}', 'nginx'),
      [],
    ],
  ])('%s', (_, manifests, expected) => {
    expect(codes(manifests)).toEqual(expected);
  });

  test('is reported with the remedy for a cluster that does not serve the kind, too', () => {
    const [note] = notes(ingress(PORTS) + api('a', '{name: c, namespace: x}'));
    expect(note).toMatch(
      /ReferenceGrants cannot be read; grant list and watch of referencegrants\.gateway\.networking\.k8s\.io, or if the cluster does not serve this kind, install its CRD of the Gateway API$/,
    );
  });
});

describe('the PROXY protocol of the mesh', () => {
  const mesh = (name: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}, namespace: istio-system}
data: {mesh: 'defaultConfig: {gatewayTopology: {proxyProtocol: {}}}'}
---
`;
  const proxy = (manifests: string, sluice = SLUICE): readonly string[] =>
    notes(manifests, sluice).filter((note) => note.includes('GW141'));

  test('is that of the revision of the pods', () => {
    const canary = ingress(PORTS).replace(
      'labels: {istio: ingressgateway}}\nspec: {nodeName',
      'labels: {istio: ingressgateway, istio.io/rev: canary}}\nspec: {nodeName',
    );
    expect(proxy(canary + mesh('istio-canary') + WEB)).toEqual([
      expect.stringContaining('ConfigMap istio-system/istio-canary'),
    ]);
    expect(proxy(canary + mesh('istio') + WEB)).toEqual([]);
  });

  test('counts as expected beside an iRule, one of which must send it', () => {
    const told = proxy(
      ingress(PORTS) + mesh('istio') + gateway('web', ['80'], '{sluice.io/irules: /Common/r}'),
      `${SLUICE}policy: {references: [/Common/r]}\n`,
    );
    expect(told).toEqual([expect.stringContaining('one of the iRules /Common/r must send it')]);
  });
});

test('another number is reported only of the ingress Service, not of other Services', () => {
  const other = `
apiVersion: v1
kind: Service
metadata: {name: other, namespace: istio-system, creationTimestamp: "2026-01-02T00:00:00Z"}
spec: {type: ClusterIP, selector: {istio: ingressgateway}, ports: [{name: a, port: 9999, targetPort: 80}]}
---
`;
  expect(notes(ingress(PORTS) + other + WEB)).toEqual([]);
  expect(notes(ingress('{name: http, port: 81, targetPort: 80}') + other + WEB)).toEqual([
    expect.stringMatching(/GW149 172\.16\.100\.195:80\/tcp .* port 81 of Service/),
  ]);
});
