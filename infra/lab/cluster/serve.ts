/** How the cluster's processes handle a connection. */
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { reachedAt } from '../loopback.ts';
import { answerFor, type DirectResponse, type PodEndpoint } from './routes.ts';

/** Takes over an accepted connection. */
export type Serve = (socket: Socket) => void;

/**
 * Forwards both directions and closes each one separately. Without a target, it closes the
 * connection, as Envoy does.
 */
export function forward(next: () => PodEndpoint | undefined): Serve {
  return (client) => {
    const target = next();
    if (!target) {
      client.destroy();
      return;
    }
    const upstream = connect({
      ...reachedAt(target.address, target.port),
      allowHalfOpen: true,
    });
    client.pipe(upstream).pipe(client);
    upstream.on('error', () => client.destroy());
    upstream.on('close', () => client.destroySoon());
    client.on('close', () => upstream.destroy());
  };
}

/** Answers each line with the prefix before it, like Istio's tcp-echo-server. */
export function echoLines(prefix: string): Serve {
  return (socket) => {
    const lines = createInterface({ input: socket });
    // The interface forwards the socket's errors; a client that resets the connection is not an
    // error.
    lines.on('error', () => socket.destroy());
    lines.on('line', (line) => socket.write(`${prefix} ${line}\n`));
    lines.on('close', () => socket.end());
  };
}

/** Lets a server of Node answer on the socket. */
export function httpAnswer(listener: RequestListener): Serve {
  const server = createHttpServer(listener);
  return (socket) => void server.emit('connection', socket);
}

/** Envoy's direct responses; without one for the host it answers 404. */
export function fromRoutes(answers: readonly DirectResponse[]): Serve {
  return httpAnswer((request, response) => {
    const { status, body } = answerFor(answers, request.headers.host ?? '') ?? NOT_FOUND;
    response.writeHead(status, { server: 'istio-envoy' }).end(body);
  });
}

const NOT_FOUND = { status: 404, body: '' };

/** The readiness endpoint of a gateway pod, which BIG-IP's monitor probes. */
export function readiness(ready: boolean): Serve {
  return httpAnswer((request, response) => {
    const known = request.url === '/healthz/ready';
    response.writeHead(known ? (ready ? 200 : 503) : 404, { connection: 'close' }).end();
  });
}
