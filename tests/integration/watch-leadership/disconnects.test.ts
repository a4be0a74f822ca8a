import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Watcher } from '../../../functions/watch/main.ts';
import { chanceOf } from '../../fixtures/chance.ts';
import { gateway, gatewayPod, ingressService, startBench, type Bench } from '../watch/support.ts';

/**
 * SLUICE_DISCONNECTS sets the number of places (2000 is all of them); SLUICE_SEED changes the
 * order.
 */
const POINTS = Number(process.env['SLUICE_DISCONNECTS'] ?? 150);
const SEED = Number(process.env['SLUICE_SEED'] ?? 20_261_123);
/** No resync repairs what was missed: the test requests it at the end. */
const RESYNC = 1_000_000_000;
/** In the watcher's own time; a change that takes longer counts as missed. */
const PATIENCE = 240_000;

let at: Bench;
let watcher: Watcher;
let random: () => number;
let settled = 0;

beforeEach(async () => {
  at = await startBench({ servicePorts: 'observe' }, { bookmarkMs: 60 });
  random = chanceOf(SEED);
  settled = 0;
  at.lab.store.apply(ingressService());
  at.lab.store.apply(gatewayPod());
  await begin();
});
afterEach(() => at.close());

const below = (bound: number): number => Math.floor(random() * bound);

async function begin(): Promise<void> {
  // Dead connections are detected in real time.
  watcher = at.watcher({
    resyncMs: RESYNC,
    timing: { watchMs: 1_000, overdueMs: 200, backoff: { base: 50, max: 400 } },
  });
  await watcher.start();
}

function change(): void {
  for (let left = 1 + below(3); left > 0; left -= 1) {
    const name = `gateway-${below(12)}`;
    const there =
      at.lab.store.get('networking.istio.io/v1', 'Gateway', 'default', name) !== undefined;
    if (there && random() < 0.4)
      at.lab.store.delete('networking.istio.io/v1', 'Gateway', 'default', name);
    // Sometimes deleted and created again at once: another object with the same name.
    if (there && random() < 0.2) {
      if (at.lab.store.get('networking.istio.io/v1', 'Gateway', 'default', name) !== undefined)
        at.lab.store.delete('networking.istio.io/v1', 'Gateway', 'default', name);
      at.lab.store.apply(gateway(name, 31_000 + below(1_000)));
    } else if (!there || random() < 0.6) at.lab.store.apply(gateway(name, 31_000 + below(1_000)));
  }
}

const breaks: Readonly<Record<string, () => Promise<void> | void>> = {
  cut: () => {
    at.lab.faults.cutWatches();
    change();
  },
  expired: () => {
    at.lab.faults.expireAs(random() < 0.5 ? 'event' : 'status');
    at.lab.faults.cutWatches();
    change();
    at.lab.faults.compact();
  },
  'half-open': () => {
    at.lab.faults.silenceWatches({ resource: 'gateways.networking.istio.io' });
    change();
  },
  'list denied': async () => {
    const allow = at.lab.faults.deny({ verbs: ['list'] });
    at.lab.faults.cutWatches();
    change();
    at.lab.faults.compact();
    await pass(5 + below(10));
    change();
    allow();
  },
  restart: async () => {
    if (random() < 0.5) change();
    await watcher.stop();
    change();
    await begin();
  },
};

async function pass(steps: number): Promise<void> {
  for (let step = 0; step < steps; step += 1) {
    at.clock.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 2));
    settleNewest();
  }
}

function settleNewest(): void {
  const { length } = at.snapshots();
  if (length > settled) at.settle({});
  settled = length;
}

interface WithPorts {
  readonly servers: readonly { readonly port: { readonly number: number } }[];
}

const portsOf = ({ servers }: WithPorts): string => servers.map(({ port }) => port.number).join();
const wanted = (): string[] =>
  at.lab.store
    .list('networking.istio.io/v1', 'Gateway')
    .map(
      ({ metadata, ...rest }) =>
        `${metadata.name} ${metadata.uid} ${portsOf(rest['spec'] as WithPorts)}`,
    )
    .sort();
const told = (): string[] =>
  (at.snapshots().at(-1)?.objects.gateways ?? [])
    .map(
      ({ meta, servers }) =>
        `${meta.name} ${meta.uid} ${portsOf({ servers: servers.filter((server) => 'port' in server) })}`,
    )
    .sort();
const agrees = (): boolean => JSON.stringify(told()) === JSON.stringify(wanted());

/** False if the newest snapshot does not contain the present objects in time. */
async function arrives(): Promise<boolean> {
  const until = at.clock.now() + PATIENCE;
  while (!agrees() && at.clock.now() < until) await pass(1);
  return agrees();
}

/** Resolves with the snapshot that the resync sends. */
async function resync(): Promise<void> {
  const before = at.snapshots().length;
  // A watcher that has just started may not count yet, so one step of the time may not be enough.
  while (at.snapshots().length === before) {
    at.clock.advance(RESYNC);
    // The step exceeds the duration of the Lease. Renewing the Lease takes real time, and another
    // step would exceed it again.
    const until = at.clock.now() + PATIENCE;
    while (at.snapshots().length === before && at.clock.now() < until) await pass(1);
  }
}

test(
  `wherever the connection breaks (${POINTS} places, seed ${SEED}), nothing is ` +
    'missed before the next resync, and nothing after it',
  async () => {
    // Detecting a half-open connection takes real time, so there are fewer of these.
    const names = Object.keys(breaks).flatMap((name) =>
      name === 'half-open' ? [name] : [name, name, name],
    );
    const missed: string[] = [];
    for (let point = 0; point < POINTS; point += 1) {
      const name = names[below(names.length)] ?? '';
      if (random() < 0.5) change();
      await pass(below(4));
      await breaks[name]?.();
      if (!(await arrives())) missed.push(`${point} ${name}`);
      // The watcher would wait for a missing result, which would hide the effect of the next point.
      settleNewest();
      // Messages that were checked are no longer needed, and reading them again takes longer each
      // time.
      const [last] = at.queues.sent
        .splice(0)
        .filter(({ message }) => message.group !== 'east')
        .slice(-1);
      if (last !== undefined) at.queues.sent.push(last);
      settled = at.snapshots().length;
    }
    expect(missed).toEqual([]);
    await resync();
    expect(await arrives()).toBe(true);
  },
  // Only ends a run that makes no progress: a restart takes seconds on a busy machine.
  60_000 + POINTS * 4_000,
);
