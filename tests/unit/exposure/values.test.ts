/** Which values an annotation may have, at the limits. */
import { describe, expect, test } from '@jest/globals';
import {
  checkedMonitors,
  type AnnotationValue,
  ANNOTATION_READERS,
  type AnnotationTarget,
  readAddress,
  monitorTimes,
} from '../../../shared/domain/exposure/settings/annotation-values.ts';
import {
  isUsableVirtualAddress,
  cidrsOverlap,
  parseCidr,
  parseIp,
} from '../../../shared/domain/net/ip.ts';
import { nearest } from '../../../shared/domain/text/nearest.ts';
import { mayBeNode, mayBePod } from '../../../shared/domain/net/cluster-networks.ts';
import { matchesPattern } from '../../../shared/domain/exposure/settings/policy.ts';
import { mergeLayers } from '../../../shared/domain/exposure/settings/layers.ts';
import { sameValue, showValue } from '../../../shared/domain/exposure/settings/values.ts';

const AT: AnnotationTarget = {
  port: 80,
  protocol: 'HTTP',
  servers: [
    { port: 80, protocol: 'HTTP' },
    { port: 443, protocol: 'HTTPS' },
  ],
  strictPorts: false,
};
const ONE: AnnotationTarget = { ...AT, servers: [{ port: 80, protocol: 'HTTP' }] };
const said = (read: AnnotationValue): unknown => ('problem' in read ? 'refused' : read.value);
type Name = keyof typeof ANNOTATION_READERS;

describe('an annotation value', () => {
  test.each<[Name, string, unknown]>([
    ['address', '10.0.0.1', '10.0.0.1'],
    ['address', '2001:DB8::1', '2001:db8::1'],
    ['address', '10.0.0.1%0', '10.0.0.1'],
    ['address', '10.0.0.1%1', 'refused'],
    ['address', 'x', 'refused'],
    ['address', '127.0.0.1', '127.0.0.1'],
    ['address', '224.0.0.1', 'refused'],
    ['address', 'controller-default', undefined],
    ['address', 'auto', 'refused'],
    ['addressOrAuto', 'auto', 'auto'],
    ['addressOrAuto', 'auto:web', 'auto:web'],
    ['addressOrAuto', 'auto:', 'refused'],
    ['addressOrAuto', 'automatic', 'refused'],
    ['addressOrAuto', '10.0.0.1', '10.0.0.1'],
    ['addressOrAuto', 'controller-default', undefined],
    ['addressOrAuto', 'x', 'refused'],
    ['partition', 'k8s', 'k8s'],
    ['partition', '8s', 'refused'],
    ['partition', 'a/b', 'refused'],
    ['mode', 'tcp', 'tcp'],
    ['mode', 'sctp', 'refused'],
    ['balance', 'round-robin', 'round-robin'],
    ['balance', 'random', 'refused'],
    ['snat', 'auto', 'auto'],
    ['snat', 'self', 'self'],
    ['snat', '/Common/pool', '/Common/pool'],
    ['snat', 'pool', 'refused'],
    ['persistence', 'none', []],
    ['persistence', 'cookie, source-address', ['cookie', 'source-address']],
    ['persistence', '/Common/p', ['/Common/p']],
    ['persistence', 'cookie,x', 'refused'],
    ['persistence', 'x,cookie', 'refused'],
    ['path', '/Common/a', '/Common/a'],
    ['path', 'a', 'refused'],
    ['paths', '/Common/a,/Common/b', ['/Common/a', '/Common/b']],
    ['paths', '/Common/a,b', 'refused'],
    ['paths', 'none', []],
    ['limit', '0', 0],
    ['limit', '2147483647', 2_147_483_647],
    ['limit', '2147483648', 'refused'],
    ['limit', '-1', 'refused'],
    ['limit', '1x', 'refused'],
    ['limit', '', 'refused'],
    ['tries', '0', 0],
    ['tries', '65535', 65_535],
    ['tries', '65536', 'refused'],
    ['tries', 'x', 'refused'],
  ])('%s %j is read as %j', (name, text, value) => {
    expect(said(ANNOTATION_READERS[name](text, AT))).toEqual(value);
  });

  test.each<[Name, string, Partial<AnnotationTarget>, unknown]>([
    ['port', '443', ONE, 443],
    ['port', '1', ONE, 1],
    ['port', '65535', ONE, 65_535],
    ['port', '0', ONE, 'refused'],
    ['port', '65536', ONE, 'refused'],
    ['port', 'http', ONE, 'refused'],
    ['port', '443', {}, 'refused'],
    [
      'port',
      '443',
      {
        servers: [
          { port: 80, protocol: 'HTTP' },
          { port: 80, protocol: 'HTTP' },
        ],
      },
      443,
    ],
    ['port', '80=8080,443=8443', {}, 8080],
    ['port', '80=8080, 443=8443', { port: 443 }, 8443],
    ['port', '443=8443', {}, undefined],
    ['port', '80=8080,80=8081', {}, 'refused'],
    ['port', '80=8080=1', {}, 'refused'],
    ['port', '80=', {}, 'refused'],
    ['port', '=80', {}, 'refused'],
    ['port', '80=8080,81=8081', {}, 8080],
    ['port', '80=8080,81=8081', { strictPorts: true }, 'refused'],
    ['port', '80=8080,443=1', { strictPorts: true }, 8080],
    ['httpPort', '8080', {}, 8080],
    ['httpPort', '8080', { protocol: 'HTTPS' }, undefined],
    ['httpPort', '8080', { protocol: 'grpc' }, 8080],
    ['httpPort', '8080', { protocol: 'TCP' }, undefined],
    ['httpPort', '8080', { servers: [...AT.servers, { port: 81, protocol: 'HTTP' }] }, 'refused'],
    ['httpsPort', '8443', { protocol: 'HTTPS' }, 8443],
    ['httpsPort', '8443', { protocol: 'tls' }, 8443],
    ['httpsPort', '8443', {}, undefined],
    ['httpsPort', '8443', { protocol: 'TCP' }, undefined],
  ])('%s %j at %j is read as %j', (name, text, at, value) => {
    expect(said(ANNOTATION_READERS[name](text, { ...AT, ...at }))).toEqual(value);
  });

  test.each<[Name, string, string]>([
    ['port', '1e3', 'must be a port (1 to 65535) or a map such as 32400=31400,443=8443'],
    ['port', '0x50', 'must be a port (1 to 65535) or a map such as 32400=31400,443=8443'],
    ['port', '80=1, 443=x', '"443=x" is not gatewayPort=virtualPort'],
    ['paths', '/Common/a, b, c', '"b" is not a full path such as /Common/name'],
    ['limit', '1e3', 'must be a number from 0 (unlimited) to 2147483647'],
    [
      'monitors',
      '[{"type":"tcp","interval":5,"timeout":5},{"type":"tcp","interval":6,"timeout":6}]',
      "a monitor's timeout (5 s) must be longer than its interval (5 s); three intervals and one second is usual",
    ],
  ])('%s %s names the first problem', (name, text, problem) => {
    const servers = [{ port: 80, protocol: 'TCP' }];
    expect(ANNOTATION_READERS[name](text, { ...AT, servers })).toEqual({ problem });
  });

  test.each<[number, number, string]>([
    [3_601, 3_602, 'the interval of a monitor is at most 3600 s, not 3601'],
    [3_600, 3_602, 'the timeout of a monitor is at most 900 s, not 3602'],
    [5, 901, 'the timeout of a monitor is at most 900 s, not 901'],
  ])(
    'of a monitor with interval %i and timeout %i, the first limit is named',
    (interval, timeout, problem) => {
      expect(checkedMonitors([{ type: 'tcp', interval, timeout }])).toEqual({ problem });
    },
  );

  test.each<[unknown, string]>([
    ['text', 'text'],
    [5, '5'],
    [['a', 'b'], '["a","b"]'],
    [{ a: 1 }, '{"a":1}'],
  ])('%j is shown as %s', (value, text) => {
    expect(showValue(value)).toBe(text);
  });

  test('names the ports of which it cannot mean one, in order, once each', () => {
    const servers = [443, 80, 443].map((port) => ({ port, protocol: 'TCP' }));
    expect(ANNOTATION_READERS.port('1', { ...AT, servers })).toEqual({
      problem: 'one port for 2 gateway ports (80, 443); use a map such as 80=1',
    });
    expect(readAddress('10.0.0.1%7')).toEqual({
      problem: 'route domain %7 is not supported; use an address of route domain 0',
    });
  });

  const standard = { interval: 5, timeout: 16 };
  test.each<[Name, string, unknown]>([
    ['monitors', 'none', []],
    [
      'monitors',
      'tcp, http',
      [
        { type: 'tcp', ...standard },
        { type: 'http', ...standard },
      ],
    ],
    ['monitors', 'tcp,x', 'refused'],
    ['monitors', '[{"type":"tcp"}]', [{ type: 'tcp', ...standard }]],
    ['monitors', '[{"type":"tcp","interval":10}]', [{ type: 'tcp', interval: 10, timeout: 31 }]],
    ['monitors', '[{"type":"tcp","timeout":7}]', [{ type: 'tcp', interval: 2, timeout: 7 }]],
    ['monitors', '[{"type":"tcp","interval":10,"timeout":10}]', 'refused'],
    ['monitors', '[', 'refused'],
    ['monitors', '[{"type":"x"}]', 'refused'],
    ['ingressHealth', '{}', [{ type: 'http', ...standard }]],
    ['serviceHealth', '{}', [{ type: 'tcp', ...standard }]],
    [
      'serviceHealth',
      '[{"type":"http","send":"GET /","recv":"200","targetPort":8080,"interval":3}]',
      [{ type: 'http', interval: 3, timeout: 10, port: 8080, send: 'GET /', receive: '200' }],
    ],
    [
      'serviceHealth',
      '[{},{"type":"icmp"}]',
      [
        { type: 'tcp', ...standard },
        { type: 'icmp', ...standard },
      ],
    ],
    ['serviceHealth', '{"other":1}', 'refused'],
    ['serviceHealth', '{', 'refused'],
  ])('%s %s is read as %j', (name, text, value) => {
    expect(said(ANNOTATION_READERS[name](text, AT))).toEqual(value);
  });

  test.each<[number | undefined, number | undefined, number, number]>([
    [undefined, undefined, 5, 16],
    [10, undefined, 10, 31],
    [10, 20, 10, 20],
    [undefined, 16, 5, 16],
    [undefined, 15, 4, 15],
    [undefined, 4, 1, 4],
    [undefined, 1, 1, 1],
    [undefined, 100, 5, 100],
  ])('interval %s and timeout %s are %i and %i', (interval, timeout, one, other) => {
    expect(monitorTimes(interval, timeout)).toEqual({ interval: one, timeout: other });
  });

  test('of monitors is reported by the first invalid one', () => {
    expect(said(checkedMonitors([{ type: 'tcp', ...standard }]))).toEqual([
      { type: 'tcp', ...standard },
    ]);
    expect(
      said(
        checkedMonitors([
          { type: 'tcp', ...standard },
          { type: 'tcp', interval: 5, timeout: 5 },
        ]),
      ),
    ).toBe('refused');
  });
});

describe('an address', () => {
  test.each([
    ['0.255.255.255', false],
    ['1.0.0.0', true],
    ['223.255.255.255', true],
    ['224.0.0.0', false],
    ['255.255.255.255', false],
    ['::', false],
    ['::1', true],
    ['fe7f:ffff::1', true],
    ['fe80::1', false],
    ['febf::1', false],
    ['fec0::1', true],
    ['feff::1', true],
    ['ff00::1', false],
  ])('%s can be reached by clients: %s', (text, usable) => {
    expect(isUsableVirtualAddress(parseIp(text)!)).toBe(usable);
  });

  test.each([
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.0.0.0/8', '11.0.0.0/8', false],
    ['10.0.0.0/8', '10.0.0.0/8', true],
    ['0.0.0.0/0', '::/0', false],
    ['10.0.0.1', '10.0.0.0/31', true],
    ['10.0.0.2', '10.0.0.0/31', false],
    ['::/0', '2001:db8::1', true],
  ])('%s overlaps %s: %s, both ways round', (a, b, meets) => {
    const [x, y] = [parseCidr(a)!, parseCidr(b)!];
    expect([cidrsOverlap(x, y), cidrsOverlap(y, x)]).toEqual([meets, meets]);
  });

  test.each([
    ['10.0.0.0/0', 0],
    ['10.0.0.0/32', 32],
    ['10.0.0.1', 32],
    ['::/128', 128],
    ['::1', 128],
  ])('%s has %i bits', (text, bits) => {
    expect(parseCidr(text)?.bits).toBe(bits);
  });

  test.each([
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/1x',
    '10.0.0.0/8/8',
    '/8',
    '::/129',
  ])('%j is none', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  const networks = (
    pods: readonly string[],
    nodes: readonly string[],
  ): Parameters<typeof mayBePod>[1] => {
    const read = (texts: readonly string[]) => texts.flatMap((text) => parseCidr(text) ?? []);
    return { cluster: 'east', routeDomain: 0, pods: read(pods), nodes: read(nodes) };
  };
  test.each<[readonly string[], readonly string[], boolean, boolean]>([
    [[], [], true, true],
    [['10.0.0.0/8'], [], true, true],
    [['11.0.0.0/8'], [], false, true],
    [[], ['11.0.0.0/8'], true, false],
    [['11.0.0.0/8'], ['10.0.0.0/8'], true, true],
    [['10.0.0.0/8'], ['11.0.0.0/8'], true, false],
    [['11.0.0.0/8', '10.0.0.0/8'], ['12.0.0.0/8'], true, false],
    [['11.0.0.0/8'], ['12.0.0.0/8', '10.0.0.0/8'], true, true],
  ])(
    '10.0.0.5 with pods in %j and nodes in %j may be a pod: %s, a node: %s',
    (pods, nodes, pod, node) => {
      const ip = parseIp('10.0.0.5')!;
      expect([mayBePod(ip, networks(pods, nodes)), mayBeNode(ip, networks(pods, nodes))]).toEqual([
        pod,
        node,
      ]);
    },
  );
});

describe('names', () => {
  test.each<[string, readonly string[], string | undefined]>([
    ['wbe', ['dmz', 'web'], 'web'],
    ['WEB', ['web'], 'web'],
    ['web', ['dmz', 'six'], undefined],
    ['x', [], undefined],
    ['ab', ['ad', 'ac'], 'ac'],
    ['ab', ['ac', 'ad'], 'ac'],
    ['loadbalancer', ['loadbalanxyz!'], 'loadbalanxyz!'],
    ['loadbalancer', ['loadbalvwxyz!'], undefined],
    ['', ['ab'], 'ab'],
    ['', ['abc'], undefined],
    ['abc', ['Abd'], 'Abd'],
  ])('%j among %j most likely means %j', (word, known, meant) => {
    expect(nearest(word, known)).toBe(meant);
  });

  test.each([
    ['*', 'any', true],
    ['k*', 'k8s', true],
    ['k*', 'ak', false],
    ['k8s', 'k8s', true],
    ['k8s', 'k8s1', false],
    ['*s', 'k8s', false],
    ['', '', true],
  ])('the pattern %j matches %j: %s', (pattern, text, matches) => {
    expect(matchesPattern(pattern, text)).toBe(matches);
  });
});

test('of several sources the first with a value decides, and other values are reported', () => {
  const layer = (
    source: string,
    wanted: object,
    words = {},
  ): Parameters<typeof mergeLayers>[0][number] => ({
    source,
    wanted,
    words,
    refusals: [],
    notes: [],
  });
  const merged = mergeLayers([
    layer('a', {}),
    layer('b', { mode: 'tcp', iRules: ['/x/y'] }, { mode: 'b, line 3' }),
    layer('c', { mode: 'http', iRules: ['/x/y'] }),
    layer('d', { mode: 'tcp', snat: 'none' }),
  ]);
  expect(merged).toMatchObject({
    wanted: { mode: 'tcp', iRules: ['/x/y'], snat: 'none' },
    sources: { mode: 'b, line 3', iRules: 'b', snat: 'd' },
  });
  expect(merged.disagreements).toEqual([
    {
      setting: 'mode',
      code: 'GW136',
      message: 'c says mode http; ignored, because b, line 3 sets tcp and takes precedence',
    },
  ]);
  expect([sameValue(['a'], ['a']), sameValue(['a'], ['b'])]).toEqual([true, false]);
});
