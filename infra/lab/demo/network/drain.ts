/** A gateway pod goes away while connections through its tunnel are open. */
import { hold, type HeldConnection } from '../fleet/held.ts';
import {
  checkAnswered,
  checkSharedPool,
  PORT,
  quietly,
  siteOf,
  traffic,
  type ClustersScene,
} from '../fleet/scene.ts';
import { checkEntries } from './looks.ts';
import { tunnelEntries } from './scenes.ts';

/** Long connections; BIG-IP distributes them over the pool, so each pod has some. */
const HELD_CONNECTIONS = 12;

/** Open connections of the member, as BIG-IP counts them. */
function openAt({ lab }: ClustersScene, address: string): number {
  return lab.bigip
    .view()
    .partitions.flatMap(({ pools }) => pools)
    .flatMap(({ members }) => members)
    .filter((member) => member.address === address)
    .reduce((sum, { connections }) => sum + connections.current, 0);
}

/** The path of the pod stays until its last connection has ended. */
export async function drainsPod(scene: ClustersScene): Promise<void> {
  const { checks, lab, say } = scene;
  const { cluster } = siteOf(scene, 'east');
  const pod = cluster.pods('istio-ingressgateway')[0];
  const address = pod?.status?.podIP ?? 'none';
  checks.step(
    `A gateway pod of east is drained (${address}), while requests are sent and connections are open`,
  );
  const before = tunnelEntries(scene, 'east');
  const held: HeldConnection[] = [];
  try {
    for (let i = 0; i < HELD_CONNECTIONS; i += 1) held.push(await hold(lab.virtualAddress, PORT));
    const mine = openAt(scene, address);
    say.why(
      `${HELD_CONNECTIONS} long connections are open, ${mine} of them to the pod. Its member takes no new ones, and its path stays.`,
    );
    const running = traffic(scene);
    const leaving = cluster.removePod(pod?.metadata.name ?? '');
    await checks.check({
      expected: 'BIG-IP sends no new connections to the pod while it is Terminating',
      where: `${lab.files.log} (apply's lines)`,
      see: () => {
        const members = lab.bigip
          .view()
          .partitions.flatMap(({ pools }) => pools)
          .flatMap((pool) => pool.members);
        return members.some((one) => one.address === address && one.enabled)
          ? { instead: 'its member accepts new connections' }
          : { ok: true, say: 'BIG-IP sends no new connections to the pod' };
      },
    });
    await checkHeld(scene, held, mine);
    for (const connection of held) connection.close();
    await leaving;
    await checkSharedPool(scene, ['east', 'west', 'south']);
    await quietly(scene, running);
    await checkAnswered(scene, await running.stop(), ['east', 'west', 'south']);
    say.why(
      'The pod is gone. Its path stays for a grace period, because answers may still be in flight.',
    );
    await checkEntries(scene, before);
  } finally {
    for (const connection of held) connection.close();
  }
}

async function checkHeld(
  scene: ClustersScene,
  held: readonly HeldConnection[],
  mine: number,
): Promise<void> {
  const answers = await Promise.all(
    held.map(async (connection) => ({ was: connection.cluster, is: await connection.ask() })),
  );
  const wrong = answers.filter(({ was, is }) => was !== is);
  await scene.checks.check({
    expected: `each of the ${HELD_CONNECTIONS} long connections, some of them to the pod, is still answered`,
    where: `${scene.lab.files.log} (apply's lines), and the entries of the pod's node`,
    within: 0,
    see: () => {
      if (mine === 0) return { instead: 'none of them went to the pod' };
      return wrong.length === 0
        ? {
            ok: true,
            say: `all ${HELD_CONNECTIONS} long connections still work, ${mine} of them to the draining pod`,
          }
        : { instead: wrong.map(({ was, is }) => `${was} before, now ${is ?? 'cut'}`).join('; ') };
    },
  });
}
