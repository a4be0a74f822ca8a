/** Messages in the group of a device: slices, and orders that take effect between them. */
import type { PlanRules } from '../../shared/domain/plan/plan.ts';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import type { Absence } from '../../shared/domain/snapshot/absence.ts';
import { compareVersions } from '../../shared/domain/revision.ts';
import type { Steering } from '../../shared/domain/steering/steering.ts';
import { parseEvent } from '../../shared/queue/envelope.ts';
import type { EventMeta, EventRefusal } from '../../shared/queue/envelope-types.ts';
import type { Audit } from '../../shared/queue/events.ts';
import {
  ABSENCE_EVENTS,
  AUDIT,
  AUDIT_EVENTS,
  INGRESS_ABSENT,
  SLICE_EVENTS,
  STEERING,
  STEERING_EVENTS,
} from '../../shared/queue/events.ts';
import type { QueueMessage } from '../../shared/queue/port.ts';
import type { PartitionResult } from './job.ts';

/** A parsed message with its metadata and data. */
export interface Arrived<T> {
  /** As the queue delivered it; needed to return it or to make it a dead letter. */
  readonly message: QueueMessage;
  /** The envelope: id, subject, hops and whether it waited. */
  readonly meta: EventMeta;
  /** Validated. */
  readonly data: T;
}

/** A message of a device's group: slice, order, absence or audit request. */
export type Arrival =
  | ({ readonly kind: 'slice' } & Arrived<Slice>)
  | ({ readonly kind: 'order' } & Arrived<Steering>)
  | ({ readonly kind: 'absence' } & Arrived<Absence>)
  | ({ readonly kind: 'audit' } & Arrived<Audit>);

/** All events that may arrive in the queue of a device. */
const EVENTS = { ...SLICE_EVENTS, ...STEERING_EVENTS, ...ABSENCE_EVENTS, ...AUDIT_EVENTS } as const;

/** Parses and validates a message of the queue `slices`; never throws. */
export function readArrival(message: QueueMessage): Arrival | { readonly refused: EventRefusal } {
  const opened = parseEvent(message.body, EVENTS);
  if ('refused' in opened) return opened;
  const meta = opened.ok;
  switch (meta.type) {
    case STEERING:
      return { kind: 'order', message, meta, data: meta.data };
    case INGRESS_ABSENT:
      return { kind: 'absence', message, meta, data: meta.data };
    case AUDIT:
      return { kind: 'audit', message, meta, data: meta.data };
    default:
      return { kind: 'slice', message, meta, data: meta.data };
  }
}

/** Orders, and the slices after them up to the next order. */
export interface Stage {
  /** Orders of people and of audit. */
  readonly orders: readonly Extract<Arrival, { kind: 'order' }>[];
  /** Ingresses that an inventory says do not exist. */
  readonly absences: readonly Extract<Arrival, { kind: 'absence' }>[];
  /** Requests to declare again, to restore paths or to take them over. */
  readonly audits: readonly Extract<Arrival, { kind: 'audit' }>[];
  readonly slices: readonly Extract<Arrival, { kind: 'slice' }>[];
}

/**
 * Groups arrivals into stages: an order takes effect after the slices before it and before those
 * after it.
 */
export function stagesOf(arrivals: readonly Arrival[]): readonly Stage[] {
  const groups: Arrival[][] = [];
  for (const arrival of arrivals) {
    const current = groups.at(-1);
    if (current && fits(current, arrival)) current.push(arrival);
    else groups.push([arrival]);
  }
  return groups.map((group) => ({
    orders: group.filter((one) => one.kind === 'order'),
    absences: group.filter((one) => one.kind === 'absence'),
    audits: group.filter((one) => one.kind === 'audit'),
    slices: group.filter((one) => one.kind === 'slice'),
  }));
}

/**
 * Whether a message can be handled together with the stage: slices of rivals apart, and nothing
 * after an order, because an order applies to the state at its time.
 */
function fits(stage: readonly Arrival[], arrival: Arrival): boolean {
  const slices = stage.filter((one) => one.kind === 'slice');
  return arrival.kind === 'slice' ? !isRivalled(arrival.data, slices) : slices.length === 0;
}

/**
 * Slices of two clusters with one id are never in the same stage, because the newer one would
 * supersede the other.
 */
function isRivalled({ owner, clusterUid }: Slice, slices: readonly Arrived<Slice>[]): boolean {
  return slices.some(({ data }) => data.owner === owner && data.clusterUid !== clusterUid);
}

/** All messages of a stage. */
export function arrivalsOf({ orders, absences, audits, slices }: Stage): readonly Arrival[] {
  return [...orders, ...absences, ...audits, ...slices];
}

/** As many messages as a queue delivers at once. */
const FULL_BATCH_MESSAGES = 10;
/** A message that was received more often is handled to the end. */
const MAX_RECEIVES = 2;

/**
 * Whether a run of the stage may end after a step, for newer work. What an order decides is not
 * split. After a whole batch the same messages would come again, without the newer ones behind
 * them. So that every message is finished, none is returned for newer work more than twice.
 */
export function mayEndEarly({ orders, absences, audits, slices }: Stage): boolean {
  return (
    orders.length + absences.length + audits.length === 0 &&
    slices.length < FULL_BATCH_MESSAGES &&
    slices.every(({ message }) => message.receiveCount <= MAX_RECEIVES)
  );
}

/**
 * What of a stage is done, and what is left because the run ended early. All slices of an unfinished
 * owner stay, because the older ones prove its removals.
 */
export function endedEarly(
  stage: Stage,
  results: readonly Pick<PartitionResult, 'unfinished'>[],
): { readonly done: Stage; readonly left: readonly Arrival[] } {
  const owners = new Set(results.flatMap(({ unfinished = [] }) => [...unfinished]));
  const isLeft = ({ data }: Arrived<Slice>): boolean => owners.has(data.owner);
  return {
    done: { ...stage, slices: stage.slices.filter((one) => !isLeft(one)) },
    left: stage.slices.filter(isLeft),
  };
}

/** Overrides that audits ask to keep or undo, by partition. Undoing comes before keeping. */
export function overridesOf({
  audits,
}: Stage): ReadonlyMap<string, NonNullable<PlanRules['overrides']>> {
  const asked = audits.flatMap(({ data }) =>
    data.partitions.map((partition) => ({
      partition,
      lift: data.lift === true,
      adopt: (data.adopt ?? []).filter((one) => one.partition === partition),
    })),
  );
  return new Map(
    [...Map.groupBy(asked, ({ partition }) => partition)].map(([partition, list]) => [
      partition,
      { lift: list.some(({ lift }) => lift), adopt: list.flatMap(({ adopt }) => adopt) },
    ]),
  );
}

/** Slices split into the newest per owner and superseded ones. */
export interface Newest {
  /** One slice per owner. */
  readonly newest: readonly Arrived<Slice>[];
  readonly overtaken: readonly Arrived<Slice>[];
}

/** A superseded slice passes on the observed changes, so that deletions stay proven. */
export function newestFirst(slices: readonly Arrived<Slice>[]): Newest {
  const owners = [...Map.groupBy(slices, ({ data }) => data.owner).values()];
  const newest = owners.map((own) =>
    own.reduce((a, b) => (compareVersions(b.data.version, a.data.version) >= 0 ? b : a)),
  );
  const overtaken = slices.filter((one) => !newest.includes(one));
  return {
    newest: newest.map((one) => ({ ...one, data: withChangesOf(one.data, overtaken) })),
    overtaken,
  };
}

/**
 * Adds the changes of older slices of the same owner that this one replaces: the proofs of removals
 * in them still count.
 */
function withChangesOf(slice: Slice, overtaken: readonly Arrived<Slice>[]): Slice {
  const before = overtaken
    .filter(({ data }) => data.owner === slice.owner && data.clusterUid === slice.clusterUid)
    .flatMap(({ data }) => data.changes);
  return before.length === 0 ? slice : { ...slice, changes: [...before, ...slice.changes] };
}
