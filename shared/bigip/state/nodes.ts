/**
 * Removes and restores members at the node: AS3 never changes the session of a node, so the change
 * survives every declare, applies to all pools at once, and cuts no connection. A drain at the
 * member would be undone by the next declare, which deletes and re-adds it.
 */
import type { Availability } from '../../domain/exposure/exposure.ts';
import type { LiveNode, NodeWrite } from '../../domain/express/node.ts';
import { nodeReconciliation, nodesToEnable } from '../../domain/express/reconcile.ts';
import { formatStamp, parseStamp } from '../../domain/express/stamp.ts';
import type { DeclaredState } from '../../domain/declared/declared.ts';
import { itemsOf, NodeItem } from '../rest/answers.ts';
import type { Session } from '../rest/session.ts';

export { drainingAddresses } from '../../domain/express/reconcile.ts';

/**
 * The written values; read values differ (`monitor-enabled`, `unchecked`, `up`) and cannot be
 * written.
 */
const ADMIN: Readonly<Record<Availability, { readonly session: string; readonly state: string }>> =
  {
    ready: { session: 'user-enabled', state: 'user-up' },
    draining: { session: 'user-disabled', state: 'user-up' },
    out: { session: 'user-disabled', state: 'user-down' },
  };

/** What the fields of iControl REST say about new and existing connections (as3.md §5.5). */
function availabilityOf({ session, state }: NodeItem): Availability {
  if (state === 'user-down') return 'out';
  return session === 'user-disabled' ? 'draining' : 'ready';
}

/** The nodes in this partition; shared nodes in /Common also belong to others. */
export async function listNodes(session: Session, partition: string): Promise<readonly LiveNode[]> {
  const path = `/mgmt/tm/ltm/node?$filter=partition+eq+${partition}&$select=name,address,session,state,ratio,description`;
  const items = await session.read({ path, kind: 'list' }, itemsOf(NodeItem));
  return items.map(liveNode);
}

/** A node as the device shows it, in the terms of express. */
export function liveNode(item: NodeItem): LiveNode {
  return {
    name: item.name,
    address: item.address,
    availability: availabilityOf(item),
    stamp: parseStamp(item.description),
    ratio: item.ratio,
  };
}

/** State, stamp and ratio in one request; `gone` if a declare removed the node in the meantime. */
export async function writeNode(
  session: Session,
  partition: string,
  write: NodeWrite,
): Promise<'written' | 'gone'> {
  // In URLs of names, route domains are written as `%1`.
  const path = `/mgmt/tm/ltm/node/~${partition}~${write.name.replaceAll('%', '%25')}`;
  const ratio = write.ratio === undefined ? {} : { ratio: write.ratio };
  const answer = await session.call(
    {
      method: 'PATCH',
      path,
      body: { ...ADMIN[write.availability], ...ratio, description: formatStamp(write.stamp) },
    },
    [404],
  );
  return answer.status === 404 ? 'gone' : 'written';
}

/**
 * Sets the partition's own nodes to the declared state; resolves with the changed addresses. One
 * GET if nothing differs.
 */
export async function reconcileNodes(
  session: Session,
  partition: string,
  state: DeclaredState,
): Promise<readonly string[]> {
  return writeAll(
    session,
    partition,
    nodeReconciliation(state, await listNodes(session, partition)),
  );
}

/**
 * Before a declare. Draining, and changes of ratio only, wait until the declare has added the
 * successors.
 */
export async function resetNodes(
  session: Session,
  partition: string,
  next: DeclaredState,
): Promise<readonly string[]> {
  return writeAll(session, partition, nodesToEnable(next, await listNodes(session, partition)));
}

/** A new weight of a cluster requires a write per node; this many run in parallel. */
const MAX_PARALLEL_WRITES = 8;

/** Writes one node after the other; resolves with the changed addresses. */
async function writeAll(
  session: Session,
  partition: string,
  writes: readonly NodeWrite[],
): Promise<readonly string[]> {
  const changed: string[] = [];
  for (let i = 0; i < writes.length; i += MAX_PARALLEL_WRITES) {
    const part = writes.slice(i, i + MAX_PARALLEL_WRITES);
    const results = await Promise.all(part.map((write) => writeNode(session, partition, write)));
    changed.push(...part.filter((_, k) => results[k] === 'written').map(({ address }) => address));
  }
  return changed;
}
