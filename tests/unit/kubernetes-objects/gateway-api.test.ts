import { describe, expect, test } from '@jest/globals';
import {
  normaliseApiGateway,
  normaliseApiRoute,
  normaliseListenerSet,
} from '../../../shared/kubernetes/objects/index.ts';

const metadata = { name: 'x', namespace: 'team' };
const gateway = (spec: object): ReturnType<typeof normaliseApiGateway> =>
  normaliseApiGateway({ metadata, spec });
const listener = (fields: object): unknown =>
  gateway({ listeners: [{ name: 'l', port: 80, protocol: 'HTTP', ...fields }] }).listeners[0];

describe('Gateways', () => {
  test('defaults', () => {
    expect(
      gateway({
        gatewayClassName: 'istio',
        listeners: [{ name: 'l', port: 80, protocol: 'HTTP' }],
      }),
    ).toMatchObject({
      class: 'istio',
      addresses: [],
      allowedListeners: 'None',
      listeners: [
        { name: 'l', port: 80, protocol: 'HTTP', allowedKinds: [], allowedNamespaces: 'Same' },
      ],
    });
  });

  test('addresses with and without a type', () => {
    expect(
      gateway({ addresses: [{ value: '10.0.0.1' }, { type: 'Hostname', value: 'gw' }] }).addresses,
    ).toEqual([
      { type: '', value: '10.0.0.1' },
      { type: 'Hostname', value: 'gw' },
    ]);
  });

  test.each([
    ['no tls', {}, undefined],
    ['tls without a mode terminates', { tls: {} }, 'Terminate'],
    ['Passthrough', { tls: { mode: 'Passthrough' } }, 'Passthrough'],
    [
      'the option for networks',
      {
        tls: {
          mode: 'Passthrough',
          options: { 'gateway.istio.io/listener-protocol': 'auto-passthrough' },
        },
      },
      'AUTO_PASSTHROUGH',
    ],
  ])('%s', (_, fields, tlsMode) => {
    expect((listener(fields) as { tlsMode?: string }).tlsMode).toBe(tlsMode);
  });

  test.each([
    ['labels', { matchLabels: { a: 'b' } }, { a: 'b' }],
    ['nothing, which is everything', {}, {}],
    [
      'an expression with one value',
      { matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }], matchLabels: { c: 'd' } },
      { a: 'b', c: 'd' },
    ],
    [
      'an expression that says more',
      { matchExpressions: [{ key: 'a', operator: 'In', values: ['b', 'c'] }] },
      undefined,
    ],
    [
      'an expression of another kind',
      { matchExpressions: [{ key: 'a', operator: 'Exists' }] },
      undefined,
    ],
  ])('a selector of %s', (_, selector, allowedSelector) => {
    const allowedRoutes = {
      namespaces: { from: 'Selector', selector },
      kinds: [{ kind: 'TCPRoute' }],
    };
    const read = listener({ allowedRoutes, hostname: 'a.com' }) as { allowedSelector?: object };
    expect(read).toMatchObject({
      allowedNamespaces: 'Selector',
      allowedKinds: ['TCPRoute'],
      hostname: 'a.com',
    });
    expect(read.allowedSelector).toEqual(allowedSelector);
  });

  test('an unknown source of routes means the own namespace', () => {
    expect(listener({ allowedRoutes: { namespaces: { from: 'Everywhere' } } })).toMatchObject({
      allowedNamespaces: 'Same',
    });
  });
});

describe('ListenerSets and routes', () => {
  test('a ListenerSet without port', () => {
    const spec = { parentRef: { name: 'edge' }, listeners: [{ name: 'l', protocol: 'HTTP' }] };
    expect(normaliseListenerSet({ metadata, spec })).toMatchObject({
      parent: { kind: 'Gateway', namespace: 'team', name: 'edge' },
      listeners: [{ name: 'l', port: 0 }],
    });
  });

  test('a route with its parents', () => {
    const spec = {
      parentRefs: [
        { name: 'edge', sectionName: 'l', port: 80 },
        { kind: 'XListenerSet', namespace: 'infra', name: 'more' },
      ],
      hostnames: ['a.com'],
      rules: [{ backendRefs: [{ name: 'b' }] }, { backendRefs: [] }, {}],
    };
    expect(normaliseApiRoute({ kind: 'TLSRoute', metadata, spec })).toMatchObject({
      kind: 'TLSRoute',
      parents: [
        { kind: 'Gateway', namespace: 'team', name: 'edge', sectionName: 'l', port: 80 },
        { kind: 'ListenerSet', namespace: 'infra', name: 'more' },
      ],
      hostnames: ['a.com'],
      rules: 1,
    });
  });

  test('an item of a list is of the kind of the list', () => {
    expect(normaliseApiRoute({ metadata }, 'GRPCRoute').kind).toBe('GRPCRoute');
  });
});
