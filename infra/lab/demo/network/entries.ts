/** The entries that lead to pods, as BIG-IP itself shows them over iControl REST. */
import { request } from 'node:https';
import type { LabBigip } from '../../bigip/index.ts';
import { table } from '../say.ts';

type Access = Pick<LabBigip, 'url' | 'ca' | 'username' | 'password'>;
type Item = Readonly<Record<string, unknown>>;

async function call(
  { url, ca, username, password }: Access,
  path: string,
  body?: object,
  method = body === undefined ? 'GET' : 'POST',
): Promise<{ readonly items?: readonly Item[] }> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const sent = request(
    new URL(`/mgmt/tm/${path}`, url),
    {
      method,
      ca,
      auth: `${username}:${password}`,
      headers: { 'content-type': 'application/json' },
    },
    (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${method} ${path} was answered ${response.statusCode}: ${text}`));
      });
    },
  );
  sent.on('error', reject);
  sent.end(body && JSON.stringify(body));
  const text = await promise;
  return text === '' ? {} : (JSON.parse(text) as { readonly items?: readonly Item[] });
}

/** The objects of a collection. */
export function read(
  bigip: Access,
  collection: string,
): Promise<{ readonly items?: readonly Item[] }> {
  return call(bigip, collection);
}

/** Creates one object. Rejects with the words of the device if it refuses. */
export async function createOnDevice(
  bigip: Access,
  collection: string,
  body: object,
): Promise<void> {
  await call(bigip, collection, body);
}

/** Removes a record of a tunnel, as another client would. */
export async function removeTunnelRecord(bigip: Access, { goal, at }: NetworkEntry): Promise<void> {
  const path = `net/fdb/tunnel/${at.replaceAll('/', '~')}/records/${goal}`;
  await call(bigip, path, undefined, 'DELETE');
}

/** An entry as the demo prints it. */
export interface NetworkEntry {
  readonly kind: 'route' | 'arp' | 'fdb';
  /** The network, the address, or the MAC. */
  readonly goal: string;
  /** The gateway, the MAC, or the endpoint. */
  readonly to: string;
  /** The tunnel of a record; of others the mark that Sluice leaves on them. */
  readonly at: string;
}

/** Routes, ARP entries, and the records of these tunnels. */
export async function networkEntriesOf(
  bigip: Access,
  tunnels: readonly string[],
): Promise<readonly NetworkEntry[]> {
  const list = async (
    kind: NetworkEntry['kind'],
    path: string,
    [goal, to]: readonly [string, string],
    tunnel?: string,
  ): Promise<readonly NetworkEntry[]> => {
    const { items = [] } = await call(bigip, path);
    return items.map((item) => ({
      kind,
      goal: String(item[goal]),
      to: String(item[to]),
      at: tunnel ?? (typeof item['description'] === 'string' ? item['description'] : ''),
    }));
  };
  const lists = await Promise.all([
    list('route', 'net/route', ['network', 'gw']),
    ...tunnels.map((tunnel) =>
      list(
        'fdb',
        `net/fdb/tunnel/${tunnel.replaceAll('/', '~')}/records`,
        ['name', 'endpoint'],
        tunnel,
      ),
    ),
    list('arp', 'net/arp', ['ipAddress', 'macAddress']),
  ]);
  return lists.flat();
}

const KINDS = { route: 'route', arp: 'ARP entry', fdb: 'record' } as const;

/** As lines for the terminal. */
export function entryTable(entries: readonly NetworkEntry[]): readonly string[] {
  if (entries.length === 0) return ['BIG-IP has no route, no ARP entry and no record'];
  return table([
    ['entry on BIG-IP', 'for', 'leads to', 'tunnel, or mark of Sluice'],
    ...entries.map(({ kind, goal, to, at }) => [KINDS[kind], goal, to, at]),
  ]);
}
