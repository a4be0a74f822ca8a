/** The paths to pods as text. Pure. */
import { pathInWords } from '../../../shared/domain/paths/entry.ts';
import type { Path } from '../../../shared/domain/paths/path.ts';
import type { PathChanges } from '../../../shared/operations/plan/path-changes.ts';
import { visible } from '../../../shared/telemetry/visible.ts';

/** One line for each object on a device: `+ route 10.244.3.0/24 via 192.0.2.13 (node n3, …)`. */
export function pathLines(
  paths: readonly Path[],
  { device, tunnel }: { readonly device?: string; readonly tunnel?: string | undefined } = {},
): readonly string[] {
  return paths.flatMap((path) => {
    const where = [
      ...(device === undefined ? [] : [device]),
      `node ${path.node}`,
      `from ${path.source}`,
    ];
    return pathInWords(path, tunnel).map((object) => visible(`+ ${object} (${where.join(', ')})`));
  });
}

/** One line for each change on a device: `+ route 10.244.3.0/24 via 192.0.2.13 (bigip, node n3)`. */
export function pathChangeLines(plans: readonly PathChanges[]): readonly string[] {
  const lines = plans.flatMap(({ device, changes, problem }) => [
    ...(problem === undefined
      ? []
      : [`! paths of ${device} cannot be planned: ${problem.reason} (${problem.code})`]),
    ...changes.map(({ message, node, unit, change, code }) => {
      const where = [
        unit === undefined ? device : `${device} on the standby unit`,
        `node ${node}`,
        ...(change === 'remove' ? ['after its grace'] : []),
        ...(code === undefined ? [] : [code]),
      ];
      return `${message} (${where.join(', ')})`;
    }),
  ]);
  return lines.map(visible);
}
