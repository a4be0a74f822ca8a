import { EXCLUDING_LABEL } from '../../../shared/domain/snapshot/leaving-nodes.ts';
import type { CacheChange } from '../cache/cluster-index.ts';

/**
 * Whether members must leave the pools before their connections break, because of a pod that ends,
 * or of a cordoned, excluded or lost node. A pod that was ending already has left them: what comes
 * after that, up to its deletion, is not worth a snapshot ahead of the last answer. `stays`: the
 * pod was deleted, and drains from now on.
 */
export function isUrgent({ change, observed, before }: CacheChange, stays: boolean): boolean {
  if (observed.of === 'nodes') {
    const { unschedulable, ready, meta } = observed.object;
    return unschedulable || !ready || meta.labels[EXCLUDING_LABEL] !== undefined;
  }
  if (observed.of !== 'pods') return false;
  const hasLeft = before?.of === 'pods' && before.object.terminating;
  return change.what === 'deleted' ? !hasLeft || !stays : observed.object.terminating && !hasLeft;
}
