/** What tables and summaries print if there is little or too much to print. */
import { describe, expect, test } from '@jest/globals';
import { summaryText } from '../../../shared/operations/plan/words.ts';
import { portTable } from '../../../functions/cli/ports/tables.ts';
import { withoutRepeats } from '../../../functions/cli/trace/tables.ts';
import { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import { statusText } from '../../../functions/cli/status/tables.ts';
import { isCalm } from '../../../shared/operations/replay/replay.ts';
import type { StatusView } from '../../../shared/operations/status/status.ts';
import { overlayObjects } from '../../../shared/operations/objects/overlay.ts';
import { summarise } from '../../../shared/operations/plan/plan.ts';
import type { PortRow } from '../../../shared/operations/ports/ports.ts';

const row = (exposure: string): PortRow => ({
  device: 'bigip-1',
  partition: 'k8s',
  exposure,
  owner: 'east/a/b',
  gateways: ['team/web'],
  members: 1,
  draining: 0,
  revision: '1.1',
  kept: [],
  since: '',
});
const away = { device: 'bigip-1', partition: 'k8s', code: 'BIP501', problem: 'away' };

describe('sluice ports', () => {
  test.each([
    ['nothing', { declared: 0, unanswered: [], asked: 1 }, 'Nothing is declared.'],
    [
      'no answer',
      { declared: 0, unanswered: [away], asked: 1 },
      'No device answered, so it is not known what is declared.',
    ],
    [
      'an answer from some',
      { declared: 0, unanswered: [away], asked: 2 },
      'Nothing is declared where a device answered.',
    ],
    [
      'no match',
      { declared: 7, unanswered: [], asked: 1 },
      'None of the 7 declared ports fits these words.',
    ],
  ])('distinguishes %s', (_, list, words) => {
    expect(portTable({ rows: [], ...list })).toBe(words);
  });

  test('sorts addresses and ports by number', () => {
    const rows = ['10.0.0.10:80/tcp', '10.0.0.9:443/tcp', '10.0.0.9:80/tcp'].map(row);
    const table = portTable({ rows, declared: 3, unanswered: [], asked: 1 });
    expect(table.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'ADDRESS',
      '10.0.0.9:80/tcp',
      '10.0.0.9:443/tcp',
      '10.0.0.10:80/tcp',
    ]);
  });
});

test('BIG-IP’s message appears once in a trace', () => {
  const said =
    'a referenced object does not exist on the device. BIG-IP says: The requested iRule /Common/geo was not found.';
  const told = withoutRepeats([
    'revision 1795979069963.1',
    'revision 1795979069963.1',
    `${said} (BIP424)`,
    `:1/tcp of team/web: ${said} (BIP424)`,
    `revision 1.2: ${said} (tried once; again after noon)`,
  ]);
  expect(told[1]).toBe('revision 1795979069963.1');
  expect(told[2]).toBe(`${said} (BIP424)`);
  expect(told.slice(3).join('\n')).not.toContain('The requested iRule');
  expect(told[3]).toBe(':1/tcp of team/web: …');
  expect(told[4]).toBe('revision 1.2: … (tried once; again after noon)');
});

test('a plan ends with the number of changes', () => {
  const kinds = ['create', 'update', 'unchanged', 'superseded', 'held'] as const;
  expect(summaryText(summarise(kinds.map((kind) => ({ kind }))))).toBe(
    '1 to add, 1 to change, 0 to delete, 2 unchanged, 1 not possible',
  );
  expect(summaryText(summarise([]))).toBe('0 to add, 0 to change, 0 to delete');
});

describe('a change over a living cluster', () => {
  const gateway = (name: string, port: number, created = '', uid = ''): object => ({
    meta: {
      namespace: 'team',
      name,
      uid,
      created,
      resourceVersion: '',
      labels: {},
      annotations: {},
    },
    selector: {},
    servers: [{ port: { number: port, protocol: 'TCP', name: 'p' }, hosts: ['*'] }],
  });
  const objects = (...gateways: readonly object[]): KubernetesObjects =>
    ({ ...KubernetesObjects.parse({}), gateways }) as unknown as KubernetesObjects;

  test('replaces the object of the same name, keeps its age, and leaves all others', () => {
    const cluster = objects(
      gateway('web', 80, '2026-01-01', 'u1'),
      gateway('other', 81, 'x', 'u2'),
    );
    const merged = overlayObjects(cluster, objects(gateway('web', 443), gateway('new', 90)));
    expect(merged.gateways).toEqual([
      gateway('web', 443, '2026-01-01', 'u1'),
      gateway('other', 81, 'x', 'u2'),
      gateway('new', 90),
    ]);
    const withGrants = { ...cluster, optionalKinds: { referenceGrants: [] } };
    expect(overlayObjects(withGrants, { ...objects(), optionalKinds: {} })).toEqual(withGrants);
    expect(overlayObjects(cluster, { ...objects(), optionalKinds: {} })).toEqual(cluster);
  });

  const named = (name: string, rest: object): object => ({
    meta: { namespace: 'team', name, uid: '', created: '', resourceVersion: '', labels: {} },
    ...rest,
  });
  const withOptional = (kinds: object): KubernetesObjects => ({
    ...objects(),
    optionalKinds: kinds,
  });
  test.each(['referenceGrants', 'meshConfigs', 'ingresses', 'envoyFilters'])(
    'adds and replaces %s',
    (kind) => {
      const [old, other] = [named('one', { v: 1 }), named('two', { v: 1 })];
      const [changed, added] = [named('one', { v: 2 }), named('three', { v: 3 })];
      const merged = overlayObjects(
        withOptional({ [kind]: [old, other] }),
        withOptional({ [kind]: [changed, added] }),
      );
      expect(merged.optionalKinds).toEqual({ [kind]: [changed, other, added] });
    },
  );

  test.each(['ciliumNodes', 'blockAffinities'])(
    'adds and replaces %s, which have a name only',
    (kind) => {
      const of = (name: string, v: number): object => ({ name, v });
      const merged = overlayObjects(
        withOptional({ [kind]: [of('one', 1), of('two', 1)] }),
        withOptional({ [kind]: [of('one', 2), of('three', 3)] }),
      );
      expect(merged.optionalKinds).toEqual({
        [kind]: [of('one', 2), of('two', 1), of('three', 3)],
      });
    },
  );

  test('does not take grants that could not be read for missing ones because it adds one', () => {
    const merged = overlayObjects(
      withOptional({ ingresses: [] }),
      withOptional({ referenceGrants: [named('one', {})], envoyFilters: [named('f', {})] }),
    );
    expect(merged.optionalKinds).toEqual({ ingresses: [], envoyFilters: [named('f', {})] });
  });

  test('keeps of a Service what the API server filled in', () => {
    const port = { name: 'a', port: 443, protocol: 'TCP', targetPort: 8443 };
    const service = (rest: object): KubernetesObjects =>
      KubernetesObjects.parse({
        services: [named('web', { type: 'LoadBalancer', selector: {}, ports: [port], ...rest })],
      });
    const living = service({
      ports: [{ ...port, nodePort: 30443 }],
      healthCheckNodePort: 31000,
      ipFamilies: ['IPv4'],
      loadBalancerIngress: [{ ip: '10.0.0.1' }],
    });
    const [merged] = overlayObjects(
      living,
      service({
        ports: [
          { ...port, targetPort: 9443 },
          { ...port, port: 90 },
        ],
      }),
    ).services;
    expect(merged).toMatchObject({
      ports: [
        { ...port, targetPort: 9443, nodePort: 30443 },
        { ...port, port: 90 },
      ],
      healthCheckNodePort: 31000,
      ipFamilies: ['IPv4'],
      loadBalancerIngress: [{ ip: '10.0.0.1' }],
    });
    const [another] = overlayObjects(living, service({ type: 'ClusterIP' })).services;
    expect(another?.ports).toEqual([port]);
  });
});

describe('sluice status', () => {
  const cluster = {
    cluster: 'east',
    ingresses: 1,
    exposures: 2,
    known: true,
    revision: '7.1',
    openFailures: 0,
    standing: 'enabled',
    needsLook: false,
  };
  const view = (clusters: readonly object[]): StatusView =>
    ({
      clusters,
      queues: [],
      devices: [],
      waiting: [],
      held: [],
      network: [],
      failures: {},
      jobs: [],
      unknown: ['LAG: not recorded'],
    }) as unknown as StatusView;

  test('omits a column in which nothing is known, and says why below', () => {
    const text = statusText(view([cluster]), 0);
    expect(text).toMatch(/^CLUSTER +INGRESSES +EXPOSURES +REVISION +OPEN FAILURES/);
    expect(text).not.toMatch(/LAST EVENT|\bLAG {2}/);
    expect(text).toContain('Not known here (?):\n  LAG: not recorded');
  });

  test('begins with what may be wrong with the network', () => {
    const network = ['path to node n1: all members behind it are down (BIP487)'];
    const text = statusText({ ...view([cluster]), network }, 0);
    expect(text.split('\n')[0]).toBe(network[0]);
  });

  test('keeps a column in which something is known, with ? elsewhere', () => {
    const text = statusText(
      view([
        { ...cluster, lag: 1_500 },
        { ...cluster, cluster: 'west' },
      ]),
      0,
    );
    expect(text).toMatch(/^east .* 1\.5s .*$/m);
    expect(text).toMatch(/^west .* \? .*$/m);
  });
});

test.each([
  [['unchanged', 'superseded'], true],
  [['unchanged', 'would-apply'], false],
  [['invalid'], false],
  [['unknown'], false],
])('a replay plan of %j ends with 0: %s', (verdicts, calm) => {
  const items = verdicts.map((verdict) => ({ preview: { verdict } }));
  expect(isCalm(items as unknown as Parameters<typeof isCalm>[0])).toBe(calm);
});
