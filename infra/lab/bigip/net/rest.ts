/** iControl REST of network objects and data groups. */
import type { Device } from '../device.ts';
import type { LabRequest, Reply } from '../http-types.ts';
import type { Json } from '../json.ts';
import { KIND_WORDS, objectNotFound, remove } from '../ltm/draft.ts';
import type { Draft } from '../ltm/draft.ts';
import { McpError } from '../ltm/error.ts';
import { filtered, listBody } from '../ltm/lists.ts';
import { partitionOf } from '../ltm/model.ts';
import { fromBody, fromUrl } from '../ltm/paths.ts';
import { bodyOf, nameIn } from '../ltm/values.ts';
import {
  arpEdits,
  dataGroupEdits,
  ndpEdits,
  routeEdits,
  selfEdits,
  tunnelEdits,
  vxlanEdits,
} from './edits.ts';
import { domainEdits } from './domains.ts';
import type { Edits } from './edits.ts';
import {
  addRecord,
  changeRecord,
  recordOf,
  removeRecord,
  replaceRecords,
  tunnelOf,
} from './fdb.ts';
import {
  dataGroupItem,
  domainItem,
  fdbItem,
  neighbourItem,
  recordItem,
  recordList,
  routeItem,
  selfItem,
  tunnelItem,
  tunnelStatsBody,
  vxlanItem,
} from './items.ts';
import { isLock, lockRoute } from './lock.ts';
import type { NetConfig } from './model.ts';
import { invalidValue, macIn } from './values.ts';

interface Kind {
  readonly of: keyof NetConfig;
  readonly edits: Edits;
  readonly item: (config: NetConfig, path: string) => Json;
}

function kind<K extends keyof NetConfig>(
  of: K,
  edits: Edits,
  item: (record: NonNullable<ReturnType<NetConfig[K]['get']>>) => Json,
): Kind {
  return { of, edits, item: (config, path) => item(config[of].get(path) as never) };
}

const DATA_GROUPS = 'ltm/data-group/internal';

const KINDS: Readonly<Record<string, Kind>> = {
  'net/route': kind('routes', routeEdits, routeItem),
  'net/arp': kind('arps', arpEdits, (one) => neighbourItem('net/arp', one)),
  'net/ndp': kind('ndps', ndpEdits, (one) => neighbourItem('net/ndp', one)),
  'net/self': kind('selfIps', selfEdits, selfItem),
  'net/tunnels/tunnel': kind('tunnels', tunnelEdits, tunnelItem),
  'net/tunnels/vxlan': kind('vxlans', vxlanEdits, vxlanItem),
  'net/route-domain': kind('routeDomains', domainEdits, domainItem),
  [DATA_GROUPS]: kind('dataGroups', dataGroupEdits, dataGroupItem),
};

const FDB = 'net/fdb/tunnel';

/** Undefined for other paths than those of these objects. */
export function netRoute(device: Device, request: LabRequest): Reply | undefined {
  const path = request.path.slice('/mgmt/tm/'.length).replace(/\/$/, '');
  const collection = [...Object.keys(KINDS), FDB].find(
    (one) => path === one || path.startsWith(`${one}/`),
  );
  if (collection === undefined) return undefined;
  const segments = path === collection ? [] : path.slice(collection.length + 1).split('/');
  const [tunnel = '', last] = segments;
  if (collection === 'net/tunnels/tunnel' && last === 'stats')
    return tunnelStats(device, request, fromUrl(tunnel));
  if (collection === DATA_GROUPS && isLock(request, tunnel)) return lockRoute(device, request);
  const known = KINDS[collection];
  return known === undefined
    ? fdbRoute(device, request, segments)
    : objectRoute(device, request, { collection, ...known }, segments);
}

type Named = Kind & { readonly collection: string };

function objectRoute(
  device: Device,
  request: LabRequest,
  named: Named,
  [object, ...more]: readonly string[],
): Reply | undefined {
  if (more.length > 0) return undefined;
  if (object === undefined) {
    if (request.method === 'POST') return created(device, request, named);
    return request.method === 'GET' ? listed(device, request, named) : undefined;
  }
  const path = fromUrl(object);
  const old = ofOldVersion(device, request, named, path);
  if (old !== undefined) return old;
  if (!device.store.current()[named.of].has(path)) throw objectNotFound(KIND_WORDS[named.of], path);
  switch (request.method) {
    case 'GET':
      return shown(device, named, path);
    case 'PATCH':
    case 'PUT':
      return changed(device, request, named, path);
    case 'DELETE':
      device.store.write((draft) => remove(draft, named.of, path));
      return { status: 200, tenant: partitionOf(path) };
    default:
      return undefined;
  }
}

/** Only `options=all-properties` shows the MAC. */
function tunnelStats(device: Device, request: LabRequest, path: string): Reply | undefined {
  if (request.method !== 'GET') return undefined;
  if (!device.store.current().tunnels.has(path)) throw objectNotFound(KIND_WORDS.tunnels, path);
  const all = request.query.get('options') === 'all-properties';
  return { status: 200, body: tunnelStatsBody(path, all ? device.settings.hostname : undefined) };
}

function shown(device: Device, { item }: Named, path: string): Reply {
  return { status: 200, body: item(device.store.current(), path), tenant: partitionOf(path) };
}

function listed(device: Device, request: LabRequest, { collection, of, item }: Named): Reply {
  const config = device.store.current();
  const paths = filtered(request, [...config[of].keys()]);
  return {
    status: 200,
    body: listBody(
      collection,
      paths.map((path) => item(config, path)),
    ),
  };
}

function created(device: Device, request: LabRequest, named: Named): Reply {
  const body = bodyOf(request);
  const path = fromBody(nameIn(body), body['partition'], body['subPath']);
  device.store.write((draft) => named.edits.create(draft, path, body));
  return shown(device, named, path);
}

function changed(device: Device, request: LabRequest, named: Named, path: string): Reply {
  const body = bodyOf(request);
  // Since TMOS 14.1, although the type cannot change.
  if (named.of === 'dataGroups' && request.method === 'PUT' && body['type'] === undefined)
    throw invalidValue('type', '');
  device.store.write((draft) => named.edits.change(draft, path, body));
  return shown(device, named, path);
}

/** Before TMOS 14, ARP entries outside of /Common cannot be read, and are not deleted. */
function ofOldVersion(
  { settings }: Device,
  { method }: LabRequest,
  { of }: Named,
  path: string,
): Reply | undefined {
  const isOld = Number.parseInt(settings.version, 10) < 14;
  if (!isOld || of !== 'arps' || partitionOf(path) === 'Common') return undefined;
  if (method === 'DELETE') return { status: 200, tenant: partitionOf(path) };
  throw new McpError(500, undefined, 'An error has occurred while trying to process your request');
}

function fdbRoute(
  device: Device,
  request: LabRequest,
  [object, sub, record, ...more]: readonly string[],
): Reply | undefined {
  const expand = request.query.get('expandSubcollections') === 'true';
  if (object === undefined) {
    if (request.method !== 'GET') return undefined;
    const { tunnels } = device.store.current();
    const items = filtered(request, [...tunnels.keys()]).map((path) =>
      fdbItem(tunnelOf({ tunnels }, path), expand),
    );
    return { status: 200, body: listBody(FDB, items) };
  }
  const path = fromUrl(object);
  if (sub === undefined) return oneTable(device, request, path, expand);
  if (sub !== 'records' || more.length > 0) return undefined;
  return record === undefined
    ? records(device, request, path)
    : oneRecord(device, request, path, macIn(decodeURIComponent(record), 'name'));
}

function oneTable(
  device: Device,
  request: LabRequest,
  path: string,
  expand: boolean,
): Reply | undefined {
  const { method } = request;
  if (method === 'PATCH' || method === 'PUT')
    write(device, (draft) => replaceRecords(draft, path, bodyOf(request)));
  else if (method !== 'GET') return undefined;
  const body = fdbItem(tunnelOf(device.store.current(), path), expand);
  return { status: 200, body, tenant: partitionOf(path) };
}

function records(device: Device, request: LabRequest, path: string): Reply | undefined {
  if (request.method === 'GET')
    return { status: 200, body: recordList(tunnelOf(device.store.current(), path)) };
  if (request.method !== 'POST') return undefined;
  const mac = write(device, (draft) => addRecord(draft, path, bodyOf(request)));
  return shownRecord(device, path, mac);
}

function oneRecord(
  device: Device,
  request: LabRequest,
  path: string,
  mac: string,
): Reply | undefined {
  switch (request.method) {
    case 'GET':
      return shownRecord(device, path, mac);
    case 'PATCH':
    case 'PUT':
      write(device, (draft) => changeRecord(draft, path, mac, bodyOf(request)));
      return shownRecord(device, path, mac);
    case 'DELETE':
      write(device, (draft) => removeRecord(draft, path, mac));
      return { status: 200, tenant: partitionOf(path) };
    default:
      return undefined;
  }
}

function shownRecord(device: Device, path: string, mac: string): Reply {
  const tunnel = tunnelOf(device.store.current(), path);
  const body = recordItem(tunnel, recordOf(tunnel, mac));
  return { status: 200, body, tenant: partitionOf(path) };
}

/** What the edit returns. */
function write<T>(device: Device, edit: (draft: Draft) => T): T {
  let result: T | undefined;
  device.store.write((draft) => {
    result = edit(draft);
  });
  return result as T;
}
