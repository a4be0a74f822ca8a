/** What the scenes of the demos with several clusters share. */
import type { Clock } from '../../../../shared/runtime/clock.ts';
import type { Failures } from '../../../../shared/failures/open.ts';
import type { Lab } from '../../lab.ts';
import type { Site } from '../../site.ts';
import type { Checks } from '../check.ts';
import { deviceRows, deviceTable, type DeviceRow, type MemberRow } from '../device.ts';
import { createKubernetesApi, type KubernetesApi } from '../kubernetes-api.ts';
import { poolHolds } from '../looks.ts';
import { manifest } from '../manifests.ts';
import type { Say } from '../say.ts';
import {
  inWords,
  isAnswered,
  shares,
  startTraffic,
  type Request,
  type ClientTraffic,
} from './traffic.ts';

/** What scenes with several clusters share. */
export interface ClustersScene {
  readonly lab: Lab;
  readonly checks: Checks;
  readonly say: Say;
  readonly clock: Clock;
}

/** What the scenes of the fleet need besides. */
export interface FleetScene extends ClustersScene {
  readonly failures: Failures;
}

/** The gateway port of all clusters. */
export const PORT = 32_400;
/** The Gateway of the scenes. */
export const GATEWAY = { kind: 'Gateway', namespace: 'default', name: 'tcp-echo-gateway' };

/** How long requests are counted while nothing changes, in milliseconds. */
const QUIET_MS = 400;
/** So many that each member of the pool gets some, however slow the machine is. */
const ENOUGH_REQUESTS = 16;

/** Begins to send requests to the shared virtual server. */
export function traffic({ lab, clock }: ClustersScene): ClientTraffic {
  return startTraffic(lab.virtualAddress, PORT, clock);
}

/** Lets requests come where nothing happens. */
export async function quietly({ clock }: ClustersScene, running: ClientTraffic): Promise<void> {
  await Promise.all([clock.sleep(QUIET_MS), running.more(ENOUGH_REQUESTS)]);
}

/** Sends requests, and resolves with what became of each. */
export async function aWhile(scene: ClustersScene): Promise<readonly Request[]> {
  const running = traffic(scene);
  await quietly(scene, running);
  return running.stop();
}

/** Throws for a cluster that the landscape does not have. */
export function siteOf({ lab }: ClustersScene, id: string): Site {
  const site = lab.sites.find((one) => one.id === id);
  if (site === undefined)
    throw new Error(
      `the landscape has no cluster ${id}, only ${lab.sites.map((one) => one.id).join(', ')}`,
    );
  return site;
}

/** Access of a user to the API of a cluster. */
export function apiOf(scene: ClustersScene, id: string): KubernetesApi {
  return createKubernetesApi(siteOf(scene, id).kubernetes);
}

/** As `kubectl apply` in one cluster. */
export async function applyGateway(scene: ClustersScene, id: string): Promise<void> {
  scene.say.why(`kubectl --context ${id} apply -f infra/lab/manifests/tcp-echo.yaml`);
  for (const object of manifest('tcp-echo')) await apiOf(scene, id).apply(object);
}

/** The virtual server of the scenes, as BIG-IP shows it. */
export function sharedVirtual({ lab }: ClustersScene): string {
  return `${lab.virtualAddress}:${PORT}/tcp`;
}

/** Addresses of the gateway pods as pool members. */
export function gatewayPods(scene: ClustersScene, ids: readonly string[]): readonly string[] {
  return ids.flatMap((id) =>
    siteOf(scene, id)
      .cluster.pods('istio-ingressgateway')
      .map((pod) => `${pod.status?.podIP ?? 'none'}:${PORT}`),
  );
}

/** The members of one cluster in the shared pool. */
export function membersOf(scene: ClustersScene, id: string): readonly MemberRow[] {
  const mine = new Set(gatewayPods(scene, [id]));
  return rowOf(scene)?.members.filter(({ member }) => mine.has(member)) ?? [];
}

function rowOf(scene: ClustersScene): DeviceRow | undefined {
  return deviceRows(scene.lab.bigip).find(({ virtual }) => virtual === sharedVirtual(scene));
}

/** Number of declares that the device has run so far. */
export function declares({ lab }: ClustersScene): number {
  return lab.bigip.writes.filter(({ path }) => path.startsWith('/mgmt/shared/appsvcs/declare'))
    .length;
}

/** Expects one virtual server whose pool contains the gateway pods of exactly these clusters. */
export async function checkSharedPool(scene: ClustersScene, ids: readonly string[]): Promise<void> {
  await scene.checks.check({
    expected:
      `one virtual server ${sharedVirtual(scene)} whose pool holds the gateway pods of ` +
      `${ids.join(' and ')}, and no others`,
    where: `${scene.lab.files.log} (apply's lines)`,
    see: () =>
      poolHolds(deviceRows(scene.lab.bigip), sharedVirtual(scene), gatewayPods(scene, ids)),
  });
}

export async function checkUp(scene: ClustersScene, ids: readonly string[]): Promise<void> {
  await scene.checks.check({
    expected: `BIG-IP's monitors find the members of ${ids.join(' and ')} up`,
    where: 'the table above: what do the monitors say, and does the pod listen?',
    see: () => {
      const down = ids.flatMap((id) => membersOf(scene, id)).filter(({ state }) => state !== 'up');
      return down.length === 0
        ? { ok: true, say: `BIG-IP's monitors find the members of ${ids.join(' and ')} up` }
        : { instead: down.map(({ member, state }) => `${member} ${state}`).join(', ') };
    },
  });
}

/**
 * Expects that every request was answered, at least once by each of these clusters and by no other.
 */
export async function checkAnswered(
  scene: ClustersScene,
  requests: readonly Request[],
  ids: readonly string[],
): Promise<void> {
  await scene.checks.check({
    expected: `every request is answered, by ${ids.join(' and ')}`,
    where: `${scene.lab.files.log}, and the members' states in the table`,
    within: 0,
    see: () => {
      const lost = requests.filter((request) => !isAnswered(request));
      if (lost.length > 0)
        return {
          instead:
            `${lost.length} of ${requests.length} were not: ` +
            [...new Set(lost.map(({ answer }) => answer))].join(', '),
        };
      if ([...shares(requests).keys()].join() !== ids.toSorted().join())
        return { instead: `answered ${inWords(requests)}` };
      return {
        ok: requests.length,
        say: `${requests.length} requests, each answered: ${inWords(requests)}`,
      };
    },
  });
}

/** Prints the virtual servers with their members. */
export function showDevice({ lab, say }: ClustersScene): void {
  say.lines(deviceTable(deviceRows(lab.bigip)));
}
