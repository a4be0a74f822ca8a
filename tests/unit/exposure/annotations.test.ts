import { describe, expect, test } from '@jest/globals';
import { countParsing } from '../../fixtures/json-parse.ts';
import {
  ANNOTATIONS,
  isReadAnnotation,
  readAnnotations,
} from '../../../shared/domain/exposure/sources/annotations.ts';
import { BALANCE_METHODS } from '../../../shared/domain/exposure/settings/values.ts';
import type { AnnotationTarget } from '../../../shared/domain/exposure/settings/annotation-values.ts';

const ONE: AnnotationTarget = {
  port: 32_400,
  protocol: 'TCP',
  servers: [{ port: 32_400, protocol: 'TCP' }],
  strictPorts: true,
};
const WEB: AnnotationTarget = {
  port: 443,
  protocol: 'HTTPS',
  servers: [
    { port: 80, protocol: 'HTTP' },
    { port: 443, protocol: 'HTTPS' },
    { port: 9000, protocol: 'TCP' },
  ],
  strictPorts: true,
};

function wanted(annotations: Record<string, string>, at = ONE): unknown {
  const layer = readAnnotations('Gateway default/g', annotations, at);
  expect(layer.refusals).toEqual([]);
  return layer.wanted;
}

function refusal(annotations: Record<string, string>, at = ONE): string {
  const layer = readAnnotations('Gateway default/g', annotations, at);
  expect(layer.refusals).toHaveLength(1);
  return `${layer.refusals[0]?.code} ${layer.refusals[0]?.message}`;
}

describe('an annotation sets its setting', () => {
  test.each<[string, string, object]>([
    ['sluice.io/virtual-address', '172.16.100.195', { virtualAddress: '172.16.100.195' }],
    ['sluice.io/virtual-address', '2001:DB8:0::1', { virtualAddress: '2001:db8::1' }],
    ['virtual-server.f5.com/ip', '192.0.2.1%0', { virtualAddress: '192.0.2.1' }],
    ['virtual-server.f5.com/ip', 'controller-default', {}],
    ['cis.f5.com/ip', '192.0.2.1', { virtualAddress: '192.0.2.1' }],
    ['sluice.io/port', ' 31400 ', { port: 31_400 }],
    ['sluice.io/port', '32400=31400', { port: 31_400 }],
    ['sluice.io/partition', 'edge', { partition: 'edge' }],
    ['virtual-server.f5.com/partition', 'edge', { partition: 'edge' }],
    ['cis.f5.com/partition', 'edge', { partition: 'edge' }],
    ['sluice.io/mode', 'fastl4', { mode: 'fastl4' }],
    ['virtual-server.f5.com/balance', 'ratio-member', { balance: 'ratio-member' }],
    ['sluice.io/snat', 'none', { snat: 'none' }],
    ['sluice.io/snat', '/Common/pool', { snat: '/Common/pool' }],
    ['sluice.io/persistence', 'none', { persistence: [] }],
    [
      'sluice.io/persistence',
      'source-address, /Common/p',
      { persistence: ['source-address', '/Common/p'] },
    ],
    ['sluice.io/irules', '/Common/a,/Common/b', { iRules: ['/Common/a', '/Common/b'] }],
    ['sluice.io/proxy-protocol', '/Common/proxy', { proxyProtocol: '/Common/proxy' }],
    ['sluice.io/profile-tcp', '/Common/t', { profileTcp: '/Common/t' }],
    ['sluice.io/profile-http', '/Common/h', { profileHttp: '/Common/h' }],
    ['sluice.io/profile-l4', '/Common/l', { profileL4: '/Common/l' }],
    ['sluice.io/profile-udp', '/Common/u', { profileUdp: '/Common/u' }],
    ['sluice.io/vlans', '/Common/v1', { vlans: ['/Common/v1'] }],
    ['sluice.io/connection-limit', '100', { connectionLimit: 100 }],
    ['sluice.io/reselect-tries', '0', { reselectTries: 0 }],
    ['sluice.io/reselect-tries', '65535', { reselectTries: 65_535 }],
    ['sluice.io/monitors', 'none', { monitors: [] }],
    ['sluice.io/monitors', 'tcp', { monitors: [{ type: 'tcp', interval: 5, timeout: 16 }] }],
    [
      'sluice.io/monitors',
      '[{"type":"http","port":15021,"interval":10,"send":"GET /","receive":"ok"}]',
      {
        monitors: [
          { type: 'http', port: 15_021, interval: 10, timeout: 31, send: 'GET /', receive: 'ok' },
        ],
      },
    ],
    [
      'virtual-server.f5.com/health',
      '[{"path":"svc/","send":"GET /","interval":5,"timeout":16}]',
      { monitors: [{ type: 'http', interval: 5, timeout: 16, send: 'GET /' }] },
    ],
    [
      'cis.f5.com/health',
      '{"interval":7,"timeout":30}',
      { monitors: [{ type: 'tcp', interval: 7, timeout: 30 }] },
    ],
    [
      'cis.f5.com/health',
      '[{"type":"http","recv":"ok","targetPort":81}]',
      { monitors: [{ type: 'http', interval: 5, timeout: 16, port: 81, receive: 'ok' }] },
    ],
  ])('%s: %s', (name, value, expected) => {
    expect(wanted({ [name]: value })).toEqual(expected);
  });

  test.each(BALANCE_METHODS)('balance method %s is known', (method) => {
    expect(wanted({ 'sluice.io/balance': method })).toEqual({ balance: method });
  });

  test('with several servers each takes its own port from the map, http-port or https-port', () => {
    expect(wanted({ 'sluice.io/port': '80=8080, 443=8443' }, WEB)).toEqual({ port: 8443 });
    expect(wanted({ 'sluice.io/port': '80=8080' }, WEB)).toEqual({});
    expect(
      wanted(
        { 'virtual-server.f5.com/http-port': '8080', 'virtual-server.f5.com/https-port': '8443' },
        WEB,
      ),
    ).toEqual({ port: 8443 });
    expect(
      wanted({ 'virtual-server.f5.com/http-port': '8080' }, { ...WEB, port: 80, protocol: 'HTTP' }),
    ).toEqual({ port: 8080 });
    expect(
      wanted(
        { 'virtual-server.f5.com/https-port': '8443' },
        { ...WEB, port: 9000, protocol: 'TCP' },
      ),
    ).toEqual({});
  });

  test('a map on the Service may name ports that no gateway opens now', () => {
    expect(wanted({ 'sluice.io/port': '9=10' }, { ...ONE, strictPorts: false })).toEqual({});
  });
});

describe('a value that cannot be used is refused with the object, the annotation and what is allowed', () => {
  test.each<[string, string, RegExp]>([
    [
      'sluice.io/virtual-address',
      'host.example',
      /^GW120 Gateway default\/g: annotation sluice.io\/virtual-address: "host.example": must be an IPv4 or IPv6 address$/,
    ],
    ['sluice.io/virtual-address', '192.0.2.1%2', /route domain %2 is not supported/],
    ['sluice.io/virtual-address', '0.0.0.0', /unicast address/],
    ['sluice.io/virtual-address', '01.2.3.4', /must be an IPv4/],
    ['sluice.io/port', '0', /port \(1 to 65535\)/],
    ['sluice.io/port', '65536', /port \(1 to 65535\)/],
    ['sluice.io/port', '32400=0', /"32400=0" is not gatewayPort=virtualPort/],
    ['sluice.io/port', '32400=1=2', /is not gatewayPort=virtualPort/],
    ['sluice.io/port', '32400=1,32400=2', /gateway port 32400 is listed twice/],
    ['sluice.io/port', '9=10', /no server on port 9/],
    ['sluice.io/partition', '1st', /must start with a letter/],
    ['sluice.io/mode', 'sctp', /must be one of tcp, fastl4, http, https, udp/],
    ['sluice.io/balance', 'fair', /must be one of dynamic-ratio-member/],
    ['sluice.io/snat', 'pool', /must be auto, none, self or the path/],
    ['sluice.io/persistence', 'cookie,magic', /"magic" is not one of cookie/],
    ['sluice.io/irules', 'a', /"a" is not a full path/],
    ['sluice.io/irules', '/Common/a,', /"" is not a full path/],
    ['sluice.io/proxy-protocol', 'yes', /must be a full path/],
    ['sluice.io/profile-tcp', 'wan', /must be a full path/],
    ['sluice.io/vlans', '/external', /is not a full path/],
    ['sluice.io/connection-limit', '-1', /0 \(unlimited\) to 2147483647/],
    ['sluice.io/reselect-tries', '65536', /0 \(no other member is tried\) to 65535/],
    ['sluice.io/reselect-tries', 'none', /0 \(no other member is tried\) to 65535/],
    ['sluice.io/connection-limit', '2147483648', /0 \(unlimited\) to 2147483647/],
    ['sluice.io/monitors', 'ping', /must be none, monitor types \(tcp,/],
    ['sluice.io/monitors', '[{', /is not valid JSON/],
    ['sluice.io/monitors', '[{"type":"tcp","port":0}]', /0\.port:/],
    [
      'sluice.io/monitors',
      '[{"type":"tcp","interval":10,"timeout":10}]',
      /must be longer than its interval/,
    ],
    ['sluice.io/monitors', '[{"type":"tcp","interval":4000,"timeout":4001}]', /3600/],
    ['sluice.io/monitors', '[{"type":"tcp","interval":100,"timeout":901}]', /900/],
    ['virtual-server.f5.com/health', '[{"interval":"5"}]', /0\.interval:/],
    ['cis.f5.com/health', '{"recieve":"x"}', /Unrecognized key/],
  ])('%s: %s', (name, value, message) => {
    expect(refusal({ [name]: value })).toMatch(message);
  });

  test('one port for several gateway ports is ambiguous', () => {
    expect(refusal({ 'sluice.io/port': '8080' }, WEB)).toMatch(
      /one port for 3 gateway ports \(80, 443, 9000\); use a map such as 80=8080/,
    );
  });

  test.each(['rewrite-target-url', 'rewrite-app-root'])(
    'virtual-server.f5.com/%s would have no effect, so it is refused',
    (name) => {
      expect(refusal({ [`virtual-server.f5.com/${name}`]: 'x' })).toMatch(/^GW122 /);
    },
  );

  test.each(['clientssl', 'serverssl'])(
    'virtual-server.f5.com/%s names profiles on BIG-IP, no Secret',
    (name) => {
      expect(refusal({ [`virtual-server.f5.com/${name}`]: 'my-secret' })).toMatch(
        /^GW120 .*"my-secret" is not a full path.*Sluice reads no certificates from Secrets/,
      );
      expect(refusal({ [`virtual-server.f5.com/${name}`]: '["x"]' })).toMatch(/a list of full/);
    },
  );

  test('a misspelt name is refused, and the intended one suggested', () => {
    expect(refusal({ 'sluice.io/prot': '31400' })).toMatch(
      /^GW121 .* did you mean sluice.io\/port\?$/,
    );
  });
});

describe('nothing is ignored in silence', () => {
  test.each([
    ['cis.f5.com/ipamLabel', 'GW122'],
    ['cis.f5.com/host', 'GW122'],
    ['sluice.io/something-of-another-tool', 'GW121'],
  ])('%s is a note', (name, code) => {
    const layer = readAnnotations('Service a/b', { [name]: 'x' }, ONE);
    expect([layer.refusals, layer.notes.map((note) => note.code)]).toEqual([[], [code]]);
  });

  test('of two names for one setting on one object the first counts, and the other is reported if it differs', () => {
    const layer = readAnnotations(
      'Service a/b',
      { 'cis.f5.com/ip': '192.0.2.2', 'sluice.io/virtual-address': '192.0.2.1' },
      ONE,
    );
    expect(layer.wanted.virtualAddress).toBe('192.0.2.1');
    expect(layer.notes).toEqual([
      {
        object: 'Service a/b',
        code: 'GW136',
        message:
          'Service a/b (cis.f5.com/ip) sets virtualAddress 192.0.2.2; ignored, because ' +
          'Service a/b (sluice.io/virtual-address) takes precedence',
      },
    ]);
    expect(
      readAnnotations(
        'Service a/b',
        { 'cis.f5.com/ip': '192.0.2.1', 'sluice.io/virtual-address': '192.0.2.1' },
        ONE,
      ).notes,
    ).toEqual([]);
  });

  test('every annotation of the table is one that snapshots keep; others are not read', () => {
    expect(ANNOTATIONS.map((row) => row.name).filter((name) => !isReadAnnotation(name))).toEqual(
      [],
    );
    expect(isReadAnnotation('kubectl.kubernetes.io/last-applied-configuration')).toBe(false);
    expect(readAnnotations('Gateway a/b', { 'example.com/x': 'y' }, ONE).notes).toEqual([]);
  });
});

describe('an annotation above the size limits', () => {
  const deep = '['.repeat(200_000);
  const JSON_IN = [
    ['sluice.io/monitors', deep],
    ['virtual-server.f5.com/health', deep],
    ['sluice.io/monitors', `[${'{},'.repeat(50_000)}{}]`],
  ] as const;

  test.each(JSON_IN)('in %s is not parsed, and reported in one line', (name, text) => {
    const { result: said, parsed } = countParsing(() => refusal({ [name]: text }));
    expect([parsed, said.length < 1_000]).toEqual([0, true]);
    expect(said).toMatch(/nested more than 32 levels deep|more than 2000 values/);
  });

  test('is quoted by its beginning', () => {
    expect(refusal({ 'sluice.io/mode': 'x'.repeat(200_000) }).length).toBeLessThan(1_000);
  });
});
