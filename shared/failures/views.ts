/**
 * What was last seen on the devices, for readers without credentials: the declared state of each
 * partition, and the last audit of each device. No decision depends on it, and it is lost without
 * harm: the next declare and the next audit write it again.
 */
import * as z from 'zod';
import type { DeclaredState } from '../domain/declared/declared.ts';
import { StoredState } from '../domain/declared/stored-state.ts';
import { shorten } from '../domain/text/shorten.ts';
import type { AuditFinding } from '../device/finding.ts';
import type { Blobs } from './blobs.ts';
import { MAX_PACKED, packed, unpacked } from './packed.ts';
import { readJson } from './read.ts';

/** Prefix of these blobs in the failure store. */
export const VIEWS = 'views/';

/** Findings of one audit that are kept, and characters of each text. */
const MAX_FINDINGS = 1_000;
/** Characters of a message in a view. */
const MAX_TEXT = 2_000;

const text = z.string().max(4_096);

/** Why nothing more is known, with its code. */
const Problem = z.strictObject({ code: text, reason: text });

const PartitionBlob = z.strictObject({
  format: z.literal(1),
  device: z.string(),
  partition: z.string(),
  at: z.iso.datetime(),
  /** The declared state, packed; absent if there is a problem. */
  state: z.string().max(MAX_PACKED).exactOptional(),
  problem: Problem.exactOptional(),
});

/** One partition as last seen. */
export interface PartitionView {
  readonly device: string;
  readonly partition: string;
  /** RFC 3339. */
  readonly at: string;
  /** The declared state, or why it may not be read or shown. */
  readonly seen: DeclaredState | Readonly<z.infer<typeof Problem>>;
}

/** What was seen of one partition, and when. */
export interface Seen extends Omit<PartitionView, 'at'> {
  /** Milliseconds since 1970, not later than the state was read or declared. */
  readonly seenAt: number;
}

/** A finding without the orders and adoptions that only the audit itself uses. */
export const StoredFinding = z.strictObject({
  device: text,
  partition: text,
  kind: text,
  code: text,
  object: text,
  message: text,
  repairable: z.boolean(),
  heal: text.exactOptional(),
});
export type StoredFinding = Readonly<z.infer<typeof StoredFinding>>;

/** The last audit of a device. */
export const AuditView = z.strictObject({
  format: z.literal(1),
  device: z.string(),
  at: z.iso.datetime(),
  hostname: text.exactOptional(),
  software: text.exactOptional(),
  /** Number of findings; `findings` has the first thousand of them. */
  found: z.int().nonnegative(),
  findings: z.array(StoredFinding).max(MAX_FINDINGS),
  /** Set if the device could not be read. */
  problem: Problem.exactOptional(),
});
export type AuditView = Readonly<z.infer<typeof AuditView>>;

/** What an audit saw of a device. */
export interface Audited {
  readonly device: string;
  readonly hostname?: string | undefined;
  readonly software?: string | undefined;
  readonly findings: readonly AuditFinding[];
  readonly problem?: { readonly code: string; readonly reason: string };
}

/** All reject with a ReplayError RPL700 if the storage is unavailable. */
export interface ViewStore {
  /**
   * Writes the view unless a newer one is there: processes write late, in any order. Resolves with
   * whether it was written.
   */
  note(view: Seen): Promise<boolean>;
  /** Undefined if it was never seen, or if another version wrote it. */
  of(device: string, partition: string): Promise<PartitionView | undefined>;
  noteAudit(audited: Audited): Promise<void>;
  audit(device: string): Promise<AuditView | undefined>;
}

/** Tries to write a view while others write it. */
const MAX_TRIES = 3;

/** Milliseconds that clocks of processes may differ; a time further ahead is not believed. */
const CLOCK_SKEW_MS = 60_000;

const TOO_LARGE = {
  code: 'BIP461',
  reason: 'the partition is too large to be shown here; "sluice ports" reads it from the device',
};

/** Keeps the views in blobs below `views/`, one for each partition and audit. */
export function createViewStore(blobs: Blobs, now: () => number): ViewStore {
  const at = (): string => new Date(now()).toISOString();
  // Unpacking costs more than reading, so a partition is unpacked once for each write.
  const known = new Map<string, { readonly tag: string; readonly view: PartitionView }>();
  return {
    note: async ({ device, partition, seen, seenAt }) => {
      const state = 'owners' in seen ? packed(seen) : undefined;
      const problem = 'owners' in seen ? TOO_LARGE : cut(seen);
      const what = state === undefined ? { problem } : { state };
      const blob = { format: 1, device, partition, at: new Date(seenAt).toISOString(), ...what };
      const key = partitionKey(device, partition);
      for (let tries = 1; tries <= MAX_TRIES; tries++) {
        const there = await blobs.get(key);
        if (there !== undefined && isNewer(there.text, seenAt, now())) return false;
        const condition = there === undefined ? 'absent' : { tag: there.tag };
        if ((await blobs.put(key, JSON.stringify(blob), condition)) !== undefined) return true;
      }
      return false;
    },
    of: async (device, partition) => {
      const key = partitionKey(device, partition);
      const blob = await blobs.get(key);
      if (blob === undefined) return undefined;
      const found = known.get(key);
      if (found?.tag === blob.tag) return found.view;
      const view = partitionView(blob.text);
      if (view !== undefined) known.set(key, { tag: blob.tag, view });
      return view;
    },
    noteAudit: async (audited) => {
      await blobs.put(auditKey(audited.device), JSON.stringify(auditView(audited, at())));
    },
    audit: async (device) => {
      const blob = await blobs.get(auditKey(device));
      return blob && AuditView.safeParse(readJson(blob.text)).data;
    },
  };
}

const partitionKey = (device: string, partition: string): string =>
  `${VIEWS}${device}/partition-${partition}.json`;
const auditKey = (device: string): string => `${VIEWS}${device}/audit.json`;

/** The time of a view of any version. */
const TimeOfView = z.object({ at: z.iso.datetime() });

/** Whether the stored view was seen later. */
function isNewer(blob: string, seenAt: number, now: number): boolean {
  const { data } = TimeOfView.safeParse(readJson(blob));
  const stored = data === undefined ? Number.NaN : Date.parse(data.at);
  return stored > seenAt && stored <= now + CLOCK_SKEW_MS;
}

/** The view of a partition; undefined if the blob cannot be read, which counts as unknown. */
function partitionView(blob: string): PartitionView | undefined {
  const { data } = PartitionBlob.safeParse(readJson(blob));
  if (data === undefined) return undefined;
  const { device, partition, at, state, problem } = data;
  const seen = state === undefined ? problem : StoredState.safeParse(unpacked(state)).data;
  return seen === undefined ? undefined : { device, partition, at, seen };
}

/** The stored form of an audit, with bounded texts and number of findings. */
function auditView({ findings, problem, ...rest }: Audited, at: string): AuditView {
  const { device, hostname, software } = rest;
  return {
    format: 1,
    device,
    at,
    ...(hostname !== undefined && { hostname: shorten(hostname, MAX_TEXT) }),
    ...(software !== undefined && { software: shorten(software, MAX_TEXT) }),
    found: findings.length,
    findings: findings.slice(0, MAX_FINDINGS).map(({ order: _order, adopt: _adopt, ...one }) => ({
      ...one,
      object: shorten(one.object, MAX_TEXT),
      message: shorten(one.message, MAX_TEXT),
    })),
    ...(problem && { problem: cut(problem) }),
  };
}

function cut({ code, reason }: Readonly<z.infer<typeof Problem>>): z.infer<typeof Problem> {
  return { code, reason: shorten(reason, MAX_TEXT) };
}
