/** Restores properties that AS3 does not compare, by one PATCH for each object. */
import type { Difference } from './difference.ts';
import type { Session } from './session.ts';

/** Objects outside the partition are left alone. Resolves with the paths of the changed ones. */
export async function mend(
  session: Session,
  partition: string,
  differences: readonly Difference[],
): Promise<readonly string[]> {
  const writes = Map.groupBy(
    differences.flatMap(({ patch }) => patch ?? []),
    ({ path }) => path,
  );
  const changed: string[] = [];
  for (const [path, patches] of writes) {
    if (!path.includes(`/~${partition}~`)) continue;
    const body = Object.assign({}, ...patches.map(({ body: one }) => one)) as object;
    // Not found: a declare removed the object in the meantime.
    const answer = await session.call({ method: 'PATCH', path, body }, [404]);
    if (answer.status !== 404) changed.push(path);
  }
  return changed;
}
