/** CloudEvents 1.0, structured JSON: the one form in which anything travels through a queue. */
import { gzipSync } from 'node:zlib';
import type * as z from 'zod';
import { parseAttributes, type EventAttributes } from './envelope-attributes.ts';
import { parseData } from './envelope-data.ts';
import { formatHops, type Hop } from './hops.ts';
import { MAX_BODY_BYTES, QueueError } from './port.ts';
import type { EventSigner, SignatureClaim } from './signature.ts';
import { formatWaited, type Waited } from './waited.ts';

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

/** Above this, data is packed. */
const PACK_BYTES = 200 * 1024;
/** Left free so that a dead letter, which holds the whole body, still fits (base64 packs to a little more than itself). */
const RESERVE_BYTES = 32 * 1024;

/** SQS refuses U+FFFE and U+FFFF, and some compatible servers everything beyond the basic plane; escapes are the same JSON. */
function plain(json: string): string {
  return json.replaceAll(
    /[\uD800-\uDFFF\uFFFE\uFFFF]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

interface Encoded {
  readonly fields: object;
  readonly encoding: 'json' | 'gzip';
  /** As it travels, for the signature. */
  readonly text: string;
}

function encode(data: unknown): Encoded {
  const text = JSON.stringify(data);
  const json = plain(text);
  if (Buffer.byteLength(json) <= PACK_BYTES) return { fields: { data }, encoding: 'json', text };
  const packed = gzipSync(json, { level: 6 }).toString('base64');
  return { fields: { dataencoding: 'gzip', data_base64: packed }, encoding: 'gzip', text: packed };
}

function write(
  type: string,
  data: unknown,
  meta: EventMeta,
  signer: EventSigner | undefined,
): string {
  const hops = meta.hops ?? [];
  const { fields, encoding, text } = encode(data);
  const said = {
    id: meta.id,
    source: `/clusters/${meta.cluster}`,
    type,
    subject: meta.subject,
    time: meta.time,
  };
  const envelope = {
    specversion: '1.0',
    ...said,
    ...(meta.traceparent === undefined ? {} : { traceparent: meta.traceparent }),
    ...(hops.length === 0 ? {} : { hops: formatHops(hops) }),
    ...(signer === undefined
      ? {}
      : { keyid: signer.keyid, signature: signer.sign({ ...said, encoding, data: text }) }),
    datacontenttype: 'application/json',
    ...fields,
  };
  return plain(JSON.stringify(envelope));
}

/** Wraps `data`; throws {@link QueueError} Q604 when even packed it is more than a queue takes. */
export function serialiseEvent(
  type: string,
  data: unknown,
  meta: EventMeta,
  signer?: EventSigner,
): string {
  return serialiseEventWithin(type, data, { meta, limit: MAX_BODY_BYTES - RESERVE_BYTES, signer });
}

interface Sealing {
  readonly meta: EventMeta;
  readonly limit: number;
  readonly signer?: EventSigner | undefined;
}

/** As {@link serialiseEvent}, with another limit. */
export function serialiseEventWithin(
  type: string,
  data: unknown,
  { meta, limit, signer }: Sealing,
): string {
  const body = write(type, data, meta, signer);
  const bytes = Buffer.byteLength(body);
  if (bytes <= limit) return body;
  throw new QueueError(
    'Q604',
    `The event ${type} of ${meta.subject} has ${bytes} bytes after packing; ${limit} fit into one message. Split its ingress: give some of its gateways a Service and pods of their own, with their own selector, so that each ingress carries fewer pods, gateways and routes.`,
  );
}

/** The same event, which says that it waited. No signature covers that. */
export function withWaited(body: string, waited: Waited): string {
  const envelope = JSON.parse(body) as object;
  return plain(JSON.stringify({ ...envelope, waited: formatWaited(waited) }));
}

/** Unwraps a body and checks its data against `types`; never throws. For whoever need not know first who sent it. */
export function parseEvent<T extends EventTypes>(body: string, types: T): ParsedEvent<T> {
  const read = parseAttributes(body);
  return 'refused' in read ? read : openData(read.ok, types);
}

/** The second half of {@link parseEvent}: what is packed is unpacked here, so whoever asks for the origin asks before. */
export function openData<T extends EventTypes>(
  attributes: EventAttributes,
  types: T,
): ParsedEvent<T> {
  const data = parseData(attributes, types);
  if ('refused' in data) return data;
  const { id, type, cluster, subject, time, traceparent, hops, waited, signature } = attributes;
  const event = {
    id,
    type,
    cluster,
    subject,
    time,
    ...(traceparent === undefined ? {} : { traceparent }),
    hops,
    ...(waited === undefined ? {} : { waited }),
    ...(signature === undefined ? {} : { signature }),
    data: data.ok,
  };
  // `type` is a key of `types`, and the data has passed its schema.
  return { ok: event as EventOf<T> };
}
