/**
 * What the event in a dead letter says about itself: owner, device, revision and exposures. Only a
 * claim until its origin is proven. Pure.
 */
import type { Slice } from '../domain/exposure/exposure.ts';
import { ownerKey } from '../domain/snapshot/snapshot.ts';
import type { Revision } from '../domain/revision.ts';
import { parseAttributes } from '../queue/envelope-attributes.ts';
import { parseEvent } from '../queue/envelope.ts';
import type { EventOf } from '../queue/envelope-types.ts';
import {
  ABSENCE_EVENTS,
  CLUSTER_INVENTORY,
  INGRESS_ABSENT,
  INGRESS_DESIRED,
  SLICE_EVENTS,
  SNAPSHOT_EVENTS,
} from '../queue/events.ts';
import { digest } from './identity.ts';

/** What the original event says about itself. */
export interface EventOrigin {
  /** `cluster/namespace/service`; undefined if the event does not say it. */
  readonly owner: string | undefined;
  /** Undefined if the event names none. */
  readonly device: string | undefined;
  readonly revision: Revision | undefined;
  /** Set if the event is a readable slice. */
  readonly slice: Slice | undefined;
  /** The sender that map verified, for events from map. */
  readonly fromMap?: { readonly sender: string | undefined };
  readonly traceparent: string | undefined;
  /** Event type, or a description if it is not an event. */
  readonly kind: string;
}

const EVENTS = { ...SNAPSHOT_EVENTS, ...SLICE_EVENTS, ...ABSENCE_EVENTS };

const NOTHING = {
  device: undefined,
  revision: undefined,
  slice: undefined,
  traceparent: undefined,
} as const;

/** Content is unpacked only if needed; for a refused event only the envelope is used. */
export function readOrigin(body: string, depth: 'content' | 'envelope'): EventOrigin {
  const opened = depth === 'content' ? parseEvent(body, EVENTS) : undefined;
  if (opened !== undefined && 'ok' in opened) return originOf(opened.ok);
  const read = parseAttributes(body);
  const { subject, type } = 'ok' in read ? read.ok : read.refused;
  // Without a subject only the content distinguishes events.
  return {
    ...NOTHING,
    owner: subject,
    kind: subject === undefined ? digest(body) : (type ?? 'unreadable'),
  };
}

/** Identified only by its bytes. */
export function unreadOrigin(body: string): EventOrigin {
  return { ...NOTHING, owner: undefined, kind: digest(body) };
}

/** The origin of an event whose content is valid. */
function originOf(event: EventOf<typeof EVENTS>): EventOrigin {
  const base = {
    traceparent: event.traceparent,
    kind: event.type,
    slice: undefined,
    device: undefined,
  };
  if (event.type === INGRESS_DESIRED) {
    const { owner, device, version } = event.data;
    return {
      ...base,
      owner,
      device,
      revision: { epoch: version.epoch, counter: version.counter },
      slice: event.data,
      fromMap: { sender: event.data.sender },
    };
  }
  if (event.type === INGRESS_ABSENT) {
    const { device, version, sender } = event.data;
    return {
      ...base,
      owner: event.subject,
      device,
      revision: { epoch: version.epoch, counter: version.counter },
      fromMap: { sender },
    };
  }
  if (event.type === CLUSTER_INVENTORY)
    return { ...base, owner: event.subject, revision: event.data.revision };
  return {
    ...base,
    owner: ownerKey(event.data.cluster, event.data.ingress),
    revision: event.data.revision,
  };
}

/**
 * Removes the owner, so that results of the claimed owner do not close the failure, and it does not
 * lead a replay of that owner's events.
 */
export function withoutOwner(origin: EventOrigin): EventOrigin {
  return {
    ...origin,
    owner: undefined,
    revision: undefined,
    kind: `${origin.kind} in the name of ${origin.owner ?? 'nobody'}`,
  };
}
