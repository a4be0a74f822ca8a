/** CloudEvents 1.0, structured JSON: the one form in which anything travels through a queue. */
import { gzipSync } from 'node:zlib';
import type * as z from 'zod';
import { readAttributes, type Attributes } from './envelope-attributes.ts';
import { readData } from './envelope-data.ts';
import { formatHops, type Hop } from './hops.ts';
import { MAX_BODY_BYTES, QueueError } from './port.ts';

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
}

export type EventTypes = Readonly<Record<string, z.ZodType>>;

export interface OpenedEvent<Type extends string, Data> extends EventMeta {
  readonly type: Type;
  readonly data: Data;
  readonly hops: readonly Hop[];
}

/** One of the events in `T`; `type` tells them apart. */
export type EventOf<T extends EventTypes> = { readonly [K in keyof T & string]: OpenedEvent<K, z.infer<T[K]>> }[keyof T & string];

/** Q610 not JSON, Q611 not a CloudEvent, Q612 unknown type or version, Q613 data does not fit, Q614 data cannot be unpacked. */
export type RefusalCode = 'Q610' | 'Q611' | 'Q612' | 'Q613' | 'Q614';

export interface Refusal {
  readonly code: RefusalCode;
  readonly reason: string;
  /** What could be read of the envelope all the same. */
  readonly id?: string;
  readonly type?: string;
  readonly cluster?: string;
  readonly subject?: string;
}

export type Opened<T extends EventTypes> = { readonly ok: EventOf<T> } | { readonly refused: Refusal };

/** Above this, data is packed. */
const PACK_BYTES = 200 * 1024;
/** Left free so that a dead letter, which holds the whole body, still fits (base64 packs to a little more than itself). */
const RESERVE_BYTES = 32 * 1024;

/** SQS refuses U+FFFE and U+FFFF, and some compatible servers everything beyond the basic plane; escapes are the same JSON. */
function plain(json: string): string {
  return json.replaceAll(/[\uD800-\uDFFF\uFFFE\uFFFF]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function encode(data: unknown): object {
  const json = plain(JSON.stringify(data));
  if (Buffer.byteLength(json) <= PACK_BYTES) return { data };
  return { dataencoding: 'gzip', data_base64: gzipSync(json, { level: 6 }).toString('base64') };
}

function write(type: string, data: unknown, meta: EventMeta): string {
  const hops = meta.hops ?? [];
  const envelope = {
    specversion: '1.0',
    id: meta.id,
    source: `/clusters/${meta.cluster}`,
    type,
    subject: meta.subject,
    time: meta.time,
    ...(meta.traceparent === undefined ? {} : { traceparent: meta.traceparent }),
    ...(hops.length === 0 ? {} : { hops: formatHops(hops) }),
    datacontenttype: 'application/json',
    ...encode(data),
  };
  return plain(JSON.stringify(envelope));
}

/** Wraps `data`; throws {@link QueueError} Q604 when even packed it is more than a queue takes. */
export function seal(type: string, data: unknown, meta: EventMeta): string {
  return sealWithin(type, data, { meta, limit: MAX_BODY_BYTES - RESERVE_BYTES });
}

/** As {@link seal}, with another limit. */
export function sealWithin(type: string, data: unknown, { meta, limit }: { readonly meta: EventMeta; readonly limit: number }): string {
  const body = write(type, data, meta);
  const bytes = Buffer.byteLength(body);
  if (bytes <= limit) return body;
  throw new QueueError(
    'Q604',
    `The event ${type} of ${meta.subject} has ${bytes} bytes after packing; ${limit} fit into one message. Split its ingress: give some of its gateways a Service and pods of their own, with their own selector, so that each ingress carries fewer pods, gateways and routes.`,
  );
}

/** Unwraps a body and checks its data against `types`; never throws. */
export function open<T extends EventTypes>(body: string, types: T): Opened<T> {
  const read = readAttributes(body);
  if ('refused' in read) return read;
  const attributes: Attributes = read.ok;
  const data = readData(attributes, types);
  if ('refused' in data) return data;
  const { id, type, cluster, subject, time, traceparent, hops } = attributes;
  const event = { id, type, cluster, subject, time, ...(traceparent === undefined ? {} : { traceparent }), hops, data: data.ok };
  // `type` is a key of `types`, and the data has passed its schema.
  return { ok: event as EventOf<T> };
}
