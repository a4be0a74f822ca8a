/** The fleet's walkthrough, scene by scene. */
import { eventOn } from '../looks.ts';
import { forgeRemoval } from './forge.ts';
import { apiOf, applyGateway, checkAnswered, checkPool, checkUp, declares, GATEWAY, membersOf, PORT, showDevice, siteOf, virtualOf, type FleetScene } from './scene.ts';
import { inWords, isAnswered, startTraffic, type Request, type Traffic } from './traffic.ts';

/** How long requests are counted where nothing happens, in milliseconds. */
const A_WHILE = 400;

function traffic({ lab, clock }: FleetScene): Traffic {
  return startTraffic(lab.virtualAddress, PORT, clock);
}

async function aWhile(scene: FleetScene): Promise<readonly Request[]> {
  const running = traffic(scene);
  await scene.clock.sleep(A_WHILE);
  return running.stop();
}

export async function joins(scene: FleetScene): Promise<void> {
  scene.checks.step(`The first cluster opens port ${PORT}`);
  await applyGateway(scene, 'east');
  await checkPool(scene, ['east']);
  await checkUp(scene, ['east']);
  await checkAnswered(scene, await aWhile(scene), ['east']);
}

export async function merges(scene: FleetScene): Promise<void> {
  scene.checks.step('A second cluster of the fleet opens the same port: one virtual server, one pool, both answer');
  scene.say.why('fleets: east and west may share address and port; each member keeps its owner, and nobody can touch what is not his.');
  const running = traffic(scene);
  await applyGateway(scene, 'west');
  await checkPool(scene, ['east', 'west']);
  await checkUp(scene, ['east', 'west']);
  await scene.clock.sleep(A_WHILE);
  await checkAnswered(scene, await running.stop(), ['east', 'west']);
  showDevice(scene);
}

export async function conflicts(scene: FleetScene): Promise<void> {
  const { checks } = scene;
  checks.step('A cluster outside the fleet wants the same port: it is told why not, and disturbs nobody');
  await applyGateway(scene, 'stray');
  await checks.check({
    expected: 'an Event PortConflict on its Gateway that names the owner and what to do',
    where: "kubectl --context stray describe gateways.networking.istio.io tcp-echo-gateway, and apply's lines in the log",
    see: () => eventOn(apiOf(scene, 'stray'), { on: GATEWAY, reason: 'PortConflict', says: 'belongs to east/istio-system/istio-ingressgateway' }),
  });
  await checkPool(scene, ['east', 'west']);
  await checkAnswered(scene, await aWhile(scene), ['east', 'west']);
}

export async function forgery(scene: FleetScene): Promise<void> {
  const { checks, lab, failures } = scene;
  checks.step('Somebody who can write to the queue says that an ingress is gone');
  scene.say.why('In the name of a cluster that nobody configured: refused by map, parked with its reason.');
  await forgeRemoval(lab.pipeline.runtime, 'mallory', 'uid-of-mallory');
  await checks.check({
    expected: 'a parked failure GW103 of cluster mallory',
    where: `sluice failures list -c ${lab.files.config}`,
    see: async () => {
      const found = (await failures.store.list()).find(({ code, sentence }) => code === 'GW103' && sentence.includes('mallory'));
      return found === undefined ? { instead: 'nothing of the kind is parked' } : { ok: found, say: `parked: ${found.code}: ${found.sentence}` };
    },
  });
  scene.say.why('In the name of east, from another cluster (its kube-system has another UID): what east declared stands.');
  await forgeRemoval(lab.pipeline.runtime, 'east', 'uid-of-mallory');
  await checkAnswered(scene, await aWhile(scene), ['east', 'west']);
  await checkPool(scene, ['east', 'west']);
}

export async function dies(scene: FleetScene): Promise<void> {
  const { checks, clock, say } = scene;
  checks.step('A cluster dies: its API, nodes, pods and watcher are gone at once, while requests keep coming');
  const written = declares(scene);
  const running = traffic(scene);
  await clock.sleep(A_WHILE);
  const fire = clock.now();
  await siteOf(scene, 'west').power(false);
  say.why("BIG-IP's monitors take its members out; Sluice removes nothing, because a silent cluster proves nothing.");
  const out = await checks.check({
    expected: "BIG-IP's monitors find the members of west down",
    where: 'the monitors of the pool, and the members in the table above',
    see: () => {
      const alive = membersOf(scene, 'west').filter(({ state }) => state !== 'down');
      return alive.length === 0 ? { ok: clock.now(), say: `BIG-IP's monitors found the members of west down, ${clock.now() - fire} ms after the fire` } : { instead: alive.map(({ member, state }) => `${member} ${state}`).join(', ') };
    },
  });
  await clock.sleep(3 * A_WHILE);
  const requests = await running.stop();
  await checkLosses(scene, requests, { fire, out });
  await checks.check({
    expected: 'nobody wrote to the BIG-IP for it',
    where: `${scene.lab.files.log} (apply's lines)`,
    within: 0,
    see: () => (declares(scene) === written ? { ok: true, say: 'no declare was made for it: the members stay declared, for the day the cluster comes back' } : { instead: `${declares(scene) - written} declares` }),
  });
}

/** Between the fire and the monitors, BIG-IP itself cannot know; nothing that begins later may be lost. */
async function checkLosses({ checks, lab, say }: FleetScene, requests: readonly Request[], { fire, out }: { readonly fire: number; readonly out: number }): Promise<void> {
  const lost = requests.filter((request) => !isAnswered(request));
  const wrongly = lost.filter(({ begun, ended }) => ended < fire || begun > out);
  const between = requests.filter(({ begun, ended }) => ended >= fire && begun <= out);
  say.lines([
    `${requests.length} requests: ${inWords(requests)}, ${lost.length} lost`,
    `of ${between.length} that were under way while the monitors did not know yet, ${lost.length - wrongly.length} were lost`,
    `of ${requests.filter(({ begun }) => begun > out).length} that began after that, ${wrongly.filter(({ begun }) => begun > out).length} were lost`,
  ]);
  await checks.check({
    expected: 'none is lost but those under way before the monitors knew',
    where: `${lab.files.log}, and the members in the table`,
    within: 0,
    see: () => (wrongly.length === 0 ? { ok: lost.length, say: 'none was lost but those under way before the monitors knew' } : { instead: `${wrongly.length} others were lost` }),
  });
}

export async function comesBack(scene: FleetScene): Promise<void> {
  scene.checks.step('It comes back: nobody has to do anything');
  const running = traffic(scene);
  await siteOf(scene, 'west').power(true);
  await checkUp(scene, ['east', 'west']);
  await checkPool(scene, ['east', 'west']);
  await scene.clock.sleep(A_WHILE);
  await checkAnswered(scene, await running.stop(), ['east', 'west']);
}

export async function leaves(scene: FleetScene): Promise<void> {
  scene.checks.step('A cluster leaves the virtual server: its Gateway is deleted');
  scene.say.why('kubectl --context east delete gateways.networking.istio.io tcp-echo-gateway');
  await apiOf(scene, 'east').remove('/apis/networking.istio.io/v1/namespaces/default/gateways/tcp-echo-gateway');
  await checkPool(scene, ['west']);
  await checkAnswered(scene, await aWhile(scene), ['west']);
  scene.say.why(`${virtualOf(scene)} belongs to west alone now.`);
  showDevice(scene);
}
