/** The fleet walkthrough, scene by scene. */
import { eventOn } from '../looks.ts';
import {
  apiOf,
  applyGateway,
  aWhile,
  checkAnswered,
  checkSharedPool,
  checkUp,
  GATEWAY,
  PORT,
  quietly,
  showDevice,
  traffic,
  sharedVirtual,
  type FleetScene,
} from './scene.ts';

export async function joins(scene: FleetScene): Promise<void> {
  scene.checks.step(`The first cluster opens port ${PORT}`);
  await applyGateway(scene, 'east');
  await checkSharedPool(scene, ['east']);
  await checkUp(scene, ['east']);
  await checkAnswered(scene, await aWhile(scene), ['east']);
}

export async function merges(scene: FleetScene): Promise<void> {
  scene.checks.step(
    'A second cluster of the fleet opens the same port: one virtual server, one pool, both answer',
  );
  scene.say.why(
    'fleets: east and west may share address and port. Each member keeps its owner, ' +
      'and no cluster can change members of another.',
  );
  const running = traffic(scene);
  await applyGateway(scene, 'west');
  await checkSharedPool(scene, ['east', 'west']);
  await checkUp(scene, ['east', 'west']);
  await quietly(scene, running);
  await checkAnswered(scene, await running.stop(), ['east', 'west']);
  showDevice(scene);
}

export async function conflicts(scene: FleetScene): Promise<void> {
  const { checks } = scene;
  checks.step(
    'A cluster outside the fleet requests the same port: it is refused with the reason, and affects no other',
  );
  await applyGateway(scene, 'stray');
  await checks.check({
    expected: 'an Event PortConflict on its Gateway that names the owner and what to do',
    where:
      "kubectl --context stray describe gateways.networking.istio.io tcp-echo-gateway, and apply's lines in the log",
    see: () =>
      eventOn(apiOf(scene, 'stray'), {
        on: GATEWAY,
        reason: 'PortConflict',
        says: 'belongs to east/istio-system/istio-ingressgateway',
      }),
  });
  await checkSharedPool(scene, ['east', 'west']);
  await checkAnswered(scene, await aWhile(scene), ['east', 'west']);
}

export async function leaves(scene: FleetScene): Promise<void> {
  scene.checks.step('A cluster leaves the virtual server: its Gateway is deleted');
  scene.say.why('kubectl --context east delete gateways.networking.istio.io tcp-echo-gateway');
  await apiOf(scene, 'east').remove(
    '/apis/networking.istio.io/v1/namespaces/default/gateways/tcp-echo-gateway',
  );
  await checkSharedPool(scene, ['west']);
  await checkAnswered(scene, await aWhile(scene), ['west']);
  scene.say.why(`${sharedVirtual(scene)} belongs to west alone now.`);
  showDevice(scene);
}
