/** Writes through iControl REST, as edits of a draft. */
import type { Json } from '../json.ts';
import { isObject, textOf } from '../json.ts';
import { virtualAddress } from '../as3/render-service.ts';
import {
  addMember,
  changeMember,
  createObject,
  newNode,
  objectNotFound,
  poolOf,
  remove,
  removeMember,
  removeNode,
} from './draft.ts';
import type { Draft } from './draft.ts';
import { McpError } from './error.ts';
import { anySource, defaultMember, partitionOf } from './model.ts';
import { patchedPlain, PLAIN } from './plain.ts';
import { virtualPatch } from './patch-virtual.ts';
import type { Member, Monitor, Pool, Virtual } from './model.ts';
import {
  adminOf,
  badValue,
  flags,
  metadataIn,
  metadataOf,
  monitored,
  monitorRule,
  numbers,
  rateOf,
  texts,
  withDescription,
} from './values.ts';

/** Its path becomes its name; `address` is required. */
export function createNode(draft: Draft, path: string, body: Json): void {
  const address = body['address'];
  if (typeof address !== 'string') throw badValue('address', address);
  createObject(
    draft,
    'nodes',
    withDescription({ ...newNode(path, address, metadataIn(body) ?? []), ...adminOf(body) }, body),
  );
}

/** Session, state, ratio, metadata and description; its address is fixed. */
export function changeNode(draft: Draft, path: string, body: Json): void {
  const node = draft.nodes.get(path);
  if (node === undefined) throw objectNotFound('Node', path);
  draft.nodes.set(
    path,
    withDescription(
      {
        ...node,
        ...adminOf(body),
        ...numbers(body, ['ratio']),
        ...metadataOf(body),
        plain: patchedPlain(node.plain, body),
      },
      body,
    ),
  );
}

const MEMBER_NUMBERS = ['ratio', 'dynamicRatio', 'priorityGroup', 'connectionLimit'];

function addressOf(draft: Draft, node: string, body: Json): string {
  const known = draft.nodes.get(node)?.address;
  return (
    known ??
    (typeof body['address'] === 'string' ? body['address'] : node.slice(node.lastIndexOf('/') + 1))
  );
}

/** `/T/10.0.0.1:80` or `/T/fd00::1.80`. */
function splitMember(path: string): { readonly node: string; readonly port: number } {
  const match = /^(.*)[:.](\d+|any)$/.exec(path);
  if (match?.[1] === undefined)
    throw new McpError(
      400,
      '01070734:3',
      `Configuration error: the member name ${path} needs a port`,
    );
  return { node: match[1], port: match[2] === 'any' ? 0 : Number(match[2]) };
}

/**
 * From `members` of a pool, or from a POST to them: names are `node:port`, or `node.port` with
 * IPv6.
 */
export function addMembers(draft: Draft, pool: string, members: readonly Json[]): void {
  for (const body of members) {
    const { node, port } = splitMember(textOf(body['name']));
    const member = {
      ...defaultMember(node, addressOf(draft, node, body), port),
      ...numbers(body, MEMBER_NUMBERS),
      ...adminOf(body),
      ...metadataOf(body),
    };
    addMember(draft, pool, withDescription(member, body));
  }
}

/** Session, state, limits and ratio of one member. */
export function patchMember(
  draft: Draft,
  at: { readonly pool: string; readonly member: string },
  body: Json,
): void {
  changeMember(draft, at.pool, at.member, (member) =>
    withDescription<Member>(
      {
        ...monitored(member, body),
        ...numbers(body, MEMBER_NUMBERS),
        ...rateOf(body),
        ...adminOf(body),
        ...metadataOf(body),
        plain: patchedPlain(member.plain, body),
      },
      body,
    ),
  );
}

/** Throws 404 if the pool has no such member. */
export function deleteMember(draft: Draft, pool: string, member: string): void {
  removeMember(draft, pool, member);
}

/** With mcpd's defaults for what the body does not name. */
export function createPool(draft: Draft, path: string, body: Json): void {
  const monitor = monitorRule(body['monitor']);
  createObject(
    draft,
    'pools',
    withDescription<Pool>(
      {
        path,
        loadBalancingMode:
          typeof body['loadBalancingMode'] === 'string' ? body['loadBalancingMode'] : 'round-robin',
        minActiveMembers: 0,
        ...(monitor === undefined ? {} : { monitor }),
        serviceDownAction: 'none',
        reselectTries: 0,
        slowRampTime: 10,
        allowNat: true,
        allowSnat: true,
        metadata: metadataIn(body) ?? [],
        plain: PLAIN.pools,
        members: [],
      },
      body,
    ),
  );
  addMembers(draft, path, membersIn(body, path));
}

function membersIn(body: Json, pool: string): readonly Json[] {
  const members = Array.isArray(body['members']) ? (body['members'] as readonly unknown[]) : [];
  return members.map((member) => {
    const given = isObject(member) ? member : { name: member };
    const name = textOf(given['name']);
    return { ...given, name: name.startsWith('/') ? name : `/${partitionOf(pool)}/${name}` };
  });
}

/** A list of members replaces all members; existing ones keep properties that the list omits. */
export function patchPool(draft: Draft, path: string, body: Json): void {
  const pool = poolOf(draft, path);
  const changed: Pool = {
    ...monitored(pool, body),
    ...texts(body, ['loadBalancingMode', 'serviceDownAction']),
    ...numbers(body, ['reselectTries', 'minActiveMembers', 'slowRampTime']),
    ...flags(body, { allowNat: 'yes', allowSnat: 'yes' }),
    ...metadataOf(body),
    plain: patchedPlain(pool.plain, body),
  };
  draft.pools.set(path, withDescription(changed, body));
  if (body['members'] === undefined) return;
  const wanted = new Map(membersIn(body, path).map((member) => [textOf(member['name']), member]));
  for (const member of pool.members)
    if (!wanted.has(member.path)) removeMember(draft, path, member.path);
  for (const [name, member] of wanted) {
    if (pool.members.some((m) => m.path === name))
      patchMember(draft, { pool: path, member: name }, member);
    else addMembers(draft, path, [member]);
  }
}

/** The name is the address if the body has none. */
export function createVirtualAddress(draft: Draft, path: string, body: Json): void {
  const address =
    typeof body['address'] === 'string' ? body['address'] : path.slice(path.lastIndexOf('/') + 1);
  createObject(draft, 'virtualAddresses', virtualAddress(path, address));
}

/** Changes what the body names, and nothing else. */
export function patchVirtualAddress(draft: Draft, path: string, body: Json): void {
  const address = draft.virtualAddresses.get(path);
  if (address === undefined) throw objectNotFound('Virtual Address', path);
  draft.virtualAddresses.set(path, {
    ...address,
    ...flags(body, { enabled: 'yes', arp: 'enabled', spanning: 'enabled' }),
    ...texts(body, ['icmpEcho', 'routeAdvertisement', 'trafficGroup']),
    plain: {
      ...patchedPlain(address.plain, body),
      ...('trafficGroup' in body && { inheritedTrafficGroup: 'false' }),
    },
  });
}

type Destination = Pick<Virtual, 'virtualAddress' | 'address' | 'port'>;

/** Where a virtual server listens; its address is created if it does not exist. */
function destinationIn(draft: Draft, path: string, body: Json): Destination {
  const { node: name, port } = splitMember(textOf(body['destination']));
  const virtualAddressPath = name.startsWith('/') ? name : `/${partitionOf(path)}/${name}`;
  const address =
    draft.virtualAddresses.get(virtualAddressPath)?.address ??
    virtualAddressPath.slice(virtualAddressPath.lastIndexOf('/') + 1);
  if (!draft.virtualAddresses.has(virtualAddressPath))
    createObject(draft, 'virtualAddresses', virtualAddress(virtualAddressPath, address));
  return { virtualAddress: virtualAddressPath, address, port };
}

/** Creates the virtual address too if there is none, as mcpd does. */
export function createVirtual(draft: Draft, path: string, body: Json): void {
  const destination = destinationIn(draft, path, body);
  createObject(
    draft,
    'virtuals',
    withDescription<Virtual>(
      {
        path,
        ...destination,
        protocol: body['ipProtocol'] === 'udp' ? 'udp' : 'tcp',
        source:
          typeof body['source'] === 'string' ? body['source'] : anySource(destination.address),
        ...(typeof body['pool'] === 'string'
          ? {
              pool: body['pool'].startsWith('/')
                ? body['pool']
                : `/${partitionOf(path)}/${body['pool']}`,
            }
          : {}),
        enabled: body['disabled'] !== true,
        rules: Array.isArray(body['rules']) ? body['rules'].map(String) : [],
        profiles: [],
        policies: [],
        persist: [],
        snat: { type: 'none' },
        vlans: { mode: 'all', list: [] },
        translateAddress: true,
        translatePort: true,
        connectionLimit: 0,
        rateLimit: 0,
        mirror: false,
        lastHop: 'default',
        serviceDownImmediateAction: 'none',
        metadata: metadataIn(body) ?? [],
        plain: PLAIN.virtuals,
      },
      body,
    ),
  );
}

/** Changes what the body names, and nothing else. */
export function patchVirtual(draft: Draft, path: string, body: Json): void {
  const virtual = draft.virtuals.get(path);
  if (virtual === undefined) throw objectNotFound('Virtual Server', path);
  const changed: Virtual = {
    ...virtual,
    ...texts(body, ['pool', 'source', 'serviceDownImmediateAction', 'ipProtocol']),
    ...numbers(body, ['connectionLimit']),
    ...flags(body, {
      translateAddress: 'enabled',
      translatePort: 'enabled',
      mirror: 'enabled',
    }),
    ...virtualPatch(virtual, body),
    ...(body['destination'] !== undefined && destinationIn(draft, path, body)),
    ...metadataOf(body),
    plain: patchedPlain(virtual.plain, body),
  };
  draft.virtuals.set(path, withDescription(changed, body));
}

/** A monitor may be changed whatever its type; the type itself may not. */
export function patchMonitor(draft: Draft, path: string, body: Json): void {
  const monitor = draft.monitors.get(path);
  if (monitor === undefined) throw objectNotFound('monitor', path);
  const destination = typeof body['destination'] === 'string' ? body['destination'] : undefined;
  const port = destination?.split(/[:.]/).at(-1);
  const renamed = { send: 'send', recv: 'receive', recvDisable: 'receiveDown' } as const;
  const sent = Object.entries(renamed).flatMap(([given, name]) =>
    typeof body[given] === 'string' ? [[name, body[given] === 'none' ? '' : body[given]]] : [],
  );
  const changed: Monitor = {
    ...monitor,
    ...numbers(body, ['interval', 'timeout', 'timeUntilUp', 'upInterval']),
    ...flags(body, { reverse: 'enabled', transparent: 'enabled' }),
    ...(port === undefined ? {} : { targetPort: port === '*' ? 0 : Number(port) }),
    ...Object.fromEntries(sent),
    plain: patchedPlain(monitor.plain, body),
  };
  draft.monitors.set(path, withDescription(changed, body));
}

const KINDS = {
  virtual: 'virtuals',
  pool: 'pools',
  'virtual-address': 'virtualAddresses',
} as const;

/** An unused address is deleted with its last virtual server, as with `auto-delete`. */
export function deleteObject(draft: Draft, collection: string, path: string): void {
  if (collection === 'node') {
    removeNode(draft, path);
    return;
  }
  const address = collection === 'virtual' ? draft.virtuals.get(path)?.virtualAddress : undefined;
  remove(draft, KINDS[collection as keyof typeof KINDS], path);
  const used = [...draft.virtuals.values()].some((virtual) => virtual.virtualAddress === address);
  if (address !== undefined && !used) draft.virtualAddresses.delete(address);
}
