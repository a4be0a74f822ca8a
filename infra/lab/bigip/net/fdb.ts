/** The forwarding table of a tunnel, which exists as long as the tunnel does. */
import type { Json } from '../json.ts';
import { isObject } from '../json.ts';
import { objectNotFound } from '../ltm/draft.ts';
import type { Draft } from '../ltm/draft.ts';
import { McpError } from '../ltm/error.ts';
import { partitionOf } from '../ltm/model.ts';
import { parseAddress } from './address.ts';
import type { FdbRecord, NetConfig, Tunnel } from './model.ts';
import { invalidValue, macIn } from './values.ts';

/** Throws 404 in the words of BIG-IP if there is no such tunnel. */
export function tunnelOf(config: Pick<NetConfig, 'tunnels'>, path: string): Tunnel {
  const tunnel = config.tunnels.get(path);
  if (tunnel === undefined) throw objectNotFound('tunnel FDB', path);
  return tunnel;
}

/** Throws 404 if the tunnel has no record for the MAC. */
export function recordOf(tunnel: Tunnel, mac: string): FdbRecord {
  const record = tunnel.records.find((one) => one.mac === mac);
  if (record === undefined) throw objectNotFound('tunnel FDB record', `${tunnel.path} ${mac}`);
  return record;
}

/** The endpoint stays as it was sent. */
function recordIn(tunnel: string, body: Json, known?: string): FdbRecord {
  const mac = known ?? macIn(body['name'], 'name');
  const { endpoint } = body;
  if (endpoint === undefined || endpoint === null || endpoint === '')
    throw new McpError(
      400,
      '01070734:3',
      `Configuration error: The tunnel FDB record (${tunnel} ${mac}) has an empty entry.`,
    );
  if (typeof endpoint !== 'string' || parseAddress(endpoint) === undefined)
    throw invalidValue('endpoint', endpoint);
  return { mac, endpoint };
}

function replace(draft: Draft, path: string, records: readonly FdbRecord[]): void {
  draft.tunnels.set(path, { ...tunnelOf(draft, path), records });
}

/** Whatever the body does not name is gone; anything but a list is an empty one. */
export function replaceRecords(draft: Draft, path: string, body: Json): void {
  tunnelOf(draft, path);
  if (body['records'] === undefined) return;
  const given = Array.isArray(body['records']) ? (body['records'] as readonly unknown[]) : [];
  const records = given.filter(isObject).map((one) => recordIn(path, one));
  replace(draft, path, [...new Map(records.map((one) => [one.mac, one])).values()]);
}

/** Returns its MAC. Throws 409 if there is one. */
export function addRecord(draft: Draft, path: string, body: Json): string {
  const tunnel = tunnelOf(draft, path);
  const record = recordIn(path, body);
  if (tunnel.records.some(({ mac }) => mac === record.mac))
    throw new McpError(
      409,
      '01020066:3',
      `The requested tunnel FDB record (${path} ${record.mac}) already exists in partition ${partitionOf(path)}.`,
    );
  replace(draft, path, [...tunnel.records, record]);
  return record.mac;
}

/** Only its endpoint can be changed. */
export function changeRecord(draft: Draft, path: string, mac: string, body: Json): void {
  const tunnel = tunnelOf(draft, path);
  const before = recordOf(tunnel, mac);
  const after = body['endpoint'] === undefined ? before : recordIn(path, body, mac);
  replace(
    draft,
    path,
    tunnel.records.map((one) => (one === before ? after : one)),
  );
}

/** Throws 404 if there is none. */
export function removeRecord(draft: Draft, path: string, mac: string): void {
  const tunnel = tunnelOf(draft, path);
  const gone = recordOf(tunnel, mac);
  replace(
    draft,
    path,
    tunnel.records.filter((one) => one !== gone),
  );
}
