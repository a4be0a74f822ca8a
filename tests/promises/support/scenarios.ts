/** What apply does in the tests that let something go wrong at each of its calls. */
import { DeviceError } from '../../../shared/device/errors.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';
import type { Gate } from './gate.ts';
import { countAll } from './gate.ts';
import type { World } from './world.ts';
import { createWorld } from './world.ts';

const { owner } = slice(1, []);
const west = { owner: 'west/istio-system/istio-ingressgateway', clusterUid: 'uid-west' };
const bad = { ...SETTINGS, iRules: ['/Common/missing'] };
const ports = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
const some = (
  list: readonly number[],
  over: Parameters<typeof exposure>[0] = {},
): ReturnType<typeof exposure>[] =>
  list.map((port) => exposure({ port, gateways: [`ns/gw-${port}`], ...over }));

/** What happens to one device; nothing goes wrong in `before`. */
export interface Scenario {
  readonly partitions?: readonly string[];
  /** The initial state; nothing crashes during its setup. */
  readonly before?: (world: World) => Promise<void>;
  readonly events: (world: World) => Promise<void>;
  /** Too large for the random series. */
  readonly isLarge?: boolean;
}

/** By name. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'two ingresses and one exposure that is refused': {
    events: async (w) => {
      await w.send(slice(1, [...some([1, 2, 3]), exposure({ port: 4, settings: bad })]));
      await w.send(slice(1, some([5, 6]), west));
    },
  },
  'an update that is refused while its pods move': {
    before: (w) => w.send(slice(1, some([1, 2]))),
    events: (w) =>
      w.send(
        slice(
          2,
          some([1, 2], {
            settings: bad,
            members: [{ address: '10.9.9.9', port: 1, availability: 'ready' }],
          }),
        ),
      ),
  },
  'more than one declare can hold': {
    isLarge: true,
    events: (w) => w.send(slice(1, some(ports(1, 130)))),
  },
  'a large removal that was approved': {
    isLarge: true,
    before: async (w) => {
      await w.send(slice(1, some(ports(1, 130))));
      await w.drain();
      await w.send(slice(2, some([130])));
    },
    events: (w) => w.approve({ owner }),
  },
  'a move between partitions, and a newcomer': {
    partitions: ['one', 'two'],
    before: (w) => w.send(slice(1, some([1, 2], { partition: 'one' }))),
    events: (w) =>
      w.send(
        slice(2, [
          ...some([1, 2], { partition: 'two' }),
          ...some([3], { address: '172.16.100.196', partition: 'one' }),
        ]),
      ),
  },
  'an address that changes hands': {
    before: async (w) => {
      await w.send(slice(1, some([1])));
      await w.drain();
      await w.send(slice(1, some([1]), west));
    },
    events: (w) => w.send(slice(2, some([2]))),
  },
  'a large cluster that is forgotten, while another waits for its address': {
    isLarge: true,
    before: async (w) => {
      await w.send(slice(1, some(ports(1, 130))));
      await w.drain();
      await w.send(slice(1, some([1]), west));
    },
    events: (w) =>
      w.steer({
        action: 'forget',
        device: 'bigip-1',
        cluster: 'east',
        upTo: { [owner]: { epoch: 1, counter: 1, generation: 1 } },
        whole: true,
      }),
  },
  'an ingress that was deleted while the watcher was down, and a drain of its cluster': {
    before: (w) => w.send(slice(1, some([1, 2]))),
    events: async (w) => {
      await w.miss({
        cluster: 'east',
        clusterUid: 'uid-east',
        device: 'bigip-1',
        version: { epoch: 1, counter: 2, generation: 1 },
        absent: [owner],
      });
      await w.steer({
        action: 'drain',
        device: 'bigip-1',
        cluster: 'east',
        mode: 'drain',
        because: 'a test',
      });
    },
  },
};

/** The world before the process that something happens to. */
export async function prepare({ partitions, before, events }: Scenario): Promise<World> {
  const world = createWorld({ remembers: true, ...(partitions && { partitions }) });
  world.device.before = (_p, next) => {
    if (Object.values(next.exposures).some((e) => e.settings.iRules.length > 0))
      throw new DeviceError('BIP424', 'content', 'not found');
  };
  await before?.(world);
  await world.drain();
  await events(world);
  return world;
}

/**
 * Everything that matters at the end: the declared state, the stored state, the results that each
 * owner received, and the dead letters.
 */
export function ending(world: World, partitions: readonly string[] = ['k8s']): object {
  const told = new Map(
    world
      .settled()
      .map((s) => [
        s.owner,
        s.exposures.map(
          (e) => `${e.port} ${['applied', 'unchanged'].includes(e.outcome) ? 'there' : e.outcome}`,
        ),
      ]),
  );
  return {
    declared: partitions.map((partition) => timeless(world.device.state(partition))),
    told: Object.fromEntries(told),
    dead: [...new Set(world.deadLetters().map((d) => `${d.code} ${d.exposure ?? ''}`))].toSorted(),
    waiting: world.queues.messages('slices').length,
  };
}

/** Without times and numbers of attempts, which a crash changes. */
function timeless(state: DeclaredState): unknown {
  return JSON.parse(
    JSON.stringify(state, (key, value: unknown) =>
      ['next', 'tries', 'reason', 'seen', 'gone'].includes(key) ? undefined : value,
    ),
  );
}

/** One process after the other behind a gate each, then others until nothing is left. */
export async function crashed(scenario: Scenario, gates: readonly Gate[]): Promise<World> {
  const world = await prepare(scenario);
  for (const gate of gates) {
    await world.step(gate);
    world.clock.advance(200_000);
  }
  await world.drain();
  return world;
}

/** Nothing crashes: the calls of the process, and the end that all others must reach. */
export async function whole(
  scenario: Scenario,
): Promise<{ readonly calls: readonly string[]; readonly end: object }> {
  const world = await prepare(scenario);
  const gate = countAll();
  await world.step(gate);
  await world.drain();
  return { calls: gate.calls, end: ending(world, scenario.partitions) };
}
