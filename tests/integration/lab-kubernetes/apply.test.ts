import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type LabKubernetes, startKubernetes } from '../../../infra/lab/kubernetes/index.ts';
import { type Answer, type Body, apply, call, configMaps, services, service } from './client.ts';

let lab: LabKubernetes;

beforeAll(async () => {
  lab = await startKubernetes();
});

afterAll(() => lab.close());

const path = `${services}/istio-ingressgateway`;
const http = { name: 'http2', port: 80, protocol: 'TCP', targetPort: 8080 };
const tcp = { name: 'tcp-32400', port: 32400, protocol: 'TCP', targetPort: 32400 };

function ports(...list: readonly object[]): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'istio-ingressgateway', namespace: 'istio-system' },
    spec: { ports: list },
  };
}

function numbers(answer: Answer): readonly string[] {
  return answer.body.spec.ports.map((port: Body) => `${port.port}/${port.protocol}`);
}

function owners(answer: Answer): Record<string, Body> {
  return Object.fromEntries(
    answer.body.metadata.managedFields.map((entry: Body) => [
      `${entry.manager} ${entry.operation}`,
      entry.fieldsV1,
    ]),
  );
}

beforeEach(async () => {
  await call(lab, path, { method: 'DELETE' });
  await call(lab, `${services}?fieldManager=helm`, { method: 'POST', body: service([http]) });
});

describe('server-side apply to a Service', () => {
  test('adds a port, owns it and nothing else, and the port gets a node port', async () => {
    const answer = await apply(lab, path, ports(tcp), { manager: 'sluice' });
    expect(numbers(answer)).toEqual(['80/TCP', '32400/TCP']);
    expect(answer.body.spec.ports[1].nodePort).toBeGreaterThanOrEqual(30000);
    const leaf = {};
    expect(owners(answer)['sluice Apply']).toEqual({
      'f:spec': {
        'f:ports': {
          'k:{"port":32400,"protocol":"TCP"}': {
            '.': leaf,
            'f:name': leaf,
            'f:port': leaf,
            'f:protocol': leaf,
            'f:targetPort': leaf,
          },
        },
      },
    });
    expect(Object.keys(owners(answer)['helm Update']['f:spec']['f:ports'])).toContain(
      'k:{"port":80,"protocol":"TCP"}',
    );
  });

  test('removes the ports it applied before and no longer applies, and no other', async () => {
    await apply(lab, path, ports(tcp, { ...tcp, name: 'tcp-9000', port: 9000 }), {
      manager: 'sluice',
    });
    const answer = await apply(lab, path, ports(tcp), { manager: 'sluice' });
    expect(numbers(answer)).toEqual(['80/TCP', '32400/TCP']);
    const none = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'istio-ingressgateway', namespace: 'istio-system' },
    };
    const last = await apply(lab, path, none, { manager: 'sluice' });
    expect(numbers(last)).toEqual(['80/TCP']);
    expect(Object.keys(owners(last))).toEqual(['helm Update']);
  });

  test('keeps a port that another manager applies too', async () => {
    await apply(lab, path, ports(tcp), { manager: 'sluice' });
    await apply(lab, path, ports(tcp), { manager: 'gitops' });
    const answer = await apply(lab, path, ports({ ...tcp, name: 'tcp-9000', port: 9000 }), {
      manager: 'sluice',
    });
    expect(numbers(answer)).toEqual(['80/TCP', '32400/TCP', '9000/TCP']);
  });

  test('keeps the same port number of another protocol apart', async () => {
    await apply(lab, path, ports(tcp), { manager: 'sluice' });
    const udp = { ...tcp, name: 'udp-32400', protocol: 'UDP' };
    const both = await apply(lab, path, ports(udp), { manager: 'quic' });
    expect(numbers(both)).toEqual(['80/TCP', '32400/TCP', '32400/UDP']);
    const left = await apply(lab, path, ports(), { manager: 'sluice' });
    expect(numbers(left)).toEqual(['80/TCP', '32400/UDP']);
  });

  test('takes a port without a protocol for a TCP port', async () => {
    const { protocol: _, ...bare } = tcp;
    await apply(lab, path, ports(bare), { manager: 'sluice' });
    expect(numbers(await apply(lab, path, ports(tcp), { manager: 'sluice' }))).toEqual([
      '80/TCP',
      '32400/TCP',
    ]);
  });

  test('is refused with the manager and the field when it would change what another owns', async () => {
    const answer = await apply(lab, path, ports({ ...http, targetPort: 8081 }), {
      manager: 'sluice',
    });
    expect(answer).toMatchObject({ code: 409, body: { reason: 'Conflict' } });
    expect(answer.body.message).toBe(
      'Apply failed with 1 conflict: conflict with "helm" using v1: .spec.ports[port=80,protocol="TCP"].targetPort',
    );
    expect(answer.body.details.causes).toEqual([
      {
        reason: 'FieldManagerConflict',
        message: 'conflict with "helm" using v1',
        field: '.spec.ports[port=80,protocol="TCP"].targetPort',
      },
    ]);
  });

  test('lists all conflicts by manager', async () => {
    const answer = await apply(lab, path, ports({ ...http, name: 'http-new', targetPort: 8081 }), {
      manager: 'sluice',
    });
    expect(answer.body.message).toBe(
      'Apply failed with 2 conflicts: conflicts with "helm" using v1:\n- ' +
        '.spec.ports[port=80,protocol="TCP"].name\n- ' +
        '.spec.ports[port=80,protocol="TCP"].targetPort',
    );
  });

  test('takes the fields over when forced', async () => {
    const answer = await apply(lab, path, ports({ ...http, targetPort: 8081 }), {
      manager: 'sluice',
      force: true,
    });
    expect(answer.body.spec.ports[0].targetPort).toBe(8081);
    expect(
      owners(answer)['helm Update']['f:spec']['f:ports']['k:{"port":80,"protocol":"TCP"}'],
    ).not.toHaveProperty('f:targetPort');
  });

  test('shares a field when both want the same value', async () => {
    const answer = await apply(lab, path, ports(http), { manager: 'sluice' });
    expect(answer.code).toBe(200);
    expect(
      owners(answer)['helm Update']['f:spec']['f:ports']['k:{"port":80,"protocol":"TCP"}'],
    ).toHaveProperty('f:targetPort');
  });

  test('changes nothing when repeated, not even the resourceVersion', async () => {
    const first = await apply(lab, path, ports(tcp), { manager: 'sluice' });
    const second = await apply(lab, path, ports(tcp), { manager: 'sluice' });
    expect(second.body).toEqual(first.body);
  });

  test('loses a field to a plain patch, and gets a conflict at the next apply', async () => {
    await apply(lab, path, ports(tcp), { manager: 'sluice' });
    const patch = [{ op: 'replace', path: '/spec/ports/1/targetPort', value: 9999 }];
    const patched = await call(lab, `${path}?fieldManager=by-hand`, {
      method: 'PATCH',
      type: 'application/json-patch+json',
      body: patch,
    });
    expect(owners(patched)['by-hand Update']).toEqual({
      'f:spec': { 'f:ports': { 'k:{"port":32400,"protocol":"TCP"}': { 'f:targetPort': {} } } },
    });
    const answer = await apply(lab, path, ports(tcp), { manager: 'sluice' });
    expect(answer.body.message).toContain('conflict with "by-hand" using v1');
  });

  test('refuses a list that names a key twice, an unnamed manager, and foreign managedFields', async () => {
    expect(await apply(lab, path, ports(tcp, tcp), { manager: 'sluice' })).toMatchObject({
      code: 400,
    });
    expect(
      await call(lab, path, {
        method: 'PATCH',
        type: 'application/apply-patch+yaml',
        body: ports(tcp),
      }),
    ).toMatchObject({ code: 422 });
    const foreign = {
      ...ports(tcp),
      metadata: { name: 'istio-ingressgateway', managedFields: [] },
    };
    expect((await apply(lab, path, foreign, { manager: 'sluice' })).body.message).toBe(
      'metadata.managedFields must be nil',
    );
  });

  test('of the status owns the status only', async () => {
    const status = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'istio-ingressgateway' },
      spec: { type: 'ClusterIP' },
      status: { loadBalancer: { ingress: [{ ip: '172.16.100.195' }] } },
    };
    const answer = await apply(lab, `${path}/status`, status, { manager: 'sluice' });
    expect(answer.body.spec.type).toBe('LoadBalancer');
    expect(answer.body.status.loadBalancer.ingress).toEqual([
      { ip: '172.16.100.195', ipMode: 'VIP' },
    ]);
    const entry = answer.body.metadata.managedFields.find((one: Body) => one.manager === 'sluice');
    expect(entry).toMatchObject({
      subresource: 'status',
      operation: 'Apply',
      fieldsV1: { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } },
    });
  });
});

describe('server-side apply to anything', () => {
  test('creates missing objects', async () => {
    const body = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'made' },
      data: { a: '1' },
    };
    expect(await apply(lab, `${configMaps}/made`, body, { manager: 'one' })).toMatchObject({
      code: 201,
      body: { metadata: { namespace: 'default' } },
    });
  });

  test('owns the servers of an Istio Gateway as a whole', async () => {
    const gateway = (number: number): object => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name: 'atomic' },
      spec: {
        selector: { istio: 'ingressgateway' },
        servers: [{ port: { number, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] }],
      },
    });
    const at = '/apis/networking.istio.io/v1/namespaces/default/gateways/atomic';
    await apply(lab, at, gateway(32400), { manager: 'one' });
    const answer = await apply(lab, at, gateway(32401), { manager: 'two' });
    expect(answer.body.message).toBe(
      'Apply failed with 1 conflict: conflict with "one": .spec.servers',
    );
  });

  test('merges the listeners of a Gateway API Gateway by name', async () => {
    const gateway = (...names: readonly string[]): object => ({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'listeners' },
      spec: {
        gatewayClassName: 'istio',
        listeners: names.map((name, index) => ({ name, port: 80 + index, protocol: 'HTTP' })),
      },
    });
    const at = '/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways/listeners';
    await apply(lab, at, gateway('a'), { manager: 'one' });
    const answer = await apply(lab, at, gateway('b'), { manager: 'two' });
    expect(answer.body.spec.listeners.map((listener: Body) => listener.name)).toEqual(['a', 'b']);
  });
});
