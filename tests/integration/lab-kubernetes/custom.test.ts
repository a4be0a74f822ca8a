import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { compactDefinitions } from '../../../infra/lab/kubernetes/custom/compact.ts';
import { schemaFile } from '../../../infra/lab/kubernetes/custom/schema.ts';
import {
  type KubernetesObject,
  type LabKubernetes,
  startKubernetes,
} from '../../../infra/lab/kubernetes/index.ts';
import { apply, type Answer, call, istioGateways, watch } from './client.ts';

let lab: LabKubernetes;

beforeAll(async () => {
  lab = await startKubernetes();
});

afterAll(async () => {
  await lab.close();
});

const ISTIO = 'networking.istio.io/v1';
const API = 'gateway.networking.k8s.io/v1';

const pluralOf: Readonly<Record<string, string>> = {
  Gateway: 'gateways',
  VirtualService: 'virtualservices',
  GatewayClass: 'gatewayclasses',
  HTTPRoute: 'httproutes',
  TCPRoute: 'tcproutes',
  TLSRoute: 'tlsroutes',
  BlockAffinity: 'blockaffinities',
};

function object(
  apiVersion: string,
  kind: string,
  spec: unknown,
  more: object = {},
): KubernetesObject {
  return { apiVersion, kind, metadata: { name: 'x' }, spec, ...more };
}

function pathOf({ apiVersion, kind }: KubernetesObject): string {
  const scope = ['GatewayClass', 'BlockAffinity'].includes(kind) ? '' : 'namespaces/default/';
  return `/apis/${apiVersion}/${scope}${pluralOf[kind] ?? ''}`;
}

/** Nothing is kept, so that every case begins with an empty cluster. */
function tried(body: KubernetesObject, query = ''): Promise<Answer> {
  return call(lab, `${pathOf(body)}?dryRun=All${query}`, { method: 'POST', body });
}

const server = { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] };
const listener = { name: 'http', port: 80, protocol: 'HTTP' };
const istio = (...servers: readonly unknown[]): KubernetesObject =>
  object(ISTIO, 'Gateway', { selector: { istio: 'ingressgateway' }, servers });
const virtual = (spec: object): KubernetesObject =>
  object(ISTIO, 'VirtualService', { hosts: ['*'], ...spec });
const gateway = (...listeners: readonly unknown[]): KubernetesObject =>
  object(API, 'Gateway', { gatewayClassName: 'istio', listeners });
const route = (...rules: readonly unknown[]): KubernetesObject =>
  object(API, 'HTTPRoute', { rules });
const match = (uri: object): KubernetesObject =>
  virtual({ http: [{ match: [{ uri }], route: [{ destination: { host: 'a' } }] }] });

const HOSTNAME = String.raw`^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`;

const invalidObjects: readonly (readonly [
  what: string,
  given: KubernetesObject,
  causes: readonly string[],
])[] = [
  [
    'a string instead of a number',
    istio({ ...server, port: { ...server.port, number: '80' } }),
    [
      'spec.servers[0].port.number: Invalid value: "string": spec.servers[0].port.number ' +
        'in body must be of type integer: "string"',
    ],
  ],
  [
    'a fraction instead of an integer',
    istio({ ...server, port: { ...server.port, number: 80.5 } }),
    [
      'spec.servers[0].port.number: Invalid value: "number": spec.servers[0].port.number ' +
        'in body must be of type integer: "number"',
    ],
  ],
  [
    'a number instead of a list',
    istio({ ...server, hosts: 1 }),
    [
      'spec.servers[0].hosts: Invalid value: "integer": spec.servers[0].hosts in body must be of type array: "integer"',
    ],
  ],
  [
    'an item that is null',
    istio(null),
    [
      'spec.servers[0]: Invalid value: "null": spec.servers[0] in body must be of type object: "null"',
    ],
  ],
  [
    'a string instead of the spec',
    object(ISTIO, 'Gateway', 'x'),
    ['spec: Invalid value: "string": spec in body must be of type object: "string"'],
  ],
  [
    'a label that is not a string',
    object(ISTIO, 'Gateway', { selector: { istio: 1 } }),
    [
      'spec.selector.istio: Invalid value: "integer": spec.selector.istio in body must be of type string: "integer"',
    ],
  ],
  ['a server without a port', istio({ hosts: ['*'] }), ['spec.servers[0].port: Required value']],
  [
    'an empty port',
    istio({ port: {}, hosts: ['*'] }),
    [
      'spec.servers[0].port.number: Required value',
      'spec.servers[0].port.protocol: Required value',
      'spec.servers[0].port.name: Required value',
    ],
  ],
  [
    'an unknown mode of TLS',
    istio({ ...server, tls: { mode: 'FOO' } }),
    [
      'spec.servers[0].tls.mode: Unsupported value: "FOO": supported values: ' +
        '"PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", ' +
        '"OPTIONAL_MUTUAL"',
    ],
  ],
  [
    'a negative number',
    istio({ ...server, port: { ...server.port, number: -1 } }),
    [
      'spec.servers[0].port.number: Invalid value: -1: spec.servers[0].port.number in ' +
        'body should be greater than or equal to 0',
    ],
  ],
  [
    'two conditions in one match',
    match({ exact: '/a', prefix: '/b' }),
    [
      '<nil>: Invalid value: "": "spec.http[0].match[0].uri" must validate one and only ' +
        'one schema (oneOf). Found 2 valid alternatives',
      '<nil>: Invalid value: "": "spec.http[0].match[0].uri" must not validate the schema (not)',
    ],
  ],
  [
    'three conditions in one match',
    match({ exact: '/a', prefix: '/b', regex: 'c' }),
    [
      '<nil>: Invalid value: "": "spec.http[0].match[0].uri" must validate one and only ' +
        'one schema (oneOf). Found 3 valid alternatives',
      '<nil>: Invalid value: "": "spec.http[0].match[0].uri" must not validate the schema (not)',
    ],
  ],
  [
    'a port too small',
    gateway({ ...listener, port: 0 }),
    [
      'spec.listeners[0].port: Invalid value: 0: spec.listeners[0].port in body should be greater than or equal to 1',
    ],
  ],
  [
    'a port too large',
    gateway({ ...listener, port: 70_000 }),
    [
      'spec.listeners[0].port: Invalid value: 70000: spec.listeners[0].port in body ' +
        'should be less than or equal to 65535',
    ],
  ],
  [
    'a host name with a capital',
    gateway({ ...listener, hostname: 'A.example' }),
    [
      'spec.listeners[0].hostname: Invalid value: "A.example": ' +
        `spec.listeners[0].hostname in body should match '${HOSTNAME}'`,
    ],
  ],
  [
    'an empty name',
    object(API, 'Gateway', { gatewayClassName: '', listeners: [listener] }),
    [
      'spec.gatewayClassName: Invalid value: "": spec.gatewayClassName in body should be at least 1 chars long',
    ],
  ],
  [
    'a name too long',
    gateway({ ...listener, name: 'n'.repeat(254) }),
    ['spec.listeners[0].name: Too long: may not be more than 253 bytes'],
  ],
  [
    'no listener',
    gateway(),
    ['spec.listeners: Invalid value: 0: spec.listeners in body should have at least 1 items'],
  ],
  [
    'too many listeners',
    gateway(...Array.from({ length: 65 }, (_, n) => ({ ...listener, name: `l${n}` }))),
    ['spec.listeners: Too many: 65: must have at most 64 items'],
  ],
  [
    'a duplicate name',
    gateway(listener, { ...listener, port: 81 }),
    ['spec.listeners[1]: Duplicate value: {"name":"http"}'],
  ],
  [
    'an unknown namespace policy',
    gateway({ ...listener, allowedRoutes: { namespaces: { from: 'Every' } } }),
    [
      'spec.listeners[0].allowedRoutes.namespaces.from: Unsupported value: "Every": ' +
        'supported values: "All", "Selector", "Same"',
    ],
  ],
  [
    'an invalid address',
    object(API, 'Gateway', {
      gatewayClassName: 'istio',
      listeners: [listener],
      addresses: [{ value: 'here' }],
    }),
    [
      '<nil>: Invalid value: "": "spec.addresses[0]" must validate one and only one schema (oneOf). Found none valid',
      '<nil>: Invalid value: "": "spec.addresses[0].value" must validate at least one schema (anyOf)',
      'spec.addresses[0].value: Invalid value: "here": spec.addresses[0].value in body must be of type ipv4: "here"',
    ],
  ],
  [
    'a class without a controller',
    object(API, 'GatewayClass', {}),
    ['spec.controllerName: Required value'],
  ],
  [
    'a route whose weight is negative',
    route({ backendRefs: [{ name: 'a', port: 80, weight: -1 }] }),
    [
      'spec.rules[0].backendRefs[0].weight: Invalid value: -1: ' +
        'spec.rules[0].backendRefs[0].weight in body should be greater than or equal to 0',
    ],
  ],
  ['a TCP route without rules', object(API, 'TCPRoute', {}), ['spec.rules: Required value']],
  [
    'a TLS route without host names',
    object(API, 'TLSRoute', { rules: [{ backendRefs: [{ name: 'a', port: 1 }] }] }),
    ['spec.hostnames: Required value'],
  ],
  [
    'a Gateway without spec',
    { apiVersion: API, kind: 'Gateway', metadata: { name: 'x' } },
    ['spec: Required value'],
  ],
];

const unchecked =
  '<nil>: Invalid value: "null": some validation rules were not checked because the ' +
  'object was invalid; correct the existing errors to complete validation';

describe('an object that breaks the schema of its kind is refused as the API server refuses it', () => {
  test.each(invalidObjects)('%s', async (_, given, causes) => {
    const { code, body } = await tried(given);
    const told = (body.details.causes as { field: string; message: string }[]).map(
      ({ field, message }) => `${field}: ${message}`,
    );
    expect({ code, told: told.filter((one) => one !== unchecked).sort() }).toEqual({
      code: 422,
      told: [...causes].sort(),
    });
  });

  test('as a Status that a client can read', async () => {
    const { body } = await tried(istio({ hosts: ['*'] }));
    expect(body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `Gateway.networking.istio.io "x" is invalid: [spec.servers[0].port: Required value, ${unchecked}]`,
      reason: 'Invalid',
      details: {
        name: 'x',
        group: 'networking.istio.io',
        kind: 'Gateway',
        causes: [
          {
            reason: 'FieldValueRequired',
            message: 'Required value',
            field: 'spec.servers[0].port',
          },
          {
            reason: 'FieldValueInvalid',
            message: unchecked.replace('<nil>: ', ''),
            field: '<nil>',
          },
        ],
      },
      code: 422,
    });
  });

  test('and without the sentence about CEL rules if those could be evaluated', async () => {
    const { body } = await tried(gateway({ ...listener, port: 0 }));
    expect(body.message).toBe(
      'Gateway.gateway.networking.k8s.io "x" is invalid: spec.listeners[0].port: Invalid ' +
        'value: 0: spec.listeners[0].port in body should be greater than or equal to 1',
    );
  });
});

test('a status is validated as well: numbers or texts, times, and fields that its kind leaves open', async () => {
  await call(lab, istioGateways, {
    method: 'POST',
    body: { ...istio(server), metadata: { name: 'told' } },
  });
  const tell = (status: object): Promise<Answer> =>
    call(lab, `${istioGateways}/told/status?fieldValidation=Strict`, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { status },
    });
  expect(await tell({ observedGeneration: '1', open: { a: [1] } })).toMatchObject({
    code: 200,
    body: { status: { observedGeneration: '1', open: { a: [1] } } },
  });
  expect((await tell({ observedGeneration: 2 })).code).toBe(200);
  const causes = (
    await tell({ observedGeneration: true, conditions: [{ lastTransitionTime: 'yesterday' }] })
  ).body.details.causes as { field: string; message: string }[];
  expect(
    causes
      .map(({ field, message }) => `${field}: ${message}`)
      .filter((one) => one !== unchecked)
      .sort(),
  ).toEqual([
    '<nil>: Invalid value: "": "status.observedGeneration" must validate at least one schema (anyOf)',
    'status.conditions[0].lastTransitionTime: Invalid value: "yesterday": ' +
      'status.conditions[0].lastTransitionTime in body must be of type date-time: ' +
      '"yesterday"',
    'status.observedGeneration: Invalid value: "boolean": status.observedGeneration in ' +
      'body must be of type integer,string: "boolean"',
    'status.observedGeneration: Invalid value: "boolean": status.observedGeneration in ' +
      'body must be of type integer: "boolean"',
  ]);
});

const misspelt = object(ISTIO, 'Gateway', {
  selector: { istio: 'x' },
  servrs: [],
  servers: [{ ...server, tsl: {} }],
});
const fields = 'unknown field "spec.servers[0].tsl", unknown field "spec.servrs"';

describe('an unknown field', () => {
  test('is refused where the client is strict', async () => {
    const { code, body } = await tried(misspelt, '&fieldValidation=Strict');
    expect({ code, message: body.message }).toEqual({
      code: 400,
      message: `Gateway in version "v1" cannot be handled as a Gateway: strict decoding error: ${fields}`,
    });
  });

  test('is dropped with a warning where it says nothing or asks for that', async () => {
    for (const query of ['', '&fieldValidation=Warn']) {
      const { code, body, headers } = await tried(misspelt, query);
      expect({ code, spec: body.spec }).toEqual({
        code: 201,
        spec: { selector: { istio: 'x' }, servers: [server] },
      });
      expect(headers['warning']).toBe(
        String.raw`299 - "unknown field \"spec.servers[0].tsl\"", 299 - "unknown field \"spec.servrs\""`,
      );
    }
  });

  test('is dropped in silence where the client ignores it', async () => {
    const { code, body, headers } = await tried(misspelt, '&fieldValidation=Ignore');
    expect({ code, spec: body.spec, warning: headers['warning'] }).toEqual({
      code: 201,
      spec: { selector: { istio: 'x' }, servers: [server] },
      warning: undefined,
    });
  });

  test('is named beside the spec and in the metadata as well', async () => {
    const { body } = await tried(
      { ...istio(server), metadata: { name: 'x', lables: {} }, sepc: {} },
      '&fieldValidation=Strict',
    );
    expect(body.message).toBe(
      'Gateway in version "v1" cannot be handled as a Gateway: strict decoding error: ' +
        'unknown field "metadata.lables", unknown field "sepc"',
    );
  });

  test('is refused in a patch with what the patch made', async () => {
    await call(lab, istioGateways, {
      method: 'POST',
      body: { ...istio(server), metadata: { name: 'patched' } },
    });
    const patch = {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { spec: { servrs: [] } },
    };
    const { code, body } = await call(
      lab,
      `${istioGateways}/patched?fieldValidation=Strict`,
      patch,
    );
    expect({ code, reason: body.reason, field: body.details.causes[0].field }).toEqual({
      code: 422,
      reason: 'Invalid',
      field: 'patch',
    });
    expect(body.message).toMatch(
      /^ "" is invalid: patch: Invalid value: "\{.*\}": strict decoding error: unknown field "spec\.servrs"$/,
    );
  });

  test('is refused by server-side apply whatever the client says', async () => {
    const one = await apply(lab, `${istioGateways}/x`, misspelt, { manager: 'a' });
    expect({ code: one.code, message: one.body.message }).toEqual({
      code: 500,
      message:
        'failed to create typed patch object (default/x; networking.istio.io/v1, ' +
        'Kind=Gateway): errors:\n  .spec.servrs: field not declared in schema\n  ' +
        '.spec.servers[0].tsl: field not declared in schema',
    });
    const two = await apply(
      lab,
      `/apis/${API}/namespaces/default/gateways/x`,
      gateway({ ...listener, colour: 'red' }),
      { manager: 'a' },
    );
    expect(two.body.message).toBe(
      'failed to create typed patch object (default/x; gateway.networking.k8s.io/v1, ' +
        'Kind=Gateway): .spec.listeners[name="http"].colour: field not declared in schema',
    );
  });
});

describe('a valid object', () => {
  test.each([
    [
      'an Istio Gateway',
      istio(server, { ...server, name: 'tls', tls: { mode: 'SIMPLE', credentialName: 'c' } }),
    ],
    [
      'a VirtualService',
      virtual({
        gateways: ['x'],
        http: [
          {
            match: [{ uri: { prefix: '/' }, headers: { a: { exact: 'b' } } }],
            route: [{ destination: { host: 'a', port: { number: 80 } }, weight: 1 }],
            timeout: '5s',
          },
        ],
      }),
    ],
    ['an empty one', object(ISTIO, 'Gateway', {})],
  ])('is stored as it was given: %s', async (_, given) => {
    const { code, body, headers } = await tried(given, '&fieldValidation=Strict');
    expect({ code, spec: JSON.stringify(body.spec), warning: headers['warning'] }).toEqual({
      code: 201,
      spec: JSON.stringify(given['spec']),
      warning: undefined,
    });
  });

  test('gets the defaults of its kind, and no other', async () => {
    const { body } = await tried(
      gateway({ ...listener, tls: { certificateRefs: [{ name: 'c' }] } }),
    );
    expect(body.spec.listeners).toEqual([
      {
        ...listener,
        allowedRoutes: { namespaces: { from: 'Same' } },
        tls: { certificateRefs: [{ group: '', kind: 'Secret', name: 'c' }], mode: 'Terminate' },
      },
    ]);
    expect(
      body.status.conditions.map(({ type, status }: { type: string; status: string }) => [
        type,
        status,
      ]),
    ).toEqual([
      ['Accepted', 'Unknown'],
      ['Programmed', 'Unknown'],
    ]);
  });

  test('gets defaults inside of what it names only', async () => {
    const { body } = await tried(route({ backendRefs: [{ name: 'a', port: 80 }] }));
    expect(body.spec.rules).toEqual([
      {
        backendRefs: [{ group: '', kind: 'Service', name: 'a', port: 80, weight: 1 }],
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
      },
    ]);
  });

  test('may contain nulls, which mean that the field is absent', async () => {
    const { code, body } = await tried(
      object(ISTIO, 'Gateway', { selector: null, servers: [server] }),
      '&fieldValidation=Strict',
    );
    expect({ code, spec: body.spec }).toEqual({ code: 201, spec: { servers: [server] } });
  });
});

// Seen red without the validation in `prepare`: the first write of the invalid object is answered
// with 201.
test('a watch never sees an invalid object, regardless of the writer', async () => {
  const stream = await watch(lab, istioGateways);
  const seen = async (): Promise<string> =>
    ((await stream.next()) as { object: { metadata: { name: string } } }).object.metadata.name;
  const named = (name: string, servers: readonly unknown[]): KubernetesObject => ({
    ...istio(...servers),
    metadata: { name, namespace: 'default' },
  });
  const bad = named('bad', [{ hosts: ['*'] }]);
  lab.store.apply(named('first', [server]));
  expect((await call(lab, istioGateways, { method: 'POST', body: bad })).code).toBe(422);
  expect((await apply(lab, `${istioGateways}/bad`, bad, { manager: 'a' })).code).toBe(422);
  expect(
    (
      await call(lab, `${istioGateways}/first`, {
        method: 'PATCH',
        type: 'application/merge-patch+json',
        body: { spec: { servers: bad['spec'] } },
      })
    ).code,
  ).toBe(422);
  expect(() => lab.store.apply(bad)).toThrow('spec.servers[0].port: Required value');
  lab.store.apply(named('last', [server]));
  let name = await seen();
  const names = [name];
  while (name !== 'last') names.push((name = await seen()));
  stream.close();
  expect(names.filter((one) => one !== 'patched' && one !== 'told')).toEqual(['first', 'last']);
});

test('every manifest of the lab is valid and says nothing that its kind does not know', async () => {
  const folder = new URL('../../../infra/lab/manifests/', import.meta.url);
  const documents = readdirSync(folder).flatMap((name) => [
    ...parseAllDocuments(readFileSync(new URL(name, folder), 'utf8')),
  ]);
  const custom = documents
    .map((one) => one.toJS() as KubernetesObject)
    .filter(({ apiVersion, kind }) => /istio|gateway/.test(apiVersion) && kind in pluralOf);
  expect(custom.length).toBeGreaterThan(3);
  for (const one of custom) {
    const { namespace: _, ...metadata } = one.metadata;
    expect(await tried({ ...one, metadata }, '&fieldValidation=Strict')).toMatchObject({
      code: 201,
    });
  }
});

test('describes the fields of custom resources to clients', async () => {
  const { body } = await call(lab, `/openapi/v3/apis/${ISTIO}`);
  expect(body.components.schemas['io.istio.networking.v1.Gateway']).toMatchObject({
    'x-kubernetes-group-version-kind': [
      { group: 'networking.istio.io', version: 'v1', kind: 'Gateway' },
    ],
    properties: { spec: { properties: { servers: { items: { required: ['port', 'hosts'] } } } } },
  });
});

/** Their definitions are part of Calico and Cilium. */
const OF_CNIS = [
  'blockaffinities.crd.projectcalico.org',
  'blockaffinities.projectcalico.org',
  'ciliumnodes.cilium.io',
];

test('refuses objects of CNIs that their definitions refuse', async () => {
  const block = {
    apiVersion: 'crd.projectcalico.org/v1',
    kind: 'BlockAffinity',
    metadata: { name: 'n1-10-244-1-0-26' },
    spec: { cidr: '10.244.1.0/26', node: 'n1', state: 'confirmed', deleted: 'false' },
  };
  const { deleted: _deleted, ...short } = block.spec;
  const answers = [
    await tried({ ...block, spec: { ...block.spec, deleted: false } }),
    await tried({ ...block, spec: short }),
    await tried({ ...block, apiVersion: 'projectcalico.org/v3' }),
    await tried({
      ...block,
      apiVersion: 'projectcalico.org/v3',
      spec: { ...block.spec, deleted: true },
    }),
    await tried(block),
  ];
  expect(answers.map(({ code }) => code)).toEqual([422, 422, 422, 201, 201]);
});

/** The published definitions, if the reference folder exists; the lab itself does not need them. */
const reference = new URL('../../../../shared/reference/', import.meta.url);
const published = ['gateway-api-crds.yaml', 'istio-crds.yaml'].map(
  (name) => new URL(name, reference),
);

(published.every((file) => existsSync(file)) ? test : test.skip)(
  'the schemas are what the script makes of the published definitions, without their text',
  () => {
    const data = readFileSync(schemaFile, 'utf8');
    const made = compactDefinitions(published.map((file) => readFileSync(file, 'utf8')));
    const kept = JSON.parse(data) as Record<string, unknown>;
    const entries = Object.entries(JSON.parse(made) as Record<string, unknown>);
    // Only the kinds are compared by value, because a difference would print fifty kilobytes.
    const differing = entries.filter(
      ([kind, schema]) => JSON.stringify(kept[kind]) !== JSON.stringify(schema),
    );
    expect(differing.map(([kind]) => kind)).toEqual([]);
    const others = Object.keys(kept).filter((kind) => !entries.some(([one]) => one === kind));
    expect(others).toEqual(OF_CNIS);
    expect(/"description":"|"x-kubernetes-validations"/.test(data)).toBe(false);
  },
);
