/** The life of an ingress, with the watcher of the product, at one API server. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Snapshot } from '../../../../shared/domain/snapshot/snapshot.ts';
import type { Body } from '../../../integration/lab-kubernetes/client.ts';
import { plain } from '../normal.ts';
import type { Subject } from '../subject.ts';
import { watcherBench, type WatcherBench } from './bench.ts';
import {
  gateway,
  gatewayPod,
  HOLD,
  ingressService,
  PATHS,
  PLACES,
  podStatus,
  SERVICE,
  virtualService,
} from './objects.ts';
import { eventsView, leaseView, serviceView, snapshotView } from './views.ts';

/** By step and part of it, as JSON. */
export type Observations = ReadonlyMap<string, unknown>;

interface Stage {
  /** May write everything; the watcher has an account of its own. */
  readonly admin: Subject;
  readonly bench: WatcherBench;
  readonly note: (what: string, value: unknown) => void;
  /** Waits; what does not come in time is a result, too. */
  readonly reach: (what: string, is: () => boolean | Promise<boolean>) => Promise<void>;
}

const PATIENCE_MS = 20_000;
const STEP_MS = 50;
/** So many for each step that a wait of minutes takes less than a second. */
const SKIP_MS = 30_000;

/** Runs all steps. The namespaces are there; `kubeconfig` has the account of the watcher. */
export async function watchScenario(admin: Subject, kubeconfig: string): Promise<Observations> {
  const seen = new Map<string, unknown>();
  const bench = watcherBench(kubeconfig);
  const note = (what: string, value: unknown): void => void seen.set(what, plain(value));
  const reach: Stage['reach'] = async (what, is) => {
    for (let waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
      if (await is()) return;
      await pause(STEP_MS);
    }
    note(`${what}: in time`, false);
  };
  const stage: Stage = { admin, bench, note, reach };
  try {
    for (const step of STEPS) await step(stage);
    note('complaints', bench.complaints());
  } finally {
    await bench.stop();
  }
  return seen;
}

/** In this order. */
const STEPS: readonly ((stage: Stage) => Promise<void>)[] = [
  appears,
  isProgrammed,
  changes,
  expires,
  isWithdrawn,
  restarts,
  isTakenOver,
  ends,
  goes,
];

async function write(
  { admin }: Stage,
  method: string,
  path: string,
  body?: Body,
  type?: string,
): Promise<void> {
  const answer = await admin.send(method, path, { body, type });
  if (answer.code >= 300) throw new Error(`${method} ${path}: ${answer.code} ${answer.text}`);
}

const MERGE = 'application/merge-patch+json';

function last({ bench }: Stage): Snapshot | undefined {
  return bench.snapshots().at(-1);
}

function hasPort(snapshot: Snapshot | undefined, port: number): boolean {
  const services = snapshot?.objects.services ?? [];
  return services.some(({ ports }) => ports.some((one) => one.port === port));
}

function gatewaysOf(snapshot: Snapshot | undefined): readonly string[] {
  return (snapshot?.objects.gateways ?? []).map(({ meta }) => meta.name);
}

async function noteAll(stage: Stage, step: string): Promise<void> {
  const { admin, note } = stage;
  const snapshot = last(stage);
  note(`${step}: snapshot`, snapshot && snapshotView(snapshot));
  note(`${step}: Service`, await serviceView(admin));
  note(`${step}: Lease`, await leaseView(admin));
}

/** The leader notes itself on the Service beside everything else. */
async function isNoted({ admin }: Stage): Promise<boolean> {
  const { body } = await admin.send('GET', `${PATHS.services}/${SERVICE}`);
  return Object.keys(body.metadata.annotations ?? {}).some((key) => key.startsWith('leader.'));
}

/** Everything is created before and while the watcher runs. */
async function appears(stage: Stage): Promise<void> {
  await write(stage, 'POST', PATHS.services, ingressService());
  await write(stage, 'POST', PATHS.pods, gatewayPod('gateway-1'));
  await write(
    stage,
    'PATCH',
    `${PATHS.pods}/gateway-1/status`,
    podStatus('203.0.113.1', true),
    MERGE,
  );
  await stage.bench.start('first');
  await write(stage, 'POST', PATHS.gateways, gateway('web', 32_400));
  await write(stage, 'POST', PATHS.virtualServices, virtualService('web', 'web', 32_400));
  await stage.reach('appears', () => {
    const snapshot = last(stage);
    return hasPort(snapshot, 32_400) && snapshot?.objects.virtualServices.length === 1;
  });
  await stage.reach('appears: note', () => isNoted(stage));
  await stage.reach('appears: status', () => hasStatus(stage));
  await noteAll(stage, 'appears');
}

async function hasStatus({ admin }: Stage): Promise<boolean> {
  const { body } = await admin.send('GET', `${PATHS.services}/${SERVICE}`);
  return body.status.loadBalancer.ingress !== undefined;
}

async function isSaid({ admin }: Stage, namespace: string, reason: string): Promise<boolean> {
  const { body } = await admin.send('GET', PATHS.events(namespace));
  return body.items.some((event: Body) => event.reason === reason);
}

async function isProgrammed(stage: Stage): Promise<void> {
  await stage.reach('is programmed: Event', () => isSaid(stage, PLACES.apps, 'Programmed'));
  stage.note('is programmed: Events', await eventsView(stage.admin, PLACES.apps));
  stage.note('is programmed: Events of the ingress', await eventsView(stage.admin, PLACES.ingress));
}

/** Another Gateway, and a second pod that is not ready. */
async function changes(stage: Stage): Promise<void> {
  await write(stage, 'POST', PATHS.gateways, gateway('more', 32_401, [HOLD]));
  await write(stage, 'POST', PATHS.virtualServices, virtualService('more', 'more', 32_401));
  await write(stage, 'POST', PATHS.pods, gatewayPod('gateway-2'));
  const status = podStatus('203.0.113.2', false);
  await write(stage, 'PATCH', `${PATHS.pods}/gateway-2/status`, status, MERGE);
  await stage.reach('changes', () => {
    const snapshot = last(stage);
    const [first, second] = snapshot?.objects.pods ?? [];
    return hasPort(snapshot, 32_401) && first !== undefined && second?.ips.length === 1;
  });
  await noteAll(stage, 'changes');
}

/** A Gateway goes while its watch is interrupted, and the version that was seen last has expired. */
async function expires(stage: Stage): Promise<void> {
  const { bench, note, reach } = stage;
  const goOn = bench.expiry.begin();
  await write(stage, 'DELETE', `${PATHS.gateways}/web`);
  goOn();
  await reach('expires', () => gatewaysOf(last(stage)).join() === 'more');
  note('expires: answers', bench.expiry.answers);
  await noteAll(stage, 'expires');
}

/** The port of that Gateway goes with time, and comes back with the Gateway. */
async function isWithdrawn(stage: Stage): Promise<void> {
  const { admin, bench, note, reach } = stage;
  const has = async (port: number): Promise<boolean> => {
    const { body } = await admin.send('GET', `${PATHS.services}/${SERVICE}`);
    return body.spec.ports.some((one: Body) => one.port === port);
  };
  await reach('is withdrawn', async () => {
    bench.skip(SKIP_MS);
    return !(await has(32_400));
  });
  note('is withdrawn: Service', await serviceView(admin));
  await write(stage, 'POST', PATHS.gateways, gateway('web', 32_400));
  await reach('is back', async () => (await has(32_400)) && hasPort(last(stage), 32_400));
  await noteAll(stage, 'is back');
}

/** The same watcher again: it sends everything once more, and repeats no Event. */
async function restarts(stage: Stage): Promise<void> {
  const { bench, note } = stage;
  const before = bench.snapshots().length;
  await bench.end('first');
  note('is stopped: Lease', await leaseView(stage.admin));
  note('is stopped: noted', await isNoted(stage));
  await bench.start('first');
  await stage.reach('restarts', () => bench.snapshots().length > before);
  await stage.reach('restarts: note', () => isNoted(stage));
  note('restarts: epochs rise', risesSince(bench.snapshots(), before));
  await noteAll(stage, 'restarts');
  note('restarts: Events', await eventsView(stage.admin, PLACES.apps));
}

function risesSince(snapshots: readonly Snapshot[], index: number): boolean {
  const [old, next] = [snapshots[index - 1], snapshots.at(-1)];
  return (next?.revision.epoch ?? 0) > (old?.revision.epoch ?? 0);
}

/** A second watcher leads when the first one stops; both leave the Lease as it should be. */
async function isTakenOver(stage: Stage): Promise<void> {
  const { bench, note, reach } = stage;
  const before = bench.snapshots().length;
  await bench.start('second');
  note('stands by: snapshots', bench.snapshots().length - before);
  note('stands by: Lease', await leaseView(stage.admin));
  await bench.end('first');
  await reach('is taken over', () => bench.snapshots().length > before);
  await reach('is taken over: note', () => isNoted(stage));
  note('is taken over: newer epoch', risesSince(bench.snapshots(), before));
  await noteAll(stage, 'is taken over');
  stage.note('is taken over: Events', await eventsView(stage.admin, PLACES.apps));
}

/** A Gateway that a finalizer holds, in a namespace that ends. */
async function ends(stage: Stage): Promise<void> {
  await write(stage, 'DELETE', `${PATHS.gateways}/more`);
  await write(stage, 'DELETE', `/api/v1/namespaces/${PLACES.apps}`);
  await stage.reach('ends', () => gatewaysOf(last(stage)).join() === 'more');
  const held = last(stage);
  stage.note('ends: snapshot', held && snapshotView(held));
  await write(stage, 'PATCH', `${PATHS.gateways}/more`, { metadata: { finalizers: null } }, MERGE);
  await stage.reach('has ended', () => gatewaysOf(last(stage)).length === 0);
  await stage.reach('is emptied', async () => !(await hasStatus(stage)));
  await noteAll(stage, 'has ended');
}

/** The ingress Service is deleted. */
async function goes(stage: Stage): Promise<void> {
  await write(stage, 'DELETE', `${PATHS.pods}/gateway-2`);
  await stage.reach('loses a pod', () => last(stage)?.objects.pods.length === 1);
  await write(stage, 'DELETE', `${PATHS.services}/${SERVICE}`);
  await stage.reach('goes', () => last(stage)?.removed === true);
  stage.note('goes: removed', last(stage)?.removed);
  await stage.bench.end('second');
  stage.note('goes: Lease', await leaseView(stage.admin));
}
