/** Limits the total time and size of one exchange. */
import { pipeline, Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** Bytes per second; slower data does not extend the time limit. */
const MIN_BYTES_PER_SECOND = 256 * 1024;

/** Limits of one exchange. */
export interface ExchangeLimits {
  /**
   * Milliseconds for the whole exchange; transferred data extends it by the time it needs at the
   * minimum rate.
   */
  readonly total: number;
  /** Maximum size of the answer in bytes, after decompression. */
  readonly bytes: number;
  /** Bytes per second; default 262,144. */
  readonly leastRate?: number | undefined;
}

/** Thrown at the time limit. */
export class TooSlow extends Error {
  readonly milliseconds: number;
  /** Received so far, after decompression. */
  readonly received: number;

  constructor(milliseconds: number, received: number) {
    super(`not complete after ${Math.round(milliseconds) / 1000} s (${received} bytes received)`);
    this.name = 'TooSlow';
    this.milliseconds = milliseconds;
    this.received = received;
  }
}

/** Thrown if the answer exceeds the size limit; `limit` is in bytes. */
export class TooLarge extends Error {
  readonly limit: number;

  constructor(limit: number) {
    super(`larger than ${limit} bytes`);
    this.name = 'TooLarge';
    this.limit = limit;
  }
}

/** Measures one exchange that is in progress. */
export interface ExchangeMeter {
  /** Fires with {@link TooSlow} at the time limit. */
  readonly signal: AbortSignal;
  /** Counts bytes of the request. */
  sent(bytes: number): void;
  /** Counts bytes of the answer; throws {@link TooLarge} above the limit. */
  received(bytes: number): void;
  /** Ends the exchange and its timer. */
  end(): void;
}

/** Starts the time limit. The caller must call `end`, otherwise the timer keeps running. */
export function startMeter({
  total,
  bytes: most,
  leastRate = MIN_BYTES_PER_SECOND,
}: ExchangeLimits): ExchangeMeter {
  const controller = new AbortController();
  const begun = performance.now();
  let moved = 0;
  let came = 0;
  const look = (): void => {
    const left = begun + total + (moved / leastRate) * 1000 - performance.now();
    if (left <= 0) controller.abort(new TooSlow(performance.now() - begun, came));
    else timer = setTimeout(look, Math.ceil(left));
  };
  let timer = setTimeout(look, total);
  return {
    signal: controller.signal,
    sent: (bytes) => {
      moved += bytes;
    },
    received: (bytes) => {
      came += bytes;
      moved += bytes;
      if (came > most) throw new TooLarge(most);
    },
    end: () => clearTimeout(timer),
  };
}

const UNPACK = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
} as const;

/** The body without its compression. Throws for an encoding that was not requested. */
function unpacked(body: Readable, encoding: string): Readable {
  if (encoding === '' || encoding === 'identity') return body;
  const unpack = Object.entries(UNPACK).find(([name]) => name === encoding)?.[1];
  if (unpack === undefined)
    throw new Error(`the answer has encoding ${encoding}, which was not requested`);
  // Errors during the transfer are reported at its end.
  return pipeline(body, unpack(), () => undefined);
}

/** Reads a whole body and counts it; closes the connection as soon as it is too large. */
export async function readBody(
  body: Readable,
  encoding: string | string[] | undefined,
  meter: Pick<ExchangeMeter, 'received'>,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of unpacked(
    body,
    String(encoding ?? '')
      .trim()
      .toLowerCase(),
  )) {
    const bytes = piece as Buffer;
    meter.received(bytes.byteLength);
    pieces.push(bytes);
  }
  return Buffer.concat(pieces);
}
