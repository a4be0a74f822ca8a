/** What each act of a schedule does in a world. */
import type { WorkQueueName } from '../../../shared/queue/port.ts';
import type { Rig } from './rig.ts';
import type { Act } from './schedule.ts';
import type { World } from './world.ts';

/** Carries out one act. */
export type Deed<A = Act> = (rig: Rig, act: A) => void | Promise<void>;

const SECOND = 1_000;

/** Sends a message that was sent before, with the id that `idOf` makes of its own. */
async function resend(
  { queues }: World,
  { queue, message }: { readonly queue: WorkQueueName; readonly message: number },
  idOf: (id: string) => string,
): Promise<void> {
  const sent = queues.sent(queue);
  const chosen = sent[message % Math.max(1, sent.length)];
  if (chosen === undefined) return;
  await queues
    .queue(queue)
    .send({ ...chosen, deduplicationId: idOf(chosen.deduplicationId) })
    .catch(() => undefined);
}

export const DEEDS: { readonly [K in Act['do']]: Deed<Extract<Act, { readonly do: K }>> } = {
  gateway: (rig, { at, port, there }) => rig.at(at).gateway(port, there),
  pod: (rig, { at, pod, state, node }) => rig.at(at).pod(pod, state, node),
  node: (rig, { at, node, what }) => rig.at(at).nodes.change(node, what),
  paths: (rig, { faults, on }) => rig.device(on).faults.disturbPaths(faults),
  service: (rig, { at, there }) => rig.at(at).service(there),
  strip: (rig, { at }) => rig.at(at).strip(),
  terminate: (rig, { at }) => rig.at(at).terminate(),
  clear: (rig, { at }) => rig.at(at).clear(),
  restore: (rig, { at }) => rig.at(at).restore(),
  cut: (rig, { at }) => void rig.at(at).api.faults.cutWatches(),
  silence: (rig, { at }) => void rig.at(at).api.faults.silenceWatches(),
  expire: (rig, { at }) => {
    const { faults } = rig.at(at).api;
    faults.compact();
    faults.cutWatches();
  },
  'slow lists': (rig, { at }) => {
    const slow = { kind: 'delay', ms: 20 * SECOND } as const;
    const lift = rig.at(at).api.faults.add({ verbs: ['list'] }, slow);
    rig.world.clock.after(120 * SECOND, lift);
  },
  'lost writes': (rig, { at }) => {
    const { api } = rig.at(at);
    api.losesAnswers = true;
    rig.world.clock.after(30 * SECOND, () => {
      api.losesAnswers = false;
    });
  },
  'api away': (rig, { at, for: seconds }) => {
    const { api } = rig.at(at);
    api.power(false);
    rig.world.clock.after(seconds * SECOND, () => api.power(true));
  },
  'queue away': ({ outages }, { queue, calls, for: seconds }) =>
    outages.begin(queue, seconds * SECOND, calls),
  'queue loses answers': (rig) => {
    rig.losing = 3;
  },
  declares: (rig, { faults, on }) => rig.device(on).faults.disturb(faults),
  'device away': (rig, { for: seconds, on }) => rig.device(on).faults.away(seconds * SECOND),
  sync: (rig, { on }) => rig.device(on).faults.sync(),
  'fail over': (rig, { on }) => {
    const { faults, rival } = rig.device(on);
    faults.failOver();
    rival.restore();
  },
  rival: (rig, { what, n, there, on }) => rig.device(on).rival.write(what, n, there),
  rotate: (rig, { at, to }) => {
    if (to !== 'enable') rig.at(at).wasDrained = true;
    return rig.operator.rotate(at, to);
  },
  place: (rig, { at, port, partition, address }) => rig.at(at).place(port, { partition, address }),
  approve: (rig, { at }) => rig.operator.approve(rig.at(at)),
  audit: ({ world }) => void world.audit().catch(() => undefined),
  kill: ({ world }, { role, for: seconds }) => {
    world.kill(role);
    world.clock.after(seconds * SECOND, () => world.start(role));
  },
  again: ({ world }, { queue, message }) => {
    const turn = `again-${world.clock.monotonic()}-${world.queues.sent(queue).length}`;
    return resend(world, { queue, message }, () => turn);
  },
  // As a sender that did not learn that its message arrived.
  repeat: ({ world }, chosen) => resend(world, chosen, (id) => id),
  step: ({ world }, { by }) => world.clock.step(by * SECOND),
  wait: ({ world }, { for: seconds }) => world.clock.pass(seconds * SECOND),
};
