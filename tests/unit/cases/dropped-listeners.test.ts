import { describe, expect, test } from '@jest/globals';
import { ingress, judge } from '../../fixtures/cases.ts';

const PORTS = [443, 8443, 9443, 80].map((n) => `{name: p-${n}, port: ${n}}`).join(', ');

/**
 * A Gateway of class istio that names the ingress Service; listeners, spec and status in YAML flow
 * style.
 */
function gateway(
  name: string,
  listeners: string,
  { spec = '', status = '{}', meta = '', age = 2, kind = 'istio' } = {},
): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}, namespace: istio-system, creationTimestamp: "2026-01-0${age}T00:00:00Z", ${meta}}
spec:
  gatewayClassName: ${kind}
  addresses: [{type: Hostname, value: istio-ingressgateway}]
  listeners: [${listeners}]
  ${spec}
status: ${status}
---
`;
}
const https = (tls: string, port = 443): string =>
  `{name: web, port: ${port}, protocol: HTTPS${tls === '' ? '' : `, tls: ${tls}`}}`;
const CERT = '{certificateRefs: [{name: c}]}';
const verdictOf = (
  listeners: string,
  more: Parameters<typeof gateway>[2] = {},
  others = '',
): string | undefined =>
  judge(ingress(PORTS) + gateway('gw', listeners, more) + others).servers['istio-system/gw#0'];

describe('a Gateway API listener whose TLS settings istiod rejects is not offered', () => {
  test.each([
    ['HTTPS without tls', https('')],
    ['TLS without tls', '{name: web, port: 443, protocol: TLS}'],
    ['no certificate', https('{mode: Terminate}')],
    ['an empty list of certificates', https('{certificateRefs: []}')],
    ['three certificates', https('{certificateRefs: [{name: a}, {name: b}, {name: c}]}')],
    ['a ConfigMap for a certificate', https('{certificateRefs: [{kind: ConfigMap, name: c}]}')],
    [
      'a certificate of a foreign group',
      https('{certificateRefs: [{group: cert-manager.io, kind: Certificate, name: c}]}'),
    ],
    [
      'terminated TLS with a route of the wrong kind',
      '{name: web, port: 443, protocol: TLS, tls: {mode: Terminate, certificateRefs: [{kind: Service, name: c}]}}',
    ],
    [
      'MUTUAL without a certificate',
      https('{options: {gateway.istio.io/tls-terminate-mode: MUTUAL}}'),
    ],
  ])('%s', (_, listener) => {
    expect(verdictOf(listener)).toBe('rejected MAP217');
  });

  test.each([
    ['one Secret', https(CERT)],
    [
      'two Secrets, of two kinds of keys',
      https('{certificateRefs: [{name: a}, {kind: Secret, group: "", name: b}]}'),
    ],
    [
      'ISTIO_MUTUAL, which has its certificate from istiod',
      https('{options: {gateway.istio.io/tls-terminate-mode: ISTIO_MUTUAL}}'),
    ],
    ['plain HTTP', '{name: web, port: 80, protocol: HTTP}'],
  ])('%s is all right', (_, listener) => {
    expect(verdictOf(listener)).toBe('listening OK');
  });

  test.each([
    ['of another kind', '[{group: "", kind: Service, name: ca}]', 'rejected MAP217'],
    [
      'twice',
      '[{group: "", kind: ConfigMap, name: a}, {group: "", kind: ConfigMap, name: b}]',
      'rejected MAP217',
    ],
    ['in a ConfigMap', '[{group: "", kind: ConfigMap, name: ca}]', 'listening OK'],
  ])('a CA for clients %s', (_, refs, verdict) => {
    const validation = `validation: {caCertificateRefs: ${refs}}`;
    expect(verdictOf(https(CERT), { spec: `tls: {frontend: {default: {${validation}}}}` })).toBe(
      verdict,
    );
    expect(
      verdictOf(https(CERT), {
        spec: `tls: {frontend: {default: {}, perPort: [{port: 443, tls: {${validation}}}]}}`,
      }),
    ).toBe(verdict);
    expect(
      verdictOf(https(CERT), {
        spec: `tls: {frontend: {default: {${validation}}, perPort: [{port: 443, tls: {}}]}}`,
      }),
    ).toBe('listening OK');
    expect(
      verdictOf(
        https(`{certificateRefs: [{name: c}], frontendValidation: {caCertificateRefs: ${refs}}}`),
      ),
    ).toBe(verdict);
  });

  test('takes no port from a valid one, however old it is', () => {
    const said = judge(
      ingress(PORTS) +
        gateway('placeholder', https(''), { age: 1 }) +
        gateway('real', https(CERT), {
          age: 3,
          meta: 'annotations: {sluice.io/virtual-address: 172.16.100.210}',
        }),
    );
    expect(said.servers).toEqual({
      'istio-system/placeholder#0': 'rejected MAP217',
      'istio-system/real#0': 'listening OK',
    });
    expect([said.offered, said.staying]).toEqual([['172.16.100.210:443/tcp'], []]);
  });

  test('but existing exposures stay while no other server has the port', () => {
    const said = judge(ingress(PORTS) + gateway('gw', https('')));
    expect([said.offered, said.staying]).toEqual([[], ['172.16.100.195:443/tcp']]);
    expect(said.reasons['istio-system/gw#0']).toContain(
      'listener 0 (web) of Gateway istio-system/gw: protocol HTTPS needs tls',
    );
  });
});

describe('a certificate of another namespace', () => {
  const listener = https('{certificateRefs: [{name: c, namespace: certs}]}');
  const grant = (from: string, to: string, namespace = 'certs'): string => `
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: g, namespace: ${namespace}}
spec: {from: [${from}], to: [${to}]}
---
`;
  const FROM = '{group: gateway.networking.k8s.io, kind: Gateway, namespace: istio-system}';
  const TO = '{group: "", kind: Secret}';

  test.each([
    ['is granted for every Secret', grant(FROM, TO), 'listening OK'],
    ['is granted by name', grant(FROM, '{group: "", kind: Secret, name: c}'), 'listening OK'],
    [
      'is granted under another name only',
      grant(FROM, '{group: "", kind: Secret, name: d}'),
      'rejected MAP217',
    ],
    [
      'is granted for another kind only',
      grant(FROM, '{group: "", kind: ConfigMap}'),
      'rejected MAP217',
    ],
    [
      'is granted to another namespace only',
      grant(FROM.replace('istio-system', 'edge'), TO),
      'rejected MAP217',
    ],
    [
      'is granted to routes only',
      grant(FROM.replace('kind: Gateway', 'kind: HTTPRoute'), TO),
      'rejected MAP217',
    ],
    ['is granted in a namespace where it is not', grant(FROM, TO, 'other'), 'rejected MAP217'],
  ])('%s', (_, grants, verdict) => {
    // In a cluster whose ReferenceGrants can be read; a file without any says nothing about them.
    expect(verdictOf(listener, {}, grants)).toBe(verdict);
  });

  test('is not judged where no ReferenceGrant can be read, which is reported', () => {
    const said = judge(ingress(PORTS) + gateway('gw', listener));
    expect(said.servers).toEqual({ 'istio-system/gw#0': 'listening OK' });
    expect(said.notes).toEqual([
      expect.stringContaining(
        'Gateway istio-system/gw: GW161 whether Secret certs/c may be referred to',
      ),
    ]);
  });

  test('a CA of another namespace needs a grant for its own kind', () => {
    const spec =
      'tls: {frontend: {default: {validation: {caCertificateRefs: [{kind: ConfigMap, name: ca, namespace: certs}]}}}}';
    expect(verdictOf(https(CERT), { spec }, grant(FROM, TO))).toBe('rejected MAP217');
    expect(verdictOf(https(CERT), { spec }, grant(FROM, '{group: "", kind: ConfigMap}'))).toBe(
      'listening OK',
    );
  });
});

describe('the conditions of a listener', () => {
  const status = (conditions: string): string =>
    `{listeners: [{name: web, conditions: [${conditions}]}]}`;
  const at = (condition: string, generation = 3): string =>
    `{${condition}, status: "False", observedGeneration: ${generation}}`;
  const GENERATION = { meta: 'generation: 3' };

  test.each([
    [
      'Programmed is False because it is invalid',
      at('type: Programmed, reason: Invalid'),
      'rejected MAP218',
    ],
    [
      'a certificate could not be resolved',
      at('type: ResolvedRefs, reason: InvalidCertificateRef'),
      'rejected MAP218',
    ],
    ['it was not accepted', at('type: Accepted, reason: UnsupportedProtocol'), 'rejected MAP218'],
    ['an older generation was judged', at('type: Programmed, reason: Invalid', 2), 'listening OK'],
    [
      'a route kind is unknown',
      at('type: ResolvedRefs, reason: InvalidRouteKinds'),
      'listening OK',
    ],
    ['no address is assigned', at('type: Programmed, reason: AddressNotAssigned'), 'listening OK'],
    [
      'all conditions are good',
      '{type: Programmed, status: "True", reason: Programmed, observedGeneration: 3}',
      'listening OK',
    ],
  ])('%s', (_, conditions, verdict) => {
    expect(verdictOf(https(CERT), { ...GENERATION, status: status(conditions) })).toBe(verdict);
  });

  test('a False one stops what is new and removes nothing', () => {
    const said = judge(
      ingress(PORTS) +
        gateway('gw', https(CERT), {
          ...GENERATION,
          status: status(at('type: Programmed, reason: Invalid')),
        }),
    );
    expect([said.offered, said.staying]).toEqual([[], ['172.16.100.195:443/tcp']]);
    expect(said.added).toEqual([]);
  });

  test("the Gateway's own Programmed decides nothing: before BIG-IP gives the address it is False", () => {
    const own =
      '{conditions: [{type: Programmed, status: "False", reason: AddressNotAssigned, observedGeneration: 3}]}';
    expect(verdictOf(https(CERT), { ...GENERATION, status: own })).toBe('listening OK');
  });

  test('of a class that is not of Istio decide nothing', () => {
    const foreign = gateway('gw', https(CERT), {
      kind: 'nginx',
      ...GENERATION,
      status: status(at('type: Accepted, reason: X')),
    });
    expect(judge(ingress(PORTS) + foreign).servers).toEqual({});
  });
});

describe('a ListenerSet', () => {
  const set = (listener: string, status = '{}', namespace = 'edge'): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: more, namespace: ${namespace}, generation: 1, creationTimestamp: "2026-01-03T00:00:00Z"}
spec: {parentRef: {name: gw, namespace: istio-system}, listeners: [${listener}]}
status: ${status}
---
`;
  const verdict = (listener: string, status?: string, more = ''): string | undefined =>
    judge(
      ingress(PORTS) +
        gateway('gw', '{name: plain, port: 80, protocol: HTTP}', {
          spec: 'allowedListeners: {namespaces: {from: All}}',
        }) +
        set(listener, status) +
        more,
    ).servers['istio-system/gw#1'];

  test('is judged in the same way, in its own namespace', () => {
    expect(verdict(https(CERT))).toBe('listening OK');
    expect(verdict(https(''))).toBe('rejected MAP217');
    expect(verdict(https('{certificateRefs: [{name: c, namespace: edge}]}'))).toBe('listening OK');
    expect(
      verdict(
        https(CERT),
        '{listeners: [{name: web, conditions: [{type: Accepted, status: "False", reason: X, observedGeneration: 1}]}]}',
      ),
    ).toBe('rejected MAP218');
  });

  test('needs its own grant: one for Gateways does not apply', () => {
    const listener = https('{certificateRefs: [{name: c, namespace: certs}]}');
    const grant = (kind: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: g, namespace: certs}
spec: {from: [{group: gateway.networking.k8s.io, kind: ${kind}, namespace: edge}], to: [{group: "", kind: Secret}]}
---
`;
    expect(verdict(listener, undefined, grant('ListenerSet'))).toBe('listening OK');
    expect(verdict(listener, undefined, grant('Gateway'))).toBe('rejected MAP217');
  });
});
