/**
 * The failure store port, implemented on a directory or a bucket. Losing the store loses history,
 * never traffic.
 */
import * as z from 'zod';
import { Revision } from '../domain/revision.ts';
import { Attempt, DeadLetterClass, PlanLine } from '../queue/dead-letter.ts';

/** `never-ran`: no function recorded an attempt. */
export const FailureClass = z.enum([...DeadLetterClass.options, 'never-ran']);
export type FailureClass = z.infer<typeof FailureClass>;

/**
 * `healed`: a newer applied version resolved it; `replayed`: a replay succeeded; `quarantined`: it
 * failed again in the same way.
 */
export const FailureState = z.enum(['open', 'archived', 'healed', 'replayed', 'quarantined']);
export type FailureState = z.infer<typeof FailureState>;

/** The fields for lists, filters and groups; times in milliseconds since 1970. */
export const FailureHead = z.strictObject({
  /** Equal for the same owner, code and structure. */
  id: z.string(),
  code: z.string(),
  class: FailureClass,
  sentence: z.string(),
  queue: z.enum(['snapshots', 'slices']),
  /** `cluster/namespace/service` */
  owner: z.string().optional(),
  device: z.string().optional(),
  partition: z.string().optional(),
  /** `address:port/protocol` */
  exposure: z.string().optional(),
  /** `namespace/name` */
  gateways: z.array(z.string()),
  revision: Revision.optional(),
  state: FailureState,
  count: z.int().positive(),
  first: z.number(),
  last: z.number(),
  /** Time of the last state change. */
  changed: z.number(),
  /** Policy jobs in which it failed again since its last success. */
  replays: z.array(z.string()).optional(),
  /** For instance `healed by 17.4`, or who archived it and why. */
  note: z.string().optional(),
  /** Messages in which it was last seen, so that redeliveries are counted once. */
  seen: z.array(z.string()),
  /** Key of the evidence. */
  evidence: z.string(),
});
export type FailureHead = Readonly<z.infer<typeof FailureHead>>;

/** `unchecked`: the cluster has no senders configured, or the queue does not report senders. */
export const Verification = z.enum(['verified', 'refused', 'unchecked']);
export type Verification = z.infer<typeof Verification>;

export { PlanLine };

/** Details that are read for a single failure: the newest event and its diagnostics. */
export const Evidence = z.strictObject({
  reason: z.string(),
  attempts: z.array(Attempt),
  functionVersion: z.string().optional(),
  traceparent: z.string().optional(),
  /** BIG-IP's message, shortened. */
  response: z.string().optional(),
  plan: z.array(PlanLine).optional(),
  event: z.strictObject({
    queue: z.enum(['snapshots', 'slices']),
    group: z.string(),
    id: z.string(),
    /** The original bytes. */
    body: z.string(),
    sentAt: z.number(),
    receiveCount: z.int(),
    sender: z.string().optional(),
    verification: Verification,
    /** Set if only the beginning was kept. */
    cut: z.strictObject({ bytes: z.int(), sha256: z.string() }).optional(),
  }),
});
export type Evidence = Readonly<z.infer<typeof Evidence>>;

/** A failure with its evidence. */
export interface Failure extends FailureHead {
  readonly details: Evidence;
}

/** One occurrence of a failure, to be stored. */
export interface FailureRecord {
  readonly head: Pick<
    FailureHead,
    | 'id'
    | 'code'
    | 'class'
    | 'sentence'
    | 'queue'
    | 'owner'
    | 'device'
    | 'partition'
    | 'exposure'
    | 'gateways'
    | 'revision'
  >;
  /** The event itself, and what was tried. */
  readonly details: Evidence;
  /** Id of this occurrence. */
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Returns the new head; undefined leaves it unchanged. */
export type FailureHeadChange = (
  head: FailureHead,
) => Partial<Pick<FailureHead, 'state' | 'note' | 'replays'>> | undefined;

/** Stores failures. All methods reject with a ReplayError RPL700 if the storage is unavailable. */
export interface FailureStore {
  /** Directory or bucket, for messages. */
  readonly where: string;
  /** Idempotent per message. */
  record(sighting: FailureRecord): Promise<FailureHead>;
  /** All heads, newest first; reads no evidence. */
  list(): Promise<readonly FailureHead[]>;
  /** The heads of one owner. */
  ofOwner(owner: string): Promise<readonly FailureHead[]>;
  /** By id; ids that do not exist are missing. */
  heads(ids: readonly string[]): Promise<ReadonlyMap<string, FailureHead>>;
  /** With its evidence; undefined if it does not exist. */
  get(id: string): Promise<Failure | undefined>;
  /** Resolves with the changed heads. */
  change(ids: readonly string[], change: FailureHeadChange): Promise<readonly FailureHead[]>;
  /**
   * Imports failures that were exported elsewhere; existing ones are not changed. Resolves with the
   * imported ones.
   */
  adopt(failures: readonly Failure[]): Promise<readonly FailureHead[]>;
  /**
   * Removes failures that are neither open nor quarantined and changed before `before`. Resolves
   * with their number.
   */
  prune(before: number): Promise<number>;
}
