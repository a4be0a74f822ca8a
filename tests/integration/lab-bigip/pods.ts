import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { loopbackOf } from '../../../infra/lab/loopback.ts';

export interface Pod {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * A pod at the loopback equivalent of its address: answers each chunk with its name and the chunk.
 */
export async function startPod(address: string, name: string, port = 0): Promise<Pod> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => socket.write(`${name} ${chunk.toString()}`));
    socket.on('end', () => socket.end());
  });
  await new Promise<void>((resolve) => server.listen(port, loopbackOf(address), resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A readiness endpoint that answers with the current result of `answer`. */
export async function startProbe(address: string, answer: () => string, port = 0): Promise<Pod> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.end(answer()));
  });
  await new Promise<void>((resolve) => server.listen(port, loopbackOf(address), resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

export async function startUdpPod(address: string, name: string): Promise<Pod> {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) =>
    socket.send(`${name} ${message.toString()}`, from.port, from.address),
  );
  await new Promise<void>((resolve) => void socket.bind(0, loopbackOf(address), () => resolve()));
  return {
    port: socket.address().port,
    close: () => new Promise((resolve) => void socket.close(() => resolve())),
  };
}
