import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import type { Virtual } from '../ltm/model.ts';
import { admits } from './admit.ts';
import type { Picker } from './pick.ts';
import { servedAt, servedAtText } from './place.ts';
import type { Listener } from './virtual.ts';

/** BIG-IP's `udp` profile drops a session after a minute without datagrams. */
const IDLE_MS = 60_000;

interface Session {
  readonly upstream: Socket;
  readonly end: () => void;
  timer: NodeJS.Timeout;
}

/** Each client has a session until it is idle; UDP has no connections. */
export function listenUdp(first: Virtual, picker: Picker): Listener {
  let virtual = first;
  let total = 0;
  let error: string | undefined;
  const sessions = new Map<string, Session>();
  const server = createSocket('udp4');
  const start = (from: RemoteInfo, key: string): Session | undefined => {
    const chosen = admits(virtual.source, from.address)
      ? picker.pick(virtual, from.address)
      : undefined;
    if (chosen === undefined || !chosen.isReached) return undefined;
    total += 1;
    const upstream = createSocket('udp4');
    const end = (): void => {
      if (!sessions.delete(key)) return;
      clearTimeout(session.timer);
      upstream.close();
      release();
    };
    const release = chosen.open(end);
    const session: Session = { upstream, end, timer: idle(end) };
    upstream.on('error', end);
    upstream.on('message', (message) => server.send(message, from.port, from.address));
    const to = servedAt(chosen.member.address, chosen.port);
    upstream.connect(to.port, to.host);
    sessions.set(key, session);
    return session;
  };
  server.on('message', (message, from) => {
    const key = `${from.address}:${from.port}`;
    const session = sessions.get(key) ?? start(from, key);
    if (session === undefined) return;
    clearTimeout(session.timer);
    session.timer = idle(session.end);
    forward(session.upstream, message);
  });
  server.on('error', (failure: NodeJS.ErrnoException) => {
    error =
      `cannot listen over UDP on ${servedAtText(virtual.address, virtual.port)} for ` +
      `${virtual.path}: ${failure.code ?? failure.message}`;
  });
  const cut = (): void => {
    for (const session of sessions.values()) session.end();
  };
  const at = servedAt(virtual.address, virtual.port);
  server.bind(at.port, at.host);
  return {
    traffic: () => ({ connections: { current: sessions.size, total }, error }),
    update(next): void {
      virtual = next;
    },
    cut,
    stop(): Promise<void> {
      cut();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

function idle(end: () => void): NodeJS.Timeout {
  const timer = setTimeout(end, IDLE_MS);
  timer.unref();
  return timer;
}

/** The first datagram may arrive before the socket knows its peer. */
function forward(upstream: Socket, message: Buffer): void {
  try {
    upstream.remoteAddress();
    upstream.send(message);
  } catch {
    upstream.once('connect', () => upstream.send(message));
  }
}
