import { describe, expect, test } from '@jest/globals';
import { buildExposures } from '../../../shared/domain/exposure/build.ts';
import { configMap, context, REF, walkthrough, world } from './fixtures.ts';

describe('the walkthrough', () => {
  test('a gateway alone is offered at the address of sluice.yaml on its own port', () => {
    const { objects, mapping } = world();
    const { exposures, servers } = buildExposures(REF, objects, mapping, context());
    expect(exposures).toEqual([
      {
        address: '172.16.100.195',
        port: 32_400,
        protocol: 'tcp',
        partition: 'k8s',
        gateways: ['default/tcp-echo-gateway'],
        since: '2026-01-01T00:00:00Z',
        settings: {
          mode: 'tcp',
          balance: 'round-robin',
          snat: 'auto',
          persistence: [],
          iRules: [],
          profiles: {},
          vlans: [],
          connectionLimit: 0,
          reselectTries: 3,
          monitors: [
            {
              type: 'http',
              interval: 5,
              timeout: 16,
              port: 15_021,
              send: 'GET /healthz/ready HTTP/1.1\\r\\nHost: sluice\\r\\nConnection: close\\r\\n\\r\\n',
              receive: '200 OK',
            },
            { type: 'tcp', interval: 5, timeout: 16 },
          ],
        },
        members: [
          { address: '10.1.0.1', port: 32_400, availability: 'ready' },
          { address: '10.1.0.2', port: 32_400, availability: 'ready' },
        ],
      },
    ]);
    expect(servers).toEqual(mapping.servers);
  });

  test('its ConfigMap moves it to port 31400 and names itself as the source', () => {
    const { objects, mapping } = world({
      configMaps: [configMap('istio-ingressgateway.32400.vs', walkthrough())],
    });
    const { exposures, sources } = buildExposures(REF, objects, mapping, context());
    expect(exposures.map((one) => [one.port, one.settings.balance])).toEqual([
      [31_400, 'least-connections-member'],
    ]);
    expect(sources['172.16.100.195:31400/tcp']).toMatchObject({
      port: 'ConfigMap istio-system/istio-ingressgateway.32400.vs',
      snat: 'default',
    });
  });
});
