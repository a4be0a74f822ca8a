/** Events as they travel, and as they are read. */
import type * as z from 'zod';
import type { Hop } from './hops.ts';
import type { SignatureClaim } from './signature.ts';
import type { Waited } from './waited.ts';

export interface EventMeta {
  /** Unique; also the deduplication id of a first sending. */
  readonly id: string;
  /** Becomes `source: /clusters/<id>`. */
  readonly cluster: string;
  /** Whose event it is, such as the owner key. */
  readonly subject: string;
  /** RFC 3339 */
  readonly time: string;
  readonly traceparent?: string | undefined;
  /** Where the content was before, and when; oldest first. */
  readonly hops?: readonly Hop[] | undefined;
  /** Where it waited outside the queue for a device that was away. */
  readonly waited?: Waited | undefined;
}

export type EventTypes = Readonly<Record<string, z.ZodType>>;

export interface ReceivedEvent<Type extends string, Data> extends EventMeta {
  readonly type: Type;
  readonly data: Data;
  readonly hops: readonly Hop[];
  /** Present when the event is signed; whoever trusts it has to verify it. */
  readonly signature?: SignatureClaim;
}

/** One of the events in `T`; `type` tells them apart. */
export type EventOf<T extends EventTypes> = {
  readonly [K in keyof T & string]: ReceivedEvent<K, z.infer<T[K]>>;
}[keyof T & string];

/** Q610 not JSON, Q611 not a CloudEvent, Q612 unknown type or version, Q613 data does not fit, Q614 data cannot be unpacked, Q615 more than may be read. */
export type EventRefusalCode = 'Q610' | 'Q611' | 'Q612' | 'Q613' | 'Q614' | 'Q615';

export interface EventRefusal {
  readonly code: EventRefusalCode;
  readonly reason: string;
  /** What could be read of the envelope all the same. */
  readonly id?: string;
  readonly type?: string;
  readonly cluster?: string;
  readonly subject?: string;
}

export type ParsedEvent<T extends EventTypes> =
  { readonly ok: EventOf<T> } | { readonly refused: EventRefusal };
