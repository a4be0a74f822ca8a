/** What somebody looks for: a Gateway, a port, an address with a port, or a host. Pure. */

/** The question in its parts. */
export type Query =
  | { readonly kind: 'gateway'; readonly cluster?: string; readonly gateway: string }
  | { readonly kind: 'port'; readonly port: number }
  | { readonly kind: 'address'; readonly address: string; readonly port?: number }
  | { readonly kind: 'host'; readonly host: string };

/** Characters of a question. */
export const MAX_QUERY = 400;

const ADDRESS =
  /^(?:(\d{1,3}(?:\.\d{1,3}){3})|\[([0-9a-fA-F:.]+)\])(?::(\d{1,5}))?(?:\/(?:tcp|udp))?$/;

/** Throws with the accepted forms if the text is none of them. */
export function parseQuery(given: string): Query {
  const text = given.trim();
  const query = portOf(text) ?? addressOf(text) ?? gatewayOf(text) ?? hostOf(text);
  if (query !== undefined) return query;
  throw new Error(
    `${JSON.stringify(text.slice(0, 60))}: write a gateway (team/web or east/team/web), ` +
      'a port (32400), an address (172.16.100.195:443) or a host (shop.example.com)',
  );
}

function portOf(text: string): Query | undefined {
  return /^\d{1,5}$/.test(text) ? { kind: 'port', port: Number(text) } : undefined;
}

function addressOf(text: string): Query | undefined {
  const [, v4, v6, port] = ADDRESS.exec(text) ?? [];
  const address = v4 ?? v6;
  if (address === undefined) return undefined;
  return { kind: 'address', address, ...(port !== undefined && { port: Number(port) }) };
}

/** `namespace/name` or `cluster/namespace/name`; undefined if it is neither. */
function gatewayOf(text: string): Query | undefined {
  const parts = text.split('/');
  if (!parts.every(isName)) return undefined;
  if (parts.length === 2) return { kind: 'gateway', gateway: text };
  const [cluster = '', ...rest] = parts;
  return parts.length === 3 ? { kind: 'gateway', cluster, gateway: rest.join('/') } : undefined;
}

function hostOf(text: string): Query | undefined {
  return /^[\w*][\w*.-]*$/.test(text) ? { kind: 'host', host: text.toLowerCase() } : undefined;
}

function isName(text: string): boolean {
  return /^[\w.-]+$/.test(text);
}
