/** What waits for a device, and what is known of the device: the blobs of the waiting place. */
import * as z from 'zod';
import { Version } from '../../domain/revision.ts';
import { Attempt } from '../../queue/dead-letter.ts';

export const WaitingKind = z.enum(['order', 'slice', 'absence', 'audit']);
export type WaitingKind = z.infer<typeof WaitingKind>;

/** A blob of it is never changed, only replaced by another one. */
export const Entry = z.strictObject({
  format: z.literal(1),
  /** For people. */
  id: z.string(),
  kind: WaitingKind,
  device: z.string(),
  /** The owner of a slice or approval, the cluster of an order or absence, the device of an audit. */
  subject: z.string(),
  /** What it asks for, in words. */
  what: z.string(),
  /** Of several with the same one only one waits. */
  group: z.string(),
  /** Of slices and absences. */
  version: Version.optional(),
  /** When it was first sent, by the queue's clock, and since when it waits; milliseconds since 1970. */
  sentAt: z.number(),
  since: z.number(),
  /** The event, as it goes back. */
  body: z.string(),
  deduplicationId: z.string(),
  attempts: z.array(Attempt),
  /** Of slices: by exposure, when the newest slice was sent that wanted it, of all that this one stands for. */
  wanted: z.record(z.string(), z.number()).optional(),
});
export type Entry = Readonly<z.infer<typeof Entry>>;

/** `returning`: it answered, and what waited is on its way back. `here`: nothing of it waits. */
export const MarkState = z.enum(['away', 'returning', 'here']);
export type MarkState = z.infer<typeof MarkState>;

/** What all processes know of one device; times in milliseconds since 1970. */
export const Mark = z.strictObject({
  format: z.literal(1),
  device: z.string(),
  state: MarkState,
  /** Since when it is away. */
  since: z.number(),
  code: z.string(),
  reason: z.string(),
  /** When it is asked again. */
  due: z.number(),
  /** Returns after which it refused again. */
  failedReturns: z.int().nonnegative(),
  lease: z.strictObject({ holder: z.string(), until: z.number() }).optional(),
});
export type Mark = Readonly<z.infer<typeof Mark>>;
