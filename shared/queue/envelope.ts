/**
 * Serialises and parses events: CloudEvents 1.0 in structured JSON, the only format on all queues.
 */
import { gzipSync } from 'node:zlib';
import { parseAttributes, type EventAttributes } from './envelope-attributes.ts';
import { parseData } from './envelope-data.ts';
import type { EventMeta, EventTypes, EventOf, ParsedEvent } from './envelope-types.ts';
import { formatHops } from './hops.ts';
import { MAX_BODY_BYTES, QueueError } from './port.ts';
import type { EventSigner } from './signature.ts';
import { formatWaited, type Waited } from './waited.ts';

/** Data above this size is packed. */
const PACK_BYTES = 200 * 1024;
/**
 * Reserved so that a dead letter, which contains the whole body, still fits (base64 compresses to
 * slightly more than its own size).
 */
const RESERVE_BYTES = 32 * 1024;

/**
 * Escapes non-ASCII characters. SQS refuses U+FFFE and U+FFFF, and some compatible servers refuse
 * everything beyond the basic plane.
 */
function plain(json: string): string {
  return json.replaceAll(
    /[\uD800-\uDFFF\uFFFE\uFFFF]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Data in the form in which it is sent. */
interface Encoded {
  readonly fields: object;
  readonly encoding: 'json' | 'gzip';
  /** The serialised data, for the signature. */
  readonly text: string;
}

/** JSON as it is up to PACK_BYTES, packed above that, because queues limit and bill by size. */
function encode(data: unknown): Encoded {
  const text = JSON.stringify(data);
  const json = plain(text);
  if (Buffer.byteLength(json) <= PACK_BYTES) return { fields: { data }, encoding: 'json', text };
  const packed = gzipSync(json, { level: 6 }).toString('base64');
  return { fields: { dataencoding: 'gzip', data_base64: packed }, encoding: 'gzip', text: packed };
}

/** The event as JSON, with a signature if there is a signer. */
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

/**
 * Serialises `data`. Throws {@link QueueError} Q604 if it is too large for a queue even when
 * packed.
 */
export function serialiseEvent(
  type: string,
  data: unknown,
  meta: EventMeta,
  signer?: EventSigner,
): string {
  return serialiseEventWithin(type, data, { meta, limit: MAX_BODY_BYTES - RESERVE_BYTES, signer });
}

/**
 * How an event is made: its attributes, the size limit of the queue, and the key if events are
 * signed.
 */
interface Sealing {
  readonly meta: EventMeta;
  readonly limit: number;
  readonly signer?: EventSigner | undefined;
}

/** Like {@link serialiseEvent}, with another size limit. */
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
    `The event ${type} of ${meta.subject} has ${bytes} bytes after compression; ` +
      `the limit of one message is ${limit}. ` +
      'Split its ingress: give some of its Gateways a separate Service ' +
      'and pods with a separate selector, so that each ingress has fewer pods, ' +
      'Gateways and routes.',
  );
}

/** Adds to an event that it waited. The signature does not cover this attribute. */
export function withWaited(body: string, waited: Waited): string {
  const envelope = JSON.parse(body) as object;
  return plain(JSON.stringify({ ...envelope, waited: formatWaited(waited) }));
}

/**
 * Parses a body and validates its data against `types`; never throws. For callers that do not need
 * to verify the origin first.
 */
export function parseEvent<T extends EventTypes>(body: string, types: T): ParsedEvent<T> {
  const read = parseAttributes(body);
  return 'refused' in read ? read : openData(read.ok, types);
}

/**
 * The second step of {@link parseEvent}, which unpacks the data. Verify the origin before calling
 * it.
 */
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
  // `type` is a key of `types`, and the data matches its schema.
  return { ok: event as EventOf<T> };
}
