/**
 * Reads the protocol buffer bodies of kubectl's "create" commands; the fields are in
 * `protobuf-messages.ts`.
 */
import { badRequest } from '../errors.ts';
import type { Fields } from '../types.ts';
import { type Message, type Shape, messages } from './protobuf-messages.ts';

const MAGIC = 'k8s\u0000';

interface Raw {
  readonly number: number;
  readonly value: number | Buffer;
}

interface Cursor {
  at: number;
}

function varint(bytes: Buffer, cursor: Cursor): number {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[cursor.at];
    if (byte === undefined)
      throw badRequest('the protocol buffer body ends in the middle of a number');
    cursor.at += 1;
    value += (byte & 127) * scale;
    if (byte < 128) return value;
  }
}

function rawFields(bytes: Buffer): readonly Raw[] {
  const found: Raw[] = [];
  const cursor = { at: 0 };
  while (cursor.at < bytes.length) {
    const tag = varint(bytes, cursor);
    const wire = tag % 8;
    const size = varint(bytes, cursor);
    if (wire !== 0 && wire !== 2)
      throw badRequest(
        `the protocol buffer body has a field of wire type ${wire}, which the lab does not read; send JSON`,
      );
    found.push({
      number: Math.floor(tag / 8),
      value: wire === 0 ? size : bytes.subarray(cursor.at, cursor.at + size),
    });
    if (wire === 2) cursor.at += size;
  }
  return found;
}

function bufferOf(value: number | Buffer): Buffer {
  return typeof value === 'number' ? Buffer.alloc(0) : value;
}

/**
 * A value as in JSON. An empty value that cannot be distinguished from "not set" becomes undefined.
 */
function read(shape: Shape, value: number | Buffer): unknown {
  switch (shape) {
    case 'text':
      return bufferOf(value).toString() || undefined;
    case 'bytes':
      return bufferOf(value).toString('base64');
    case 'number':
      return value === 0 ? undefined : value;
    case 'optional number':
      return value;
    case 'flag':
      return value === 1;
    case 'ignored':
      return undefined;
    case 'number or text':
      return numberOrText(bufferOf(value));
    default:
      return readMessage(shape, bufferOf(value));
  }
}

function numberOrText(bytes: Buffer): unknown {
  const fields = new Map(rawFields(bytes).map(({ number, value }) => [number, value]));
  return fields.get(1) === 1 ? bufferOf(fields.get(3) ?? 0).toString() : fields.get(2) || undefined;
}

function readMessage(message: Message, bytes: Buffer): Fields | undefined {
  const result: Fields = {};
  for (const { number, value } of rawFields(bytes)) {
    const field = message[number];
    if (!field)
      throw badRequest(
        `the protocol buffer body has field ${number}, which the lab does not read; send JSON (kubectl apply does)`,
      );
    const [name, shape, many] = field;
    if (many === 'map') {
      const entry = new Map(rawFields(bufferOf(value)).map((raw) => [raw.number, raw.value]));
      const known = (result[name] ?? {}) as Fields;
      result[name] = {
        ...known,
        [bufferOf(entry.get(1) ?? 0).toString()]:
          read(shape, entry.get(2) ?? Buffer.alloc(0)) ?? '',
      };
    } else if (many === 'list')
      result[name] = [...((result[name] ?? []) as unknown[]), read(shape, value) ?? {}];
    else result[name] = read(shape, value);
  }
  const set = Object.entries(result).filter(([, value]) => value !== undefined);
  return set.length === 0 ? undefined : Object.fromEntries(set);
}

/** Throws 400 for another encoding, or a field that the table does not have. */
export function readProtobuf(bytes: Buffer): Fields {
  if (bytes.subarray(0, 4).toString('latin1') !== MAGIC)
    throw badRequest('the body does not begin as a Kubernetes protocol buffer does');
  const envelope = new Map(
    rawFields(bytes.subarray(4)).map(({ number, value }) => [number, bufferOf(value)]),
  );
  const type =
    readMessage(
      { 1: ['apiVersion', 'text'], 2: ['kind', 'text'] },
      envelope.get(1) ?? Buffer.alloc(0),
    ) ?? {};
  const message = messages[String(type['kind'])];
  if (!message)
    throw badRequest(
      `the lab does not read ${String(type['kind'])} as a protocol buffer; send JSON (kubectl apply does)`,
    );
  return { ...type, ...readMessage(message, envelope.get(2) ?? Buffer.alloc(0)) };
}
