import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import type { Virtual } from '../ltm/model.ts';
import type { Ssl } from '../ssl.ts';
import type { VirtualTraffic } from '../traffic.ts';
import { admits } from './admit.ts';
import type { Picker } from './pick.ts';
import { servedAt, servedAtText } from './place.ts';
import { serve } from './serve.ts';

/** A virtual server that listens on loopback. */
export interface Listener {
  traffic(): VirtualTraffic;
  /** The record may change without affecting the listener. */
  update(virtual: Virtual): void;
  /** Ends all connections. */
  cut(): void;
  /** Accepts no more connections; resolves when the last one has ended. */
  stop(): Promise<void>;
}

const RETRY_MS = 100;

/** A TCP virtual server; it resets connections of clients outside of its source network. */
export function listenTcp(first: Virtual, picker: Picker, ssl: Ssl): Listener {
  let virtual = first;
  let total = 0;
  let error: string | undefined;
  let retry: NodeJS.Timeout | undefined;
  let stopped = false;
  const clients = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    client.on('error', () => client.destroy());
    const full = virtual.connectionLimit > 0 && clients.size >= virtual.connectionLimit;
    if (full || !admits(virtual.source, client.remoteAddress ?? '')) {
      client.resetAndDestroy();
      return;
    }
    total += 1;
    clients.add(client);
    client.once('close', () => clients.delete(client));
    serve(client, { virtual, picker, ssl });
  });
  const listen = (): void => {
    if (!stopped) server.listen(servedAt(virtual.address, virtual.port));
  };
  server.on('listening', () => (error = undefined));
  server.on('error', (failure: NodeJS.ErrnoException) => {
    error =
      `cannot listen on ${servedAtText(virtual.address, virtual.port)} for ` +
      `${virtual.path}: ${failure.code ?? failure.message}`;
    // The peer that is about to release the address may still hold it.
    if (failure.code !== 'EADDRINUSE' || stopped) return;
    retry = setTimeout(listen, RETRY_MS);
    retry.unref();
  });
  listen();
  return {
    traffic: () => ({ connections: { current: clients.size, total }, error }),
    update(next): void {
      virtual = next;
    },
    cut(): void {
      for (const client of clients) client.destroy();
    },
    stop(): Promise<void> {
      stopped = true;
      clearTimeout(retry);
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
