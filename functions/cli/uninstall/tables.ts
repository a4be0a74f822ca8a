/** The table of `sluice uninstall`. */
import type { UninstallItem } from '../../../shared/operations/uninstall/part.ts';
import { formatTable } from '../terminal/output.ts';

/** What cannot be looked at stands out. */
const ACTIONS = { remove: 'remove', keep: 'keep', unknown: 'UNKNOWN' } as const;

/** One line for each object. */
export function uninstallTable(items: readonly UninstallItem[]): string {
  return formatTable(
    ['ACTION', 'PLACE', 'OBJECT', 'WHY'],
    items.map(({ action, place, object, why }) => [ACTIONS[action], place, object, why]),
  );
}
