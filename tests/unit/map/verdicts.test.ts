/** What map says about each server, for readers without access to the cluster. */
import { describe, expect, test } from '@jest/globals';
import { mapSnapshot } from '../../../functions/map/map.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { ApiGateway } from '../../../shared/domain/snapshot/objects.ts';
import type { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import { ingressOf } from '../../bench/world.ts';

const { ref, objects } = ingressOf(1);
const [made] = objects.gateways;
const GATEWAY = { ...made!, meta: { ...made!.meta, namespace: ref.namespace } };
type Server = KubernetesObjects['gateways'][number]['servers'][number];

const config = SluiceConfig.parse({
  generation: 1,
  devices: [
    {
      name: 'one',
      url: 'https://192.0.2.1',
      username: 'u',
      password: 'env:P',
      partitions: ['k8s'],
    },
  ],
  clusters: [{ id: 'east' }],
  ingresses: [
    {
      cluster: 'east',
      service: `${ref.namespace}/${ref.service}`,
      devices: ['one'],
      virtualAddress: '172.16.100.195',
    },
  ],
});

const withHosts = (...hosts: readonly string[]): Server => ({
  ...(GATEWAY.servers[0] as Extract<Server, { readonly hosts: unknown }>),
  hosts: [...hosts],
});

/** `istio 0: a.example.com b.example.com` for each server. */
function hostsSaid(servers: readonly Server[], apiGateways: readonly ApiGateway[] = []): string[] {
  const result = mapSnapshot({
    snapshot: {
      cluster: 'east',
      clusterUid: 'uid',
      ingress: ref,
      revision: { epoch: 1, counter: 1 },
      changes: [],
      removed: false,
      objects: {
        ...objects,
        gateways: [{ ...GATEWAY, servers: [...servers] }],
        apiGateways: [...apiGateways],
      },
    },
    sender: undefined,
    config,
  });
  if (result.kind === 'refused') throw new Error(result.reason);
  return result.verdicts.map((one) => `${one.api} ${one.server}: ${one.hosts?.join(' ') ?? '-'}`);
}

describe('the hosts that are kept of a server', () => {
  test('are named without the namespaces that may bind to them', () => {
    const servers = [withHosts('a.example.com', 'default/b.example.com', './*.example.net')];
    expect(hostsSaid(servers)).toEqual(['istio 0: a.example.com b.example.com *.example.net']);
  });

  test('are none for a server that cannot be read, which hides no other', () => {
    const broken = { malformed: 'port: expected an object' };
    expect(hostsSaid([broken, withHosts('a.example.com')]).sort()).toEqual([
      'istio 0: -',
      'istio 1: a.example.com',
    ]);
  });

  test('are not those of an Istio gateway for a listener of a Gateway of the same name', () => {
    const other = ApiGateway.parse({
      meta: GATEWAY.meta,
      class: 'istio',
      addresses: [{ type: 'Hostname', value: `${ref.service}.${ref.namespace}.svc.cluster.local` }],
      listeners: [{ name: 'web', port: 8443, protocol: 'HTTP' }],
    });
    expect(hostsSaid([withHosts('a.example.com')], [other]).sort()).toEqual([
      'gateway-api 0: -',
      'istio 0: a.example.com',
    ]);
  });
});
