/** The frames of a watch: one JSON object per line. */
import type { RawObject } from './object.ts';

/** One frame of a watch. ERROR frames are thrown by the client. */
export interface WatchFrame {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: RawObject;
}

/** An error inside a watch stream, in the form of a Status. */
export interface ErrorFrame {
  readonly type: 'ERROR';
  readonly object: { readonly code?: number; readonly reason?: string; readonly message?: string };
}

/**
 * Characters; etcd stores objects up to 1.5 MB, which can be larger in other versions and with
 * managedFields.
 */
const MAX_LINE_CHARACTERS = 16 * 1024 * 1024;

/** One JSON document per line; a line may arrive in several chunks. */
export async function* readFrames(
  body: AsyncIterable<Uint8Array>,
  received?: (bytes: number) => void,
  longest = MAX_LINE_CHARACTERS,
): AsyncGenerator<WatchFrame | ErrorFrame> {
  const decoder = new TextDecoder();
  let begun: string[] = [];
  let length = 0;
  for await (const piece of body) {
    received?.(piece.byteLength);
    const [first = '', ...more] = decoder.decode(piece, { stream: true }).split('\n');
    begun.push(first);
    length += first.length;
    if (length > longest)
      throw new Error(`a line of the watch is longer than ${longest} characters`);
    for (const next of more) {
      const line = begun.join('');
      begun = [next];
      length = next.length;
      if (line.trim() !== '') yield parseFrame(line);
    }
  }
  // A connection cut within a line leaves a partial line, which is sent again after reconnecting.
}

/** One line of a watch. Throws a SyntaxError if it is not a frame, which ends the watch. */
function parseFrame(line: string): WatchFrame | ErrorFrame {
  const frame: unknown = JSON.parse(line);
  if (typeof frame !== 'object' || frame === null || !('type' in frame) || !('object' in frame)) {
    throw new SyntaxError('a watch frame without type or object');
  }
  return frame as WatchFrame | ErrorFrame;
}
