/**
 * Report: nodes first, including unchanged ones, because express changes are reconciled here. Where
 * members drain, nodes are read once more, to tell the watcher which are out of rotation (decision
 * 79). Pure.
 */
import type { LiveNode } from '../../../shared/domain/express/node.ts';
import { checkFence } from '../../../shared/domain/plan/fence.ts';
import { drainingIn, outOfRotation } from '../../../shared/domain/plan/out-of-rotation.ts';
import { finished, withFences } from './plan.ts';
import type { Loop, Step } from './state.ts';
import { step } from './state.ts';

/** Reconciles the nodes, if there are members. */
export function report(loop: Loop): Step {
  // Express may have been ahead of an event whose fence waits.
  const state = withFences(loop);
  return Object.keys(state.exposures).length > 0
    ? step(loop, 'reporting', { kind: 'members', state })
    : finished(loop);
}

/** The nodes are reconciled. With several partitions, a node may be in another one. */
export function reportMembers(loop: Loop): Step {
  const { job, seen } = loop;
  const mayDrain =
    job.nodes === undefined && job.slices.some((slice) => drainingIn(slice, seen.state).size > 0);
  return mayDrain ? step(loop, 'reporting', { kind: 'nodes' }) : finished(loop);
}

/** `nodes`: as they are since then. A version that was refused tells nothing. */
export function reportDrained(loop: Loop, nodes: readonly LiveNode[]): Step {
  const { job, seen, results } = loop;
  const drained = job.slices.flatMap((slice): [string, readonly string[]][] => {
    if (checkFence(seen.state, slice).kind !== 'open') return [];
    const addresses = outOfRotation(slice, seen.state, nodes);
    return addresses.length === 0 ? [] : [[slice.owner, addresses]];
  });
  return finished({ ...loop, results: { ...results, drained: new Map(drained) } });
}
