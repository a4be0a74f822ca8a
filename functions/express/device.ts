/**
 * Applies the newest events of one device: one reading, one request per node, and a check
 * afterwards.
 */
import type { NodeAccess } from '../../shared/device/nodes.ts';
import type { ExpressDecision } from '../../shared/domain/express/decide.ts';
import { decideExpress } from '../../shared/domain/express/decide.ts';
import type { Express } from '../../shared/domain/express/event.ts';
import type { NodeWrite } from '../../shared/domain/express/node.ts';
import type { DeclaredState } from '../../shared/domain/declared/declared.ts';
import { isSameContent } from '../../shared/domain/declared/declared.ts';
import { compareVersions } from '../../shared/domain/revision.ts';
import type { Version } from '../../shared/domain/revision.ts';

/** Events for one partition of one device. */
export interface ExpressJob {
  /** Connections of their own, so that no declare delays them. */
  readonly access: NodeAccess;
  /** The only one of the device; with several, express leaves all to slices. */
  readonly partition: string;
  /** The newest of each ingress. */
  readonly events: readonly Express[];
  /** Rejects with `LeaseLost` if others may have the events; awaited before each write. */
  readonly prove?: () => Promise<void>;
}

/** Decisions and corrections of one run. */
export interface ExpressDone {
  readonly decisions: readonly ExpressDecision[];
  /** Addresses that were corrected because a newer declaration came in between. */
  readonly corrected: readonly string[];
}

/** Throws a DeviceError if the device fails; repeating it is harmless. */
export async function runExpressJob(job: ExpressJob): Promise<ExpressDone> {
  const { access, partition, events, prove } = job;
  const [declared, nodes] = await Promise.all([
    access.declared(partition),
    access.nodes(partition),
  ]);
  const decisions = decideExpress({ events, declared, nodes });
  const writes = decisions.flatMap(({ write }) => write ?? []);
  if (writes.length === 0) return { decisions, corrected: [] };
  await prove?.();
  await writeAll(access, partition, writes);
  return { decisions, corrected: await lookBack(job, declared) };
}

/** A failed write must not prevent the others. */
async function writeAll(
  access: NodeAccess,
  partition: string,
  writes: readonly NodeWrite[],
): Promise<void> {
  const results = await Promise.allSettled(writes.map((write) => access.write(partition, write)));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Maximum number of corrections. Beyond it, apply is so busy that it reconciles the nodes soon. */
const MAX_LOOKS = 5;

/**
 * Node writes are unconditional, so a declaration may have overtaken them. apply checks the nodes
 * after its declare, and this checks the declaration after its writes, including corrections:
 * whichever comes last sees both.
 */
async function lookBack(
  { access, partition, events, prove }: ExpressJob,
  before: DeclaredState,
): Promise<readonly string[]> {
  const corrected: string[] = [];
  let basis: Basis = {
    versions: new Map(events.map(({ owner, version }) => [owner, version])),
    drains: before.drains,
  };
  for (let look = 0; look < MAX_LOOKS; look++) {
    const now = await access.declared(partition);
    if (!isOvertaken(basis, now)) break;
    await prove?.();
    const changed = await access.reconcile(partition, now);
    corrected.push(...changed);
    if (changed.length === 0) break;
    basis = {
      versions: new Map(Object.entries(now.owners).map(([owner, { version }]) => [owner, version])),
      drains: now.drains,
    };
  }
  return [...new Set(corrected)];
}

/** The state on which the latest writes were based. */
interface Basis {
  /** By owner. */
  readonly versions: ReadonlyMap<string, Version>;
  readonly drains: DeclaredState['drains'];
}

/** A drain changes no owner's version. */
function isOvertaken(basis: Basis, { owners, drains }: DeclaredState): boolean {
  return (
    !isSameContent(basis.drains, drains) ||
    [...basis.versions].some(([owner, version]) => {
      const record = owners[owner];
      return record !== undefined && compareVersions(record.version, version) > 0;
    })
  );
}
