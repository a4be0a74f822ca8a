/** The effect of one slice on the current declaration of one partition. Pure. */
import type { PartitionReading } from '../../device/reading.ts';
import type { DevicePlanRules, PathOf } from '../../domain/plan/device-plan.ts';
import { planDevice } from '../../domain/plan/device-plan.ts';
import { assignAddresses } from '../../domain/addresses/assign.ts';
import type { Slice } from '../../domain/exposure/exposure.ts';
import type { SameFleet, FleetOf } from '../../domain/plan/fleet.ts';
import type { DeclaredState } from '../../domain/declared/declared.ts';
import type { AddressHolder } from '../../domain/plan/foreign.ts';
import { changeId } from '../../domain/plan/plan.ts';
import type { PlanEntry } from '../../domain/plan/plan.ts';
import { quarantineReason } from '../../domain/plan/quarantine.ts';
import { compareVersions, formatRevision } from '../../domain/revision.ts';
import type { Preview } from './job.ts';

/** A slice, and the part of it that the failure concerned. */
export interface PreviewQuestion {
  /** As it would be sent, with its old version. */
  readonly slice: Slice;
  /** The one that is previewed. */
  readonly partition: string;
  /** Only this exposure; default: the whole slice. */
  readonly exposure: string | undefined;
  /** Whether two owners may share an exposure. */
  readonly sameFleet: SameFleet;
  /** The rules of a fleet for what its clusters share; absent: none. */
  readonly fleetOf?: FleetOf;
  /** Path of an exposure on the device, for messages. */
  readonly pathOf: PathOf;
  /** `devices[].shareNodes`. */
  readonly shareNodes: boolean | undefined;
  /** State of the rest of the device; default: the device has only this partition. */
  readonly surroundings?: PreviewContext;
}

/** What is known of the other partitions of the device. */
export interface PreviewContext {
  /** All partitions of the device, in order. */
  readonly partitions: readonly string[];
  /** Partitions that could be read. */
  readonly readings: ReadonlyMap<string, PartitionReading>;
  /** Foreign holders of addresses; absent if they were not read. */
  readonly holders?: readonly AddressHolder[];
}

/** Kinds of plan entries that would change the device. */
const CHANGES = new Set(['create', 'update', 'delete']);

/** Compares one slice with one partition. */
export function previewPartition(reading: PartitionReading, question: PreviewQuestion): Preview {
  const { slice, exposure } = question;
  if (reading.kind === 'refused')
    return { verdict: 'invalid', code: reading.code, reason: reading.reason, difference: [] };
  const { state } = reading.declared;
  const fence = state.owners[slice.owner]?.version;
  if (fence !== undefined && compareVersions(slice.version, fence) < 0)
    return overtaken(state, question, formatRevision(fence));
  const entries = previewEntries(state, question);
  // The automatic address may differ from the one that failed.
  const aimed = entries.filter((entry) => entry.key === exposure);
  const all = exposure === undefined || (aimed.length === 0 && slice.auto !== undefined);
  return judgeEntries(all ? entries : aimed, state);
}

/** What apply would plan. A replay tries quarantined changes at once, as apply does. */
export function previewEntries(
  state: DeclaredState,
  question: PreviewQuestion,
): readonly PlanEntry[] {
  const { slice, partition, sameFleet, fleetOf, pathOf, shareNodes } = question;
  const retry = new Set(
    Object.keys(state.owners[slice.owner]?.quarantine ?? {}).map((key) =>
      changeId({ owner: slice.owner, key }),
    ),
  );
  const { partitions, states, closed, holders } = surroundingsOf(question, state);
  const unreadable = partitions.filter((one) => !states.has(one));
  const { slices, held } = assignAddresses({
    slices: [slice],
    states,
    unreadable,
    holders,
    sameFleet,
  });
  const plans = planDevice(slices, {
    states,
    closed,
    sameFleet,
    retry,
    pathOf,
    shareNodes,
    ...(fleetOf && { fleetOf }),
    ...(holders && { holders }),
  });
  return [
    ...(plans.get(partition)?.entries ?? []),
    ...held.filter((one) => one.partition === partition).map(({ entry }) => entry),
  ];
}

interface Known extends Pick<DevicePlanRules, 'states' | 'holders'> {
  readonly partitions: readonly string[];
  readonly closed: NonNullable<DevicePlanRules['closed']>;
}

/** Combines what is known of the other partitions with the state of this one. */
function surroundingsOf({ partition, surroundings }: PreviewQuestion, state: DeclaredState): Known {
  const readings = [...(surroundings?.readings ?? [])];
  const others = readings.flatMap(([one, reading]) =>
    reading.kind === 'ours' ? [[one, reading.declared.state] as const] : [],
  );
  const closed = readings.flatMap(([one, reading]) =>
    reading.kind === 'refused' ? [[one, reading] as const] : [],
  );
  const known = new Map([...others, [partition, state] as const]);
  const partitions = surroundings?.partitions ?? [partition];
  const states = new Map(
    partitions.flatMap((one) =>
      [known.get(one)].flatMap((found) => (found === undefined ? [] : [[one, found] as const])),
    ),
  );
  return {
    partitions,
    states,
    closed: new Map(closed),
    ...(surroundings?.holders && { holders: surroundings.holders }),
  };
}

/**
 * A newer revision is declared. If it leaves out an exposure because BIG-IP refused the same one of
 * an older revision, that can be retried.
 */
function overtaken(
  state: DeclaredState,
  { slice, exposure }: PreviewQuestion,
  by: string,
): Preview {
  const quarantine = state.owners[slice.owner]?.quarantine ?? {};
  const kept = Object.entries(quarantine).filter(
    ([key]) => exposure === undefined || key === exposure,
  );
  const [first] = kept;
  if (first === undefined)
    return {
      verdict: 'superseded',
      by,
      reason: `superseded by revision ${by}, which ${slice.device} already declares`,
      difference: [],
    };
  const { owner, device } = slice;
  const { epoch, counter } = state.owners[owner]!.version;
  const keys = kept.map(([key]) => key);
  return {
    verdict: 'would-apply',
    code: first[1].code,
    by,
    reason:
      `${keys.join(', ')} would be tried again: revision ${by} is declared without it, ` +
      `because ${quarantineReason(first[1])}`,
    difference: kept.map(([key, { code, reason }]) => ({
      owner,
      key,
      kind: state.exposures[key] === undefined ? ('create' as const) : ('update' as const),
      code,
      reason,
    })),
    retry: [{ device, owner, keys, declared: { epoch, counter } }],
  };
}

/** The verdict from the entries of the plan: changes first, then conflicts. */
function judgeEntries(entries: readonly PlanEntry[], state: DeclaredState): Preview {
  const difference = entries
    .filter((entry) => CHANGES.has(entry.kind))
    .map(({ owner, key, kind, code, reason }) => ({ owner, key, kind, code, reason }));
  const [first] = difference;
  if (first !== undefined)
    return {
      verdict: 'would-apply',
      reason: difference.map((line) => `${line.kind} ${line.key}: ${line.reason}`).join('; '),
      difference,
    };
  const conflict = entries.find((entry) => entry.kind === 'conflict');
  if (conflict !== undefined) {
    const owners =
      state.exposures[conflict.key]?.contributions
        .map((c) => c.owner)
        .filter((owner) => owner !== conflict.owner) ?? [];
    return {
      verdict: 'conflict',
      code: conflict.code,
      by: owners.join(', ') || conflict.owner,
      reason: conflict.reason,
      difference,
    };
  }
  const held = entries.find((entry) => entry.kind === 'held');
  if (held !== undefined)
    return { verdict: 'invalid', code: held.code, reason: held.reason, difference };
  return { verdict: 'unchanged', reason: 'already declared', difference };
}

/** Highest priority first. */
const ORDER: readonly Preview['verdict'][] = [
  'unknown',
  'would-apply',
  'invalid',
  'conflict',
  'superseded',
  'unchanged',
];

/** The result for several partitions: the verdict with the highest priority. */
export function combinePreviews(previews: readonly Preview[]): Preview {
  const [first] = previews.toSorted((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
  if (first === undefined)
    return { verdict: 'unchanged', reason: 'it requests nothing from any device', difference: [] };
  const same = previews.filter((preview) => preview.verdict === first.verdict);
  const { retry: _, ...rest } = first;
  // If the event itself changes something, it is sent; what remains to be retried appears in the
  // next plan.
  const retry = same.every((one) => one.retry) ? same.flatMap((one) => one.retry ?? []) : [];
  return {
    ...rest,
    ...(retry.length === 0 ? {} : { retry }),
    reason: [...new Set(same.map((preview) => preview.reason))].join('; '),
    difference: same.flatMap((preview) => preview.difference),
  };
}
