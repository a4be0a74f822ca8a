/** The defaults of an exposure that depend on its kind. */
import { describe, expect, test } from '@jest/globals';
import {
  defaultMonitors,
  monitorInterval,
  type MonitoredPool,
  monitorTimeout,
} from '../../../shared/domain/exposure/settings/defaults.ts';
import { readAnnotations } from '../../../shared/domain/exposure/sources/annotations.ts';
import { compareServerAge } from '../../../shared/domain/exposure/sources/assigned-configmaps.ts';

describe('default monitors', () => {
  test.each([
    [1, 5],
    [500, 5],
    [501, 10],
    [1_000, 10],
    [1_001, 20],
    [2_000, 20],
    [2_001, 30],
    [3_000, 30],
    [3_001, 60],
  ])('of %i probes come every %i s', (probes, interval) => {
    expect([monitorInterval(probes), monitorTimeout(interval)]).toEqual([
      interval,
      3 * interval + 1,
    ]);
  });

  const pool = (over: Partial<MonitoredPool>): MonitoredPool => ({
    members: 'pods',
    protocol: 'tcp',
    statusPort: 15_021,
    healthCheckNodePort: undefined,
    targets: 300,
    ...over,
  });
  test.each<
    [string, Partial<MonitoredPool>, readonly (readonly [string, number, number | undefined])[]]
  >([
    [
      'pods on TCP: readiness and a connect, which are two probes',
      {},
      [
        ['http', 10, 15_021],
        ['tcp', 10, undefined],
      ],
    ],
    ['pods on UDP: readiness alone', { protocol: 'udp' }, [['http', 5, 15_021]]],
    ['nodes on TCP: a connect', { members: 'nodes' }, [['tcp', 5, undefined]]],
    [
      'nodes on UDP: whether the node is there',
      { members: 'nodes', protocol: 'udp' },
      [['icmp', 5, undefined]],
    ],
    [
      'nodes that know whether they have pods: their health check',
      { members: 'nodes', healthCheckNodePort: 30_000 },
      [['http', 5, 30_000]],
    ],
    [
      'pods, whatever nodes know',
      { healthCheckNodePort: 30_000, targets: 1 },
      [
        ['http', 5, 15_021],
        ['tcp', 5, undefined],
      ],
    ],
  ])('for %s', (_, over, monitors) => {
    expect(
      defaultMonitors(pool(over)).map(({ type, interval, port }) => [type, interval, port]),
    ).toEqual(monitors);
  });
});

describe('annotations of one object', () => {
  const read = (annotations: Record<string, string>): ReturnType<typeof readAnnotations> =>
    readAnnotations('Gateway a/b', annotations, {
      port: 80,
      protocol: 'HTTP',
      servers: [{ port: 80, protocol: 'HTTP' }],
      strictPorts: true,
    });
  const codes = ({ refusals, notes }: ReturnType<typeof readAnnotations>): readonly string[] => [
    ...refusals.map(({ code }) => `refused ${code}`),
    ...notes.map(({ code }) => `noted ${code}`),
  ];

  test.each<[string, Record<string, string>, Record<string, unknown>, readonly string[]]>([
    ['none', {}, {}, []],
    ['of other programs', { 'kubectl.kubernetes.io/x': 'y', 'sluice.iox/mode': 'tcp' }, {}, []],
    ['with blanks around', { 'sluice.io/mode': ' tcp ' }, { mode: 'tcp' }, []],
    [
      'two with the same value',
      { 'sluice.io/balance': 'round-robin', 'virtual-server.f5.com/balance': 'round-robin' },
      { balance: 'round-robin' },
      [],
    ],
    [
      'two with different values',
      { 'virtual-server.f5.com/balance': 'ratio-member', 'sluice.io/balance': 'round-robin' },
      { balance: 'round-robin' },
      ['noted GW136'],
    ],
    [
      'one without a value and one with a value',
      { 'virtual-server.f5.com/ip': 'controller-default', 'cis.f5.com/ip': '10.0.0.1' },
      { virtualAddress: '10.0.0.1' },
      [],
    ],
    [
      'one invalid and one valid',
      { 'sluice.io/partition': '8', 'cis.f5.com/partition': 'k8s' },
      { partition: 'k8s' },
      ['refused GW120'],
    ],
    [
      'that would change what is published',
      { 'virtual-server.f5.com/rewrite-app-root': '/x' },
      {},
      ['refused GW122'],
    ],
    ['that have no meaning here', { 'cis.f5.com/host': 'x' }, {}, ['noted GW122']],
    ['that are misspelt', { 'sluice.io/mod': 'tcp' }, {}, ['refused GW121']],
    ['that is unknown', { 'sluice.io/something-else-entirely': 'x' }, {}, ['noted GW121']],
  ])('%s', (_, annotations, wanted, told) => {
    const layer = read(annotations);
    expect([layer.wanted, codes(layer)]).toEqual([wanted, told]);
  });

  test('are reported in order of their names', () => {
    const names = [
      'sluice.io/zzzzzzzzzzzzzzzzzzzzz',
      'cis.f5.com/host',
      'cis.f5.com/aaaaaaaaaaaaaaaaaaaa',
    ];
    expect(
      read(Object.fromEntries(names.map((name) => [name, 'x']))).notes.map(
        ({ message }) => message.split(' ')[1],
      ),
    ).toEqual(names.toSorted());
  });
});

test.each([
  [['2025', 'a'], ['2026', 'b'], -1],
  [['2026', 'a'], ['2025', 'b'], 1],
  [['', 'a'], ['2026', 'b'], 1],
  [['2026', 'b'], ['', 'a'], -1],
  [['', 'a'], ['', 'b'], -1],
  [['2026', 'b'], ['2026', 'a'], 1],
  [['2026', 'a'], ['2026', 'a'], 0],
] as const)('of %j and %j the older comes first, then the name: %i', ([x, a], [y, b], order) => {
  expect(compareServerAge({ created: x, name: a }, { created: y, name: b })).toBe(order);
});
