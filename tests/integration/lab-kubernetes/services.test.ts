import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type LabKubernetes, startKubernetes } from '../../../infra/lab/kubernetes/index.ts';
import { type Answer, type Body, call, service, services } from './client.ts';

let lab: LabKubernetes;

beforeEach(async () => {
  lab = await startKubernetes();
});

afterEach(() => lab.close());

const http = { name: 'http2', port: 80, targetPort: 8080 };
const https = { name: 'https', port: 443, targetPort: 8443 };

function create(
  ports: readonly object[],
  extra: Parameters<typeof service>[1] = {},
): Promise<Answer> {
  return call(lab, services, { method: 'POST', body: service(ports, extra) });
}

function replace(answer: Answer, spec: object): Promise<Answer> {
  return call(lab, `${services}/istio-ingressgateway`, {
    method: 'PUT',
    body: { ...answer.body, spec: { ...answer.body.spec, ...spec } },
  });
}

function patch(type: string, body: unknown): Promise<Answer> {
  return call(lab, `${services}/istio-ingressgateway`, {
    method: 'PATCH',
    type: `application/${type}-patch+json`,
    body,
  });
}

function causes(answer: Answer): readonly string[] {
  expect(answer).toMatchObject({ code: 422, body: { reason: 'Invalid', kind: 'Status' } });
  return answer.body.details.causes.map((cause: Body) => `${cause.field}: ${cause.message}`);
}

describe('a new Service', () => {
  test('gets addresses, node ports and defaults', async () => {
    const { body } = await create([{ name: 'tcp', port: 9000 }, https]);
    expect(body.spec).toMatchObject({
      clusterIP: '10.96.0.16',
      clusterIPs: ['10.96.0.16'],
      ipFamilies: ['IPv4'],
      externalTrafficPolicy: 'Cluster',
      allocateLoadBalancerNodePorts: true,
      ports: [
        { name: 'tcp', port: 9000, targetPort: 9000, protocol: 'TCP', nodePort: 30000 },
        { name: 'https', port: 443, targetPort: 8443, protocol: 'TCP', nodePort: 30001 },
      ],
    });
    expect(body.status).toEqual({ loadBalancer: {} });
  });

  test('gets what it asks for, unless it is taken or out of range', async () => {
    const first = await create([{ ...http, nodePort: 31547 }], {
      spec: { clusterIP: '10.96.7.7' },
    });
    expect(first.body.spec).toMatchObject({ clusterIP: '10.96.7.7', ports: [{ nodePort: 31547 }] });
    expect(causes(await create([{ ...http, nodePort: 31547 }], { name: 'second' }))).toEqual([
      'spec.ports[0].nodePort: Invalid value: 31547: provided port is already allocated',
    ]);
    expect(causes(await create([{ ...http, nodePort: 80 }], { name: 'second' }))).toEqual([
      'spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid ' +
        'range. The range of valid ports is 30000-32767',
    ]);
    expect(
      causes(await create([http], { name: 'second', spec: { clusterIP: '10.96.7.7' } }))[0],
    ).toContain('provided IP is already allocated');
  });

  test('of type ClusterIP gets no node ports and may not ask for them', async () => {
    const { body } = await create([http], { spec: { type: 'ClusterIP' } });
    expect(body.spec.ports[0]).not.toHaveProperty('nodePort');
    expect(
      causes(
        await create([{ ...http, nodePort: 30100 }], { name: 'x', spec: { type: 'ClusterIP' } }),
      ),
    ).toEqual(["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"]);
  });

  test('without node ports for its load balancer gets none', async () => {
    const { body } = await create([http], { spec: { allocateLoadBalancerNodePorts: false } });
    expect(body.spec.ports[0]).not.toHaveProperty('nodePort');
  });

  test('that keeps client addresses gets a health check node port', async () => {
    const { body } = await create([http], { spec: { externalTrafficPolicy: 'Local' } });
    expect(body.spec.healthCheckNodePort).toBe(30001);
    const next = await create([https], { name: 'next' });
    expect(next.body.spec.ports[0].nodePort).toBe(30002);
  });

  test('shares the node port between TCP and UDP of one port', async () => {
    const { body } = await create([
      { name: 't', port: 53 },
      { name: 'u', port: 53, protocol: 'UDP' },
    ]);
    expect(body.spec.ports.map((port: Body) => port.nodePort)).toEqual([30000, 30000]);
  });

  test('may be headless without ports', async () => {
    expect(
      (await create([], { spec: { type: 'ClusterIP', clusterIP: 'None' } })).body.spec.clusterIP,
    ).toBe('None');
  });

  test.each([
    [
      'several ports without names',
      [{ port: 80 }, { port: 81 }],
      ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value'],
    ],
    ['no ports', [], ['spec.ports: Required value']],
    [
      'a duplicate name',
      [http, { ...https, name: 'http2' }],
      ['spec.ports[1].name: Duplicate value: "http2"'],
    ],
    [
      'a duplicate port',
      [http, { ...http, name: 'again' }],
      ['spec.ports[1]: Duplicate value: {"port":80,"protocol":"TCP"}'],
    ],
    [
      'a port out of range',
      [{ name: 'x', port: 70000, targetPort: 80 }],
      ['spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive'],
    ],
    [
      'an unknown protocol',
      [{ ...http, protocol: 'ICMP' }],
      ['spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"'],
    ],
  ])('is refused with %s', async (_, ports, expected) => {
    expect(causes(await create(ports))).toEqual(expected);
  });

  test('is refused with a port name that is no DNS label or too long', async () => {
    expect(causes(await create([{ ...http, name: 'Http_2' }]))[0]).toMatch(
      /^spec.ports\[0\].name: Invalid value: "Http_2": a lowercase RFC 1123 label/,
    );
    expect(causes(await create([{ ...http, name: 'x'.repeat(64) }]))[0]).toContain(
      'must be no more than 63 characters',
    );
  });
});

describe('a changed Service', () => {
  test('keeps what was allocated when the update leaves it out', async () => {
    const made = await create([{ ...http, nodePort: 31547 }, https]);
    const again = await replace(made, {
      clusterIP: undefined,
      clusterIPs: undefined,
      ports: [http, https, { name: 'tcp', port: 32400 }],
    });
    expect(again.body.spec.clusterIP).toBe(made.body.spec.clusterIP);
    expect(again.body.spec.ports.map((port: Body) => port.nodePort)).toEqual([31547, 30000, 30001]);
  });

  test('cannot change its cluster address', async () => {
    const made = await create([http]);
    expect(
      causes(await replace(made, { clusterIP: '10.96.1.1', clusterIPs: ['10.96.1.1'] })),
    ).toEqual([
      'spec.clusterIPs[0]: Invalid value: []string{"10.96.1.1"}: may not change once set',
    ]);
  });

  test('releases node ports and status when it is no longer a load balancer', async () => {
    const made = await create([http]);
    await call(lab, `${services}/istio-ingressgateway/status`, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { status: { loadBalancer: { ingress: [{ ip: '172.16.100.195' }] } } },
    });
    const { body } = await patch('merge', { spec: { type: 'ClusterIP' } });
    expect(made.body.spec.ports[0].nodePort).toBe(30000);
    expect(body.spec.ports[0]).not.toHaveProperty('nodePort');
    expect(body.spec).not.toHaveProperty('allocateLoadBalancerNodePorts');
    expect(body.status).toEqual({ loadBalancer: {} });
  });

  test('gives its node port back when it is deleted', async () => {
    await create([http]);
    await call(lab, `${services}/istio-ingressgateway`, { method: 'DELETE' });
    expect((await create([https])).body.spec.ports[0].nodePort).toBe(30000);
  });

  test('accepts only a valid address in its status', async () => {
    await create([http]);
    const status = (ip: string): Promise<Answer> =>
      call(lab, `${services}/istio-ingressgateway/status`, {
        method: 'PATCH',
        type: 'application/merge-patch+json',
        body: { status: { loadBalancer: { ingress: [{ ip }] } } },
      });
    expect((await status('172.16.100.195')).body.status.loadBalancer.ingress).toEqual([
      { ip: '172.16.100.195', ipMode: 'VIP' },
    ]);
    expect(causes(await status('here'))).toEqual([
      'status.loadBalancer.ingress[0].ip: Invalid value: "here": must be a valid IP ' +
        'address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ]);
  });
});

describe('patches of a Service', () => {
  beforeEach(() => create([http, https]));

  test('merge ports by number, and place those the patch names in its order', async () => {
    const { body } = await patch('strategic-merge', {
      spec: {
        ports: [
          { port: 443, targetPort: 9443 },
          { name: 'tcp', port: 32400 },
        ],
        '$setElementOrder/ports': [{ port: 443 }, { port: 80 }, { port: 32400 }],
      },
    });
    expect(body.spec.ports.map((port: Body) => [port.port, port.name, port.targetPort])).toEqual([
      [443, 'https', 9443],
      [80, 'http2', 8080],
      [32400, 'tcp', 32400],
    ]);
  });

  test('remove one port by number', async () => {
    const { body } = await patch('strategic-merge', {
      spec: { ports: [{ $patch: 'delete', port: 443 }] },
    });
    expect(body.spec.ports.map((port: Body) => port.port)).toEqual([80]);
  });

  test('replace all ports when they say so', async () => {
    const { body } = await patch('strategic-merge', {
      spec: { ports: [{ $patch: 'replace' }, { name: 'tcp', port: 32400 }] },
    });
    expect(body.spec.ports.map((port: Body) => port.port)).toEqual([32400]);
  });

  test('confuse TCP and UDP of one number when strategic, as Kubernetes does', async () => {
    await patch('json', [
      {
        op: 'add',
        path: '/spec/ports/-',
        value: { name: 'udp', port: 80, protocol: 'UDP', targetPort: 8080 },
      },
    ]);
    const { body } = await patch('strategic-merge', {
      spec: { ports: [{ port: 80, protocol: 'UDP', targetPort: 9999 }] },
    });
    expect(body.code).toBe(422);
    expect(body.message).toContain('spec.ports[2]: Duplicate value: {"port":80,"protocol":"UDP"}');
  });

  test('replace lists as a whole when they are merge patches', async () => {
    const { body } = await patch('merge', { spec: { ports: [{ name: 'tcp', port: 32400 }] } });
    expect(body.spec.ports.map((port: Body) => port.port)).toEqual([32400]);
  });

  test('are applied completely or not at all when they are JSON patches', async () => {
    const failing = await patch('json', [
      { op: 'remove', path: '/spec/ports/0' },
      { op: 'test', path: '/spec/ports/0/port', value: 80 },
    ]);
    expect(failing).toMatchObject({ code: 422, body: { reason: 'Invalid', details: {} } });
    const kept = await call(lab, `${services}/istio-ingressgateway`);
    expect(kept.body.spec.ports).toHaveLength(2);
    const moved = await patch('json', [
      { op: 'test', path: '/spec/ports/0/port', value: 80 },
      { op: 'copy', from: '/spec/ports/0/name', path: '/metadata/annotations', value: null },
      { op: 'replace', path: '/metadata/annotations', value: { 'sluice.dev~1x': 'a' } },
      { op: 'add', path: '/metadata/annotations/sluice.dev~1seen', value: 'yes' },
      { op: 'move', from: '/spec/ports/0', path: '/spec/ports/1' },
    ]);
    expect(moved.body.metadata.annotations).toEqual({
      'sluice.dev~1x': 'a',
      'sluice.dev/seen': 'yes',
    });
    expect(moved.body.spec.ports.map((port: Body) => port.port)).toEqual([443, 80]);
  });

  test('are refused if they are invalid, or name an outdated version', async () => {
    expect((await patch('json', { op: 'add' })).code).toBe(400);
    expect(
      (await patch('strategic-merge', { spec: { ports: [{ name: 'no number' }] } })).code,
    ).toBe(400);
    expect((await patch('merge', { metadata: { resourceVersion: '1' }, spec: {} })).code).toBe(409);
    expect((await patch('unknown', {})).code).toBe(415);
  });
});
