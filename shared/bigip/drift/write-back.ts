/** Restores properties that AS3 does not compare, by one PATCH for each object. */
import { DeviceError } from '../../device/errors.ts';
import type { Difference } from '../../device/difference.ts';
import type { Session } from '../rest/session.ts';

/** The PATCH request that restores a property. A class, so that `writeBack` recognises its own. */
export class Patch {
  /** Of iControl REST. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;

  constructor(path: string, body: Patch['body']) {
    this.path = path;
    this.body = body;
  }
}

/**
 * Objects outside the partition are left alone. Resolves with the paths of the changed ones; an
 * object that the device refuses to change is not among them, and keeps its difference.
 */
export async function writeBack(
  session: Session,
  partition: string,
  differences: readonly Difference[],
): Promise<readonly string[]> {
  const writes = Map.groupBy(
    differences.flatMap(({ write }) => (write instanceof Patch ? [write] : [])),
    ({ path }) => path,
  );
  const changed: string[] = [];
  for (const [path, patches] of writes) {
    if (!path.includes(`/~${partition}~`)) continue;
    const body = Object.assign({}, ...patches.map(({ body: one }) => one)) as object;
    if (await isWritten(session, path, body)) changed.push(path);
  }
  return changed;
}

/** False if a declare removed the object in the meantime, or if the device refuses the values. */
async function isWritten(session: Session, path: string, body: object): Promise<boolean> {
  try {
    return (await session.call({ method: 'PATCH', path, body }, [404])).status !== 404;
  } catch (error) {
    if (error instanceof DeviceError && error.fault === 'content') return false;
    throw error;
  }
}
