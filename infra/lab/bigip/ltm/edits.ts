/** Writes through iControl REST, as edits of a draft. */
import type { Json } from '../json.ts';
import { isObject, textOf } from '../json.ts';
import { virtualAddress } from '../as3/render-service.ts';
import {
  addMember,
  changeMember,
  create,
  newNode,
  notFound,
  poolOf,
  remove,
  removeMember,
  removeNode,
} from './draft.ts';
import type { Draft } from './draft.ts';
import { McpError } from './error.ts';
import { defaultMember, partitionOf } from './model.ts';
import type { AdminState, Member, Metadata, MonitorRule, Pool, Session, Virtual } from './model.ts';

function badValue(property: string, value: unknown): McpError {
  return new McpError(
    400,
    '01070734:3',
    `Configuration error: invalid property value "${property}":"${textOf(value)}"`,
  );
}

function oneOf<T extends string>(
  body: Json,
  property: string,
  values: readonly T[],
): T | undefined {
  const value = body[property];
  if (value === undefined) return undefined;
  const found = values.find((known) => known === value);
  if (found === undefined) throw badValue(property, value);
  return found;
}

/** Only values that users may set: read-only values (`up`, `monitor-enabled`) are refused. */
function adminOf(body: Json): { session?: Session; state?: AdminState } {
  const session = oneOf(body, 'session', ['user-enabled', 'user-disabled'] as const);
  const state = oneOf(body, 'state', ['user-up', 'user-down'] as const);
  return {
    ...(session === undefined ? {} : { session }),
    ...(state === undefined ? {} : { state }),
  };
}

function numbers(body: Json, properties: readonly string[]): Json {
  return Object.fromEntries(
    properties.flatMap((property) => {
      const value = body[property];
      if (value === undefined) return [];
      if (typeof value !== 'number' || !Number.isInteger(value)) throw badValue(property, value);
      return [[property, value]];
    }),
  );
}

function withDescription<T extends { readonly description?: string }>(record: T, body: Json): T {
  const given = body['description'];
  if (given === undefined) return record;
  const { description: _old, ...rest } = record;
  return (
    given === '' || given === 'none' || given === null
      ? rest
      : { ...rest, description: textOf(given) }
  ) as T;
}

function metadataIn(body: Json): readonly Metadata[] | undefined {
  const { metadata } = body;
  if (!Array.isArray(metadata)) return undefined;
  return metadata.filter(isObject).map((entry) => ({
    name: textOf(entry['name']),
    value: textOf(entry['value']),
    persist: textOf(entry['persist'] ?? 'true') === 'true',
  }));
}

function metadataOf(body: Json): { metadata?: readonly Metadata[] } {
  const metadata = metadataIn(body);
  return metadata === undefined ? {} : { metadata };
}

export function createNode(draft: Draft, path: string, body: Json): void {
  const address = body['address'];
  if (typeof address !== 'string') throw badValue('address', address);
  create(
    draft,
    'nodes',
    withDescription({ ...newNode(path, address, metadataIn(body) ?? []), ...adminOf(body) }, body),
  );
}

export function changeNode(draft: Draft, path: string, body: Json): void {
  const node = draft.nodes.get(path);
  if (node === undefined) throw notFound('Node', path);
  draft.nodes.set(
    path,
    withDescription(
      { ...node, ...adminOf(body), ...numbers(body, ['ratio']), ...metadataOf(body) },
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

export function patchMember(
  draft: Draft,
  at: { readonly pool: string; readonly member: string },
  body: Json,
): void {
  changeMember(draft, at.pool, at.member, (member) =>
    withDescription<Member>(
      { ...member, ...numbers(body, MEMBER_NUMBERS), ...adminOf(body), ...metadataOf(body) },
      body,
    ),
  );
}

export function deleteMember(draft: Draft, pool: string, member: string): void {
  removeMember(draft, pool, member);
}

function monitorRule(value: unknown): MonitorRule | undefined {
  if (typeof value !== 'string' || value.trim() === '' || value === 'none') return undefined;
  const minimum = /^min (\d+) of \{ (.*) \}$/.exec(value.trim());
  if (minimum?.[2] !== undefined)
    return { monitors: minimum[2].split(/\s+/), minimum: Number(minimum[1]) };
  return {
    monitors: value
      .trim()
      .split(/ and /)
      .map((path) => path.trim()),
    minimum: 'all',
  };
}

export function createPool(draft: Draft, path: string, body: Json): void {
  const monitor = monitorRule(body['monitor']);
  create(
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
  const mode =
    typeof body['loadBalancingMode'] === 'string'
      ? { loadBalancingMode: body['loadBalancingMode'] }
      : {};
  const tries =
    typeof body['reselectTries'] === 'number' ? { reselectTries: body['reselectTries'] } : {};
  const { monitor: _old, ...rest } = pool;
  const rule = monitorRule(body['monitor']);
  const monitored =
    body['monitor'] === undefined
      ? pool
      : { ...rest, ...(rule === undefined ? {} : { monitor: rule }) };
  draft.pools.set(
    path,
    withDescription({ ...monitored, ...mode, ...tries, ...metadataOf(body) }, body),
  );
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

export function createVirtualAddress(draft: Draft, path: string, body: Json): void {
  const address =
    typeof body['address'] === 'string' ? body['address'] : path.slice(path.lastIndexOf('/') + 1);
  create(draft, 'virtualAddresses', virtualAddress(path, address));
}

export function patchVirtualAddress(draft: Draft, path: string, body: Json): void {
  const address = draft.virtualAddresses.get(path);
  if (address === undefined) throw notFound('Virtual Address', path);
  const enabled = oneOf(body, 'enabled', ['yes', 'no'] as const);
  const arp = oneOf(body, 'arp', ['enabled', 'disabled'] as const);
  draft.virtualAddresses.set(path, {
    ...address,
    ...(enabled === undefined ? {} : { enabled: enabled === 'yes' }),
    ...(arp === undefined ? {} : { arp: arp === 'enabled' }),
  });
}

export function createVirtual(draft: Draft, path: string, body: Json): void {
  const { node: name, port } = splitMember(textOf(body['destination']));
  const addressPath = name.startsWith('/') ? name : `/${partitionOf(path)}/${name}`;
  const address =
    draft.virtualAddresses.get(addressPath)?.address ??
    addressPath.slice(addressPath.lastIndexOf('/') + 1);
  if (!draft.virtualAddresses.has(addressPath))
    create(draft, 'virtualAddresses', virtualAddress(addressPath, address));
  create(
    draft,
    'virtuals',
    withDescription<Virtual>(
      {
        path,
        virtualAddress: addressPath,
        address,
        port,
        protocol: body['ipProtocol'] === 'udp' ? 'udp' : 'tcp',
        source: typeof body['source'] === 'string' ? body['source'] : '0.0.0.0/0',
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
      },
      body,
    ),
  );
}

export function patchVirtual(draft: Draft, path: string, body: Json): void {
  const virtual = draft.virtuals.get(path);
  if (virtual === undefined) throw notFound('Virtual Server', path);
  const enabled =
    body['enabled'] === true ? true : body['disabled'] === true ? false : virtual.enabled;
  const pool = typeof body['pool'] === 'string' ? { pool: body['pool'] } : {};
  const limit =
    typeof body['connectionLimit'] === 'number' ? { connectionLimit: body['connectionLimit'] } : {};
  draft.virtuals.set(
    path,
    withDescription({ ...virtual, ...pool, ...limit, enabled, ...metadataOf(body) }, body),
  );
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
