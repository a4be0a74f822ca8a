/** HTTP and HTTPS requests to a virtual server, as a client with a name server and a CA makes them. */
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { loopbackOf, reachedAt } from '../../loopback.ts';
import { ANSWER_WITHIN_MS } from '../connection.ts';

/** Who makes the requests. */
export interface Client {
  /** The virtual address, whatever the host name in a URL. */
  readonly address: string;
  /** PEM of the CA that it trusts. */
  readonly ca: string;
  /** Address from which it connects, such as 10.20.0.5; by default 127.0.0.1. Needs all of 127/8. */
  readonly from?: string | undefined;
}

/** The parts of an answer that scenes look at. */
export interface HttpsAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
  /** Common name in the certificate of the server. */
  readonly certificate: string | undefined;
}

async function read(response: IncomingMessage): Promise<HttpsAnswer> {
  const { statusCode = 0, headers, socket } = response;
  const certificate = (socket as Partial<TLSSocket>).getPeerCertificate?.().subject.CN;
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += String(chunk);
  return {
    status: statusCode,
    location: headers.location,
    body,
    certificate: certificate === undefined ? undefined : String(certificate),
  };
}

/**
 * One request on a connection of its own. Never throws: a connection that fails is a sentence in
 * brackets. The certificate is checked against the host of the URL.
 */
export function request(client: Client, url: string): Promise<HttpsAnswer | string> {
  const { protocol, hostname, port, pathname, search } = new URL(url);
  const isTls = protocol === 'https:';
  const { promise, resolve } = Promise.withResolvers<HttpsAnswer | string>();
  const sent = (isTls ? getHttps : getHttp)(
    {
      ...reachedAt(client.address, Number(port || (isTls ? 443 : 80))),
      path: `${pathname}${search}`,
      headers: { host: hostname },
      agent: false,
      timeout: ANSWER_WITHIN_MS,
      ...(client.from !== undefined && { localAddress: loopbackOf(client.from) }),
      ...(isTls && { servername: hostname, ca: client.ca }),
    },
    (response) =>
      void read(response).then(resolve, (error: Error) => resolve(`(${error.message})`)),
  );
  sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
  sent.on('error', (error: NodeJS.ErrnoException) => resolve(`(${error.code ?? error.message})`));
  return promise;
}
