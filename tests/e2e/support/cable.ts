import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * The connection to a device, which can be cut, and redirected to another device at the same
 * address.
 */
export interface Cable {
  readonly url: string;
  lead(url: string): void;
  unplug(): Promise<void>;
  plug(): Promise<void>;
  close(): Promise<void>;
}

export async function startCable(to: string): Promise<Cable> {
  let target = new URL(to);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
  };
  const server: Server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) keep(socket);
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => void server.listen(port, '127.0.0.1', resolve));
  const hangUp = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const shut = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      hangUp();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    lead: (url) => {
      target = new URL(url);
      hangUp();
    },
    unplug: shut,
    plug: () => (server.listening ? Promise.resolve() : listen(port)),
    close: async () => {
      if (server.listening) await shut();
    },
  };
}
