/** A proxy in front of a lab server that records all requests, whatever their results. */
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Tapped {
  readonly method: string;
  readonly path: string;
}

export interface Tap {
  readonly url: string;
  /** Everything except reads, logins and logouts. */
  writes(): readonly Tapped[];
  reads(): number;
  close(): Promise<void>;
}

/** A check of rights at the API server; it stores nothing. */
function isReview({ path }: Tapped): boolean {
  return path === '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
}

const isSession = ({ path }: Tapped): boolean => /^\/mgmt\/shared\/auth[nz]\//.test(path);

export async function startTap(target: {
  readonly url: string;
  readonly ca: string;
}): Promise<Tap> {
  const seen: Tapped[] = [];
  const server = createServer((incoming, response) => {
    const { method = 'GET', url: path = '/', headers } = incoming;
    seen.push({ method, path });
    const onward = request(
      `${target.url}${path}`,
      { method, headers, ca: target.ca, agent: false },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        // The headers of a watch without events are a response too.
        response.flushHeaders();
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    writes: () =>
      seen.filter((each) => each.method !== 'GET' && !isSession(each) && !isReview(each)),
    reads: () => seen.filter(({ method }) => method === 'GET').length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
