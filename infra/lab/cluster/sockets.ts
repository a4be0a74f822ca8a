import { createServer, type Server, type Socket } from 'node:net';
import { type Place, reachedAt, placeText } from '../loopback.ts';

/**
 * One listening address of the cluster. When its `owner` (a pod or node) ends, its connections end
 * too.
 */
export interface Listening {
  readonly owner: string;
  readonly address: string;
  readonly port: number;
  readonly serve: (socket: Socket) => void;
}

interface Open {
  readonly server: Server;
  listening: Listening;
}

/** The sockets that are open now. */
export interface Sockets {
  /**
   * Opens missing sockets, closes those that are no longer wanted, and ends the connections of
   * owners that are gone.
   */
  reconcile(wanted: readonly Listening[], owners: ReadonlySet<string>): Promise<void>;
  /** Addresses that could not be bound, with the reason. */
  problems(): readonly string[];
  close(): Promise<void>;
}

function bind(server: Server, place: Place): Promise<Error | undefined> {
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen({ ...place, backlog: 256 }, () => {
      server.off('error', resolve);
      server.on('error', () => undefined);
      resolve(undefined);
    });
  });
}

/** None at first. */
export function createSockets(): Sockets {
  const open = new Map<string, Open>();
  const connections = new Map<Socket, string>();
  const problems = new Map<string, string>();

  async function start(key: string, listening: Listening): Promise<void> {
    const entry: Open = { server: createServer({ allowHalfOpen: true }), listening };
    entry.server.on('connection', (socket) => {
      connections.set(socket, entry.listening.owner);
      socket.on('close', () => connections.delete(socket));
      socket.on('error', () => socket.destroy());
      entry.listening.serve(socket);
    });
    const { address, port } = listening;
    const failed = await bind(entry.server, reachedAt(address, port));
    if (failed)
      problems.set(
        key,
        `${listening.owner} cannot listen on ${placeText(address, port)}: ${failed.message}`,
      );
    else open.set(key, entry);
  }

  async function reconcile(
    wanted: readonly Listening[],
    owners: ReadonlySet<string>,
  ): Promise<void> {
    const keyed = new Map(wanted.map((l) => [`${l.address}:${l.port}`, l]));
    problems.clear();
    for (const [key, entry] of open) {
      if (keyed.has(key)) continue;
      entry.server.close();
      open.delete(key);
    }
    for (const [socket, owner] of connections) if (!owners.has(owner)) socket.destroy();
    for (const [key, listening] of keyed) {
      const entry = open.get(key);
      if (entry) entry.listening = listening;
      else await start(key, listening);
    }
  }

  async function close(): Promise<void> {
    const closed = [...open.values()].map(
      ({ server }) => new Promise<void>((resolve) => void server.close(() => resolve())),
    );
    open.clear();
    for (const socket of connections.keys()) socket.destroy();
    await Promise.all(closed);
  }

  return { reconcile, close, problems: () => [...problems.values()] };
}
