/** Parked failures: one port, kept in a directory or in a bucket. Losing it loses history, never traffic. */
import * as z from 'zod';
import { Revision } from '../domain/revision.ts';
import { Attempt, DeadLetterClass, PlanLine } from '../queue/dead-letter.ts';

/** `never-ran`: no function left a record of a try. */
export const FailureClass = z.enum([...DeadLetterClass.options, 'never-ran']);
export type FailureClass = z.infer<typeof FailureClass>;

export const FailureState = z.enum(['open', 'archived', 'healed', 'replayed', 'quarantined']);
export type FailureState = z.infer<typeof FailureState>;

/** What is listed, filtered and grouped by; times in milliseconds since 1970. */
export const FailureHead = z.strictObject({
  /** The same owner, code and structure have the same id. */
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
  /** When the state changed. */
  changed: z.number(),
  /** Jobs of policies in which it failed again since it was last well. */
  replays: z.array(z.string()).optional(),
  /** Such as `healed by 17.4`, or who archived it and why. */
  note: z.string().optional(),
  /** Messages it was last seen in: a repeated delivery counts once. */
  seen: z.array(z.string()),
  /** Key of the evidence. */
  evidence: z.string(),
});
export type FailureHead = Readonly<z.infer<typeof FailureHead>>;

/** `unchecked`: the cluster has no senders configured, or the queue knows none. */
export const Verification = z.enum(['verified', 'refused', 'unchecked']);
export type Verification = z.infer<typeof Verification>;

export { PlanLine };

/** What is read for one failure only: the newest event, and what was said about it. */
export const Evidence = z.strictObject({
  reason: z.string(),
  attempts: z.array(Attempt),
  functionVersion: z.string().optional(),
  traceparent: z.string().optional(),
  /** The device's own words, shortened. */
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
    /** Only the beginning could be kept. */
    cut: z.strictObject({ bytes: z.int(), sha256: z.string() }).optional(),
  }),
});
export type Evidence = Readonly<z.infer<typeof Evidence>>;

export interface Failure extends FailureHead {
  readonly details: Evidence;
}

/** One appearance of a failure, on its way into the store. */
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
  readonly details: Evidence;
  /** Names this appearance. */
  readonly message: string;
  readonly at: number;
}

/** Undefined: leave it as it is. */
export type FailureHeadChange = (
  head: FailureHead,
) => Partial<Pick<FailureHead, 'state' | 'note' | 'replays'>> | undefined;

export interface FailureStore {
  readonly where: string;
  /** The same message twice counts once. */
  record(sighting: FailureRecord): Promise<FailureHead>;
  /** Every head, newest first; reads no evidence. */
  list(): Promise<readonly FailureHead[]>;
  /** The heads of one owner. */
  ofOwner(owner: string): Promise<readonly FailureHead[]>;
  heads(ids: readonly string[]): Promise<ReadonlyMap<string, FailureHead>>;
  get(id: string): Promise<Failure | undefined>;
  /** Resolves with those that changed. */
  change(ids: readonly string[], change: FailureHeadChange): Promise<readonly FailureHead[]>;
  /** Takes over what was exported elsewhere; what is known already stays as it is. Resolves with what was taken. */
  adopt(failures: readonly Failure[]): Promise<readonly FailureHead[]>;
  /** Forgets what is neither open nor quarantined and changed before `before`. Resolves with the number forgotten. */
  prune(before: number): Promise<number>;
}
