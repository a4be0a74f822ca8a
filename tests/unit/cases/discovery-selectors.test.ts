import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { normaliseObjects } from '../../../shared/kubernetes/objects/index.ts';
import { ingress, judge, SLUICE } from '../../fixtures/cases.ts';

const PORTS = '{name: http, port: 80}, {name: https, port: 443}, {name: tcp, port: 5671}';
const namespace = (name: string, labels = '{}'): string => `
apiVersion: v1
kind: Namespace
metadata: {name: ${name}, labels: ${labels}}
---
`;
const meshConfig = (selectors: string, name = 'istio', where = 'istio-system'): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}, namespace: ${where}}
data:
  mesh: |
    discoverySelectors: ${selectors}
    accessLogFile: /dev/stdout
---
`;
const gateway = (key: string, server: string, age = 2): string => {
  const [where = '', name = ''] = key.split('/');
  return `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: ${name}, namespace: ${where}, creationTimestamp: "2026-01-0${age}T00:00:00Z"}
spec: {selector: {istio: ingressgateway}, servers: [${server}]}
---
`;
};
const HTTP = '{port: {number: 443, name: http, protocol: HTTP}, hosts: ["*"]}';
const HTTPS =
  '{port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: SIMPLE, credentialName: c}, hosts: ["a.example"]}';
const TCP = '{port: {number: 5671, name: tcp, protocol: TCP}, hosts: ["*"]}';
const HOME = namespace('istio-system', '{mesh: "yes"}');
const NOT_READ = 'not-selected MAP208';

describe('a namespace that no discoverySelector matches is not read', () => {
  const shop = (labels: string, selectors: string): string | undefined =>
    judge(
      ingress(PORTS) +
        HOME +
        namespace('shop', labels) +
        gateway('shop/web', HTTP) +
        meshConfig(selectors),
    ).servers['shop/web#0'];

  test.each([
    ['matchLabels', '[{matchLabels: {mesh: "yes"}}]', '{mesh: "yes"}', '{mesh: "no"}'],
    [
      'several labels',
      '[{matchLabels: {mesh: "yes", env: prod}}]',
      '{mesh: "yes", env: prod}',
      '{mesh: "yes"}',
    ],
    [
      'In',
      '[{matchExpressions: [{key: env, operator: In, values: [prod, test]}]}]',
      '{env: test}',
      '{env: dev}',
    ],
    [
      'NotIn',
      '[{matchExpressions: [{key: env, operator: NotIn, values: [legacy]}]}]',
      '{}',
      '{env: legacy}',
    ],
    ['Exists', '[{matchExpressions: [{key: team, operator: Exists}]}]', '{team: a}', '{}'],
    [
      'DoesNotExist',
      '[{matchExpressions: [{key: hidden, operator: DoesNotExist}]}]',
      '{}',
      '{hidden: ""}',
    ],
    [
      'labels and expressions together',
      '[{matchLabels: {a: b}, matchExpressions: [{key: c, operator: Exists}]}]',
      '{a: b, c: d}',
      '{a: b}',
    ],
    ['any of several', '[{matchLabels: {a: b}}, {matchLabels: {c: d}}]', '{c: d}', '{e: f}'],
  ])('%s', (_, selectors, inside, outside) => {
    expect(shop(inside, selectors)).toBe('listening OK');
    expect(shop(outside, selectors)).toBe(NOT_READ);
  });

  test('by its name, which is a label of every namespace', () => {
    const byName = '[{matchLabels: {kubernetes.io/metadata.name: istio-system}}]';
    expect(shop('{}', byName)).toBe(NOT_READ);
    expect(
      judge(ingress(PORTS) + gateway('shop/web', HTTP) + meshConfig(byName)).servers['shop/web#0'],
    ).toBe(NOT_READ);
  });

  test.each([
    ['no selector at all', '[]'],
    ['one that selects everything', '[{}]'],
  ])('%s leaves nothing out', (_, selectors) => {
    expect(shop('{}', selectors)).toBe('listening OK');
  });

  test('is not assumed if its labels are unknown', () => {
    expect(
      judge(
        ingress(PORTS) +
          HOME +
          gateway('shop/web', HTTP) +
          meshConfig('[{matchLabels: {mesh: "yes"}}]'),
      ).servers,
    ).toEqual({
      'shop/web#0': 'listening OK',
    });
  });
});

const SELECTED = meshConfig('[{matchLabels: {mesh: "yes"}}]');
const BASE =
  ingress(PORTS) + HOME + namespace('legacy') + namespace('team', '{mesh: "yes"}') + SELECTED;

describe('what is in a namespace that is not read', () => {
  test('takes no port from others, and what is declared of it stays', () => {
    const said = judge(
      BASE +
        gateway('legacy/old', HTTP, 1) +
        gateway('team/web', HTTPS, 3) +
        gateway('legacy/mq', HTTP.replace('443', '5671')),
    );
    expect(said.servers).toEqual({
      'legacy/mq#0': NOT_READ,
      'legacy/old#0': NOT_READ,
      'team/web#0': 'listening OK',
    });
    expect([said.offered, said.staying]).toEqual([
      ['172.16.100.195:443/tcp'],
      ['172.16.100.195:5671/tcp'],
    ]);
    expect(said.reasons['legacy/old#0']).toContain('ConfigMap istio-system/istio');
    expect(said.added).toEqual([]);
  });

  test('no port is added for it', () => {
    expect(judge(BASE + gateway('legacy/new', HTTP.replace('443', '9999'))).added).toEqual([]);
  });

  test('routes nothing: its VirtualServices open no new port', () => {
    const route = (where: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: mq, namespace: ${where}}
spec: {hosts: ["*"], gateways: [team/mq], tcp: [{route: [{destination: {host: mq}}]}]}
---
`;
    const away = judge(BASE + gateway('team/mq', TCP) + route('legacy'));
    expect(away.servers['team/mq#0']).toMatch(/^no-route/);
    expect([away.offered, away.staying]).toEqual([[], ['172.16.100.195:5671/tcp']]);
    expect(judge(BASE + gateway('team/mq', TCP) + route('team')).servers['team/mq#0']).toBe(
      'listening OK',
    );
  });

  test('is no listener of Gateway API either', () => {
    const hidden =
      ingress(PORTS) +
      namespace('istio-system') +
      SELECTED +
      `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: istio-system}
spec:
  gatewayClassName: istio
  addresses: [{type: Hostname, value: istio-ingressgateway}]
  listeners: [{name: web, port: 80, protocol: HTTP}]
`;
    expect(judge(hidden).servers).toEqual({ 'istio-system/gw#0': NOT_READ });
  });
});

describe('where the selectors come from', () => {
  const shop = gateway('legacy/web', HTTP);
  const withOption = (option: string): string =>
    SLUICE.replace('{id: east}', `{id: east, mesh: {${option}}}`);
  const bare = ingress(PORTS) + HOME + namespace('legacy') + shop;

  test('the mesh option of sluice.yaml goes first, an empty list of it reads everything', () => {
    expect(
      judge(bare, withOption('discoverySelectors: [{matchLabels: {mesh: "yes"}}]')).servers,
    ).toEqual({ 'legacy/web#0': NOT_READ });
    expect(judge(BASE + shop, withOption('discoverySelectors: []')).servers).toEqual({
      'legacy/web#0': 'listening OK',
    });
  });

  test('only the ConfigMap of the root namespace counts', () => {
    const other = meshConfig('[{matchLabels: {mesh: "yes"}}]', 'istio', 'team');
    expect(judge(bare + other).servers).toEqual({ 'legacy/web#0': 'listening OK' });
    expect(
      judge(
        bare + SELECTED.replace('namespace: istio-system', 'namespace: mesh-root'),
        withOption('rootNamespace: mesh-root'),
      ).servers,
    ).toEqual({ 'legacy/web#0': NOT_READ });
  });
});

test.each([
  ['is not YAML', '['],
  ['has an operator that does not exist', '[{matchExpressions: [{key: a, operator: Like}]}]'],
])(
  'a mesh ConfigMap that %s is ignored with the reason, and everything else is read',
  (_, text) => {
    const raw = parseAllDocuments(ingress(PORTS) + meshConfig(text)).map(
      (one) => one.toJS() as unknown,
    );
    const { objects, ignored } = normaliseObjects(raw);
    expect(objects.optionalKinds?.meshConfigs).toEqual([]);
    expect(objects.services).toHaveLength(1);
    expect(ignored.filter(({ kind }) => kind === 'ConfigMap')).toEqual([
      expect.objectContaining({
        name: 'istio-system/istio',
        reason: expect.stringMatching(/^it cannot be read: /),
      }),
    ]);
  },
);

describe('the revision of the pods', () => {
  const labelled = (revision: string): string =>
    ingress(PORTS).replace(
      'labels: {istio: ingressgateway}}',
      `labels: {istio: ingressgateway, istio.io/rev: ${revision}}}`,
    );
  const forRevision = (name: string, revision: string, port = 80): string =>
    gateway(`edge/${name}`, HTTP.replace('443', String(port))).replace(
      'metadata: {',
      `metadata: {labels: {istio.io/rev: ${revision}}, `,
    );

  test('is what their label says: Gateways of it are read, others are not', () => {
    const said = judge(
      labelled('canary') + forRevision('own', 'canary', 80) + forRevision('other', 'stable', 443),
    );
    expect(said.servers).toEqual({
      'edge/other#0': 'not-selected MAP203',
      'edge/own#0': 'listening OK',
    });
  });

  test('is that of the mesh options where they say nothing', () => {
    expect(judge(ingress(PORTS) + forRevision('own', 'default')).servers).toEqual({
      'edge/own#0': 'listening OK',
    });
  });

  test('a Gateway that was read by the mesh option alone stays where it is declared', () => {
    const said = judge(labelled('canary') + forRevision('before', 'default'));
    expect(said.servers).toEqual({ 'edge/before#0': 'not-selected MAP203' });
    expect([said.offered, said.staying]).toEqual([[], ['172.16.100.195:80/tcp']]);
  });

  test('pods of several revisions are evaluated separately: pods that do not listen are no members', () => {
    const second = (revision: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: gw-2, namespace: istio-system, labels: {istio: ingressgateway, istio.io/rev: ${revision}}}
spec: {nodeName: n2, containers: [{name: istio-proxy, args: [proxy, router]}]}
status: {phase: Running, podIP: 10.244.1.6, podIPs: [{ip: 10.244.1.6}], conditions: [{type: Ready, status: "True"}]}
---
`;
    const members = (manifests: string): readonly string[] =>
      judge(manifests).built.exposures.flatMap((e) => e.members.map(({ address }) => address));
    const stable = labelled('stable') + forRevision('own', 'stable');
    expect(members(stable + second('stable'))).toEqual(['10.244.1.5', '10.244.1.6']);
    expect(members(stable + second('canary'))).toEqual(['10.244.1.5']);
    expect(judge(stable + second('canary')).reasons['edge/own#0']).toContain(
      'in 1 of 2 gateway pods: gw-1',
    );
  });
});
