/** Stored format of waiting changes and of device states. */
import * as z from 'zod';
import { Version } from '../../domain/revision.ts';
import { Attempt } from '../../queue/dead-letter.ts';

/** What waits for a device. */
export const WaitingKind = z.enum(['order', 'slice', 'absence', 'audit']);
export type WaitingKind = z.infer<typeof WaitingKind>;

/** A stored entry is never changed, only replaced. */
export const StoredChange = z.strictObject({
  format: z.literal(1),
  /** Short id for people. */
  id: z.string(),
  kind: WaitingKind,
  device: z.string(),
  /**
   * The owner of a slice or approval, the cluster of an order or absence, the device of an audit.
   */
  subject: z.string(),
  /** Description of the request. */
  what: z.string(),
  /** Only one entry of a group waits. */
  group: z.string(),
  /** Of slices and absences. */
  version: Version.optional(),
  /**
   * Time of the first sending by the queue's clock, and start of the wait; milliseconds since 1970.
   */
  sentAt: z.number(),
  since: z.number(),
  /** The event to return to the queue. */
  body: z.string(),
  deduplicationId: z.string(),
  attempts: z.array(Attempt),
  /**
   * For slices: by exposure, the sending time of the newest slice that requested it, over all
   * merged slices.
   */
  wanted: z.record(z.string(), z.number()).optional(),
});
export type StoredChange = Readonly<z.infer<typeof StoredChange>>;

/** `returning`: it answered, and waiting changes are being returned. `here`: nothing waits. */
export const MarkState = z.enum(['away', 'returning', 'here']);
export type MarkState = z.infer<typeof MarkState>;

/** The shared state of one device; times in milliseconds since 1970. */
export const DeviceMark = z.strictObject({
  format: z.literal(1),
  device: z.string(),
  state: MarkState,
  /** Start of the outage. */
  since: z.number(),
  code: z.string(),
  reason: z.string(),
  /** Time of the next probe. */
  due: z.number(),
  /** Returns after which the device refused again. */
  failedReturns: z.int().nonnegative(),
  lease: z.strictObject({ holder: z.string(), until: z.number() }).optional(),
});
export type DeviceMark = Readonly<z.infer<typeof DeviceMark>>;
