/** The walkthrough, scene by scene. */
import { placeText, virtualAddressText } from '../loopback.ts';
import type { Moment } from './timeline.ts';
import { timeline } from './timeline.ts';
import { DEFAULT_WITHIN_MS, type Seen } from './check.ts';
import { keepAsking } from './connection.ts';
import { deviceRows, type DeviceRow } from './device.ts';
import { balances, eventOn, noVirtual, poolHolds, serviceAddress, servicePort } from './looks.ts';
import {
  applyManifest,
  checkAnswer,
  checkNobody,
  checkPool,
  connects,
  expectedMembers,
  showVirtualServers,
  virtualOf,
  type Scene,
} from './scene.ts';

const FIRST_PORT = 32_400;
const SECOND_PORT = 32_500;
/** The address and port to which the F5 ConfigMap moves the first gateway's virtual server. */
const MOVED_PORT = 31_400;
const CONFIG_MAP = {
  kind: 'ConfigMap',
  namespace: 'istio-system',
  name: 'istio-ingressgateway.32400.vs',
};
const GATEWAY = { kind: 'Gateway', namespace: 'default', name: 'tcp-echo-gateway' };
const GATEWAYS = '/apis/networking.istio.io/v1/namespaces/default/gateways';

/** Nothing answers before there is a Gateway. */
export async function nothingYet(scene: Scene): Promise<void> {
  const { checks, lab, say } = scene;
  checks.step('Before: a cluster with Istio, and an empty BIG-IP');
  say.why(`On this machine, ${virtualAddressText(lab.virtualAddress)}.`);
  await checkNobody(
    scene,
    FIRST_PORT,
    `another process that listens at ${placeText(lab.virtualAddress, FIRST_PORT)}`,
  );
  showVirtualServers(scene);
}

interface Sightings {
  /** The virtual server was on the device. */
  readonly applied: number | undefined;
  readonly answered: number | undefined;
}

/** Polls the device and the virtual server until the first answer. */
async function watchFor(scene: Scene, port: number): Promise<Sightings> {
  const { clock, lab } = scene;
  const until = clock.now() + DEFAULT_WITHIN_MS;
  let applied: number | undefined;
  while (clock.now() < until) {
    if (deviceRows(lab.bigip).some((row) => row.virtual === virtualOf(scene, port)))
      applied ??= clock.now();
    if ((await connects(scene, port, 'hello')).startsWith('one '))
      return { applied, answered: clock.now() };
    await clock.sleep(3);
  }
  return { applied, answered: undefined };
}

/**
 * The result that first reported the port as applied also contains the times at which its content
 * passed watch and map.
 */
function moments(
  { lab }: Scene,
  start: number,
  { applied, answered }: Sightings,
): readonly Moment[] {
  const settled = lab.pipeline.trace.settled.find(
    (s) => s.at >= start && s.applied.includes(FIRST_PORT),
  );
  const hop = (where: string): number | undefined => {
    const found = settled?.hops.find((h) => h.where === where);
    return found && Date.parse(found.at);
  };
  const declares = lab.bigip.writes.filter(
    (w) =>
      w.handled &&
      w.path.startsWith('/mgmt/shared/appsvcs/declare') &&
      w.time >= start &&
      w.time <= (applied ?? 0),
  );
  return [
    { what: 'snapshot sent (watch)', at: hop('watch') },
    { what: 'mapped (map)', at: hop('map') },
    { what: 'declared (apply, to AS3)', at: declares.at(-1)?.time },
    { what: 'applied (BIG-IP has it)', at: applied },
    { what: 'settled (apply, to the cluster)', at: settled?.at },
    { what: 'first answer through BIG-IP', at: answered },
  ];
}

/** From a Gateway to the first answer, with the time of each step. */
export async function firstGateway(scene: Scene): Promise<void> {
  const { checks, lab, api, say, clock } = scene;
  checks.step(`A user applies a Gateway that opens port ${FIRST_PORT}, and does nothing else`);
  const start = clock.now();
  const watching = watchFor(scene, FIRST_PORT);
  await applyManifest(scene, 'tcp-echo');
  say.why(
    'The Service lacks the port, so the watcher adds it with server-side apply and owns only that port.',
  );
  await checks.check({
    expected: `the Service istio-ingressgateway has port ${FIRST_PORT}, added by Sluice`,
    where: `${lab.files.log} (watch's lines)`,
    see: () => servicePort(api, FIRST_PORT),
  });
  say.why(
    'map finds the port that Envoy listens on; apply declares the virtual server through AS3 and reads it back.',
  );
  await checkPool(scene, FIRST_PORT);
  say.why(
    'BIG-IP sends the connection to a gateway pod, Envoy routes it to version v1 of the echo server, which says "one".',
  );
  const sightings = await watching;
  await checkAnswer(scene, FIRST_PORT, 'one hello');
  say.why('The result is sent back to the cluster only after the device has confirmed it.');
  await checks.check({
    expected: `the Service shows ${lab.virtualAddress} as its external address`,
    where: 'kubectl get svc -n istio-system istio-ingressgateway -o yaml',
    see: () => serviceAddress(api, lab.virtualAddress),
  });
  await checks.check({
    expected: 'an Event Programmed on the Gateway',
    where: 'kubectl describe gateways.networking.istio.io tcp-echo-gateway',
    see: () =>
      eventOn(api, { on: GATEWAY, reason: 'Programmed', says: virtualOf(scene, FIRST_PORT) }),
  });
  showVirtualServers(scene);
  say.title('   From "Gateway applied" to "first answer"');
  say.lines(timeline(start, moments(scene, start, sightings)));
}

/** Another Gateway, with another version behind it. */
export async function secondGateway(scene: Scene): Promise<void> {
  scene.checks.step(
    `A second Gateway opens port ${SECOND_PORT}, for version v2; nothing has to be repeated by hand`,
  );
  await applyManifest(scene, 'second-gateway');
  scene.say.why(
    'It is the same ingress, so the snapshot, slice and declaration are the same, now with two virtual servers.',
  );
  await checkPool(scene, SECOND_PORT);
  await checkAnswer(scene, SECOND_PORT, 'two hello');
  await checkAnswer(scene, FIRST_PORT, 'one hello');
  showVirtualServers(scene);
}

/** An F5 ConfigMap decides about the port, and the Event names it. */
export async function configMapMoves(scene: Scene): Promise<void> {
  const { checks, lab, api, say } = scene;
  checks.step(
    `An F5 ConfigMap, as written for F5's controller, moves port ${FIRST_PORT} to ${MOVED_PORT}`,
  );
  await applyManifest(scene, 'f5-configmap');
  say.why(
    'Its settings apply to the Service port that it names. They override sluice.yaml, ' +
      'and annotations of the Gateway override them.',
  );
  await checkPool(scene, FIRST_PORT, MOVED_PORT);
  await checks.check({
    expected: 'balance least-connections-member, from the ConfigMap',
    where: `${lab.files.log} (map's notes): is the ConfigMap ignored, and why?`,
    see: () =>
      balances(deviceRows(lab.bigip), virtualOf(scene, MOVED_PORT), 'least-connections-member'),
  });
  await checkAnswer(scene, MOVED_PORT, 'one hello');
  await checks.check({
    expected: `no virtual server ${virtualOf(scene, FIRST_PORT)} any more`,
    where: `${lab.files.log} (apply's lines): removals may be held until they are proven`,
    see: () => noVirtual(deviceRows(lab.bigip), virtualOf(scene, FIRST_PORT)),
  });
  await checkNobody(scene, FIRST_PORT, 'the device below: is the old virtual server gone?');
  await checkAnswer(scene, SECOND_PORT, 'two hello');
  const source = `${CONFIG_MAP.kind} ${CONFIG_MAP.namespace}/${CONFIG_MAP.name}`;
  say.why('An Event on the Gateway says why the port differs.');
  await checks.check({
    expected: `an Event Programmed on the Gateway that names ${source}`,
    where: 'kubectl describe gateways.networking.istio.io tcp-echo-gateway',
    see: () => eventOn(api, { on: GATEWAY, reason: 'Programmed', says: `from ${source}` }),
  });
  showVirtualServers(scene);
}

/** A pod leaves, and no connection is lost. */
export async function podGoes(scene: Scene): Promise<void> {
  const { checks, lab, say } = scene;
  const pod = lab.cluster.pods('istio-ingressgateway')[0];
  checks.step(
    `A gateway pod is deleted (${pod?.status?.podIP ?? 'none'}), while clients keep connecting`,
  );
  const load = keepAsking(lab.virtualAddress, MOVED_PORT, 'busy');
  say.why(
    lab.members === 'pods'
      ? 'The pod is Terminating: it must leave the pools now, while it still answers, not when it is gone.'
      : 'The members are nodes: kube-proxy stops using the pod, and nothing changes on BIG-IP.',
  );
  const leaving = lab.cluster.removePod(pod?.metadata.name ?? '');
  await checks.check({
    expected: 'BIG-IP sends no new connections to the pod while it is Terminating',
    where:
      `${lab.files.log} (apply's lines after the pod turned Terminating), and the ` +
      'session of its member and node on the device',
    see: async () =>
      leftInTime(
        lab.cluster
          .pods('istio-ingressgateway')
          .some((p) => p.metadata.name === pod?.metadata.name),
        poolHolds(
          deviceRows(lab.bigip),
          virtualOf(scene, MOVED_PORT),
          await expectedMembers(scene, FIRST_PORT),
        ),
      ),
  });
  await leaving;
  say.why(
    lab.members === 'pods'
      ? 'The pod is gone. Its member stays disabled in the pool for 30 s, and is then removed.'
      : 'The pod is gone.',
  );
  await checkPool(scene, FIRST_PORT, MOVED_PORT);
  await checkAnswer(scene, MOVED_PORT, 'one after');
  const answers = await load.stop();
  await checks.check({
    expected: 'every connection during that time was answered',
    where: `${lab.files.log}: when was the member taken out, and when did the pod end?`,
    see: () => judgeLoad(answers),
    within: 0,
  });
  showVirtualServers(scene);
}

/** Once the pod is gone it is too late: connections would already have been sent to it. */
function leftInTime(there: boolean, pool: Seen<DeviceRow>): Seen<DeviceRow> {
  if (there) return pool;
  return { instead: 'the member accepted new connections until the pod was gone' };
}

function judgeLoad(answers: readonly string[]): Seen<number> {
  const failed = answers.filter((a) => a !== 'one busy');
  if (answers.length === 0) return { instead: 'no connection was made at all' };
  if (failed.length > 0)
    return {
      instead: `${failed.length} of ${answers.length} were not: ${[...new Set(failed)].join(', ')}`,
    };
  return { ok: answers.length, say: `${answers.length} connections meanwhile, each answered` };
}

/** What was created is removed. */
export async function gatewayDeleted(scene: Scene): Promise<void> {
  const { checks, lab, api, say } = scene;
  checks.step('The first Gateway is deleted');
  say.why('kubectl delete gateways.networking.istio.io tcp-echo-gateway');
  await api.remove(`${GATEWAYS}/${GATEWAY.name}`);
  say.why(
    'The watcher saw the deletion, which proves that the virtual server must be ' +
      'removed. The second one is not touched.',
  );
  await checks.check({
    expected: `no virtual server ${virtualOf(scene, MOVED_PORT)}`,
    where: `${lab.files.log} (apply's lines): removals may be held until they are proven`,
    see: () => noVirtual(deviceRows(lab.bigip), virtualOf(scene, MOVED_PORT)),
  });
  await checkNobody(scene, MOVED_PORT, 'the device below: is the virtual server gone?');
  await checkAnswer(scene, SECOND_PORT, 'two hello');
  say.why('The F5 ConfigMap now configures a port that no Gateway opens. An Event reports this.');
  await checks.check({
    expected: 'an Event SettingIgnored on the ConfigMap',
    where: `kubectl -n ${CONFIG_MAP.namespace} get events`,
    see: () => eventOn(api, { on: CONFIG_MAP, reason: 'SettingIgnored', says: 'ignored' }),
  });
  showVirtualServers(scene);
}
