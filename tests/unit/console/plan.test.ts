/** A developer learns what his manifests would change, without a question to a device. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { CODES } from '../../../shared/domain/codes/index.ts';
import type { ConsoleDesk } from '../../fixtures/console/desk.ts';
import { startDesk } from '../../fixtures/console/desk.ts';

let desk: ConsoleDesk;
beforeEach(async () => {
  desk = await startDesk('viewer');
});

describe('manifests of a developer', () => {
  const labels = { istio: 'ingressgateway' };
  const meta = (namespace: string, name: string) => ({ namespace, name });
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta('istio-system', 'istio-ingressgateway'),
    spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...meta('istio-system', 'gw-1'), labels },
    spec: { nodeName: 'n1', containers: [{ name: 'istio-proxy', image: 'proxyv2' }] },
    status: {
      podIP: '10.0.0.7',
      podIPs: [{ ip: '10.0.0.7' }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
  const gateway = (port: number, protocol = 'HTTP') => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: meta('team', 'web'),
    spec: {
      selector: labels,
      servers: [{ port: { number: port, name: 'port', protocol }, hosts: ['*'] }],
    },
  });
  const plan = (objects: readonly object[]) =>
    desk.post('/api/v1/plan', { manifests: JSON.stringify(objects), cluster: 'east' });

  test('are planned against the devices as last seen, without asking them', async () => {
    await desk.see();
    desk.site.away.device = true;
    const items = [service, pod, gateway(80)];
    const { status, body } = await plan([{ apiVersion: 'v1', kind: 'List', items }]);
    expect([status, body.cluster, body.counts.add, body.total]).toEqual([200, 'east', 1, 1]);
    expect(body.changes).toMatchObject([
      { device: 'bigip-1', kind: 'create', key: '172.16.100.1:80/tcp', gateways: ['team/web'] },
    ]);
    expect(body.at).toBe(new Date(desk.site.runtime.clock.now()).toISOString());
    expect(body.notes.at(-1)).toContain('only the device knows');
    expect((await plan(items)).body).toEqual(body);
  });

  test('say why a port is not exposed', async () => {
    await desk.see();
    // Envoy does not listen without a route.
    const { body } = await plan([service, pod, gateway(9_999, 'TCP')]);
    expect(body.counts.add).toBe(0);
    expect(body.notExposed).toMatchObject([
      { gateway: 'team/web', port: 9_999, reason: expect.stringContaining('VirtualService') },
    ]);
  });

  test('say what to do about each code, and which object a warning is about', async () => {
    await desk.see();
    const annotated = {
      ...service,
      metadata: { ...service.metadata, annotations: { 'sluice.io/unheard-of': '1' } },
    };
    const { body } = await plan([annotated, pod, gateway(80)]);
    expect(body.warnings).toEqual([
      {
        object: 'Service istio-system/istio-ingressgateway',
        code: 'GW121',
        message: expect.stringContaining('sluice.io/unheard-of'),
      },
    ]);
    expect(body.notes.join()).not.toContain('sluice.io/unheard-of');
    const blocked = (await plan([service, pod, gateway(9_999, 'TCP')])).body;
    for (const { remedies, warnings, changes, notExposed } of [body, blocked]) {
      const codes = [...warnings, ...changes, ...notExposed].map(({ code }) => code);
      const wanted = [...new Set(codes)].filter((code) => code !== 'OK');
      expect(Object.entries(remedies)).toEqual(wanted.map((code) => [code, CODES[code]!.fix]));
    }
  });

  const one = JSON.stringify(service);
  test.each<[string, string, string | undefined, number, RegExp]>([
    ['YAML', 'kind: Service', 'east', 422, /must be JSON .*kubectl create -f FILE/],
    ['not an object', '{"a":1}', 'east', 422, /^manifests\.0: .*kind/],
    [
      'an object with an odd name',
      '[{"apiVersion":"v1","kind":"Service","metadata":{"name":1}}]',
      'east',
      422,
      /^manifests\.0\.metadata\.name: /,
    ],
    ['null', 'null', 'east', 422, /manifests\.0/],
    ['nested too deeply', '['.repeat(90_000), 'east', 422, /more than 64 levels/],
    ['with too many values', `[${'1,'.repeat(50_000)}1]`, 'east', 422, /more than 20000 values/],
    ['without the Service', JSON.stringify(gateway(80)), 'east', 422, /no ingress Service of/],
    [
      'with a duplicate object',
      `[${one},${one}]`,
      'east',
      422,
      /twice; leave one.*\n.*manifests\.0/,
    ],
    ['of an unknown cluster', one, 'nowhere', 422, /^cluster nowhere: use one of clusters/],
    ['without a cluster, where there are several', one, undefined, 422, /^cluster is missing/],
    ['too long', 'x'.repeat(210_000), 'east', 400, /manifests/],
    ['nothing', '', 'east', 400, /manifests/],
  ])('that are bad are refused with the place and the way on: %s', async (...given) => {
    const [, manifests, cluster, wanted, says] = given;
    await desk.see();
    const { status, body } = await desk.post('/api/v1/plan', { manifests, cluster });
    expect([status, body.error.message]).toEqual([wanted, expect.stringMatching(says)]);
  });

  test('are not planned against a device that was never seen', async () => {
    const { status, body } = await plan([service, pod, gateway(80)]);
    expect([status, body.error.message]).toEqual([422, expect.stringContaining('not seen yet')]);
  });
});
