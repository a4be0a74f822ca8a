/**
 * Members leave and come back at the node: AS3 never looks at a node's session, so it survives every declare, holds in all pools at
 * once, and cuts no connection. A member-level drain would be undone by the next declare's delete-and-add.
 */
import type { Availability } from '../domain/exposure/exposure.ts';
import type { LiveNode, NodeWrite } from '../domain/express/node.ts';
import { nodeReconciliation } from '../domain/express/reconcile.ts';
import { formatStamp, parseStamp } from '../domain/express/stamp.ts';
import type { DeclaredState } from '../domain/declared/declared.ts';
import { itemsOf, NodeItem } from './answers.ts';
import type { Session } from './session.ts';

export { drainingAddresses } from '../domain/express/reconcile.ts';

/** What is written; reads differ (`monitor-enabled`, `unchecked`, `up`), and writing those back is refused. */
const ADMIN: Readonly<Record<Availability, { readonly session: string; readonly state: string }>> =
  {
    ready: { session: 'user-enabled', state: 'user-up' },
    draining: { session: 'user-disabled', state: 'user-up' },
    out: { session: 'user-disabled', state: 'user-down' },
  };

function availabilityOf({ session, state }: NodeItem): Availability {
  if (state === 'user-down') return 'out';
  return session === 'user-disabled' ? 'draining' : 'ready';
}

/** The nodes that stand in this partition; those shared in /Common are somebody else's too. */
export async function listNodes(session: Session, partition: string): Promise<readonly LiveNode[]> {
  const path = `/mgmt/tm/ltm/node?$filter=partition+eq+${partition}&$select=name,address,session,state,ratio,description`;
  const items = await session.read({ path, kind: 'list' }, itemsOf(NodeItem));
  return items.map((item) => ({
    name: item.name,
    address: item.address,
    availability: availabilityOf(item),
    stamp: parseStamp(item.description),
    ratio: item.ratio,
  }));
}

/** One request, state, stamp and ratio together; `gone` when a declare took the node away meanwhile. */
export async function writeNode(
  session: Session,
  partition: string,
  write: NodeWrite,
): Promise<'written' | 'gone'> {
  // Route domains stand in names as `%1`.
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

/** Brings the partition's own nodes to what the declared members say; resolves with the addresses it changed. One GET where nothing differs. */
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
 * Before a declare: nodes that are to take connections under what will be declared, and do not. An address that is used again must not
 * inherit the drain of the pod that had it; draining, and ratios alone, wait until the declare has brought the successors.
 */
export async function resetNodes(
  session: Session,
  partition: string,
  next: DeclaredState,
): Promise<readonly string[]> {
  const nodes = await listNodes(session, partition);
  const ready = new Set(
    nodes.filter((node) => node.availability === 'ready').map((node) => node.address),
  );
  return writeAll(
    session,
    partition,
    nodeReconciliation(next, nodes).filter(
      (write) => write.availability === 'ready' && !ready.has(write.address),
    ),
  );
}

/** A new share of one cluster is a write for each of its nodes; so many at once are on their way. */
const AT_ONCE = 8;

async function writeAll(
  session: Session,
  partition: string,
  writes: readonly NodeWrite[],
): Promise<readonly string[]> {
  const changed: string[] = [];
  for (let i = 0; i < writes.length; i += AT_ONCE) {
    const part = writes.slice(i, i + AT_ONCE);
    const results = await Promise.all(part.map((write) => writeNode(session, partition, write)));
    changed.push(...part.filter((_, k) => results[k] === 'written').map(({ address }) => address));
  }
  return changed;
}
