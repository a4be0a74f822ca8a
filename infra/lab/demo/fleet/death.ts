/** A cluster dies while requests keep coming, and comes back. */
import {
  QUIET_MS,
  checkAnswered,
  checkPool,
  checkUp,
  declares,
  membersOf,
  siteOf,
  traffic,
  type FleetScene,
} from './scene.ts';
import { inWords, isAnswered, type Request } from './traffic.ts';

/** In milliseconds since 1970. */
interface Death {
  /** The power goes. */
  readonly fire: number;
  /** From now on nothing of it accepts a connection. */
  readonly gone: number;
  /** BIG-IP's monitors know. */
  readonly known: number;
}

export async function dies(scene: FleetScene): Promise<void> {
  const { checks, clock, say } = scene;
  checks.step(
    'A cluster dies: its API, nodes, pods and watcher are gone at once, while requests keep coming',
  );
  say.why(
    'Sluice removes nothing, because a silent cluster proves nothing. BIG-IP tries another member where one cannot be reached (reselectTries),',
  );
  say.why(
    'until its monitors take the dead ones out: only what the dead cluster had accepted can be lost.',
  );
  const written = declares(scene);
  const running = traffic(scene);
  await clock.sleep(QUIET_MS);
  const fire = clock.now();
  const west = siteOf(scene, 'west');
  const dying = west.power(false);
  await west.cluster.idle();
  const gone = clock.now();
  await dying;
  const known = await monitorsKnow(scene, fire);
  await clock.sleep(3 * QUIET_MS);
  await checkLosses(scene, await running.stop(), { fire, gone, known });
  await checks.check({
    expected: 'nobody wrote to the BIG-IP for it',
    where: `${scene.lab.files.log} (apply's lines)`,
    within: 0,
    see: () =>
      declares(scene) === written
        ? {
            ok: true,
            say: 'no declare was made for it: the members stay declared, for the day the cluster comes back',
          }
        : { instead: `${declares(scene) - written} declares` },
  });
}

function monitorsKnow(scene: FleetScene, fire: number): Promise<number> {
  return scene.checks.check({
    expected: "BIG-IP's monitors find the members of west down",
    where: 'the monitors of the pool, and the members in the table above',
    see: () => {
      const alive = membersOf(scene, 'west').filter(({ state }) => state !== 'down');
      const now = scene.clock.now();
      return alive.length === 0
        ? {
            ok: now,
            say: `BIG-IP's monitors found the members of west down, ${now - fire} ms after the fire`,
          }
        : { instead: alive.map(({ member, state }) => `${member} ${state}`).join(', ') };
    },
  });
}

/** A request whose connection the dead cluster had accepted cannot be saved by anybody; one that began later can, and must. */
async function checkLosses(
  { checks, lab, say }: FleetScene,
  requests: readonly Request[],
  { fire, gone, known }: Death,
): Promise<void> {
  const counted = (of: readonly Request[]): string =>
    `${of.length}, ${of.filter((request) => !isAnswered(request)).length} lost`;
  const [before, inFlight, unknowing, after] = [
    requests.filter(({ ended }) => ended < fire),
    requests.filter(({ begun, ended }) => begun <= gone && ended >= fire),
    requests.filter(({ begun }) => begun > gone && begun <= known),
    requests.filter(({ begun }) => begun > known),
  ];
  say.lines([
    `${requests.length} requests: ${inWords(requests)}`,
    `in flight in the ${gone - fire} ms in which it died: ${counted(inFlight)}`,
    `begun later, before the monitors knew: ${counted(unknowing)}`,
    `begun after that: ${counted(after)}; before the fire: ${counted(before)}`,
  ]);
  const wrongly = [...before, ...unknowing, ...after].filter((request) => !isAnswered(request));
  await checks.check({
    expected:
      'no request is lost but those in flight when the cluster died, and some begin before the monitors know',
    where: `${lab.files.log}, and the members in the table`,
    within: 0,
    see: () => {
      if (wrongly.length > 0)
        return {
          instead: `${wrongly.length} others were lost: ${[...new Set(wrongly.map(({ answer }) => answer))].join(', ')}`,
        };
      return unknowing.length === 0
        ? { instead: 'none began while the monitors did not know' }
        : { ok: true, say: 'no request was lost but those in flight' };
    },
  });
}

export async function comesBack(scene: FleetScene): Promise<void> {
  scene.checks.step('It comes back: nobody has to do anything');
  const running = traffic(scene);
  await siteOf(scene, 'west').power(true);
  await checkUp(scene, ['east', 'west']);
  await checkPool(scene, ['east', 'west']);
  await scene.clock.sleep(QUIET_MS);
  await checkAnswered(scene, await running.stop(), ['east', 'west']);
}
