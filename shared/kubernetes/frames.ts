import type { RawObject } from './object.ts';

/** One frame of a watch. ERROR frames are thrown by the client, not yielded. */
export interface WatchFrame {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: RawObject;
}

export interface ErrorFrame {
  readonly type: 'ERROR';
  readonly object: { readonly code?: number; readonly reason?: string; readonly message?: string };
}

/** One JSON document for each line; a line may arrive in any number of pieces. */
export async function* readFrames(body: AsyncIterable<Uint8Array>, received?: (bytes: number) => void): AsyncGenerator<WatchFrame | ErrorFrame> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of body) {
    received?.(piece.byteLength);
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.trim() !== '') yield parseFrame(line);
    }
  }
  // A connection cut inside a line leaves a piece of one; it comes again after the reconnect.
}

function parseFrame(line: string): WatchFrame | ErrorFrame {
  const frame: unknown = JSON.parse(line);
  if (typeof frame !== 'object' || frame === null || !('type' in frame) || !('object' in frame)) {
    throw new SyntaxError('a watch frame without type or object');
  }
  return frame as WatchFrame | ErrorFrame;
}
