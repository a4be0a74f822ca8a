import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Virtual } from '../ltm/model.ts';

/** The iRule of BIG-IP that AS3 attaches to the virtual server for port 80. */
const HTTPS_REDIRECT = '/Common/_sys_https_redirect';

/** Of all iRules, only the redirect is played. */
export function isRedirect({ rules }: Virtual): boolean {
  return rules.includes(HTTPS_REDIRECT);
}

/** `HTTP::redirect https://[getfield [HTTP::host] ":" 1][HTTP::uri]` */
export function redirect(client: Socket): void {
  const server = createServer((request, response) => {
    const [host = ''] = (request.headers.host ?? '').split(':');
    const location = `https://${host}${request.url ?? '/'}`;
    response.writeHead(302, { location, server: 'BigIP', 'content-length': 0 }).end();
  });
  server.emit('connection', client);
  // It was accepted paused.
  client.resume();
}
