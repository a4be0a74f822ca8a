/** Answers of a sick device: too slow, without an end, broken off. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { FaultResponse } from './faults.ts';
import type { Reply } from './http-types.ts';

type Of<K extends FaultResponse['kind']> = Extract<FaultResponse, { readonly kind: K }>;

type Sick = Of<'drip'> | Of<'endless'> | Of<'break'>;

/** Whether the answer is not sent in one piece. */
export function isSick(wanted: FaultResponse): wanted is Sick {
  return wanted.kind === 'drip' || wanted.kind === 'endless' || wanted.kind === 'break';
}

/** Sends it as slowly, endlessly or incompletely as the fault demands. */
export function respondSick(
  response: ServerResponse,
  wanted: Sick,
  reply: Reply | undefined,
): number {
  if (wanted.kind === 'endless') return endless(response, wanted.gzip === true);
  return wanted.kind === 'drip' ? drip(response, wanted, reply) : breakOff(response, wanted, reply);
}

function bytesOf(body: unknown): Buffer {
  return Buffer.from(
    typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body),
  );
}

function drip(
  response: ServerResponse,
  { ms, bytes = 1, head = false }: Of<'drip'>,
  reply: Reply | undefined,
): number {
  const body = bytesOf(reply?.body);
  const status = reply?.status ?? 200;
  const { socket } = response;
  if (socket === null) return 0;
  const lines = [
    `HTTP/1.1 ${status} Slow`,
    'content-type: application/json; charset=UTF-8',
    `content-length: ${body.length}`,
    'connection: close',
    '',
    '',
  ].join('\r\n');
  const raw = Buffer.concat([Buffer.from(lines), body]);
  let at = head ? 0 : lines.length;
  socket.write(raw.subarray(0, at));
  const timer = setInterval(() => {
    socket.write(raw.subarray(at, at + bytes));
    at += bytes;
    if (at >= raw.length) socket.end();
  }, ms);
  socket.once('close', () => clearInterval(timer));
  socket.once('finish', () => clearInterval(timer));
  return status;
}

const FILLER = Buffer.alloc(64 * 1024, 'x');

function* withoutEnd(): Generator<Buffer> {
  yield Buffer.from('{"items":["');
  for (;;) yield FILLER;
}

function endless(response: ServerResponse, gzip: boolean): number {
  response.writeHead(200, {
    'content-type': 'application/json; charset=UTF-8',
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
  });
  const body = Readable.from(withoutEnd());
  response.once('close', () => body.destroy());
  (gzip ? body.pipe(createGzip()) : body).pipe(response);
  return 200;
}

function breakOff(
  response: ServerResponse,
  { bytes, body }: Of<'break'>,
  reply: Reply | undefined,
): number {
  const whole = bytesOf(body ?? reply?.body ?? { results: [{ code: 200, message: 'success' }] });
  const status = reply?.status ?? 200;
  response.writeHead(status, {
    'content-type': 'application/json; charset=UTF-8',
    'content-length': Math.max(whole.length, bytes + 1),
  });
  response.write(whole.subarray(0, bytes), () => response.socket?.destroy());
  return status;
}
