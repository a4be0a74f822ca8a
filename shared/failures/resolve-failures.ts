/** Closes failures that a newer applied version resolved. */
import type { Settled } from '../domain/exposure/exposure.ts';
import { exposureKey } from '../domain/exposure/exposure.ts';
import { compareRevisions, formatRevision } from '../domain/revision.ts';
import type { FailureStore, FailureHead } from './port.ts';

/** Outcomes that resolve a failure of the same exposure. */
const DONE = new Set(['applied', 'unchanged']);

/**
 * Call with every `settled` after it was sent. Resolves with the closed failures. Cheap for an
 * owner without failures: one listing of at most sixteen index blobs.
 */
export async function resolveFailures(
  store: FailureStore,
  settled: Settled,
): Promise<readonly FailureHead[]> {
  const over = (await store.ofOwner(settled.owner)).filter((head) => isOver(head, settled));
  if (over.length === 0) return [];
  const note = `healed by ${formatRevision(settled.version)}`;
  return store.change(
    over.map((head) => head.id),
    (head) => (isOver(head, settled) ? { state: 'healed', note } : undefined),
  );
}

/**
 * Whether a result resolves the failure: it must not be older, and must concern the same device and
 * exposure.
 */
function isOver(head: FailureHead, settled: Settled): boolean {
  if (head.state !== 'open' && head.state !== 'quarantined') return false;
  const order = head.revision === undefined ? 1 : compareRevisions(settled.version, head.revision);
  if (order < 0) return false;
  // Any result proves that map succeeded; a failure on one device needs a result of that device.
  if (head.device === undefined)
    return (
      head.queue === 'snapshots' &&
      (order > 0 || settled.exposures.some((e) => DONE.has(e.outcome)))
    );
  if (head.device !== settled.device) return false;
  if (head.exposure === undefined)
    return order > 0 || settled.exposures.every((e) => DONE.has(e.outcome));
  const same = settled.exposures.filter(
    (e) =>
      exposureKey(e) === head.exposure &&
      (head.partition === undefined || e.partition === head.partition),
  );
  // A removed exposure also resolves its failures, but only if the result is newer.
  return same.length === 0 ? order > 0 : same.every((e) => DONE.has(e.outcome));
}
