/**
 * Drain at the node: AS3 never looks at a node's session, so it survives every declare, holds in all pools at once, and cuts no
 * connection. A member-level drain would be undone by the next declare's delete-and-add.
 */
import type { DeclaredState } from '../domain/plan/declared.ts';
import type { Session } from './session.ts';

interface LiveNode {
  readonly name: string;
  readonly address: string;
  readonly session: string;
}

/** Brings the sessions of the partition's own nodes to what the declared members say; resolves with the addresses it changed. */
export async function reconcileNodes(session: Session, partition: string, state: DeclaredState): Promise<readonly string[]> {
  const answer = await session.call({ method: 'GET', path: `/mgmt/tm/ltm/node?$filter=partition+eq+${partition}&$select=name,address,session` });
  const nodes = (answer.json as { items?: readonly LiveNode[] } | undefined)?.items ?? [];
  const draining = drainingAddresses(state);
  const changed: string[] = [];
  for (const node of nodes) {
    const disabled = node.session === 'user-disabled';
    if (disabled === draining.has(node.address)) continue;
    await session.call({ method: 'PATCH', path: `/mgmt/tm/ltm/node/~${partition}~${node.name}`, body: { session: disabled ? 'user-enabled' : 'user-disabled' } });
    changed.push(node.address);
  }
  return changed;
}

/** A node drains only if every use of its address wants it to. */
export function drainingAddresses(state: DeclaredState): ReadonlySet<string> {
  const members = Object.values(state.exposures).flatMap((e) => e.contributions.flatMap((c) => c.members));
  const wanted = new Set(members.filter((m) => m.availability === 'draining').map((m) => m.address));
  for (const member of members) if (member.availability === 'ready') wanted.delete(member.address);
  return wanted;
}
