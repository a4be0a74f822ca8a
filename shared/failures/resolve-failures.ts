/** Results close failures: what a newer applied version shows to be over needs nobody's attention. */
import type { Settled } from '../domain/exposure/exposure.ts';
import { exposureKey } from '../domain/exposure/exposure.ts';
import { compareRevisions, formatRevision } from '../domain/revision.ts';
import type { FailureStore, FailureHead } from './port.ts';

const DONE = new Set(['applied', 'unchanged']);

/**
 * To be called with every `settled`, after it was sent. Resolves with the failures it closed. Cheap where the owner has none: one
 * listing of at most sixteen index blobs.
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

function isOver(head: FailureHead, settled: Settled): boolean {
  if (head.state !== 'open' && head.state !== 'quarantined') return false;
  const order = head.revision === undefined ? 1 : compareRevisions(settled.version, head.revision);
  if (order < 0) return false;
  // The way through map is proven by any result; that of one device only by its own.
  if (head.device === undefined)
    return (
      head.queue === 'snapshots' &&
      (order > 0 || settled.exposures.some((e) => DONE.has(e.outcome)))
    );
  if (head.device !== settled.device) return false;
  if (head.exposure === undefined)
    return order > 0 || settled.exposures.every((e) => DONE.has(e.outcome));
  const same = settled.exposures.find(
    (e) =>
      exposureKey(e) === head.exposure &&
      (head.partition === undefined || e.partition === head.partition),
  );
  // Not asked for any more counts too, but only if that is news.
  return same === undefined ? order > 0 : DONE.has(same.outcome);
}
