import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import type { Virtual } from '../ltm/model.ts';
import type { VirtualTraffic } from '../traffic.ts';
import type { Tried } from './balance.ts';
import type { Chosen, Picker } from './pick.ts';
import { hostOf } from './probe.ts';

export interface Listener {
  traffic(): VirtualTraffic;
  /** The record may change without affecting the listener. */
  update(virtual: Virtual): void;
  /** Stops accepting connections; `cut` also ends existing ones. */
  stop(cut: boolean): Promise<void>;
}

const RETRY_MS = 100;

/** A TCP virtual server, which forwards bytes whatever its profile. */
export function listenTcp(first: Virtual, picker: Picker): Listener {
  let virtual = first;
  let total = 0;
  let error: string | undefined;
  let retry: NodeJS.Timeout | undefined;
  let stopped = false;
  const clients = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    client.on('error', () => client.destroy());
    const full = virtual.connectionLimit > 0 && clients.size >= virtual.connectionLimit;
    const chosen = full ? undefined : picker.pick(virtual, client.remoteAddress ?? '');
    if (chosen === undefined) {
      client.resetAndDestroy();
      return;
    }
    total += 1;
    clients.add(client);
    client.once('close', () => clients.delete(client));
    forward(client, chosen, (tried) => picker.pick(virtual, client.remoteAddress ?? '', tried));
  });
  const listen = (): void => {
    if (!stopped) server.listen({ host: hostOf(virtual.address), port: virtual.port });
  };
  server.on('listening', () => (error = undefined));
  server.on('error', (failure: NodeJS.ErrnoException) => {
    error = `cannot listen on ${hostOf(virtual.address)}:${virtual.port} for ${virtual.path}: ${failure.code ?? failure.message}`;
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
    stop(cut): Promise<void> {
      stopped = true;
      clearTimeout(retry);
      if (cut) for (const client of clients) client.destroy();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

/**
 * Client data is read only after a member has accepted, so that it is complete for the next member
 * that is tried.
 */
function forward(
  client: Socket,
  chosen: Chosen,
  reselect: (tried: Tried) => Chosen | undefined,
  tried: Tried = new Set(),
): void {
  const upstream = connect({
    host: hostOf(chosen.member.address),
    port: chosen.port,
    allowHalfOpen: true,
  });
  const release = chosen.open(() => client.destroy());
  const ended = (): void => {
    release();
    upstream.destroy();
  };
  client.once('close', ended);
  const unreachable = (): void => {
    client.off('close', ended);
    ended();
    const without = new Set([...tried, chosen.member.path]);
    const next = tried.size < chosen.reselectTries ? reselect(without) : undefined;
    if (next === undefined) client.resetAndDestroy();
    else forward(client, next, reselect, without);
  };
  upstream.once('error', unreachable);
  upstream.once('connect', () => {
    upstream.off('error', unreachable);
    upstream.on('error', () => client.resetAndDestroy());
    upstream.once('close', () => client.destroySoon());
    client.pipe(upstream);
    upstream.pipe(client);
  });
}
