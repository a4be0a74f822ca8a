import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { LOAD_BALANCER_FIELDS } from '../../../shared/domain/exposure/sources/service-fields.ts';
import { gateway, ingress, judge, SLUICE } from '../../fixtures/cases.ts';
import type { Judged } from '../../fixtures/cases.ts';

const PORTS = '{name: http, port: 80}';
const web = (annotations = '{}'): string => gateway('web', ['80'], annotations);
const withSpec = (spec: string, annotations = '{}', sluice = SLUICE): Judged =>
  judge(ingress(PORTS, spec) + web(annotations), sluice);
const sourceOf = ({ built }: Judged): string | undefined => built.exposures[0]?.settings.source;
const ranges = (...list: readonly string[]): string =>
  `loadBalancerSourceRanges: [${list.map((one) => `"${one}"`).join(', ')}]`;

describe('loadBalancerSourceRanges of the ingress Service', () => {
  test.each([
    ['one network', ['10.20.0.0/16'], '10.20.0.0/16'],
    ['a single client', ['192.0.2.7/32'], '192.0.2.7/32'],
    ['host bits', ['10.20.3.4/16'], '10.20.0.0/16'],
    ['two halves of one network', ['10.0.0.0/25', '10.0.0.128/25'], '10.0.0.0/24'],
    ['one network inside another', ['10.0.0.0/8', '10.1.0.0/16'], '10.0.0.0/8'],
    ['a second network of the other family', ['10.20.0.0/16', 'fd00::/8'], '10.20.0.0/16'],
    ['everybody', ['0.0.0.0/0'], undefined],
    ['any network and another one', ['10.0.0.0/8', '0.0.0.0/0'], undefined],
  ])('%s becomes the source of the virtual server', (_, list, source) => {
    const said = withSpec(ranges(...list));
    expect(said.offered).toEqual(['172.16.100.195:80/tcp']);
    expect(sourceOf(said)).toBe(source);
  });

  test.each([
    ['several networks', ['10.0.0.0/8', '192.168.0.0/16']],
    ['no network of the family of the address', ['fd00::/8']],
    ['no network', ['office']],
  ])('%s is refused with the reason, and what runs stays', (_, list) => {
    const said = withSpec(ranges(...list));
    expect(said.servers).toEqual({ 'edge/web#0': 'rejected GW157' });
    expect([said.offered, said.staying]).toEqual([[], ['172.16.100.195:80/tcp']]);
  });

  test('the annotation of Kubernetes says the same where the field is empty', () => {
    const annotated = (text: string, spec = ''): Judged =>
      judge(
        ingress(PORTS, spec).replace(
          'namespace: istio-system, creation',
          'namespace: istio-system, annotations: ' +
            `{service.beta.kubernetes.io/load-balancer-source-ranges: "${text}"}, creation`,
        ) + web(),
      );
    expect(sourceOf(annotated(' 10.1.0.0/16 '))).toBe('10.1.0.0/16');
    expect(sourceOf(annotated('10.1.0.0/16', ranges('10.2.0.0/16')))).toBe('10.2.0.0/16');
    expect(annotated('10.1.0.0/16,10.3.0.0/16').servers).toEqual({
      'edge/web#0': 'rejected GW157',
    });
  });
});

describe('networks of clients that annotations name', () => {
  test.each(['sluice.io/source', 'virtual-server.f5.com/allow-source-range'])('%s', (name) => {
    expect(sourceOf(withSpec('', `{${name}: "10.9.0.0/16"}`))).toBe('10.9.0.0/16');
    expect(withSpec('', `{${name}: "10.9.0.0/16, 10.7.0.0/16"}`).servers).toEqual({
      'edge/web#0': 'rejected GW157',
    });
    expect(withSpec('', `{${name}: "office"}`).servers).toEqual({ 'edge/web#0': 'rejected GW120' });
  });

  test('the narrower of Gateway and Service holds, and two that are apart are refused', () => {
    const both = (source: string): Judged =>
      withSpec(ranges('10.20.0.0/16'), `{sluice.io/source: "${source}"}`);
    expect(sourceOf(both('10.20.5.0/24'))).toBe('10.20.5.0/24');
    expect(sourceOf(both('10.0.0.0/8'))).toBe('10.20.0.0/16');
    expect(sourceOf(both('any'))).toBe('10.20.0.0/16');
    expect(both('192.168.0.0/16').servers).toEqual({ 'edge/web#0': 'rejected GW157' });
  });

  test('a younger Gateway on the same address and port must let the same clients in', () => {
    const said = judge(
      ingress(PORTS) +
        gateway('a', ['80'], '{sluice.io/source: "10.1.0.0/16"}') +
        gateway('b', ['80'], '{sluice.io/source: "10.2.0.0/16"}'),
    );
    expect(said.servers).toEqual({ 'edge/a#0': 'listening OK', 'edge/b#0': 'rejected GW157' });
  });
});

describe('loadBalancerIP of the ingress Service', () => {
  test('is the virtual address where nothing else names one', () => {
    const bare = SLUICE.replace(', virtualAddress: 172.16.100.195', '');
    expect(withSpec('loadBalancerIP: 10.8.3.99', '{}', bare).offered).toEqual(['10.8.3.99:80/tcp']);
  });

  test('gives way to everything else, which is reported', () => {
    const said = withSpec('loadBalancerIP: 10.8.3.99');
    expect(said.offered).toEqual(['172.16.100.195:80/tcp']);
    expect(said.notes).toEqual([
      expect.stringMatching(/^Gateway edge\/web: GW136 .*spec\.loadBalancerIP.*10\.8\.3\.99/),
    ]);
  });

  test('that is no address is noted', () => {
    expect(withSpec('loadBalancerIP: nowhere').notes).toEqual([
      expect.stringMatching(/^Service .*GW143 spec\.loadBalancerIP "nowhere"/),
    ]);
  });
});

describe('no field for a load balancer is ignored silently', () => {
  test.each([
    ['externalIPs: [192.0.2.1]', 'spec.externalIPs'],
    ['sessionAffinity: ClientIP', 'spec.sessionAffinity'],
  ])('%s is noted', (spec, field) => {
    expect(withSpec(spec).notes).toEqual([expect.stringContaining(`GW159 ${field}`)]);
  });

  test.each(['externalIPs: []', 'sessionAffinity: None', 'externalTrafficPolicy: Local'])(
    '%s causes no note',
    (spec) => {
      expect(withSpec(spec).notes).toEqual([]);
    },
  );

  test.each([
    'service.beta.kubernetes.io/aws-load-balancer-internal',
    'service.beta.kubernetes.io/azure-load-balancer-internal',
    'metallb.universe.tf/address-pool',
    'networking.gke.io/load-balancer-type',
    'load-balancer.hetzner.cloud/location',
  ])('annotation %s is noted', (name) => {
    const said = judge(
      ingress(PORTS).replace(
        'namespace: istio-system, creation',
        `namespace: istio-system, annotations: {${name}: "x"}, creation`,
      ) + web(),
    );
    expect(said.notes).toEqual([expect.stringContaining(`GW159 annotation ${name}`)]);
  });

  test('the reference lists every field with its treatment', () => {
    const page = readFileSync(
      new URL('../../../docs/reference/load-balancer-fields.md', import.meta.url),
      'utf8',
    );
    for (const { object, field, treatment } of LOAD_BALANCER_FIELDS)
      expect(page).toContain(`| ${object} | \`${field}\` | ${treatment} |`);
  });
});

describe('members that are nodes', () => {
  const nodes = SLUICE.replace('virtualAddress:', 'members: nodes, virtualAddress:');

  test('without node ports by choice, the field and the ways out are named', () => {
    const said = withSpec('allocateLoadBalancerNodePorts: false', '{}', nodes);
    expect(said.servers).toEqual({ 'edge/web#0': 'no-service-port GW138' });
    expect(said.reasons['edge/web#0']).toMatch(
      /spec\.allocateLoadBalancerNodePorts: false.*members: pods/,
    );
  });

  test('without a node port yet, that is reported', () => {
    expect(withSpec('', '{}', nodes).reasons['edge/web#0']).toContain(
      'none was given to port 80 of Service',
    );
  });

  test('with a Service that has none, its type is asked for', () => {
    const clusterIp = ingress(PORTS).replace('type: LoadBalancer', 'type: ClusterIP');
    expect(judge(clusterIp + web(), nodes).reasons['edge/web#0']).toContain(
      'with type NodePort or LoadBalancer',
    );
  });
});

test('a Gateway that names the port in the pods gets a note with the Service port that leads there', () => {
  const said = judge(
    ingress('{name: http, port: 80, targetPort: 8080}') + gateway('web', ['8080']),
  );
  expect(said.offered).toEqual(['172.16.100.195:8080/tcp']);
  expect(said.notes).toEqual([
    expect.stringMatching(/^Gateway edge\/web: GW149 .*port 80 of Service/),
  ]);
  const chosen = judge(
    ingress('{name: http, port: 80, targetPort: 8080}') +
      gateway('web', ['8080'], '{sluice.io/port: "80"}'),
  );
  expect([chosen.offered, chosen.notes]).toEqual([['172.16.100.195:80/tcp'], []]);
});
