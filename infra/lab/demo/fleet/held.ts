/**
 * Long connections through the virtual server; each sends several requests over the same
 * connection.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import { reachedAt } from '../../loopback.ts';
import { ANSWER_WITHIN_MS } from '../connection.ts';

/** An open connection, whose answers tell the cluster that serves it. */
export interface HeldConnection {
  /** The first word of its first answer. */
  readonly cluster: string;
  /** The first word of the answer; undefined if the connection was cut. */
  ask(): Promise<string | undefined>;
  close(): void;
}

/** Resolves after the first answer. */
export async function hold(address: string, port: number): Promise<HeldConnection> {
  const socket = connect(reachedAt(address, port));
  // A failure shows as a missing answer.
  socket.on('error', () => socket.destroy());
  const lines = createInterface({ input: socket });
  lines.on('error', () => socket.destroy());
  const cluster = await asked(socket, lines);
  if (cluster === undefined) throw new Error(`a connection to ${address}:${port} was not answered`);
  return { cluster, ask: () => asked(socket, lines), close: () => void socket.destroy() };
}

async function asked(socket: Socket, lines: Interface): Promise<string | undefined> {
  if (socket.destroyed) return undefined;
  const over = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const answer = once(lines, 'line', { signal: over }) as Promise<[string]>;
  const closed = once(lines, 'close', { signal: over }).then(() => undefined);
  socket.write('still there?\n');
  const first = await Promise.race([answer, closed]).catch(() => undefined);
  return first?.[0].split(' ')[0];
}
