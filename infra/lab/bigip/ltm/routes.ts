import {
  type KindOfReference,
  REFERENCE_KINDS,
} from '../../../../shared/domain/exposure/settings/reference-kinds.ts';
import type { Device } from '../device.ts';
import type { LabRequest, Reply } from '../http-types.ts';
import { errorReply } from '../http-types.ts';
import type { Traffic } from '../traffic.ts';
import { isProfile, isThere, KIND_NAMES } from './common.ts';
import { memberNotFound, objectNotFound, poolOf } from './draft.ts';
import { McpError } from './error.ts';
import { netRoute } from '../net/rest.ts';
import { transactionRoute } from '../transaction/routes.ts';
import type { Play } from '../transaction/routes.ts';
import { memberItem, monitorItem } from './items.ts';
import type { LtmConfig, Member, Pool } from './model.ts';
import { fromUrl, itemIdentity } from './paths.ts';
import { filtered, listBody, selected } from './lists.ts';
import { COLLECTIONS, itemOf } from './show.ts';
import type { Collection, ShowContext } from './show.ts';
import { memberStats, poolStats, virtualStats } from './stats.ts';
import { isSystem, systemRoute } from './system.ts';
import { writeRoute } from './writes.ts';

const BASE = '/mgmt/tm/ltm/';

/** Everything below /mgmt/tm; undefined for other paths. */
export async function ltmRoute(
  device: Device,
  traffic: Traffic,
  request: LabRequest,
): Promise<Reply | undefined> {
  if (!request.path.startsWith('/mgmt/tm/')) return undefined;
  if (request.method !== 'GET' && !isSystem(request.path))
    await device.wait(device.timings.memberWrite);
  const play: Play = (on, one) =>
    objectRoute(on, one) ?? netRoute(on, one) ?? own(on, traffic, one);
  try {
    return transactionRoute(device, request, play) ?? play(device, request);
  } catch (error) {
    if (!(error instanceof McpError)) throw error;
    return errorReply(error.status, error.message);
  }
}

/** Objects of ltm, and what is about the device itself. */
function own(device: Device, traffic: Traffic, request: LabRequest): Reply | undefined {
  if (!request.path.startsWith(BASE)) return systemRoute(device, request);
  const segments = request.path.slice(BASE.length).replace(/\/$/, '').split('/');
  const expand = request.query.get('expandSubcollections') === 'true';
  const context = { device, traffic, request, expand };
  return request.method === 'GET' ? read(context, segments) : writeRoute(context, segments);
}

/** Collections that are only read: of other modules, and of kinds that nothing plays. */
const COLLECTIONS_READ = Object.values<KindOfReference>(REFERENCE_KINDS)
  .flatMap(({ collections }) => collections)
  .filter((one) => !['ltm/rule', 'ltm/pool'].includes(one) && !one.startsWith('ltm/profile/'));

/** Collections that are served elsewhere; a test may add a path to them here. */
const SERVED: ReadonlySet<string> = new Set(['ltm/snatpool', 'net/tunnels/tunnel']);

/** One object of a kind that only settings refer to, or the list of WAF policies. */
function objectRoute(device: Device, request: LabRequest): Reply | undefined {
  const path = request.path.slice('/mgmt/tm/'.length).replace(/\/$/, '');
  if (request.method !== 'GET') return undefined;
  const { common } = device.store;
  if (path === 'asm/policies') {
    const found = [...common.objects].filter((one) => one.startsWith('asm/policies '));
    const items = found.map((one) => ({ fullPath: one.split(' ')[1] ?? '' }));
    return { status: 200, body: { kind: 'tm:asm:policies:policycollectionstate', items } };
  }
  const collection = COLLECTIONS_READ.find((one) => path.startsWith(`${one}/`));
  if (collection === undefined) return undefined;
  const name = fromUrl(path.slice(collection.length + 1));
  const isKnown = isThere(common, collection, name);
  if (!isKnown && SERVED.has(collection)) return undefined;
  if (!isKnown) throw objectNotFound(collection.split('/').at(-1) ?? '', name);
  return { status: 200, body: { fullPath: name } };
}

function read(context: ShowContext, segments: readonly string[]): Reply | undefined {
  const [collection = '', ...rest] = segments;
  if (collection === 'monitor') return readMonitors(context, rest);
  if (collection === 'rule') return readCommon(context, 'iRules', collection, rest);
  if (collection === 'profile') return readProfile(context, rest);
  if (!(collection in COLLECTIONS)) return undefined;
  const [object, sub, member, last] = rest;
  if (object === undefined) return list(context, collection as Collection);
  if (object === 'stats') return statsOf(context, collection, undefined);
  if (sub === 'stats') return statsOf(context, collection, fromUrl(object));
  if (sub === 'members' && collection === 'pool')
    return readMembers(context, fromUrl(object), [member, last]);
  return sub === undefined
    ? { status: 200, body: itemOf(context, collection as Collection, fromUrl(object)) }
    : undefined;
}

function readProfile(
  context: ShowContext,
  [type = '', ...rest]: readonly string[],
): Reply | undefined {
  return readCommon(context, 'profiles', type, rest);
}

/** One object of /Common; profiles by their type. */
function readCommon(
  { device }: ShowContext,
  kind: 'iRules' | 'profiles',
  collection: string,
  [object, ...more]: readonly string[],
): Reply | undefined {
  if (object === undefined || more.length > 0) return undefined;
  const path = fromUrl(object);
  const { common } = device.store;
  const found = kind === 'profiles' ? isProfile(common, path, collection) : common[kind].has(path);
  if (!found) throw objectNotFound(KIND_NAMES[kind], path);
  return {
    status: 200,
    body: { ...itemIdentity(`${collection}:${collection}state`, collection, path) },
  };
}

function list(context: ShowContext, collection: Collection): Reply {
  const paths = filtered(context.request, [
    ...COLLECTIONS[collection].of(context.device.store.current()).keys(),
  ]);
  return {
    status: 200,
    body: listBody(
      `ltm/${collection}`,
      paths.map((path) => selected(context.request, itemOf(context, collection, path))),
    ),
  };
}

function readMonitors(context: ShowContext, [type, object]: readonly string[]): Reply {
  const config = context.device.store.current();
  if (type === undefined) {
    const types = [...new Set([...config.monitors.values()].map((monitor) => monitor.type))];
    return {
      status: 200,
      body: listBody(
        'ltm/monitor',
        types.map((name) => ({
          reference: { link: `https://localhost/mgmt/tm/ltm/monitor/${name}?ver=17.1.1` },
        })),
      ),
    };
  }
  const ofType = [...config.monitors.values()].filter((monitor) => monitor.type === type);
  if (object === undefined) {
    const paths = new Set(
      filtered(
        context.request,
        ofType.map((monitor) => monitor.path),
      ),
    );
    return {
      status: 200,
      body: listBody(
        `ltm/monitor/${type}`,
        ofType.filter((monitor) => paths.has(monitor.path)).map(monitorItem),
      ),
    };
  }
  const found = ofType.find((monitor) => monitor.path === fromUrl(object));
  if (found === undefined) throw objectNotFound('monitor', fromUrl(object));
  return { status: 200, body: monitorItem(found) };
}

function memberOf(
  config: LtmConfig,
  poolPath: string,
  memberPath: string,
): { readonly pool: Pool; readonly member: Member } {
  const pool = config.pools.get(poolPath);
  if (pool === undefined) throw objectNotFound('Pool', poolPath);
  const member = pool.members.find((m) => m.path === memberPath);
  if (member === undefined) throw memberNotFound(poolPath, memberPath);
  return { pool, member };
}

function readMembers(
  context: ShowContext,
  path: string,
  [member, last]: readonly (string | undefined)[],
): Reply | undefined {
  const config = context.device.store.current();
  const pool = poolOf({ pools: new Map(config.pools) }, path);
  if (member === undefined)
    return {
      status: 200,
      body: listBody(
        'ltm/pool/members',
        pool.members.map((m) => memberItem(pool, m, context.traffic)),
      ),
    };
  if (member === 'stats')
    return { status: 200, body: memberStats(config, pool, pool.members, context.traffic) };
  const found = memberOf(config, path, fromUrl(member)).member;
  if (last === 'stats')
    return { status: 200, body: memberStats(config, pool, [found], context.traffic) };
  return last === undefined
    ? { status: 200, body: memberItem(pool, found, context.traffic) }
    : undefined;
}

function statsOf(
  { device, traffic }: ShowContext,
  collection: string,
  path: string | undefined,
): Reply | undefined {
  const config = device.store.current();
  const chosen = <T>(map: ReadonlyMap<string, T>, word: string): readonly T[] => {
    if (path === undefined) return [...map.values()];
    const found = map.get(path);
    if (found === undefined) throw objectNotFound(word, path);
    return [found];
  };
  if (collection === 'virtual')
    return {
      status: 200,
      body: virtualStats(config, chosen(config.virtuals, 'Virtual Server'), traffic),
    };
  if (collection === 'pool')
    return { status: 200, body: poolStats(config, chosen(config.pools, 'Pool'), traffic) };
  return undefined;
}
