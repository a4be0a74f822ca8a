import { createSocket } from 'node:dgram';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Monitor } from '../ltm/model.ts';
import { servedAt } from './place.ts';

/** The reason of a failure; undefined on success. */
export type ProbeVerdict = string | undefined;

/** One probe. `deadline` is in milliseconds from now. */
export interface ProbeTarget {
  readonly monitor: Monitor;
  readonly address: string;
  readonly port: number;
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** One attempt, by the type of the monitor. Never rejects. */
export async function probe(target: ProbeTarget): Promise<ProbeVerdict> {
  switch (target.monitor.type) {
    // Loopback answers every ping, and a raw socket would need privileges.
    case 'icmp':
    case 'gateway-icmp':
      return undefined;
    case 'udp':
      return probeUdp(target);
    default:
      return probeStream(target);
  }
}

/** BIG-IP interprets `\r` and `\n` in its send strings. */
function unescaped(text: string): string {
  return text.replaceAll('\\r', '\r').replaceAll('\\n', '\n');
}

function isHttp({ type }: Monitor): boolean {
  return type === 'http' || type === 'https';
}

function requestText(monitor: Monitor): string {
  const text = unescaped(monitor.send);
  if (!isHttp(monitor) || text.endsWith('\r\n\r\n')) return text;
  return text.endsWith('\r\n') ? `${text}\r\n` : `${text}\r\n\r\n`;
}

function matches(receive: string, text: string): boolean {
  try {
    return new RegExp(receive).test(text);
  } catch {
    return text.includes(receive);
  }
}

function open({ monitor, address, port }: ProbeTarget): {
  readonly socket: Socket;
  readonly ready: 'connect' | 'secureConnect';
} {
  const at = servedAt(address, port);
  if (monitor.type === 'https')
    return { socket: connectTls({ ...at, rejectUnauthorized: false }), ready: 'secureConnect' };
  return { socket: connectTcp(at), ready: 'connect' };
}

async function probeStream(target: ProbeTarget): Promise<ProbeVerdict> {
  const { monitor, deadline, signal } = target;
  const { socket, ready } = open(target);
  const needsAnswer = isHttp(monitor) || monitor.receive !== '';
  return new Promise((resolve) => {
    let received = '';
    const finish = (verdict: ProbeVerdict): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      socket.destroy();
      resolve(verdict);
    };
    const aborted = (): void => finish('stopped');
    const timer = setTimeout(
      () =>
        finish(needsAnswer && received !== '' ? 'no matching answer in time' : 'no answer in time'),
      deadline,
    );
    timer.unref();
    signal.addEventListener('abort', aborted);
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    socket.once('end', () => finish(needsAnswer ? 'no matching answer' : undefined));
    socket.once(ready, () => {
      if (!needsAnswer) return finish(undefined);
      socket.write(requestText(monitor));
    });
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (monitor.receive === '' || matches(monitor.receive, received))
        finish(monitor.reverse ? 'answer matches a reverse monitor' : undefined);
    });
  });
}

/**
 * No answer means success: only a closed port answers (with ICMP), unless an answer is required.
 */
async function probeUdp(target: ProbeTarget): Promise<ProbeVerdict> {
  const { monitor, deadline, signal } = target;
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    const finish = (verdict: ProbeVerdict): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      socket.removeAllListeners();
      socket.close();
      resolve(verdict);
    };
    const aborted = (): void => finish('stopped');
    const timer = setTimeout(
      () => finish(monitor.receive === '' ? undefined : 'no matching answer in time'),
      deadline,
    );
    timer.unref();
    signal.addEventListener('abort', aborted);
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    socket.on('message', (message) => {
      if (matches(monitor.receive, message.toString('latin1'))) finish(undefined);
    });
    const { host, port } = servedAt(target.address, target.port);
    socket.connect(port, host, () => socket.send(unescaped(monitor.send)));
  });
}
