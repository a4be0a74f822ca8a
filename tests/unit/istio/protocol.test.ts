import { describe, expect, test } from '@jest/globals';
import { isUsableBind, normaliseBind, whyUnreachable } from '../../../shared/domain/istio/bind.ts';
import {
  protocolFamily,
  istioProtocolOf,
  KNOWN_PROTOCOLS,
} from '../../../shared/domain/istio/protocol.ts';

describe('istio-port-mapping.md §1.6: protocols of servers', () => {
  test.each([
    ['HTTP', 'http'],
    ['http2', 'http'],
    ['GRPC', 'http'],
    ['GRPC-Web', 'http'],
    ['HTTP_PROXY', 'http'],
    ['HTTPS', 'https'],
    ['TLS', 'tls'],
    ['TCP', 'tcp'],
    ['MONGO', 'tcp'],
    ['REDIS', 'tcp'],
    ['MYSQL', 'tcp'],
    ['UDP', undefined],
    ['', undefined],
  ])('%s is served as %s', (protocol, family) => {
    expect(protocolFamily(protocol)).toBe(family);
  });

  test('are named as Istio writes them', () => {
    expect(KNOWN_PROTOCOLS.split(', ').sort()).toEqual(
      [
        'GRPC',
        'GRPC-WEB',
        'HTTP',
        'HTTP2',
        'HTTPS',
        'HTTP_PROXY',
        'MONGO',
        'MYSQL',
        'REDIS',
        'TCP',
        'TLS',
      ].sort(),
    );
  });
});

describe('istio-port-mapping.md §1.2.3: the Istio protocol of a Service port', () => {
  test.each([
    ['the prefix of its name', { name: 'http2-web' }, 'http2'],
    ['a name that is a protocol', { name: 'redis' }, 'redis'],
    ['capital letters', { name: 'HTTPS-a' }, 'https'],
    ['two words', { name: 'grpc-web-a' }, 'grpc-web'],
    ['grpc alone', { name: 'grpc-a' }, 'grpc'],
    ['a name that says udp on TCP', { name: 'udp-a' }, 'udp'],
    ['appProtocol before the name', { name: 'http-a', appProtocol: 'tcp' }, 'tcp'],
    ['kubernetes.io/h2c', { appProtocol: 'kubernetes.io/h2c' }, 'http2'],
    ['kubernetes.io/ws', { appProtocol: 'kubernetes.io/ws' }, 'http'],
    ['kubernetes.io/wss', { appProtocol: 'kubernetes.io/wss' }, 'https'],
    ['UDP, whatever the name says', { name: 'http-a', protocol: 'UDP' }, 'udp'],
    ['mail', { port: 25 }, 'tcp'],
    ['DNS', { port: 53 }, 'tcp'],
    ['MySQL', { port: 3306 }, 'tcp'],
    ['MongoDB', { port: 27_017 }, 'tcp'],
    ['an unknown name', { name: 'web', port: 26 }, 'unsupported'],
    ['no name', { name: '' }, 'unsupported'],
  ])('%s', (_, fields, protocol) => {
    expect(istioProtocolOf({ name: 'web', port: 8080, protocol: 'TCP', ...fields })).toBe(protocol);
  });
});

describe('istio-port-mapping.md §1.5: bind', () => {
  test.each([
    [undefined, ''],
    ['', ''],
    [' 0.0.0.0 ', ''],
    ['::', ''],
    [' 10.0.0.1', '10.0.0.1'],
    ['FE80::A', 'fe80::a'],
    [' unix:///Var/Run/x ', 'unix:///Var/Run/x'],
  ])('%j is read as %j', (written, read) => {
    expect(normaliseBind(written)).toBe(read);
  });

  test.each([
    ['', true],
    ['10.0.0.255', true],
    ['10.0.0.256', false],
    ['10.0.0', false],
    ['fe80::a', true],
    ['::ffff:10.0.0.1', true],
    ['unix:///x', true],
    ['eth0', false],
  ])('%j can be bound: %s', (bind, usable) => {
    expect(isUsableBind(bind)).toBe(usable);
  });

  test.each([
    ['', undefined, undefined],
    ['127.0.0.1', 'MAP250', true],
    ['127.8.8.8', 'MAP250', true],
    ['::1', 'MAP250', true],
    ['::ffff:127.0.0.1', 'MAP250', true],
    ['unix:///x', 'MAP252', false],
    ['10.0.0.2', 'MAP251', false],
    ['10.127.0.1', 'MAP251', false],
    ['127::1', 'MAP251', false],
    ['10.0.0.1', undefined, undefined],
  ])('on a pod with 10.0.0.1, %j is %s', (bind, code, opensPort) => {
    const why = whyUnreachable(bind, ['10.0.0.1']);
    expect([why?.code, why?.opensPort]).toEqual([code, opensPort]);
  });

  test('an address is accepted if those of the pods are unknown', () => {
    expect(whyUnreachable('10.9.9.9', [])).toBeUndefined();
  });
});
