/** Entries of paths that are not on a device, from its journal. Pure. */
import type { DeclaredState } from '../../domain/declared/declared.ts';
import { firstNamed } from '../../domain/text/counts.ts';
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import type { AnsweringPartition } from '../devices/partition-view.ts';
import type { RefusedPath } from '../devices/path-view.ts';

/** What may be wrong with the network of a cluster, as seen from a device. */
export interface NetworkNote {
  readonly device: string;
  readonly cluster: string;
  readonly code: string;
  readonly message: string;
  /** The exposures that it is about. */
  readonly exposures: readonly string[];
}

/** One note for each node, owner and reason. */
export function refusedPaths(answered: readonly AnsweringPartition[]): readonly NetworkNote[] {
  return [...Map.groupBy(answered, ({ device }) => device)].flatMap(([device, partitions]) => {
    const refused = partitions[0]?.paths?.refused ?? [];
    const alike = Map.groupBy(refused, ({ node, owner, code }) => `${node} ${owner} ${code}`);
    return [...alike.values()].flatMap((same) => noteOf(device, partitions, same));
  });
}

/** One note for the refused paths to a node; no note without any. */
function noteOf(
  device: string,
  partitions: readonly AnsweringPartition[],
  same: readonly RefusedPath[],
): readonly NetworkNote[] {
  const [first] = same;
  if (first === undefined) return [];
  const { node, owner, code } = first;
  const entries = firstNamed(same.map(({ entry }) => entry).toSorted());
  return [
    {
      device,
      cluster: parseOwner(owner).cluster,
      code,
      exposures: partitions.flatMap(({ state }) => exposuresBy(state, owner)),
      message:
        `path to node ${node}: ${entries} is not on ${device}, so new members behind it wait; ` +
        '"sluice failures list" has the words of the device',
    },
  ];
}

function exposuresBy({ exposures }: DeclaredState, owner: string): readonly string[] {
  return Object.entries(exposures).flatMap(([key, { contributions }]) =>
    contributions.some((one) => one.owner === owner) ? [key] : [],
  );
}
