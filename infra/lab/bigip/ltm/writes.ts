import type { Reply } from '../http-types.ts';
import { objectNotFound } from './draft.ts';
import { McpError } from './error.ts';
import { memberItem, monitorItem } from './items.ts';
import { partitionOf } from './model.ts';
import {
  addMembers,
  changeNode,
  createNode,
  createPool,
  createVirtual,
  createVirtualAddress,
  deleteMember,
  deleteObject,
  patchMember,
  patchMonitor,
  patchPool,
  patchVirtual,
  patchVirtualAddress,
} from './edits.ts';
import { fromBody, fromUrl } from './paths.ts';
import { itemOf } from './show.ts';
import type { Collection, ShowContext } from './show.ts';
import { bodyOf, nameIn } from './values.ts';

type Writable = Exclude<Collection, 'snatpool'>;

function isWritable(collection: string): collection is Writable {
  return ['virtual', 'virtual-address', 'pool', 'node'].includes(collection);
}

/**
 * POST, PATCH, PUT and DELETE below `/mgmt/tm/ltm/`; undefined for collections that the lab does
 * not have.
 */
export function writeRoute(context: ShowContext, segments: readonly string[]): Reply | undefined {
  const [collection = '', object, sub, member] = segments;
  if (collection === 'pool' && object !== undefined && sub === 'members')
    return writeMember(context, fromUrl(object), member);
  if (collection === 'monitor' && object !== undefined && sub !== undefined)
    return writeMonitor(context, object, fromUrl(sub));
  if (sub !== undefined) return undefined;
  return collection === 'rule'
    ? writeRule(context, object)
    : writeObject(context, collection, object);
}

function writeObject(
  context: ShowContext,
  collection: string,
  object: string | undefined,
): Reply | undefined {
  if (!isWritable(collection)) return undefined;
  const { method } = context.request;
  if (object === undefined) return method === 'POST' ? post(context, collection) : undefined;
  if (method === 'DELETE') {
    context.device.store.write((draft) => deleteObject(draft, collection, fromUrl(object)));
    return { status: 200, tenant: partitionOf(fromUrl(object)) };
  }
  return method === 'PATCH' || method === 'PUT'
    ? patch(context, collection, fromUrl(object))
    : undefined;
}

function writeMonitor(context: ShowContext, type: string, path: string): Reply | undefined {
  const { device, request } = context;
  if (request.method !== 'PATCH' && request.method !== 'PUT') return undefined;
  if (device.store.current().monitors.get(path)?.type !== type)
    throw objectNotFound('monitor', path);
  device.store.write((draft) => patchMonitor(draft, path, bodyOf(request)));
  const changed = device.store.current().monitors.get(path)!;
  return { status: 200, body: monitorItem(changed), tenant: partitionOf(path) };
}

/** An iRule is only there or not there: what it says is played by nothing. */
function writeRule(
  { device, request }: ShowContext,
  object: string | undefined,
): Reply | undefined {
  const { iRules } = device.store.common;
  if (request.method === 'DELETE' && object !== undefined) {
    if (!iRules.delete(fromUrl(object))) throw objectNotFound('iRule', fromUrl(object));
    return { status: 200 };
  }
  if (request.method !== 'POST' || object !== undefined) return undefined;
  const body = bodyOf(request);
  const path = fromBody(nameIn(body), body['partition']);
  if (iRules.has(path))
    throw new McpError(
      409,
      '01020066:3',
      `The requested iRule (${path}) already exists in partition ${partitionOf(path)}.`,
    );
  iRules.add(path);
  return {
    status: 200,
    body: {
      kind: 'tm:ltm:rule:rulestate',
      name: path.split('/').at(-1) ?? '',
      partition: partitionOf(path),
      fullPath: path,
    },
  };
}

function shown(context: ShowContext, collection: Collection, path: string): Reply {
  return { status: 200, body: itemOf(context, collection, path), tenant: partitionOf(path) };
}

function post(context: ShowContext, collection: Writable): Reply {
  const body = bodyOf(context.request);
  const path = fromBody(nameIn(body), body['partition'], body['subPath']);
  const creators = {
    virtual: createVirtual,
    'virtual-address': createVirtualAddress,
    pool: createPool,
    node: createNode,
  };
  context.device.store.write((draft) => creators[collection](draft, path, body));
  return shown(context, collection, path);
}

function patch(context: ShowContext, collection: Writable, path: string): Reply {
  const body = bodyOf(context.request);
  const patches = {
    virtual: patchVirtual,
    'virtual-address': patchVirtualAddress,
    pool: patchPool,
    node: changeNode,
  };
  context.device.store.write((draft) => patches[collection](draft, path, body));
  return shown(context, collection, path);
}

function writeMember(
  context: ShowContext,
  pool: string,
  member: string | undefined,
): Reply | undefined {
  const { device, request } = context;
  const tenant = partitionOf(pool);
  if (request.method === 'POST' && member === undefined) {
    const body = bodyOf(request);
    const path = fromBody(nameIn(body), body['partition']);
    device.store.write((draft) => addMembers(draft, pool, [{ ...body, name: path }]));
    return shownMember(context, pool, path);
  }
  if (member === undefined) return undefined;
  const path = fromUrl(member);
  if (request.method === 'DELETE') {
    device.store.write((draft) => deleteMember(draft, pool, path));
    return { status: 200, tenant };
  }
  if (request.method !== 'PATCH' && request.method !== 'PUT') return undefined;
  device.store.write((draft) => patchMember(draft, { pool, member: path }, bodyOf(request)));
  return shownMember(context, pool, path);
}

function shownMember({ device, traffic }: ShowContext, poolPath: string, path: string): Reply {
  const pool = device.store.current().pools.get(poolPath)!;
  return {
    status: 200,
    body: memberItem(
      pool,
      pool.members.find((m) => m.path === path)!,
      traffic,
    ),
    tenant: partitionOf(poolPath),
  };
}
