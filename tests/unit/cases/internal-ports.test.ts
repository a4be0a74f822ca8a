import { describe, expect, test } from '@jest/globals';
import { gateway, ingress, judge, SLUICE } from '../../fixtures/cases.ts';

const PORTS =
  '{name: http2, port: 80, targetPort: 8080}, {name: https, port: 443, targetPort: 8443}';
const other = (name: string, ports: string, spec = 'type: ClusterIP', labels = '{}'): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: istio-system, creationTimestamp: "2026-01-02T00:00:00Z", labels: ${labels}}
spec: {${spec}, selector: {istio: ingressgateway}, ports: [${ports}]}
---
`;
const UNTRANSLATED = '{experimental.istio.io/disable-gateway-port-translation: "true"}';
const LOCAL = other(
  'cluster-local',
  '{name: http2, port: 80, targetPort: 8081}',
  undefined,
  UNTRANSLATED,
);
const INTERNAL = 'rejected GW146';

describe('a port that only another Service of the pods leads to is internal', () => {
  test('neither offered nor added to the ingress Service; the public one beside it is', () => {
    const said = judge(
      ingress(PORTS) + LOCAL + gateway('public', ['80']) + gateway('local', ['8081']),
    );
    expect(said.servers).toEqual({ 'edge/local#0': INTERNAL, 'edge/public#0': 'listening OK' });
    expect(said.offered).toEqual(['172.16.100.195:80/tcp']);
    expect(said.added).toEqual([]);
    expect(said.reasons['edge/local#0']).toContain('Service istio-system/cluster-local (port 80)');
    expect(said.reasons['edge/local#0']).toContain('sluice.io/expose');
  });

  test('as is an east-west port on a shared gateway, by number', () => {
    const said = judge(
      ingress(PORTS) +
        other('east-west', '{name: tls, port: 15443}') +
        gateway('mesh', ['15443/HTTPS']),
    );
    expect(said.servers).toEqual({ 'edge/mesh#0': INTERNAL });
  });

  test('by the name of a container port', () => {
    const said = judge(
      ingress(PORTS, '', '{name: local, containerPort: 8081}') +
        other('named', '{name: http, port: 8000, targetPort: local}') +
        gateway('local', ['8081']),
    );
    expect(said.servers).toEqual({ 'edge/local#0': INTERNAL });
  });

  test('behind a headless Service', () => {
    const said = judge(
      ingress(PORTS) +
        other('bare', '{name: dbg, port: 9000}', 'clusterIP: None') +
        gateway('dbg', ['9000']),
    );
    expect(said.servers).toEqual({ 'edge/dbg#0': INTERNAL });
  });

  test('where the other Service translates the number of the Gateway', () => {
    const said = judge(
      ingress(PORTS) +
        other('local', '{name: http, port: 9080, targetPort: 18080}') +
        gateway('local', ['9080']),
    );
    expect(said.servers).toEqual({ 'edge/local#0': INTERNAL });
    expect(said.added).toEqual([]);
  });

  test('server by server: the public one of the same Gateway is offered', () => {
    const said = judge(ingress(PORTS) + LOCAL + gateway('both', ['80', '8081']));
    expect(said.servers).toEqual({ 'edge/both#0': 'listening OK', 'edge/both#1': INTERNAL });
    expect(said.offered).toEqual(['172.16.100.195:80/tcp']);
  });

  test('but stays where BIG-IP has it', () => {
    const said = judge(ingress(PORTS) + LOCAL + gateway('local', ['8081']));
    expect(said.staying).toEqual(['172.16.100.195:8081/tcp']);
  });

  test('while the gateway is scaled to zero, too', () => {
    const [service = ''] = ingress(PORTS).split('\n---\n');
    expect(judge(`${service}\n---\n${LOCAL}${gateway('local', ['8081'])}`).servers).toEqual({
      'edge/local#0': INTERNAL,
    });
  });
});

describe('an internal port is offered all the same', () => {
  test('where its Gateway asks for it', () => {
    const said = judge(
      ingress(PORTS) + LOCAL + gateway('local', ['8081'], '{sluice.io/expose: "true"}'),
    );
    expect(said.offered).toEqual(['172.16.100.195:8081/tcp']);
    expect(said.added).toEqual([8081]);
  });

  test('where the ingress Service asks for the port', () => {
    const said = judge(
      ingress(PORTS).replace(
        'namespace: istio-system, creation',
        'namespace: istio-system, annotations: {sluice.io/expose: "8081"}, creation',
      ) +
        LOCAL +
        gateway('public', ['80']) +
        gateway('local', ['8081']),
    );
    expect(said.offered).toEqual(['172.16.100.195:80/tcp', '172.16.100.195:8081/tcp']);
  });

  test('where a policy rule opens internal ports, and only that rule', () => {
    const rules = (internal: string): string =>
      `${SLUICE}policy: {rules: [{name: local, ports: [8081]${internal}}, {name: rest}]}\n`;
    const manifests = ingress(PORTS) + LOCAL + gateway('local', ['8081']);
    expect(judge(manifests, rules(', internal: true')).offered).toEqual([
      '172.16.100.195:8081/tcp',
    ]);
    expect(judge(manifests, rules('')).offered).toEqual([]);
  });

  test('where the ingress Service leads there, under whichever number', () => {
    const said = judge(
      ingress(`${PORTS}, {name: more, port: 9443, targetPort: 8081}`) +
        LOCAL +
        gateway('local', ['8081']),
    );
    expect(said.servers).toEqual({ 'edge/local#0': 'listening OK' });
  });

  test('where no Service leads there: then the port is added', () => {
    const said = judge(ingress(PORTS) + LOCAL + gateway('new', ['9999']));
    expect(said.offered).toEqual(['172.16.100.195:9999/tcp']);
    expect(said.added).toEqual([9999]);
  });
});

describe('what its author requests', () => {
  test('"false" keeps it off, a list names the ports that are meant, anything else is refused', () => {
    const said = (value: string): readonly string[] =>
      Object.values(
        judge(
          ingress(PORTS) + gateway('web', ['80', '443/HTTPS'], `{sluice.io/expose: "${value}"}`),
        ).servers,
      );
    expect(said('false')).toEqual(['rejected GW148', 'rejected GW148']);
    expect(said('443')).toEqual(['rejected GW148', 'listening OK']);
    expect(said('80, 443')).toEqual(['listening OK', 'listening OK']);
    expect(said('yes')).toEqual(['rejected GW120', 'rejected GW120']);
  });

  test('with expose: annotated, only what asks for it comes, and what runs stays', () => {
    const annotated = SLUICE.replace('virtualAddress:', 'expose: annotated, virtualAddress:');
    const said = judge(
      ingress(PORTS) + gateway('a', ['80'], '{sluice.io/expose: "true"}') + gateway('b', ['9999']),
      annotated,
    );
    expect(said.servers).toEqual({ 'edge/a#0': 'listening OK', 'edge/b#0': 'rejected GW147' });
    expect([said.offered, said.staying]).toEqual([
      ['172.16.100.195:80/tcp'],
      ['172.16.100.195:9999/tcp'],
    ]);
    expect(said.added).toEqual([]);
  });
});

describe('no port is added to the Service for a server', () => {
  test.each([
    [
      'that the policy refuses',
      '{}',
      'policy: {rules: [{name: no, allow: false, ports: [9999]}, {name: rest}]}',
      'rejected GW133',
    ],
    [
      'that requests a partition that does not exist',
      '{sluice.io/partition: other}',
      '',
      'rejected GW131',
    ],
    ['with a misspelt annotation', '{sluice.io/virtual-adress: 10.0.0.1}', '', 'rejected GW121'],
    ['with a wrong value', '{sluice.io/mode: fast}', '', 'rejected GW120'],
  ])('%s', (_, annotations, policy, verdict) => {
    const said = judge(
      ingress(PORTS) + gateway('web', ['9999'], annotations),
      `${SLUICE}${policy}\n`,
    );
    expect(said.servers).toEqual({ 'edge/web#0': verdict });
    expect(said.added).toEqual([]);
  });

  test('that only waits for a port that the pods could bind; if it may be offered, the port is added', () => {
    const privileged = ingress(PORTS).replace(
      'name: istio-proxy,',
      'name: istio-proxy, env: [{name: ISTIO_META_UNPRIVILEGED_POD, value: "true"}],',
    );
    const refused = `${SLUICE}policy: {rules: [{name: no, allow: false, ports: [81]}, {name: rest}]}\n`;
    expect(judge(privileged + gateway('web', ['81'])).added).toEqual([81]);
    expect(judge(privileged + gateway('web', ['81']), refused).added).toEqual([]);
  });

  test('with nodes as members, which wait for the node port, the port is added', () => {
    const nodes = SLUICE.replace('virtualAddress:', 'members: nodes, virtualAddress:');
    expect(judge(ingress(PORTS) + gateway('web', ['9999']), nodes).added).toEqual([9999]);
  });
});

test.each([
  ['older', ['a', 'b']],
  ['younger', ['b', 'a']],
] as const)(
  'a Gateway that asks for an internal port gets it alone, also if it is %s',
  (_, order) => {
    const [asking, silent] = order;
    const judged = judge(
      ingress('{name: http, port: 80}') +
        other('local', '{name: http, port: 8081}') +
        gateway(asking, ['8081'], '{sluice.io/expose: "true"}') +
        gateway(silent, ['8081']),
    );
    expect(judged.servers).toEqual({
      [`edge/${asking}#0`]: 'listening OK',
      [`edge/${silent}#0`]: 'rejected GW146',
    });
    expect(judged.built.exposures.map(({ gateways }) => gateways)).toEqual([[`edge/${asking}`]]);
  },
);
