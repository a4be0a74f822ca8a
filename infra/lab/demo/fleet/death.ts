/** A cluster fails while requests are sent, and comes back. */
import {
  checkAnswered,
  checkSharedPool,
  checkUp,
  declares,
  membersOf,
  quietly,
  siteOf,
  traffic,
  type FleetScene,
} from './scene.ts';
import { PROBE_MS } from './landscape.ts';
import { inWords, isAnswered, type Request } from './traffic.ts';

/** In milliseconds since 1970. */
interface ClusterFailure {
  /** The time of the power failure. */
  readonly failed: number;
  /** The time from which no process of the cluster accepts a connection. */
  readonly gone: number;
  /** The time at which BIG-IP's monitors have detected it. */
  readonly known: number;
}

/** Counts what is lost: only the connections that were open to the cluster. */
export async function dies(scene: FleetScene): Promise<void> {
  const { checks, clock, say } = scene;
  checks.step(
    'A cluster fails: its API, nodes, pods and watcher are gone at once, while requests are sent',
  );
  say.why(
    'Sluice removes nothing, because silence proves nothing. BIG-IP tries another ' +
      'member if one cannot be reached (reselectTries)',
  );
  say.why(
    'until its monitors mark the failed ones down. Only connections that the failed cluster had accepted can be lost.',
  );
  const written = declares(scene);
  const running = traffic(scene);
  await quietly(scene, running);
  slowMonitors(scene, running.requests);
  const failed = clock.now();
  const west = siteOf(scene, 'west');
  const dying = west.power(false);
  await west.cluster.idle();
  const gone = clock.now();
  await dying;
  const known = await monitorsNotice(scene, failed);
  await quietly(scene, running);
  await checkLosses(scene, await running.stop(), { failed, gone, known });
  await checks.check({
    expected: 'nothing was written to the BIG-IP',
    where: `${scene.lab.files.log} (apply's lines)`,
    within: 0,
    see: () =>
      declares(scene) === written
        ? {
            ok: true,
            say: 'nothing was declared: the members stay, so that the cluster can come back',
          }
        : { instead: `${declares(scene) - written} declares` },
  });
}

/** They need three probes: on a busy machine too, requests must begin and end in that time. */
function slowMonitors({ lab }: FleetScene, requests: readonly Request[]): void {
  const slowest = Math.max(...requests.map(({ begun, ended }) => ended - begun));
  lab.bigip.faults.timings.monitorInterval = Math.max(PROBE_MS, slowest);
}

function monitorsNotice(scene: FleetScene, failed: number): Promise<number> {
  return scene.checks.check({
    expected: "BIG-IP's monitors find the members of west down",
    where: 'the monitors of the pool, and the members in the table above',
    see: () => {
      const alive = membersOf(scene, 'west').filter(({ state }) => state !== 'down');
      const now = scene.clock.now();
      return alive.length === 0
        ? {
            ok: now,
            say: `BIG-IP's monitors found the members of west down, ${now - failed} ms after the failure`,
          }
        : { instead: alive.map(({ member, state }) => `${member} ${state}`).join(', ') };
    },
  });
}

/**
 * A request whose connection the failed cluster had accepted is lost; a request that began later
 * must succeed.
 */
async function checkLosses(
  { checks, lab, say }: FleetScene,
  requests: readonly Request[],
  { failed, gone, known }: ClusterFailure,
): Promise<void> {
  const counted = (of: readonly Request[]): string =>
    `${of.length}, ${of.filter((request) => !isAnswered(request)).length} lost`;
  const [before, inFlight, undetected, after] = [
    requests.filter(({ ended }) => ended < failed),
    requests.filter(({ begun, ended }) => begun <= gone && ended >= failed),
    requests.filter(({ begun }) => begun > gone && begun <= known),
    requests.filter(({ begun }) => begun > known),
  ];
  say.lines([
    `${requests.length} requests: ${inWords(requests)}`,
    `open during the ${gone - failed} ms of the failure: ${counted(inFlight)}`,
    `begun later, before the monitors noticed: ${counted(undetected)}`,
    `begun after that: ${counted(after)}; ended before the failure: ${counted(before)}`,
  ]);
  const wrongly = [...before, ...undetected, ...after].filter((request) => !isAnswered(request));
  await checks.check({
    expected:
      'only requests in flight when the cluster failed are lost, and some requests begin ' +
      'before the monitors have detected it',
    where: `${lab.files.log}, and the members in the table`,
    within: 0,
    see: () => {
      if (wrongly.length > 0)
        return {
          instead:
            `${wrongly.length} others were lost: ` +
            [...new Set(wrongly.map(({ answer }) => answer))].join(', '),
        };
      return undetected.length === 0
        ? { instead: 'no request began before the monitors had detected it' }
        : { ok: true, say: 'only requests in flight were lost' };
    },
  });
}

/** Nothing is done by hand. */
export async function comesBack(scene: FleetScene): Promise<void> {
  scene.checks.step('The cluster comes back, and nobody has to do anything');
  const running = traffic(scene);
  await siteOf(scene, 'west').power(true);
  await checkUp(scene, ['east', 'west']);
  await checkSharedPool(scene, ['east', 'west']);
  await quietly(scene, running);
  await checkAnswered(scene, await running.stop(), ['east', 'west']);
}
