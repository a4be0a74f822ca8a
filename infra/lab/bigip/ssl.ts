/** The SSL profiles of the device: what of them the data path heeds, and their certificates. */
import type { Authority, Certificate } from './certificate.ts';
import type { CommonObjects } from './ltm/common.ts';
import { nameOf } from './ltm/model.ts';

/** A client SSL profile; one that is only known by its path has neither. */
export interface ClientSslOptions {
  /** Chosen if the client asks for this name, such as `shop.example.com` or `*.example.com`. */
  readonly serverName?: string;
  /** `require`: only clients with a certificate of the device's authority may connect. */
  readonly peerCertificate?: 'ignore' | 'require';
}

/** A server SSL profile; without a name, BIG-IP sends none to the member. */
export interface ServerSslOptions {
  readonly serverName?: string;
}

/** What the data path uses of a client SSL profile. */
export interface ClientSslProfile extends ClientSslOptions {
  /** The server name, or else the last part of its path. */
  readonly serverName: string;
  readonly certificate: Certificate;
}

/** SSL profiles of a device, for tests and demos. */
export interface SslProfiles {
  /** Creates the profile in `/Common`, or changes it for new connections. */
  addClientSsl(path: string, options?: ClientSslOptions): void;
  addServerSsl(path: string, options?: ServerSslOptions): void;
  /** A certificate that profiles with `peerCertificate: require` accept. */
  clientCertificate(name: string): Promise<Certificate>;
}

/** What the data path reads. */
export interface Ssl extends SslProfiles {
  readonly ca: string;
  isClientSsl(path: string): boolean;
  isServerSsl(path: string): boolean;
  /** The profile with its certificate, which it keeps as long as the device runs. */
  clientSsl(path: string): Promise<ClientSslProfile>;
  serverSsl(path: string): ServerSslOptions;
}

const CLIENT = 'ltm/profile/client-ssl';
const SERVER = 'ltm/profile/server-ssl';

/** Certificates are issued when they are first needed. */
export function createSsl(authority: Authority, common: CommonObjects): Ssl {
  const clients = new Map<string, ClientSslOptions>();
  const servers = new Map<string, ServerSslOptions>();
  const certificates = new Map<string, Promise<Certificate>>();
  const certificateOf = (name: string): Promise<Certificate> => {
    const known = certificates.get(name) ?? authority.issue('server', [name]);
    certificates.set(name, known);
    return known;
  };
  return {
    ca: authority.ca,
    addClientSsl(path, options = {}): void {
      clients.set(path, options);
      common.objects.add(`${CLIENT} ${path}`);
    },
    addServerSsl(path, options = {}): void {
      servers.set(path, options);
      common.objects.add(`${SERVER} ${path}`);
    },
    clientCertificate: (name) => authority.issue('client', [name]),
    isClientSsl: (path) => common.objects.has(`${CLIENT} ${path}`),
    isServerSsl: (path) => common.objects.has(`${SERVER} ${path}`),
    async clientSsl(path): Promise<ClientSslProfile> {
      const { serverName = nameOf(path), ...rest } = clients.get(path) ?? {};
      return { ...rest, serverName, certificate: await certificateOf(serverName) };
    },
    serverSsl: (path) => servers.get(path) ?? {},
  };
}
