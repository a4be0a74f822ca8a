/** Nodes that change while requests are sent. */
import { nodeOn, type Machine } from '../../networks.ts';
import {
  checkAnswered,
  checkPool,
  checkUp,
  quietly,
  siteOf,
  traffic,
  type ClustersScene,
} from '../fleet/scene.ts';
import { changingDeclares, checkEntries, pathWrites, showEntries } from './looks.ts';
import { tunnelEntries } from './scenes.ts';

const NODE = 'worker-1';

function place(scene: ClustersScene, id: string, machine: Machine): void {
  const { cluster, kubernetes } = siteOf(scene, id);
  const node = cluster.world().nodes.find(({ metadata }) => metadata.name === NODE);
  if (node === undefined) throw new Error(`cluster ${id} has no node ${NODE}`);
  kubernetes.store.apply(nodeOn(node, machine));
}

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
  await checkPool(scene, ['east', 'west', 'south']);
  await checkEntries(scene, tunnelEntries(scene, 'east'));
  await checkUp(scene, ['east', 'west', 'south']);
  await quietly(scene, running);
  await checkAnswered(scene, await running.stop(), ['east', 'west', 'south']);
  say.why('The old record serves nobody, and goes when its grace is over.');
  await showEntries(scene, 'east');
}

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
