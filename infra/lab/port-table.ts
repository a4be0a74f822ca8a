/** Ports of 127.0.0.1 in place of addresses, for machines that have no other loopback address. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** The only address that is used with a table. */
export const ONE_ADDRESS = '127.0.0.1';

/** The first of all blocks. They are below the ports that Linux and macOS give to clients. */
const FIRST_BLOCK = 20_000;
const PORTS_IN_BLOCK = 1000;
const BLOCKS = 12;

/** Remembers which port stands for an address and port. */
export interface PortTable {
  /** The same for every question. Throws if all ports are in use. */
  portOf(address: string, port: number): number;
}

/** `free`: the ports to give out, in this order. */
export function createPortTable(free: readonly number[]): PortTable {
  const given = new Map<string, number>();
  return {
    portOf(address, port): number {
      const key = `${address} ${port}`;
      const found = given.get(key) ?? free[given.size];
      if (found === undefined)
        throw new Error(
          `The lab has no port of ${ONE_ADDRESS} left for ${address}:${port}: all ${free.length} ` +
            'stand for other addresses. Start it again.',
        );
      given.set(key, found);
      return found;
    },
  };
}

/** Listens at the place, or rejects as Node does. Closes whatever connects. */
async function listenAt(host: string, port: number): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.listen({ host, port });
  await once(server, 'listening');
  return server;
}

async function canListen(port: number): Promise<boolean> {
  const server = await listenAt(ONE_ADDRESS, port).catch(() => undefined);
  if (server === undefined) return false;
  server.close();
  await once(server, 'close');
  return true;
}

/** Whether this machine has the address. */
export async function hasAddress(address: string): Promise<boolean> {
  try {
    (await listenAt(address, 0)).close();
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EADDRNOTAVAIL';
  }
}

/**
 * The free ports of a block that belongs to this process until it ends, because it listens at the
 * first port of the block. Throws if no block has one.
 */
export async function freePorts(): Promise<readonly number[]> {
  for (let block = 0; block < BLOCKS; block += 1) {
    const first = FIRST_BLOCK + block * PORTS_IN_BLOCK;
    const owner = await listenAt(ONE_ADDRESS, first).catch(() => undefined);
    if (owner === undefined) continue;
    owner.unref();
    const free: number[] = [];
    for (let port = first + 1; port < first + PORTS_IN_BLOCK; port += 1)
      if (await canListen(port)) free.push(port);
    return free;
  }
  throw new Error(
    `The lab needs ports of ${ONE_ADDRESS} from ${FIRST_BLOCK} on, and other processes have them. Stop those first.`,
  );
}
