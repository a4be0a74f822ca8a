/** From nothing to traffic: through tunnels, and by routes. */
import {
  aWhile,
  applyGateway,
  checkAnswered,
  checkSharedPool,
  checkUp,
  quietly,
  showDevice,
  siteOf,
  traffic,
  type ClustersScene,
} from '../fleet/scene.ts';
import { vtepMacOf } from '../../networks.ts';
import { createOnDevice, type NetworkEntry } from './entries.ts';
import { EQUIPMENT } from './landscape.ts';
import { checkEntries, checkOrder, entries, showEntries } from './looks.ts';

/** What administrators do once, before Sluice. */
export async function prepares(scene: ClustersScene): Promise<void> {
  const { checks, lab, say } = scene;
  checks.step(
    'Before: administrators give BIG-IP an address among the nodes, and a tunnel for each flannel cluster',
  );
  say.why('"sluice network setup" prints these commands; they are needed once.');
  for (const { collection, body } of EQUIPMENT) {
    const { name, ...fields } = body;
    const words = Object.entries(fields).map(([key, value]) => `${key} ${value}`);
    say.why(`create ${collection.replaceAll('/', ' ')} ${name} ${words.join(' ')}`);
    await createOnDevice(lab.bigip, collection, body);
  }
  await checks.check({
    expected: 'BIG-IP has no path to any pod',
    where: 'the BIG-IP of the lab, which should be new',
    within: 0,
    see: async () => {
      const there = await entries(scene);
      return there.length === 0
        ? { ok: true, say: 'BIG-IP has no path to any pod: no route, no record, no ARP entry' }
        : { instead: `${there.length} entries` };
    },
  });
}

/** The record of each node and the ARP entry of each gateway pod. */
export function tunnelEntries(
  scene: ClustersScene,
  id: string,
): readonly Pick<NetworkEntry, 'kind' | 'goal' | 'to'>[] {
  const { cluster, nodeAddresses } = siteOf(scene, id);
  const macs = cluster.world().nodes.map((node) => vtepMacOf(node) ?? 'none');
  const pods = cluster.pods('istio-ingressgateway');
  return [
    ...macs.map((goal, index) => ({ kind: 'fdb' as const, goal, to: nodeAddresses[index] ?? '' })),
    ...pods.map(({ spec, status }) => ({
      kind: 'arp' as const,
      goal: status?.podIP ?? 'none',
      to: macs[Number(spec.nodeName?.replace('worker-', '')) - 1] ?? 'none',
    })),
  ];
}

/** The first cluster, through a tunnel. */
export async function flannel(scene: ClustersScene): Promise<void> {
  const { checks, clock, say } = scene;
  checks.step('A cluster with flannel, from nothing to traffic: a user applies a Gateway');
  say.why(
    "flannel writes the address and MAC of each node's tunnel interface into its Node; Sluice reads them there.",
  );
  const since = clock.now();
  await applyGateway(scene, 'east');
  await checkSharedPool(scene, ['east']);
  say.why(
    'A record tells BIG-IP the node for a MAC, and an ARP entry the MAC for a pod. Without both, it drops the packets.',
  );
  await checkEntries(scene, tunnelEntries(scene, 'east'));
  await checkOrder(scene, since);
  await checkUp(scene, ['east']);
  await checkAnswered(scene, await aWhile(scene), ['east']);
  await showEntries(scene, 'east');
}

/** The second one, through a tunnel of its own. */
export async function secondTunnel(scene: ClustersScene): Promise<void> {
  const { checks, clock, lab, say } = scene;
  checks.step('A second cluster joins, with a tunnel of its own, while requests are sent');
  say.why('Its packets carry another VNI (2), so each cluster has its own tunnel on BIG-IP.');
  const since = clock.now();
  const running = traffic(scene);
  await applyGateway(scene, 'west');
  await checkSharedPool(scene, ['east', 'west']);
  await checkEntries(scene, tunnelEntries(scene, 'west'));
  await checkOrder(scene, since);
  await checks.check({
    expected: 'each tunnel has the records of the nodes of its own cluster only',
    where: 'devices[].networks.tunnels in sluice.yaml',
    see: async () => {
      const records = (await entries(scene)).filter(({ kind }) => kind === 'fdb');
      const wrong = records.filter(({ to, at }) => {
        const own = lab.sites.find(({ nodeAddresses }) => nodeAddresses.includes(to));
        return at !== `/Common/${own?.id}-pods`;
      });
      return wrong.length === 0 && records.length === 4
        ? { ok: true, say: 'each tunnel has the records of the two nodes of its own cluster' }
        : { instead: records.map(({ goal, to, at }) => `${goal} ${to} ${at}`).join(', ') };
    },
  });
  await checkUp(scene, ['east', 'west']);
  await quietly(scene, running);
  await checkAnswered(scene, await running.stop(), ['east', 'west']);
  await showEntries(scene, 'west');
}

/** The third one, by routes. */
export async function routes(scene: ClustersScene): Promise<void> {
  const { checks, clock, say } = scene;
  checks.step(
    'A cluster without tunnels joins: BIG-IP is among its nodes, and gets a route for each of them',
  );
  say.why(
    'network: { mode: routes }. The network of the pods is in the Node (spec.podCIDRs), the gateway is the node.',
  );
  const since = clock.now();
  const running = traffic(scene);
  await applyGateway(scene, 'south');
  await checkSharedPool(scene, ['east', 'west', 'south']);
  const { nodeAddresses, podNetwork } = siteOf(scene, 'south');
  await checkEntries(
    scene,
    nodeAddresses.map((to, index) => ({
      kind: 'route',
      goal: `${podNetwork}.${index + 1}.0/24`,
      to,
    })),
  );
  await checkOrder(scene, since);
  await checkUp(scene, ['east', 'west', 'south']);
  await quietly(scene, running);
  await checkAnswered(scene, await running.stop(), ['east', 'west', 'south']);
  await showEntries(scene, 'south');
  showDevice(scene);
}
