/**
 * Reduces an order to the part that is still valid after newer slices arrived while it waited.
 * Pure.
 */
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import type { DeclaredState } from '../../domain/declared/declared.ts';
import { compareVersions } from '../../domain/revision.ts';
import type { Approval, ForgetOrder, Steering } from '../../domain/steering/steering.ts';
import type { StoredChange } from './entry.ts';

/** What is known when an order returns: newer slices and the declared states. */
export interface StateOnReturn {
  /** Waiting slices. */
  readonly slices: readonly StoredChange[];
  /** The declared states; removals that were held before the outage are still held. */
  readonly states: readonly DeclaredState[];
}

/** Undefined if nothing of the order is left. */
export function remainingOrder(
  steering: Steering,
  at: number,
  meanwhile: StateOnReturn,
): Steering | undefined {
  switch (steering.action) {
    case 'approve':
      return approvalLeft(steering, at, meanwhile);
    case 'forget':
      return forgetLeft(steering, meanwhile);
    case 'drain':
    case 'enable':
    case 'adopt':
    case 'retry':
      return steering;
  }
}

/** An approval does not cover exposures that the owner requested again after it was given. */
function approvalLeft(
  approval: Approval,
  at: number,
  { slices, states }: StateOnReturn,
): Approval | undefined {
  const { owner, shareNodes } = approval;
  // The owner wants these exposures; apply compares the version and what is still held.
  if (shareNodes !== undefined) return approval;
  const wanted = slices
    .filter(({ subject }) => subject === owner)
    .flatMap((entry) => Object.entries(entry.wanted ?? {}));
  const cameBack = (key: string): boolean =>
    wanted.some(([one, when]) => when > at && isSame(one, key));
  const named = approval.keys ?? [
    ...new Set(states.flatMap(({ owners }) => owners[owner]?.held ?? [])),
  ];
  const keys = named.filter((key) => !cameBack(key));
  if (keys.length === 0) return undefined;
  return approval.keys?.length === keys.length ? approval : { ...approval, keys };
}

/** An address that is not assigned yet may match any. */
function isSame(wanted: string, key: string): boolean {
  return wanted === key || (wanted.startsWith('auto(') && portOf(wanted) === portOf(key));
}

function portOf(key: string): string {
  return key.slice(key.lastIndexOf(':'));
}

/** Owners with newer snapshots are not forgotten, because they would be added again. */
function forgetLeft(order: ForgetOrder, { slices }: StateOnReturn): ForgetOrder | undefined {
  const spoke = (owner: string): boolean => {
    const looked = order.upTo[owner];
    return (
      looked !== undefined &&
      slices.some(
        ({ subject, version }) =>
          subject === owner && version !== undefined && compareVersions(version, looked) > 0,
      )
    );
  };
  const left = Object.entries(order.upTo).filter(([owner]) => !spoke(owner));
  if (left.length === Object.keys(order.upTo).length) return order;
  return left.length === 0 ? undefined : { ...order, upTo: Object.fromEntries(left) };
}

/** Describes an order, for lists and messages. */
export function orderInWords(steering: Steering): string {
  switch (steering.action) {
    case 'approve':
      return approvalInWords(steering);
    case 'drain':
      return `${steering.mode} cluster ${steering.cluster}: ${steering.because}`;
    case 'enable':
      return `enable cluster ${steering.cluster}`;
    case 'forget':
      return `forget ${
        steering.whole
          ? `cluster ${steering.cluster}`
          : Object.keys(steering.upTo)
              .map((owner) => parseOwner(owner).ingress.service)
              .join(', ')
      }`;
    case 'retry':
      return `try again ${steering.keys?.join(', ') ?? 'what was refused'} of ${steering.owner}`;
    case 'adopt':
      return `adopt cluster ${steering.cluster} with kube-system UID ${steering.clusterUid}`;
  }
}

function approvalInWords({ owner, keys, shareNodes }: Approval): string {
  if (shareNodes === undefined)
    return `approve ${keys?.join(', ') ?? 'all held removals'} of ${owner}`;
  return `move the nodes of ${shareNodes.join(', ')} to /Common for ${keys?.join(', ')} of ${owner}`;
}
