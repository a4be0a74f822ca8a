/** Exposures that are held until nodes may move to /Common (OWN312). Pure. */
import { sharedFleet } from '../../config/fleets.ts';
import type { SluiceConfig } from '../../config/schema.ts';
import type { HeldByNodes } from '../../domain/plan/node-sharing.ts';
import { heldByNodes } from '../../domain/plan/node-sharing.ts';
import { heldInWords, interruptionInWords } from '../../domain/plan/nodes-elsewhere.ts';
import { formatCount } from '../../domain/text/counts.ts';
import type { DeclaredPartitionView } from '../devices/declared-partitions.ts';
import { statesByPartition } from './rows.ts';

/** A held exposure, or the held part of one. */
export interface HeldExposure {
  readonly device: string;
  readonly owner: string;
  /** `address:port/protocol` */
  readonly exposure: string;
  readonly gateways: readonly string[];
  /** Why, what a move would interrupt, and the command that approves it. */
  readonly reason: string;
}

/** Everything that is held on the devices that answer. */
export function heldExposures(
  config: SluiceConfig,
  declared: readonly DeclaredPartitionView[],
): readonly HeldExposure[] {
  return eachHeld(config, declared).map(({ device, states, held }) => {
    const { partition, owner, key } = held;
    const state = states.get(partition);
    const isThere = state?.exposures[key]?.contributions.some((c) => c.owner === owner) === true;
    return {
      device,
      owner,
      exposure: key,
      gateways: state?.owners[owner]?.claims?.[key]?.gateways ?? [],
      reason: `${isThere ? 'its new members wait' : 'it waits'}: ${heldInWords(held, held)}`,
    };
  });
}

/** One line for each owner and device: how much is held, and how to approve it. */
export function heldInLines(
  config: SluiceConfig,
  declared: readonly DeclaredPartitionView[],
): readonly string[] {
  const held = eachHeld(config, declared);
  const groups = Map.groupBy(held, ({ device, held: { owner } }) => `${device} ${owner}`);
  return [...groups.values()].map((list) => {
    const { device, held: first } = list[0]!;
    const moving = new Map(
      list.flatMap((one) => one.held.moving.map((move) => [move.partition, move] as const)),
    );
    const count = formatCount(list.length, 'exposure');
    const waits = list.length === 1 ? 'waits' : 'wait';
    return (
      `${first.owner} on ${device}: ${count} ${waits} until nodes may move to /Common (OWN312). ` +
      `${interruptionInWords([...moving.values()])} ` +
      `To list and allow it, run "sluice approve ${first.owner}"`
    );
  });
}

/** What waits for a move of nodes on one device. */
interface Held {
  readonly device: string;
  readonly states: ReturnType<typeof statesByPartition>;
  readonly held: HeldByNodes;
}

/** Exposures and members that wait for a move of nodes, for each device that answered. */
function eachHeld(
  config: SluiceConfig,
  declared: readonly DeclaredPartitionView[],
): readonly Held[] {
  return [...new Set(declared.map(({ device }) => device))].flatMap((device) => {
    const states = statesByPartition(declared, device);
    return heldByNodes(states, sharedFleet(config)).map((held) => ({ device, states, held }));
  });
}
