/** Types of serialised and parsed events. */
import type * as z from 'zod';
import type { Hop } from './hops.ts';
import type { SignatureClaim } from './signature.ts';
import type { Waited } from './waited.ts';

/** The attributes of an event when it is sent. */
export interface EventMeta {
  /** Unique; also the deduplication id when the event is first sent. */
  readonly id: string;
  /** Becomes `source: /clusters/<id>`. */
  readonly cluster: string;
  /** Usually the owner key. */
  readonly subject: string;
  /** RFC 3339 */
  readonly time: string;
  readonly traceparent?: string | undefined;
  /** Earlier stations of the content with times, oldest first. */
  readonly hops?: readonly Hop[] | undefined;
  /** Set if the event waited in the failure store for an unreachable device. */
  readonly waited?: Waited | undefined;
}

/** Schemas by event type. */
export type EventTypes = Readonly<Record<string, z.ZodType>>;

/** A parsed event with validated data. */
export interface ReceivedEvent<Type extends string, Data> extends EventMeta {
  readonly type: Type;
  readonly data: Data;
  readonly hops: readonly Hop[];
  /** Set if the event is signed. Not verified yet. */
  readonly signature?: SignatureClaim;
}

/** An event of one of the types in `T`, discriminated by `type`. */
export type EventOf<T extends EventTypes> = {
  readonly [K in keyof T & string]: ReceivedEvent<K, z.infer<T[K]>>;
}[keyof T & string];

/**
 * Q610 not JSON, Q611 not a CloudEvent, Q612 unknown type or version, Q613 data does not match its
 * schema, Q614 data cannot be unpacked, Q615 parsing limit exceeded.
 */
export type EventRefusalCode = 'Q610' | 'Q611' | 'Q612' | 'Q613' | 'Q614' | 'Q615';

/** Why an event was refused, and what is known about it. */
export interface EventRefusal {
  readonly code: EventRefusalCode;
  readonly reason: string;
  /** The part of the envelope that could be parsed. */
  readonly id?: string;
  readonly type?: string;
  readonly cluster?: string;
  readonly subject?: string;
}

/** The event, or its refusal. */
export type ParsedEvent<T extends EventTypes> =
  { readonly ok: EventOf<T> } | { readonly refused: EventRefusal };
