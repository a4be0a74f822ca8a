/** TLS at a virtual server: with client SSL profiles towards clients, with server SSL profiles towards members. */
import type { Socket } from 'node:net';
import { connect, createSecureContext, createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import type { Virtual } from '../ltm/model.ts';
import type { ClientSslProfile, Ssl } from '../ssl.ts';

/** The client SSL profiles of a virtual server, in the order in which they are attached. */
export function clientSslOf({ profiles }: Virtual, ssl: Ssl): readonly string[] {
  return profiles
    .filter(({ path, context }) => context !== 'serverside' && ssl.isClientSsl(path))
    .map(({ path }) => path);
}

/**
 * Takes over the connection of a client. Rejects if the handshake fails, or if the client lacks the
 * certificate that the chosen profile demands.
 */
export async function acceptTls(
  client: Socket,
  paths: readonly string[],
  ssl: Ssl,
): Promise<TLSSocket> {
  const profiles = await Promise.all(paths.map((path) => ssl.clientSsl(path)));
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const server = createServer({
    ...profiles[0]?.certificate,
    ca: ssl.ca,
    SNICallback: (name, chosen) => {
      const certificate = chosenFor(profiles, name)?.certificate;
      chosen(null, createSecureContext({ ...certificate, ca: ssl.ca }));
    },
    requestCert: profiles.some(isMutual),
    rejectUnauthorized: profiles.every(isMutual),
  });
  server.on('tlsClientError', reject);
  server.on('secureConnection', (secured) => {
    const profile = chosenFor(profiles, secured.servername || '');
    if (profile === undefined || secured.authorized || !isMutual(profile)) resolve(secured);
    else reject(new Error(`the client has no certificate for ${profile.serverName}`));
  });
  server.emit('connection', client);
  return promise;
}

function isMutual({ peerCertificate }: ClientSslProfile): boolean {
  return peerCertificate === 'require';
}

/** The profile for the name that a client asked for; the first one for any other. */
function chosenFor(
  profiles: readonly ClientSslProfile[],
  name: string,
): ClientSslProfile | undefined {
  const [wanted, above] = [name.toLowerCase(), name.toLowerCase().replace(/^[^.]*/, '*')];
  return (
    profiles.find(({ serverName }) => serverName === wanted) ??
    profiles.find(({ serverName }) => serverName === above) ??
    profiles[0]
  );
}

/** Of a connection to a member: undefined if it is not encrypted. */
export interface TowardsMember {
  /** Sent as SNI. */
  readonly serverName?: string | undefined;
}

/**
 * The first server SSL profile, or with SNI the one for the name that the client asked for. `asked`
 * is known only if BIG-IP terminates TLS.
 */
export function towardsMember(
  { profiles, plain }: Virtual,
  ssl: Ssl,
  asked: string | undefined,
): TowardsMember | undefined {
  const attached = profiles
    .filter(({ path, context }) => context !== 'clientside' && ssl.isServerSsl(path))
    .map(({ path }) => ssl.serverSsl(path));
  const usesSni = plain['serversslUseSni'] === 'enabled';
  const named = attached.find(({ serverName }) => serverName !== undefined && serverName === asked);
  return (usesSni ? named : undefined) ?? attached[0];
}

/**
 * TLS over a connection to a member. BIG-IP does not verify certificates of members, unless a
 * profile says so.
 */
export function overTls(socket: Socket, { serverName }: TowardsMember): TLSSocket {
  return connect({
    socket,
    rejectUnauthorized: false,
    ...(serverName !== undefined && { servername: serverName }),
  });
}
