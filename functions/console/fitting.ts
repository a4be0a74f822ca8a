/** Makes answers fit through Lambda, which passes on at most 6 MB of JSON. */
import { gzipSync } from 'node:zlib';

/** Bytes of an answer as JSON, with room for its headers. */
const MAX_BYTES = 5_900_000;
/** Shorter answers do not gain by compression. */
const WORTH_BYTES = 1_024;

const TOO_LARGE =
  'The answer is larger than the 6 MB that AWS passes on. Ask for less: use a filter or a smaller limit.';

/** Compressed, if the browser takes it; refused with the way on, if it is still too large. */
export async function fitting(request: Request, answer: Response): Promise<Response> {
  const bytes = Buffer.from(await answer.arrayBuffer());
  const headers = new Headers(answer.headers);
  const { status } = answer;
  if (bytes.length === 0) return new Response(null, { status, headers });
  const isPlain = !headers.has('Content-Encoding');
  const accepts = /\bgzip\b/.test(request.headers.get('Accept-Encoding') ?? '');
  const isSmall = bytes.length < WORTH_BYTES;
  const body = isPlain && accepts && !isSmall ? gzipSync(bytes) : bytes;
  if (body !== bytes) {
    headers.set('Content-Encoding', 'gzip');
    headers.append('Vary', 'Accept-Encoding');
    const tag = headers.get('ETag');
    // The same content in another form.
    if (tag?.startsWith('"') === true) headers.set('ETag', `W/${tag}`);
  }
  if (sizeOf(body, isPlain && body === bytes) <= MAX_BYTES)
    return new Response(body, { status, headers });
  headers.delete('Content-Encoding');
  headers.delete('ETag');
  headers.set('Content-Type', 'application/json');
  return new Response(JSON.stringify({ error: { message: TOO_LARGE } }), { status: 422, headers });
}

/** Binary answers travel as base64, others as text in JSON. */
function sizeOf(body: Buffer, isText: boolean): number {
  return isText
    ? Buffer.byteLength(JSON.stringify(body.toString()))
    : Math.ceil(body.length / 3) * 4;
}
