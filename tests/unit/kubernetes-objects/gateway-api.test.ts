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
  test('get the defaults of the API', () => {
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

  test('have addresses with and without a type', () => {
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

  const IN = (values: readonly string[]): object => ({
    matchExpressions: [{ key: 'a', operator: 'In', values }],
  });
  const EXISTS = { key: 'a', operator: 'Exists' };

  test.each<[string, object, object]>([
    ['labels', { matchLabels: { a: 'b' } }, { allowedSelector: { a: 'b' } }],
    ['nothing, which selects everything', {}, { allowedSelector: {} }],
    [
      'an expression with one value',
      { ...IN(['b']), matchLabels: { c: 'd' } },
      { allowedSelector: { a: 'b', c: 'd' } },
    ],
    [
      'an expression with several values',
      { ...IN(['b', 'c']), matchLabels: { c: 'd' } },
      {
        allowedExpressions: {
          matchLabels: { c: 'd' },
          matchExpressions: [{ key: 'a', operator: 'In', values: ['b', 'c'] }],
        },
      },
    ],
    [
      'an expression without values',
      { matchExpressions: [EXISTS] },
      { allowedExpressions: { matchLabels: {}, matchExpressions: [{ ...EXISTS, values: [] }] } },
    ],
    [
      'one label with two values, which selects nothing',
      { ...IN(['b']), matchLabels: { a: 'c' } },
      {
        allowedExpressions: {
          matchLabels: { a: 'c' },
          matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }],
        },
      },
    ],
    ['an unknown operator', { matchExpressions: [{ key: 'a', operator: 'Is' }] }, {}],
    ['In without values', IN([]), {}],
    ['Exists with values', { matchExpressions: [{ ...EXISTS, values: ['b'] }] }, {}],
  ])('a selector of %s', (_, selector, expected) => {
    const allowedRoutes = {
      namespaces: { from: 'Selector', selector },
      kinds: [{ kind: 'TCPRoute' }],
    };
    const read = listener({ allowedRoutes, hostname: 'a.com' }) as Record<string, unknown>;
    expect(read).toMatchObject({
      allowedNamespaces: 'Selector',
      allowedKinds: ['TCPRoute'],
      hostname: 'a.com',
    });
    const { allowedSelector, allowedExpressions } = read;
    expect({ allowedSelector, allowedExpressions }).toEqual(expected);
  });

  test('with from: Selector and no selector allow routes from everywhere, and no ListenerSet', () => {
    const namespaces = { from: 'Selector' };
    expect(listener({ allowedRoutes: { namespaces } })).toMatchObject({ allowedNamespaces: 'All' });
    const read = gateway({ allowedListeners: { namespaces } });
    expect(read).toMatchObject({ allowedListeners: 'Selector' });
    expect(read).not.toHaveProperty('allowedListenersSelector');
  });

  test('may select ListenerSets by expressions, too, without from', () => {
    const selector = { matchExpressions: [EXISTS] };
    for (const namespaces of [{ from: 'Selector', selector }, { selector }])
      expect(gateway({ allowedListeners: { namespaces } })).toMatchObject({
        allowedListeners: 'Selector',
        allowedListenersExpressions: { matchExpressions: [EXISTS] },
      });
  });

  test('with an unknown source of routes allow those of their own namespace', () => {
    expect(listener({ allowedRoutes: { namespaces: { from: 'Everywhere' } } })).toMatchObject({
      allowedNamespaces: 'Same',
    });
  });
});

describe('ListenerSets and routes', () => {
  test('a ListenerSet may omit its port', () => {
    const spec = { parentRef: { name: 'edge' }, listeners: [{ name: 'l', protocol: 'HTTP' }] };
    expect(normaliseListenerSet({ metadata, spec })).toMatchObject({
      parent: { kind: 'Gateway', namespace: 'team', name: 'edge' },
      listeners: [{ name: 'l', port: 0 }],
    });
  });

  test('a route is read with its parents', () => {
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

  test('an item of a list has the kind of the list', () => {
    expect(normaliseApiRoute({ metadata }, 'GRPCRoute').kind).toBe('GRPCRoute');
  });
});
