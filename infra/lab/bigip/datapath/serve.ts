/** What a virtual server does with a connection that it has accepted. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Virtual } from '../ltm/model.ts';
import type { Ssl } from '../ssl.ts';
import type { Tried } from './balance.ts';
import type { Chosen, Picker } from './pick.ts';
import { servedAt } from './place.ts';
import { redirect, isRedirect } from './redirect.ts';
import { acceptTls, clientSslOf, overTls, towardsMember } from './tls.ts';
import type { TowardsMember } from './tls.ts';

/** The virtual server as it was when the client connected. */
export interface Serving {
  readonly virtual: Virtual;
  readonly picker: Picker;
  readonly ssl: Ssl;
}

/**
 * Redirects the client, or forwards what it sends to a member; with client SSL profiles, after the
 * TLS handshake. The socket has to be paused.
 */
export function serve(client: Socket, serving: Serving): void {
  const { virtual, ssl } = serving;
  const paths = clientSslOf(virtual, ssl);
  if (isRedirect(virtual)) redirect(client);
  else if (paths.length === 0) toMember(client, serving, undefined);
  else
    void acceptTls(client, paths, ssl).then(
      (secured) => {
        secured.on('error', () => secured.destroy());
        toMember(secured, serving, secured.servername || undefined);
      },
      () => client.destroy(),
    );
}

/** `asked` is the server name of the client's TLS. */
function toMember(client: Socket, { virtual, picker, ssl }: Serving, asked?: string): void {
  const from = client.remoteAddress ?? '';
  const chosen = picker.pick(virtual, from);
  if (chosen === undefined) {
    reset(client);
    return;
  }
  forward(client, chosen, {
    tls: towardsMember(virtual, ssl, asked),
    reselect: (tried) => picker.pick(virtual, from, tried),
  });
}

/** A TLS socket of Node cannot reset the connection below it, so it only ends. */
function reset(client: Socket): void {
  if (client instanceof TLSSocket) client.destroy();
  else client.resetAndDestroy();
}

interface Onwards {
  /** Undefined: the connection to the member is not encrypted. */
  readonly tls: TowardsMember | undefined;
  readonly reselect: (tried: Tried) => Chosen | undefined;
}

/**
 * Client data is read only after a member has accepted, so that it is complete for the next member
 * that is tried.
 */
function forward(client: Socket, chosen: Chosen, onwards: Onwards, tried: Tried = new Set()): void {
  const { tls, reselect } = onwards;
  const tryOther = (): void => {
    const without = new Set([...tried, chosen.member.path]);
    const next = tried.size < chosen.reselectTries ? reselect(without) : undefined;
    if (next === undefined) reset(client);
    else forward(client, next, onwards, without);
  };
  if (!chosen.isReached) {
    tryOther();
    return;
  }
  const upstream = connect({
    ...servedAt(chosen.member.address, chosen.port),
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
    tryOther();
  };
  upstream.once('error', unreachable);
  upstream.once('connect', () => {
    upstream.off('error', unreachable);
    upstream.on('error', () => reset(client));
    const stream = tls === undefined ? upstream : overTls(upstream, tls);
    stream.on('error', () => reset(client));
    stream.once('close', () => client.destroySoon());
    client.pipe(stream);
    stream.pipe(client);
  });
}
