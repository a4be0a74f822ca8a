/**
 * Limits on messages. Every message is checked against them before it is parsed;
 * docs/architecture.md explains each limit.
 */
import { excessOf, MAX_STRING_CHARACTERS } from '../domain/json-bounds.ts';
import type { JsonBounds } from '../domain/json-bounds.ts';
import { DEAD_LETTER } from './events.ts';

/**
 * Limits of a message in the queue. Unpacked data has at most 200 KiB; larger data is packed into
 * one string.
 */
export const BODY_BOUNDS: JsonBounds = { depth: 64, values: 150_000 };
/**
 * Limits of unpacked data. The largest valid event has 5,000 exposures with 10 members each, or
 * 10,000 gateways.
 */
export const DATA_BOUNDS: JsonBounds = { depth: 64, values: 800_000 };
/**
 * String limit by event type, because strings are copied into other messages, records and log
 * lines. A dead letter is exempt: it holds a whole message as one string.
 */
export const dataBoundsOf = (type: string): JsonBounds =>
  type === DEAD_LETTER ? DATA_BOUNDS : { ...DATA_BOUNDS, string: MAX_STRING_CHARACTERS };
/** Above this number of values, validation stops at the first invalid one. */
const MANY_VALUES = 10_000;

/** Whether data has so many values that validation must stop at the first invalid one. */
export const isBulky = (text: string): boolean =>
  excessOf(text, { depth: Number.POSITIVE_INFINITY, values: MANY_VALUES }) !== undefined;

/** Maximum size of unpacked data: far above real events, and far below the memory of a function. */
export const UNPACKED_BYTES = 16 * 1024 * 1024;

/**
 * Maximum number of characters of attributes that are copied into other messages, records and log
 * lines.
 */
export const MAX_CHARACTERS = {
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
