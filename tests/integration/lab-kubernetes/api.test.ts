import { MIMEType } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type KubernetesObject,
  type LabKubernetes,
  startKubernetes,
} from '../../../infra/lab/kubernetes/index.ts';
import { type Body, call, configMap, configMaps, istioGateways } from './client.ts';

let lab: LabKubernetes;

beforeEach(async () => {
  lab = await startKubernetes({ now: () => Date.parse('2026-06-22T22:24:17Z') });
});

afterEach(() => lab.close());

function names(body: Body): readonly string[] {
  return body.items.map((item: Body) => item.metadata.name);
}

async function create(object: KubernetesObject): Promise<Body> {
  return (await call(lab, configMaps, { method: 'POST', body: object })).body;
}

const gateway = (extra: object = {}): KubernetesObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'Gateway',
  metadata: { name: 'gw', namespace: 'default', ...extra },
  spec: { selector: { istio: 'ingressgateway' }, servers: [] },
});

describe('authentication', () => {
  test('is required for every request', async () => {
    const answer = await call(lab, configMaps, { token: 'wrong' });
    expect(answer).toMatchObject({
      code: 401,
      body: { kind: 'Status', status: 'Failure', reason: 'Unauthorized', code: 401 },
    });
  });

  test('is not required for health checks', async () => {
    expect(await call(lab, '/readyz', { token: 'wrong' })).toMatchObject({ code: 200, text: 'ok' });
  });
});

describe('discovery', () => {
  // kubectl asks with an @, which no media type may contain, and parses the response.
  test('answers the binary description with a media type that can be parsed', async () => {
    const { code, headers } = await call(lab, '/openapi/v2', {
      accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
    });
    expect([code, new MIMEType(headers['content-type'] ?? '').essence]).toEqual([
      200,
      'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
    ]);
  });

  const aggregated =
    'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

  test('sends aggregated discovery in one answer on request', async () => {
    const answer = await call(lab, '/apis', { accept: aggregated });
    expect(answer.headers['content-type']).toBe(
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    );
    const istio = answer.body.items.find(
      (item: Body) => item.metadata.name === 'networking.istio.io',
    );
    expect(istio.versions.map((version: Body) => version.version)).toEqual([
      'v1',
      'v1beta1',
      'v1alpha3',
    ]);
    expect(istio.versions[0].resources).toContainEqual(
      expect.objectContaining({
        resource: 'gateways',
        scope: 'Namespaced',
        shortNames: ['gw'],
        subresources: [expect.objectContaining({ subresource: 'status' })],
      }),
    );
  });

  test('sends the same as legacy discovery to other clients', async () => {
    expect((await call(lab, '/api')).body.versions).toEqual(['v1']);
    expect((await call(lab, '/apis')).body.groups.map((group: Body) => group.name)).toContain(
      'discovery.k8s.io',
    );
    const resources = (await call(lab, '/apis/networking.istio.io/v1beta1')).body.resources;
    expect(resources.map((resource: Body) => resource.name)).toEqual(
      expect.arrayContaining([
        'gateways',
        'gateways/status',
        'virtualservices',
        'destinationrules',
        'serviceentries',
      ]),
    );
  });

  test('does not serve missing kinds, until they are installed', async () => {
    await lab.close();
    lab = await startKubernetes({
      without: ['gateway.networking.k8s.io', 'networking.istio.io/v1'],
    });
    const groups = async (): Promise<readonly string[]> =>
      (await call(lab, '/apis')).body.groups.map((group: Body) => group.name);
    expect(await groups()).not.toContain('gateway.networking.k8s.io');
    expect((await call(lab, '/apis/gateway.networking.k8s.io/v1/gateways')).code).toBe(404);
    expect((await call(lab, '/apis/networking.istio.io/v1/gateways')).code).toBe(404);
    expect((await call(lab, '/apis/networking.istio.io/v1beta1/gateways')).code).toBe(200);
    lab.serve('gateway.networking.k8s.io', true);
    expect(await groups()).toContain('gateway.networking.k8s.io');
    expect((await call(lab, '/apis/gateway.networking.k8s.io/v1/gateways')).code).toBe(200);
  });

  test('answers 404 for missing objects', async () => {
    for (const path of [
      '/apis/none.example/v1',
      '/api/v1/nothing',
      '/api/v1/namespaces/default/nodes',
      '/api/v1/namespaces/default/pods/a/exec',
    ]) {
      expect({ path, code: (await call(lab, path)).code }).toEqual({ path, code: 404 });
    }
  });
});

describe('objects', () => {
  test('get an identity at creation that no update can change', async () => {
    const made = await create({
      ...configMap('a'),
      metadata: { name: 'a', uid: 'mine', generation: 9 },
    });
    expect(made.metadata).toMatchObject({
      namespace: 'default',
      creationTimestamp: '2026-06-22T22:24:17Z',
    });
    // Built-in kinds without a controller have no generation.
    expect(made.metadata).not.toHaveProperty('generation');
    expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    const updated = await call(lab, `${configMaps}/a`, {
      method: 'PUT',
      body: { ...configMap('a', { x: '1' }), metadata: { name: 'a' } },
    });
    expect(updated.body.metadata).toMatchObject({
      uid: made.metadata.uid,
      creationTimestamp: made.metadata.creationTimestamp,
    });
  });

  test('cannot be created twice, nor in a namespace that is missing, nor under a bad name', async () => {
    await create(configMap('a'));
    expect(await create(configMap('a'))).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
      message: 'configmaps "a" already exists',
    });
    const nowhere = await call(lab, '/api/v1/namespaces/nowhere/configmaps', {
      method: 'POST',
      body: { metadata: { name: 'a' } },
    });
    expect(nowhere.body).toMatchObject({ code: 404, message: 'namespaces "nowhere" not found' });
    expect(await create(configMap('Not_A_Name'))).toMatchObject({
      code: 422,
      details: { causes: [{ field: 'metadata.name' }] },
    });
  });

  test('get a fresh name from generateName', async () => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'made-' } };
    const first = await call(lab, configMaps, { method: 'POST', body });
    const second = await call(lab, configMaps, { method: 'POST', body });
    expect(first.body.metadata.name).toMatch(/^made-\w{5}$/);
    expect(second.body.metadata.name).not.toBe(first.body.metadata.name);
  });

  test('are not overwritten based on an older version', async () => {
    const made = await create(configMap('a'));
    await call(lab, `${configMaps}/a`, { method: 'PUT', body: { ...made, data: { x: '1' } } });
    const late = await call(lab, `${configMaps}/a`, {
      method: 'PUT',
      body: { ...made, data: { x: '2' } },
    });
    expect(late.body).toMatchObject({ code: 409, reason: 'Conflict' });
    expect(late.body.message).toBe(
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; ' +
        'please apply your changes to the latest version and try again',
    );
  });

  test('of custom resources are replaced only with the resourceVersion that was read', async () => {
    lab.store.apply(gateway());
    expect(
      (await call(lab, `${istioGateways}/gw`, { method: 'PUT', body: gateway() })).body.details
        .causes[0].field,
    ).toBe('metadata.resourceVersion');
    const merge = {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: {
        spec: { servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }] },
      },
    };
    expect(await call(lab, `${istioGateways}/gw`, merge)).toMatchObject({
      code: 200,
      body: { metadata: { generation: 2 } },
    });
    expect(
      (
        await call(lab, `${istioGateways}/gw`, {
          ...merge,
          type: 'application/strategic-merge-patch+json',
        })
      ).code,
    ).toBe(415);
  });

  test('have a status that only the status endpoint writes, and which is no new generation', async () => {
    lab.store.apply(gateway());
    const patch = (path: string, body: object): ReturnType<typeof call> =>
      call(lab, path, { method: 'PATCH', type: 'application/merge-patch+json', body });
    await patch(`${istioGateways}/gw`, {
      status: { ignored: true },
      metadata: { labels: { a: 'b' } },
    });
    const after = await patch(`${istioGateways}/gw/status`, {
      status: { seen: true },
      spec: { servers: ['ignored'] },
      metadata: { labels: { a: 'ignored' } },
    });
    expect(after.body).toMatchObject({
      status: { seen: true },
      spec: { servers: [] },
      metadata: { labels: { a: 'b' }, generation: 1 },
    });
    expect(after.body.status).not.toHaveProperty('ignored');
    expect((await call(lab, `${configMaps}/a/status`)).code).toBe(404);
  });

  test('are not changed by a dry run', async () => {
    const answer = await call(lab, `${configMaps}?dryRun=All`, {
      method: 'POST',
      body: configMap('a'),
    });
    expect(answer.code).toBe(201);
    expect((await call(lab, `${configMaps}/a`)).code).toBe(404);
  });

  test('stay while they have a finalizer', async () => {
    await create({ ...configMap('a'), metadata: { name: 'a', finalizers: ['sluice.dev/hold'] } });
    const deleted = await call(lab, `${configMaps}/a`, { method: 'DELETE' });
    expect(deleted.body.metadata.deletionTimestamp).toBe('2026-06-22T22:24:17Z');
    await call(lab, `${configMaps}/a`, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { metadata: { finalizers: null } },
    });
    expect((await call(lab, `${configMaps}/a`)).code).toBe(404);
  });

  test('are deleted only with the right preconditions', async () => {
    const made = await create(configMap('a'));
    const wrong = await call(lab, `${configMaps}/a`, {
      method: 'DELETE',
      body: { preconditions: { uid: 'other' } },
    });
    expect(wrong).toMatchObject({ code: 409, body: { reason: 'Conflict' } });
    const right = await call(lab, `${configMaps}/a`, {
      method: 'DELETE',
      body: { preconditions: { uid: made.metadata.uid } },
    });
    expect(right.body).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'a', kind: 'configmaps', uid: made.metadata.uid },
    });
  });

  test('are deleted together by selector', async () => {
    await create(configMap('a', {}, { go: 'yes' }));
    await create(configMap('b'));
    await call(lab, `${configMaps}?labelSelector=go`, { method: 'DELETE' });
    expect(names((await call(lab, configMaps)).body)).toEqual(['b']);
  });

  test('can be sent as YAML, but not as something else or under another name', async () => {
    const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  key: "1"\n';
    expect(
      (await call(lab, configMaps, { method: 'POST', type: 'application/yaml', body: yaml })).code,
    ).toBe(201);
    expect(
      (await call(lab, configMaps, { method: 'POST', type: 'text/plain', body: yaml })).code,
    ).toBe(415);
    expect((await call(lab, configMaps, { method: 'POST', body: '{' })).code).toBe(400);
    expect((await call(lab, `${configMaps}/a`, { method: 'PUT', body: configMap('b') })).code).toBe(
      400,
    );
    expect((await call(lab, configMaps, { method: 'POST', body: gateway() })).code).toBe(400);
    expect((await call(lab, `${configMaps}/a`, { method: 'POST', body: {} })).code).toBe(405);
  });

  test('of events are the same under both of their groups', async () => {
    const body = {
      metadata: { name: 'e' },
      regarding: { kind: 'Gateway', name: 'gw', namespace: 'default' },
      note: 'exposed',
      reason: 'Exposed',
      type: 'Normal',
      reportingController: 'sluice',
      eventTime: '2026-06-22T22:24:17.000000Z',
    };
    expect(
      (
        await call(lab, '/apis/events.k8s.io/v1/namespaces/default/events', {
          method: 'POST',
          body,
        })
      ).code,
    ).toBe(201);
    const core = await call(
      lab,
      '/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dgw,involvedObject.kind%3DGateway',
    );
    expect(core.body.items).toMatchObject([
      { message: 'exposed', involvedObject: { name: 'gw' }, reportingComponent: 'sluice' },
    ]);
    expect(
      (await call(lab, '/apis/events.k8s.io/v1/events?fieldSelector=regarding.name%3Dother')).body
        .items,
    ).toEqual([]);
  });
});

describe('lists', () => {
  beforeEach(() => {
    for (const [name, tier] of [
      ['a', 'front'],
      ['b', 'back'],
      ['c', ''],
      ['d', 'front'],
    ] as const)
      lab.store.apply(configMap(name, {}, tier === '' ? {} : { tier }));
  });

  test.each([
    ['tier=front', ['a', 'd']],
    ['tier!=front', ['b', 'c']],
    ['tier in (front, back),tier!=back', ['a', 'd']],
    ['tier notin (front)', ['b', 'c']],
    ['tier', ['a', 'b', 'd']],
    ['!tier', ['c']],
  ])('select by labels: %s', async (selector, expected) => {
    expect(
      names((await call(lab, `${configMaps}?labelSelector=${encodeURIComponent(selector)}`)).body),
    ).toEqual(expected);
  });

  test.each([
    ['metadata.name=b', ['b']],
    ['metadata.name!=b', ['a', 'c', 'd']],
    ['metadata.namespace=elsewhere', []],
  ])('select by fields: %s', async (selector, expected) => {
    expect(
      names((await call(lab, `${configMaps}?fieldSelector=${encodeURIComponent(selector)}`)).body),
    ).toEqual(expected);
  });

  test('refuse an invalid selector', async () => {
    expect(
      (await call(lab, `${configMaps}?labelSelector=${encodeURIComponent('a in b')}`)).code,
    ).toBe(400);
    expect((await call(lab, `${configMaps}?fieldSelector=data.x%3D1`)).body.message).toBe(
      'field label not supported: data.x',
    );
  });

  test('come in pages that all show the revision of the first', async () => {
    const first = await call(lab, `${configMaps}?limit=2`);
    expect(names(first.body)).toEqual(['a', 'b']);
    expect(first.body.metadata.remainingItemCount).toBe(2);
    lab.store.delete('v1', 'ConfigMap', 'default', 'c');
    lab.store.apply(configMap('d', { changed: 'later' }));
    lab.store.apply(configMap('e'));
    const second = await call(
      lab,
      `${configMaps}?limit=2&continue=${first.body.metadata.continue}`,
    );
    expect(names(second.body)).toEqual(['c', 'd']);
    expect(second.body.items[1].data).toEqual({});
    expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
    expect(second.body.metadata.continue).toBeUndefined();
    expect(names((await call(lab, configMaps)).body)).toEqual(['a', 'b', 'd', 'e']);
  });

  test('can show an exact earlier revision, and never a later one', async () => {
    const { resourceVersion } = (await call(lab, configMaps)).body.metadata;
    lab.store.delete('v1', 'ConfigMap', 'default', 'a');
    const exact = await call(
      lab,
      `${configMaps}?resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`,
    );
    expect(names(exact.body)).toEqual(['a', 'b', 'c', 'd']);
    expect(await call(lab, `${configMaps}?resourceVersion=99999`)).toMatchObject({
      code: 504,
      body: { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } },
    });
    expect((await call(lab, `${configMaps}?continue=nonsense`)).code).toBe(400);
  });

  test('of core kinds name the kind once, those of custom resources with every item', async () => {
    lab.store.apply(gateway());
    expect((await call(lab, configMaps)).body).toMatchObject({
      kind: 'ConfigMapList',
      apiVersion: 'v1',
    });
    expect((await call(lab, configMaps)).body.items[0]).not.toHaveProperty('kind');
    expect(
      (await call(lab, '/apis/networking.istio.io/v1alpha3/gateways')).body.items[0],
    ).toMatchObject({ kind: 'Gateway', apiVersion: 'networking.istio.io/v1alpha3' });
  });
});

describe('the store for the lab itself', () => {
  test('returns copies, and reports every change', () => {
    const seen: string[] = [];
    const stop = lab.store.subscribe(
      ({ type, object }) => void seen.push(`${type} ${object.kind} ${object.metadata.name}`),
    );
    const made = lab.store.apply(gateway());
    made.metadata.name = 'scribbled on';
    expect(lab.store.get('networking.istio.io/v1beta1', 'Gateway', 'default', 'gw')).toMatchObject({
      apiVersion: 'networking.istio.io/v1beta1',
      metadata: { name: 'gw' },
    });
    lab.store.delete('networking.istio.io/v1', 'Gateway', 'default', 'gw');
    stop();
    lab.store.apply(configMap('unheard'));
    expect(seen).toEqual(['ADDED Gateway gw', 'DELETED Gateway gw']);
  });

  test('writes status when it is given and keeps it when not', () => {
    lab.store.apply({ ...gateway(), status: { a: 1 } });
    expect(lab.store.apply({ ...gateway(), spec: { selector: { istio: 'other' } } })).toMatchObject(
      { status: { a: 1 }, metadata: { generation: 2 } },
    );
    expect(lab.store.apply({ ...gateway(), status: { b: 2 } })['status']).toEqual({ b: 2 });
  });

  test('lets a component bring identity and age, and mark as terminating', () => {
    const made = lab.store.apply(
      gateway({ uid: 'older', creationTimestamp: '2020-01-01T00:00:00Z' }),
    );
    expect(made.metadata).toMatchObject({
      uid: 'older',
      creationTimestamp: '2020-01-01T00:00:00Z',
    });
    const going = lab.store.apply(
      gateway({ deletionTimestamp: '2026-06-22T22:24:47Z', deletionGracePeriodSeconds: 30 }),
    );
    expect(going.metadata).toMatchObject({
      uid: 'older',
      deletionTimestamp: '2026-06-22T22:24:47Z',
    });
  });

  test('has the usual namespaces, and each cluster has its own identity that survives a restart', async () => {
    const uid = (from: LabKubernetes): unknown =>
      from.store.get('v1', 'Namespace', undefined, 'kube-system')?.metadata.uid;
    const [again, other] = await Promise.all([
      startKubernetes(),
      startKubernetes({ name: 'west' }),
    ]);
    expect(lab.store.list('v1', 'Namespace').map((namespace) => namespace.metadata.name)).toEqual([
      'default',
      'istio-system',
      'kube-system',
    ]);
    expect(uid(again)).toBe(uid(lab));
    expect(uid(other)).not.toBe(uid(lab));
    await Promise.all([again.close(), other.close()]);
  });

  test('refuses what the API would refuse, and kinds that are not served', () => {
    expect(() =>
      lab.store.apply({ ...configMap('x'), metadata: { name: 'x', namespace: 'nowhere' } }),
    ).toThrow('namespaces "nowhere" not found');
    expect(() => lab.store.get('v2', 'ConfigMap', 'default', 'x')).toThrow(
      'does not serve v2 ConfigMap',
    );
  });
});

describe('pods that run on a node', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default' },
    spec: { nodeName: 'n', terminationGracePeriodSeconds: 30, containers: [{ name: 'c' }] },
  };
  const path = '/api/v1/namespaces/default/pods/p';

  test('are gone at once without a simulated kubelet', async () => {
    lab.store.apply(pod);
    await call(lab, path, { method: 'DELETE' });
    expect((await call(lab, path)).code).toBe(404);
  });

  test('terminate first with a simulated kubelet, unless forced', async () => {
    await lab.close();
    lab = await startKubernetes({
      gracefulPods: true,
      now: () => Date.parse('2026-06-22T22:24:17Z'),
    });
    lab.store.apply(pod);
    expect((await call(lab, path, { method: 'DELETE' })).body.metadata).toMatchObject({
      deletionTimestamp: '2026-06-22T22:24:47Z',
      deletionGracePeriodSeconds: 30,
    });
    expect((await call(lab, path)).code).toBe(200);
    await call(lab, `${path}?gracePeriodSeconds=0`, { method: 'DELETE' });
    expect((await call(lab, path)).code).toBe(404);
  });
});

test('an admission rule of the test refuses objects with its causes', async () => {
  await lab.close();
  lab = await startKubernetes({
    admit: (object) =>
      object.kind === 'Gateway'
        ? [{ field: 'spec.servers', message: 'Required value', reason: 'FieldValueRequired' }]
        : [],
  });
  const refused = await call(lab, istioGateways, { method: 'POST', body: gateway() });
  expect(refused).toMatchObject({
    code: 422,
    body: { message: 'Gateway.networking.istio.io "gw" is invalid: spec.servers: Required value' },
  });
});
