/** `sluice doctor` where one part of what paths to pods need once is missing. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { createDeviceGroup } from '../../../infra/lab/bigip/index.ts';
import { describeFinding } from '../../../shared/operations/doctor/finding.ts';
import { rawNode } from '../../fixtures/cni-nodes.ts';
import { app, declare, tenant } from '../lab-bigip/client.ts';
import {
  addTunnel,
  bad,
  flannelNode,
  LOCAL,
  NET,
  type NetworkSite,
  startFlannelSite,
  startNetworkSite,
  startRoutesSite,
} from './network-site.ts';

let site: NetworkSite;
afterEach(() => site.close());

const SELF = `${NET}/self/~Common~`;
const TUNNEL = `${NET}/tunnels/tunnel/~Common~east_vxlan`;
const PROFILE = `${NET}/tunnels/vxlan/~Common~east`;
const PARTITION = '/mgmt/tm/auth/partition/sluice-net';

const worker = (more: object = {}): void =>
  void site.cluster.store.apply({
    ...rawNode({ name: 'worker-1', address: '192.0.2.11' }),
    ...more,
  } as never);

type Spoil = () => Promise<void> | void;

/** What is missing, how it came, and the only row that is not well. */
type Row = readonly [missing: string, spoil: Spoil, says: RegExp];

const PAIR: readonly Row[] = [
  [
    'the partition',
    async () => {
      await site.send(site.a, 'DELETE', PARTITION);
      await site.sync();
    },
    /^partition sluice-net on bigip: does not exist \(BIP483\); Sluice creates it with its first path, or you do: tmsh create auth partition sluice-net$/,
  ],
  [
    'a partition without a declaration',
    async () => {
      await declare(site.a, { 'sluice-net': tenant({ a: app() }) });
      await site.sync();
    },
    /^partition sluice-net on bigip: is an AS3 tenant.* \(BIP476\); name another partition in devices\[\]\.networks\.partition$/,
  ],
  [
    'the default route domain 0',
    async () => {
      await site.send(site.a, 'PATCH', PARTITION, { defaultRouteDomain: 2 });
      await site.sync();
    },
    /^partition sluice-net on bigip: its default route domain is 2.* \(BIP483\); tmsh modify auth partition sluice-net default-route-domain 0$/,
  ],
  [
    'the device group of the partition',
    () => site.send(site.a, 'PATCH', '/mgmt/tm/sys/folder/~sluice-net', { deviceGroup: 'none' }),
    /^partition sluice-net on bigip: is in no device group.* \(BIP483\); tmsh modify sys folder \/sluice-net device-group pair$/,
  ],
  [
    'the config sync',
    () => site.send(site.a, 'POST', '/mgmt/tm/auth/partition', { name: 'another' }),
    /^config sync of bigip: the device reports "Changes Pending" \(BIP441\); sync the pair/,
  ],
  [
    'the standby unit',
    () => void site.b.faults.inject({ times: Infinity, response: { kind: 'reset' } }),
    /^units of bigip: the standby unit does not answer.* \(BIP501\); check devices\[\]\.url and peer$/,
  ],
  [
    'a role that may write',
    () =>
      site.send(site.a, 'PATCH', `/mgmt/tm/auth/user/${site.a.username}`, {
        partitionAccess: [{ name: 'all-partitions', role: 'manager' }],
      }),
    /^account admin of bigip: has the role manager.* \(BIP403\); give it the role admin on all partitions$/,
  ],
];

describe('with routes', () => {
  test('a complete pair is in order, and what cannot be checked is listed', async () => {
    site = await startRoutesSite();
    const rows = (await site.look()).map(
      (one) => `${one.state} ${one.what}: ${describeFinding(one)}`,
    );
    expect(rows).toEqual([
      'ok partition sluice-net on bigip: for routes and entries of Sluice',
      'ok units of bigip: a.lab, b.lab',
      'ok config sync of bigip: in sync',
      'ok account admin of bigip: may write network objects (admin)',
      'ok F5 CIS on bigip: left no entries',
      'ok nodes of east from a.lab: 1 node in networks of its self IPs; answers return to the SNAT address',
      'ok nodes of east from b.lab: 1 node in networks of its self IPs; answers return to the SNAT address',
    ]);
  });

  test('without a kubeconfig, what only the cluster knows is not judged', async () => {
    site = await startRoutesSite();
    await site.send(site.b, 'DELETE', `${SELF}nodes`);
    const findings = await site.look({ blind: true });
    expect(bad(findings)).toEqual([expect.stringMatching(/^config sync/)]);
    expect(findings.at(-1)?.says).toBe('not checked: name a kubeconfig of the cluster with -k');
  });

  const rows: readonly Row[] = [
    ...PAIR,
    [
      'the self IP of a unit among the nodes',
      async () => {
        await site.send(site.b, 'DELETE', `${SELF}nodes`);
        await site.sync();
      },
      /^nodes of east from b\.lab: b\.lab has no self IP of its own in the network of worker-1 at 192\.0\.2\.11.* \(BIP472\); create a self IP there \("sluice network setup --device bigip --cluster east" prints how\); for nodes beyond a router, use members: nodes/,
    ],
    [
      'a floating self IP towards the nodes',
      async () => {
        await site.send(site.a, 'DELETE', `${SELF}nodes_floating`);
        await site.sync();
      },
      /^nodes of east from [ab]\.lab: [ab]\.lab has no floating IPv4 self IP on \/Common\/internal, so SNAT automap.* \(BIP480\); create a self IP with a floating traffic group on \/Common\/internal$/,
    ],
    [
      'the end of F5 CIS',
      async () => {
        await site.send(site.a, 'POST', `${NET}/arp`, {
          name: 'k8s-10.244.1.5',
          ipAddress: '10.244.1.5',
          macAddress: 'c2:e5:af:15:7c:01',
        });
        await site.sync();
      },
      /^F5 CIS on bigip: it keeps 1 ARP entry \(\/Common\/k8s-10\.244\.1\.5\).* \(BIP485\); stop CIS/,
    ],
  ];
  test.each(rows)('%s is reported as missing, with the remedy', async (_, spoil, says) => {
    site = await startRoutesSite();
    await spoil();
    const found = bad(await site.look());
    expect(found).toContainEqual(expect.stringMatching(says));
    expect(found.filter((one) => !says.test(one))).toEqual([]);
  });

  test('a self IP of another route domain does not count', async () => {
    site = await startRoutesSite({ routeDomain: 2 });
    expect(bad(await site.look())).toEqual([]);
    await site.close();
    site = await startNetworkSite({ mode: 'routes', group: createDeviceGroup('pair') });
    await site.send(site.a, 'DELETE', `${SELF}nodes`);
    await site.send(site.a, 'DELETE', `${SELF}nodes_floating`);
    await site.send(site.a, 'POST', `${NET}/self`, {
      name: 'other',
      address: '192.0.2.4%2/24',
      vlan: 'internal',
    });
    expect(bad(await site.look())).toContainEqual(
      expect.stringMatching(/^nodes of east from a\.lab: .*BIP472/),
    );
  });

  test.each([
    ['aws:///eu-central-1a/i-0abc', /EC2: switch off the source\/destination check/],
    ['azure:///subscriptions/1', /Azure: switch on IP forwarding/],
    ['openstack:///7f1c', /OpenStack: add the pod networks to the allowed address pairs/],
  ])('nodes of %s get a hint that they need a setting of the cloud', async (providerID, says) => {
    site = await startRoutesSite({ from: 'host' });
    worker({ spec: { providerID } });
    const findings = await site.look();
    expect(bad(findings)).toEqual([]);
    expect(findings.find(({ id }) => id === 'network-cloud')?.says).toMatch(says);
  });
});

describe('with a tunnel to flannel', () => {
  test('a complete pair is in order', async () => {
    site = await startFlannelSite();
    const findings = await site.look();
    expect(bad(findings)).toEqual([]);
    const says = new Map(findings.map((one) => [one.what, one.says]));
    expect(says.get('tunnel /Common/east_vxlan on a.lab')).toBe(
      'VNI 1, port 8472, flooding none; local address 192.0.2.6; MTU by path; ' +
        'self IP of length 16; port 8472 of the nodes is assumed, the default of flannel on Linux: ' +
        'Backend.Port in net-conf.json of flannel (Talos sets 4789) may have another one; ' +
        'UDP 8472 between BIG-IP and nodes is not checked',
    );
    expect(says.get('way back from east to a.lab')).toBe(
      `Node a.lab has public-ip 192.0.2.6 and VtepMAC ${await site.macOf(site.a)}`,
    );
  });

  const tunnel = async (body: object): Promise<void> => {
    await site.send(site.a, 'PATCH', TUNNEL, body);
    await site.sync();
  };
  const profile = async (body: object): Promise<void> => {
    await site.send(site.a, 'PATCH', PROFILE, body);
    await site.sync();
  };
  const node = async (podCIDR: string, mac?: string): Promise<void> =>
    void site.cluster.store.apply(
      flannelNode('a.lab', LOCAL.both, podCIDR, mac ?? (await site.macOf(site.a))) as never,
    );
  const A = '^tunnel /Common/east_vxlan on a\\.lab: ';
  const EITHER = '^tunnel /Common/east_vxlan on [ab]\\.lab: ';
  const rows: readonly Row[] = [
    [
      'the VNI of the nodes',
      () => tunnel({ key: 7 }),
      new RegExp(
        `${EITHER}its key \\(VNI\\) is 7, and the nodes use 1 \\(BIP481\\); set key 1 at /Common/east_vxlan$`,
      ),
    ],
    [
      'the port of the nodes',
      () => profile({ port: 4789 }),
      new RegExp(
        `${EITHER}its profile has port 4789, and 8472 is assumed for the nodes, the default of flannel on Linux \\(BIP481\\); set port 8472 in its VXLAN profile, unless Backend\\.Port in net-conf\\.json of flannel \\(Talos sets 4789\\) is 4789$`,
      ),
    ],
    [
      'no flooding',
      () => profile({ floodingType: 'multipoint' }),
      new RegExp(
        `${EITHER}the flooding type of its profile is multipoint; .* \\(BIP481\\); set flooding-type none`,
      ),
    ],
    [
      'a local address',
      () => tunnel({ localAddress: 'any' }),
      new RegExp(
        `${EITHER}its local address is any, .* \\(BIP481\\); set its local-address to a self IP of [ab]\\.lab`,
      ),
    ],
    [
      'a local address that exists',
      () => tunnel({ localAddress: '192.0.2.99' }),
      new RegExp(
        `${EITHER}its local address 192\\.0\\.2\\.99 is no self IP of [ab]\\.lab \\(BIP481\\); set its local-address`,
      ),
    ],
    [
      'room for the outer header',
      () => tunnel({ mtu: 1500 }),
      new RegExp(
        `${EITHER}its MTU is 1500, but /Common/internal carries 1500 bytes.* \\(BIP481\\); set its mtu to 1450 or less, or to 0$`,
      ),
    ],
    [
      'a self IP of the unit on the tunnel',
      () => site.send(site.b, 'DELETE', `${SELF}pods`),
      /^(tunnel \/Common\/east_vxlan on b\.lab: b\.lab has no self IP of its own on it \(BIP482\); "sluice network setup --device bigip --cluster east" prints how$|config sync)/,
    ],
    [
      'the length of the pod network',
      async () => {
        await site.send(site.a, 'DELETE', `${SELF}pods`);
        await site.send(site.a, 'POST', `${NET}/self`, {
          name: 'pods',
          address: '10.244.254.1/24',
          vlan: '/Common/east_vxlan',
        });
        await site.sync();
      },
      new RegExp(
        `${A}its self IP 10\\.244\\.254\\.1/24 does not cover 10\\.244\\.0\\.0/16.* \\(BIP482\\); give it the length of clusters\\[\\]\\.podNetworks`,
      ),
    ],
    [
      'a floating self IP on the tunnel',
      async () => {
        await site.send(site.a, 'DELETE', `${SELF}pods_floating`);
        await site.sync();
      },
      new RegExp(
        `${EITHER}[ab]\\.lab has no floating IPv4 self IP on /Common/east_vxlan.* \\(BIP480\\); create a self IP with a floating traffic group`,
      ),
    ],
    [
      "flannel's Node for BIG-IP",
      () => site.cluster.store.delete('v1', 'Node', undefined, 'a.lab'),
      /^way back from east to a\.lab: no Node has public-ip 192\.0\.2\.6.* \(BIP484\); apply the YAML below$/,
    ],
    [
      'the MAC of the tunnel in this Node',
      () => node('10.244.254.0/24', '00:00:5e:00:53:01'),
      /^way back from east to a\.lab: Node a\.lab does not lead to a\.lab: its VtepMAC is 00:00:5e:00:53:01, and the MAC of the tunnel is \S+ \(BIP484\); apply the YAML below$/,
    ],
    [
      'the self IP in the network of this Node',
      () => node('10.244.200.0/24'),
      /^way back from east to a\.lab: .*its podCIDR 10\.244\.200\.0\/24 does not contain self IP 10\.244\.254\.1 \(BIP484\); apply the YAML below$/,
    ],
    [
      'a network of its own in this Node',
      () =>
        void site.cluster.store.apply(
          flannelNode('worker-3', '192.0.2.13', '10.244.254.0/24', 'c2:e5:af:15:7c:03') as never,
        ),
      /^way back from east to a\.lab: .*its podCIDR is also that of worker-3 \(BIP484\)/,
    ],
  ];
  test.each(rows)('%s is reported as missing, with the remedy', async (_, spoil, says) => {
    site = await startFlannelSite();
    await spoil();
    const found = bad(await site.look());
    expect(found).toContainEqual(expect.stringMatching(says));
    expect(found.filter((one) => !says.test(one))).toEqual([]);
  });

  test('a tunnel that a unit does not have is named with the command that prints it', async () => {
    site = await startNetworkSite({
      mode: 'vxlan',
      from: 'flannel',
      group: createDeviceGroup('pair'),
    });
    const found = bad(await site.look()).filter((one) => one.startsWith('tunnel'));
    expect(found).toEqual(
      ['a', 'b'].map(
        (unit) =>
          `tunnel /Common/east_vxlan on ${unit}.lab: does not exist (BIP477); create it on ${unit}.lab; ` +
          '"sluice network setup --device bigip --cluster east" prints how',
      ),
    );
  });

  const portOfNodes = (conf: object | string, namespace = 'kube-flannel'): void => {
    site.cluster.store.apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    });
    site.cluster.store.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace, name: 'kube-flannel-cfg' },
      data: { 'net-conf.json': typeof conf === 'string' ? conf : JSON.stringify(conf) },
    });
  };
  const saysOfTunnel = async (): Promise<readonly string[]> =>
    (await site.look())
      .filter(({ id }) => id === 'network-tunnel')
      .map(({ state, says }) => `${state} ${says}`);

  test('the port that the nodes have is taken from the settings of flannel', async () => {
    site = await startFlannelSite();
    portOfNodes({ Network: '10.244.0.0/16', Backend: { Type: 'vxlan', Port: 4789 } });
    expect(await saysOfTunnel()).toEqual(
      Array.from({ length: 2 }, () =>
        expect.stringMatching(
          /^fail its profile has port 8472, and the nodes use 4789 \(ConfigMap kube-flannel\/kube-flannel-cfg\) \(BIP481\)$/,
        ),
      ),
    );
    await profile({ port: 4789 });
    expect(await saysOfTunnel()).toEqual(
      Array.from({ length: 2 }, () => expect.stringMatching(/^ok .*the nodes have port 4789 /)),
    );
  });

  test.each([
    ['no port', { Backend: { Type: 'vxlan' } }, 'the nodes have port 8472 (ConfigMap kube-system/'],
    ['no JSON', '{', 'port 8472 of the nodes is assumed'],
    ['an invalid port', { Backend: { Port: 'x' } }, 'port 8472 of the nodes is assumed'],
  ])('settings with %s mean the default of flannel on Linux', async (_, conf, says) => {
    site = await startFlannelSite();
    portOfNodes(conf, 'kube-system');
    for (const row of await saysOfTunnel()) expect(row).toContain(says);
  });

  test('another port than the assumed one is a warning, because nobody knows it', async () => {
    site = await startFlannelSite();
    await profile({ port: 4789 });
    for (const row of await saysOfTunnel())
      expect(row).toMatch(/^warn its profile has port 4789, and 8472 is assumed for the nodes/);
  });

  test('without a kubeconfig, the VNI is not reported as correct', async () => {
    site = await startFlannelSite();
    const findings = await site.look({ blind: true });
    expect(bad(findings)).toEqual([]);
    expect(findings.find(({ id }) => id === 'network-tunnel')?.says).toContain(
      'VNI not checked, because no node was read that names one',
    );
  });

  test('the Node of a unit is printed with everything that the unit says', async () => {
    site = await startFlannelSite();
    site.cluster.store.delete('v1', 'Node', undefined, 'a.lab');
    const text = (await site.look()).find(({ ok }) => !ok)?.text;
    expect(text?.split('\n')).toEqual([
      'apiVersion: v1',
      'kind: Node',
      'metadata:',
      '  name: a.lab',
      '  annotations:',
      "    flannel.alpha.coreos.com/public-ip: '192.0.2.6'",
      "    flannel.alpha.coreos.com/backend-type: 'vxlan'",
      `    flannel.alpha.coreos.com/backend-data: '{"VNI":1,"VtepMAC":"${await site.macOf(site.a)}"}'`,
      "    flannel.alpha.coreos.com/kube-subnet-manager: 'true'",
      'spec:',
      '  podCIDR: 10.244.254.0/24',
      "  podCIDRs: ['10.244.254.0/24']",
    ]);
  });

  test('the Node of a unit is printed where only the nodes say that they are of flannel', async () => {
    site = await startNetworkSite({ mode: 'vxlan', from: 'auto' });
    await addTunnel(site);
    const way = (await site.look()).find(({ id }) => id === 'network-way-back');
    expect(way?.remedy).toBe('apply the YAML below');
    expect(way?.text).toContain("flannel.alpha.coreos.com/public-ip: '192.0.2.6'");
  });

  test('the Node of a unit is printed with the VNI that the other nodes use', async () => {
    site = await startFlannelSite();
    site.cluster.store.delete('v1', 'Node', undefined, 'a.lab');
    for (const n of [1, 2]) {
      const mac = `c2:e5:af:15:7c:0${n}`;
      const numbered = flannelNode(`worker-${n}`, `192.0.2.1${n}`, `10.244.${n}.0/24`, mac, 7);
      site.cluster.store.apply(numbered as never);
    }
    await tunnel({ key: 7 });
    expect((await site.look()).find(({ ok }) => !ok)?.text).toContain('{"VNI":7,');
  });

  test('the Node of another unit does not confirm its VNI', async () => {
    site = await startFlannelSite();
    await site.send(site.b, 'PATCH', TUNNEL, { secondaryAddress: LOCAL.b });
    const other = flannelNode('b.lab', LOCAL.b, '10.244.253.0/24', '00:00:5e:00:53:0b', 7);
    site.cluster.store.apply(other as never);
    await site.send(site.a, 'PATCH', TUNNEL, { key: 7 });
    expect(bad(await site.look())).toContainEqual(
      expect.stringMatching(new RegExp(`${A}its key \\(VNI\\) is 7, and the nodes use 1 `)),
    );
  });

  test('units with local addresses of their own need a Node each', async () => {
    site = await startNetworkSite({ mode: 'vxlan', from: 'flannel' });
    await addTunnel(site);
    await site.send(site.a, 'PATCH', TUNNEL, { secondaryAddress: LOCAL.a });
    const way = (await site.look()).filter(({ id }) => id === 'network-way-back');
    expect(way.map(({ says }) => says)).toEqual([
      'no Node has public-ip 192.0.2.4, so the nodes do not know a.lab; nobody creates it but you (BIP484)',
    ]);
  });
});

describe('with a tunnel to Cilium', () => {
  const config = async (data: object): Promise<void> =>
    void site.cluster.store.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'kube-system', name: 'cilium-config' },
      data: {
        'enable-vtep': 'true',
        'vtep-endpoint': `192.0.2.200 ${LOCAL.both}`,
        'vtep-cidr': '10.98.0.0/24 10.99.254.0/24',
        'vtep-mask': '255.255.255.0',
        'vtep-mac': `00:00:5e:00:53:99 ${await site.macOf(site.a)}`,
        ...data,
      },
    });
  const start = async (): Promise<void> => {
    site = await startNetworkSite({
      mode: 'vxlan',
      from: 'cilium',
      group: createDeviceGroup('pair'),
    });
    await addTunnel(site, 'cilium');
    await site.sync();
    await site.send(site.b, 'POST', `${NET}/self`, {
      name: 'pods',
      address: '10.99.253.1/24',
      vlan: '/Common/east_vxlan',
    });
    await site.sync();
    await config({});
  };

  test('a complete pair is in order', async () => {
    await start();
    expect(bad(await site.look())).toEqual([]);
  });

  test.each<Row>([
    [
      'the VNI 2',
      async () => {
        await site.send(site.a, 'PATCH', TUNNEL, { key: 1 });
        await site.sync();
      },
      /its key \(VNI\) is 1, and the nodes use 2 \(BIP481\)/,
    ],
    [
      'flooding to all nodes',
      async () => {
        await site.send(site.a, 'PATCH', PROFILE, { floodingType: 'none' });
        await site.sync();
      },
      /flooding type of its profile is none; .*multipoint \(BIP481\)/,
    ],
    [
      'a route to the pods',
      async () => {
        await site.send(site.a, 'DELETE', `${NET}/route/~Common~east_pods`);
        await site.sync();
      },
      /has no route to 10\.244\.0\.0\/16 through it \(BIP482\); create a route with this network and interface \/Common\/east_vxlan/,
    ],
    [
      'VTEPs',
      () => config({ 'enable-vtep': 'false' }),
      /^way back from east to a\.lab: cilium-config in kube-system .*enable-vtep is not true \(BIP484\); set the values below/,
    ],
    [
      'the endpoint of the unit',
      () => config({ 'vtep-endpoint': '192.0.2.200' }),
      /vtep-endpoint has no 192\.0\.2\.6 \(BIP484\); set the values below/,
    ],
    [
      'its MAC',
      () => config({ 'vtep-mac': '00:00:5e:00:53:99 00:00:5e:00:53:01' }),
      /vtep-mac of 192\.0\.2\.6 is 00:00:5e:00:53:01, and the MAC of the tunnel is/,
    ],
    [
      'the network of this endpoint',
      () => config({ 'vtep-cidr': '10.98.0.0/24 10.97.0.0/24' }),
      /vtep-cidr of 192\.0\.2\.6 is 10\.97\.0\.0\/24, and the self IP is 10\.99\.254\.1 \(BIP484\)/,
    ],
  ])('%s is reported as missing, with the remedy', async (_, spoil, says) => {
    await start();
    await spoil();
    const found = bad(await site.look());
    expect(found).toContainEqual(expect.stringMatching(says));
    expect(found.filter((one) => !says.test(one))).toEqual([]);
  });

  test('tunnels of Geneve are reported, and the port is that of its settings', async () => {
    await start();
    await config({ 'tunnel-protocol': 'geneve', 'tunnel-port': '8473' });
    const found = bad(await site.look());
    expect(found).toContainEqual(
      expect.stringMatching(/^way back .*tunnel-protocol is geneve, and BIG-IP sends VXLAN/),
    );
    expect(found).toContainEqual(
      expect.stringMatching(
        /its profile has port 8472, and the nodes use 8473 \(ConfigMap kube-system\/cilium-config\)/,
      ),
    );
  });

  test('a missing right to read the values is reported', async () => {
    await start();
    site.cluster.faults.deny({ resource: 'configmaps', verbs: ['get'], namespace: 'kube-system' });
    const findings = await site.look();
    expect(bad(findings)).toEqual([]);
    expect(findings.find(({ id }) => id === 'network-way-back')?.says).toBe(
      'not checked: this account may not read ConfigMap kube-system/cilium-config; ' +
        '"sluice network setup" prints the values to compare',
    );
  });
});

describe('with a tunnel and from: auto', () => {
  const nodes = (annotations: Readonly<Record<string, string>>): void => {
    for (const n of [1, 2])
      site.cluster.store.apply(
        rawNode({ name: `worker-${n}`, address: `192.0.2.1${n}`, annotations }) as never,
      );
  };
  const start = async (): Promise<void> => {
    site = await startNetworkSite({ mode: 'vxlan' });
    await addTunnel(site);
  };
  const tunnels = async (): Promise<readonly string[]> =>
    bad(await site.look()).filter((one) => one.startsWith('tunnel /Common/east_vxlan on a.lab'));

  test.each([
    ['k8s.ovn.org/node-subnets', '{"default":"10.244.1.0/24"}', /OVN-Kubernetes.*UDP 6081/],
    ['node.antrea.io/transport-addresses', '192.0.2.11', /Antrea.*UDP 6081/],
    ['projectcalico.org/IPv4Address', '192.0.2.11/24', /Calico.*UDP 4789/],
  ])('nodes with %s are named with the way that reaches them', async (name, text, says) => {
    await start();
    nodes({ [name]: text });
    const found = await tunnels();
    expect(found).toContainEqual(expect.stringMatching(says));
    expect(found).toContainEqual(
      expect.stringMatching(/\(BIP481\); set network\.mode of east to routes; tunnels lead to/),
    );
  });

  test('nodes of flannel are known as such before there is a pod', async () => {
    await start();
    site.cluster.store.delete('v1', 'Pod', 'istio-system', 'gateway-1');
    const row = (await site.look()).find(({ id }) => id === 'network-tunnel');
    expect(row?.says).toContain('default of flannel on Linux');
  });
});
