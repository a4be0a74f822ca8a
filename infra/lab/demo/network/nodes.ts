/** Nodes that change while requests are sent. */
import { nodeOn, nodeWithNetwork, type Machine } from '../../networks.ts';
import { sluice } from '../fleet/drain.ts';
import {
  aWhile,
  checkAnswered,
  checkSharedPool,
  checkUp,
  quietly,
  siteOf,
  traffic,
  type ClustersScene,
} from '../fleet/scene.ts';
import { removeTunnelRecord } from './entries.ts';
import { changingDeclares, checkEntries, entries, pathWrites, showEntries } from './looks.ts';
import { tunnelEntries } from './scenes.ts';

const NODE = 'worker-1';

function place(scene: ClustersScene, id: string, machine: Machine): void {
  const { cluster, kubernetes } = siteOf(scene, id);
  const node = cluster.world().nodes.find(({ metadata }) => metadata.name === NODE);
  if (node === undefined) throw new Error(`cluster ${id} has no node ${NODE}`);
  kubernetes.store.apply(nodeOn(node, machine));
}

/** The record follows the new MAC, and no request fails. */
export async function replaced(scene: ClustersScene): Promise<void> {
  const { checks, say } = scene;
  checks.step(
    `The node of the drained pod is replaced: same name and address, but flannel has a new MAC there`,
  );
  const mac = 'c2:e5:af:00:01:99';
  const running = traffic(scene);
  place(scene, 'east', { vtepMac: mac });
  const { cluster } = siteOf(scene, 'east');
  cluster.addPod('istio-ingressgateway');
  say.why('A new gateway pod starts on it. The node takes packets for the new MAC only.');
  await checkSharedPool(scene, ['east', 'west', 'south']);
  await checkEntries(scene, tunnelEntries(scene, 'east'));
  await checkUp(scene, ['east', 'west', 'south']);
  await quietly(scene, running);
  await checkAnswered(scene, await running.stop(), ['east', 'west', 'south']);
  say.why('Nothing needs the old record any more. It is removed after its grace period.');
  await showEntries(scene, 'east');
}

/** The route follows the new address, and no request fails. */
export async function moves(scene: ClustersScene): Promise<void> {
  const { checks, clock, lab, say } = scene;
  const { nodeAddresses, podNetwork } = siteOf(scene, 'south');
  const [old = ''] = nodeAddresses;
  const address = old.replace(/\d+$/, '21');
  checks.step(`A node gets another address: the route to the network of its pods moves`);
  say.why(
    `${NODE} of south was ${old}, and is ${address} now; it keeps the old address for a while.`,
  );
  const running = traffic(scene);
  const since = clock.now();
  place(scene, 'south', { addresses: [address, old] });
  await checkEntries(scene, [{ kind: 'route', goal: `${podNetwork}.1.0/24`, to: address }]);
  await quietly(scene, running);
  await checks.check({
    expected: 'the route was changed by one PATCH, and no declaration changed',
    where: `${lab.files.log} (apply's lines)`,
    see: () => {
      const said = pathWrites(scene, since).map(({ method, path }) => `${method} ${path}`);
      const declares = changingDeclares(scene, since).length;
      return said.length === 1 && said[0]?.startsWith('PATCH ') === true && declares === 0
        ? { ok: true, say: `one PATCH changed the route, and no declaration changed (${said[0]})` }
        : { instead: `${said.join(', ') || 'no write'}, and ${declares} declares` };
    },
  });
  await checkUp(scene, ['south']);
  await checkAnswered(scene, await running.stop(), ['east', 'west', 'south']);
  await showEntries(scene, 'south');
}

/** The gateway pod of the node goes, and one with an address of the same network starts elsewhere. */
export async function carries(scene: ClustersScene): Promise<void> {
  const { checks, clock, lab, say } = scene;
  const { cluster, kubernetes, podNetwork, network } = siteOf(scene, 'south');
  const [node] = cluster.world().nodes;
  const [pod] = cluster.pods('istio-ingressgateway');
  if (node === undefined || pod === undefined || network === undefined)
    throw new Error('cluster south has no node with a gateway pod');
  const [heir, address] = ['worker-3', '192.168.246.31'];
  const goal = `${podNetwork}.1.0/24`;
  checks.step(`A node is removed, and a new one gets the network of its pods (${goal})`);
  say.why(`${NODE} of south is drained and deleted; ${heir} (${address}) takes its place.`);
  const running = traffic(scene);
  await cluster.removePod(pod.metadata.name);
  await checkSharedPool(scene, ['east', 'west', 'south']);
  const since = clock.now();
  const { uid: _uid, ...metadata } = node.metadata;
  kubernetes.store.delete('v1', 'Node', '', NODE);
  const empty = { ...node, metadata: { ...metadata, name: heir } };
  const placed = nodeWithNetwork(empty, { network, podNetwork, number: 1 });
  kubernetes.store.apply(nodeOn(placed, { addresses: [address] }));
  const name = cluster.addPod('istio-ingressgateway');
  const added = cluster.pods('istio-ingressgateway').find((one) => one.metadata.name === name);
  if (added !== undefined)
    kubernetes.store.apply({ ...added, spec: { ...added.spec, nodeName: heir } });
  await checkSharedPool(scene, ['east', 'west', 'south']);
  await checkEntries(scene, [{ kind: 'route', goal, to: address }]);
  await checks.check({
    expected: 'the route was changed by one PATCH, before the declare with the new pod',
    where: `${lab.files.log} (apply's lines)`,
    see: () => {
      const writes = pathWrites(scene, since);
      const [declare] = changingDeclares(scene, since);
      const said = writes.map(({ method, path }) => `${method} ${path}`).join(', ');
      const isFirst = declare !== undefined && writes.every(({ time }) => time <= declare.began);
      return writes.length === 1 && said.startsWith('PATCH ') && isFirst
        ? { ok: true, say: `one PATCH changed the route, and then the new pod was declared` }
        : { instead: `${said || 'no write'}, and ${declare ? 'a' : 'no'} declare` };
    },
  });
  await checkUp(scene, ['south']);
  await quietly(scene, running);
  await checkAnswered(scene, await running.stop(), ['east', 'west', 'south']);
  await showEntries(scene, 'south');
}

export async function restores(scene: ClustersScene): Promise<void> {
  const { checks, lab, say } = scene;
  const record = (await entries(scene)).find(
    ({ kind, at }) => kind === 'fdb' && at === '/Common/west-pods',
  );
  if (record === undefined) throw new Error('west has no record');
  checks.step(`A record of west is deleted by hand (${record.goal})`);
  await removeTunnelRecord(lab.bigip, record);
  say.why('sluice drift --repair');
  const said = await sluice(lab, ['drift', '--repair'], 2);
  await checks.check({
    expected: '"sluice drift" names the record that is missing',
    where: 'the output of "sluice drift"',
    within: 0,
    see: () =>
      said.includes(`- fdb ${record.goal} at ${record.to}`) && said.includes('BIP490')
        ? { ok: true, say: `"sluice drift" names the record that is missing (BIP490)` }
        : { instead: said },
  });
  await checkEntries(scene, [record]);
  await checkUp(scene, ['west']);
  await checkAnswered(scene, await aWhile(scene), ['east', 'west', 'south']);
}
