import { describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../../shared/config/load.ts';
import { exposureContext } from '../../../shared/config/context.ts';
import type { PathOptions } from '../../../shared/domain/paths/network-config.ts';

interface Given {
  readonly east?: object;
  readonly west?: object;
  readonly networks?: object;
  readonly members?: 'pods' | 'nodes';
}

function text({ east = {}, west = {}, networks, members = 'pods' }: Given): string {
  return JSON.stringify({
    generation: 1,
    devices: [
      {
        name: 'one',
        url: 'https://192.0.2.1',
        username: 'u',
        password: 'env:P',
        partitions: ['k8s', 'edge'],
        ...(networks && { networks }),
      },
    ],
    clusters: [
      { id: 'east', ...east },
      { id: 'west', ...west },
    ],
    ingresses: ['east', 'west'].map((cluster) => ({
      cluster,
      service: 'a/b',
      devices: ['one'],
      members,
    })),
  });
}

function optionsOf(given: Given): PathOptions | undefined {
  const config = parseConfig(text(given), 'sluice.yaml', 1);
  const [ingress] = config.ingresses;
  if (ingress === undefined) throw new Error('no ingress');
  return exposureContext(config, ingress, config.clusters[0]!.mesh).paths;
}

const vxlan = { network: { mode: 'vxlan' } };

describe('how BIG-IP reaches the pods of a cluster', () => {
  test('by default, Sluice does nothing about it', () => {
    expect(optionsOf({})).toBeUndefined();
    expect(parseConfig(text({}), 'sluice.yaml', 1).devices[0]?.networks).toEqual({
      partition: 'sluice-net',
      tunnels: {},
    });
  });

  test('mode and source come with the route domain and the networks of the nodes', () => {
    expect(
      optionsOf({
        east: {
          network: { mode: 'routes' },
          routeDomain: 2,
          nodeNetworks: ['192.0.2.0/24'],
          podNetworks: ['10.244.0.0/16'],
        },
      }),
    ).toMatchObject({
      cluster: 'east',
      mode: 'routes',
      from: 'auto',
      routeDomain: 2,
      nodeNetworks: [{ bits: 24 }],
      podNetworks: [{ bits: 16 }],
    });
  });

  test('a tunnel for each cluster', () => {
    const tunnels = { east: '/Common/east_vxlan', west: '/Common/west_vxlan' };
    const network = { mode: 'vxlan', from: 'flannel' };
    expect(
      optionsOf({ east: { network }, west: { network }, networks: { tunnels } }),
    ).toMatchObject({
      mode: 'vxlan',
      from: 'flannel',
    });
  });

  test('a device needs nothing for clusters that are not on it', () => {
    const config = JSON.parse(text({ east: vxlan, networks: { partition: 'edge' } })) as {
      devices: object[];
      ingresses: { cluster: string; devices: string[] }[];
    };
    config.devices.push({
      ...config.devices[0],
      name: 'two',
      url: 'https://192.0.2.2',
      networks: { tunnels: { east: '/Common/t' } },
    });
    for (const ingress of config.ingresses)
      if (ingress.cluster === 'east') ingress.devices = ['two'];
    expect(() => parseConfig(JSON.stringify(config), 'sluice.yaml', 1)).not.toThrow();
  });

  test('nodes as members need no tunnel', () => {
    const east = { network: { mode: 'vxlan' } };
    expect(() => parseConfig(text({ east, members: 'nodes' }), 'sluice.yaml', 1)).not.toThrow();
  });
});

describe('what is refused', () => {
  test('one tunnel for two clusters, which is one problem', () => {
    const tunnels = { east: '/Common/t', west: '/Common/t' };
    const parse = (): unknown =>
      parseConfig(text({ east: vxlan, west: vxlan, networks: { tunnels } }), 'sluice.yaml', 1);
    expect(parse).toThrow(
      'devices[0].networks.tunnels.west: /Common/t is the tunnel of cluster east; each ' +
        'cluster needs a tunnel of its own',
    );
    expect(parse).not.toThrow('tunnels.east');
  });

  test.each<[string, Given, string]>([
    [
      'a mode that does not exist',
      { east: { network: { mode: 'bgp' } } },
      'clusters[0].network.mode:',
    ],
    [
      'a source that does not exist',
      { east: { network: { mode: 'routes', from: 'weave' } } },
      'clusters[0].network.from:',
    ],
    [
      'a source without a mode',
      { east: { network: { from: 'ovn' } } },
      'clusters[0].network.from: ovn has no effect with mode: none; add mode: routes or mode: vxlan, or remove it',
    ],
    [
      'a source that has no tunnels',
      { east: { network: { mode: 'vxlan', from: 'ovn' } } },
      'clusters[0].network.from: ovn has no tunnels that BIG-IP can use; use flannel or cilium, or mode: routes',
    ],
    [
      'no tunnel on a device of the cluster',
      { east: vxlan },
      'devices[0].networks.tunnels.east: cluster east has network.mode: vxlan, and ' +
        'device one has no tunnel for it; name its tunnel, such as /Common/east_vxlan',
    ],
    [
      'a tunnel of a cluster that does not exist',
      { networks: { tunnels: { eas: '/Common/t' } } },
      'devices[0].networks.tunnels.eas: no cluster eas; did you mean east?',
    ],
    [
      'a tunnel of a cluster without tunnels',
      { networks: { tunnels: { east: '/Common/t' } } },
      'devices[0].networks.tunnels.east: cluster east has network.mode: none; use mode: vxlan, or remove the tunnel',
    ],
    [
      'a tunnel that F5 CIS would remove',
      { east: vxlan, networks: { tunnels: { east: '/Common/k8s-tunnel' } } },
      'devices[0].networks.tunnels.east: /Common/k8s-tunnel begins with k8s, and F5 CIS ' +
        'removes what begins so; choose another name',
    ],
    [
      'a name without a partition',
      { east: vxlan, networks: { tunnels: { east: 'fl-vxlan' } } },
      'devices[0].networks.tunnels.east: must be the path of a tunnel, such as /Common/flannel_vxlan',
    ],
    [
      'routes in a partition with a declaration',
      { east: { network: { mode: 'routes' } }, networks: { partition: 'edge' } },
      'devices[0].networks.partition: edge is one of devices[].partitions of one; routes ' +
        'need a partition without a declaration, so choose another one',
    ],
    [
      'ARP entries in a partition with a declaration',
      { east: vxlan, networks: { partition: 'edge', tunnels: { east: '/Common/t' } } },
      'devices[0].networks.partition: edge is one of devices[].partitions of one',
    ],
    [
      'routes in a partition that F5 CIS would sweep',
      { east: { network: { mode: 'routes' } }, networks: { partition: 'k8s-net' } },
      'devices[0].networks.partition: k8s-net begins with k8s, and F5 CIS removes what begins so; choose another name',
    ],
    [
      'routes in Common',
      { networks: { partition: 'Common' } },
      'devices[0].networks.partition: must not be Common',
    ],
  ])('%s', (_, given, expected) => {
    expect(() => parseConfig(text(given), 'sluice.yaml', 1)).toThrow(expected);
  });
});
