/** How much of a message is read. Everything is held against these before it is parsed; docs/architecture.md says why each is what it is. */
import { excessOf, LONGEST_STRING } from '../domain/json-bounds.ts';
import type { JsonBounds } from '../domain/json-bounds.ts';
import { DEAD_LETTER } from './events.ts';

/** A message as it lies in the queue. Plain data is at most 200 KiB; the rest travels packed, as one string. */
export const BODY_BOUNDS: JsonBounds = { depth: 64, values: 150_000 };
/** Data, unpacked. The largest legal event has 5,000 exposures with 10 members each, or 10,000 gateways. */
export const DATA_BOUNDS: JsonBounds = { depth: 64, values: 800_000 };
/** Whatever it says may come to stand in another message, a record or a line of the log. A dead letter holds a whole message as one string. */
export const dataBoundsOf = (type: string): JsonBounds =>
  type === DEAD_LETTER ? DATA_BOUNDS : { ...DATA_BOUNDS, string: LONGEST_STRING };
/** Data of so many values is looked at for its first misfit only. */
const MANY_VALUES = 10_000;

export const isBulky = (text: string): boolean =>
  excessOf(text, { depth: Number.POSITIVE_INFINITY, values: MANY_VALUES }) !== undefined;

/** What packed data may grow to; far above any real event, far below what hurts a function. */
export const UNPACKED_BYTES = 16 * 1024 * 1024;

/** Characters of what is carried on into other messages, records and lines of the log. */
export const LONGEST = {
  id: 512,
  source: 256,
  type: 128,
  subject: 512,
  time: 64,
  traceparent: 256,
  hops: 4_096,
  dataencoding: 32,
  keyid: 128,
  signature: 512,
  reason: 1_000,
} as const;
