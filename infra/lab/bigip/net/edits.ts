/** Writes of network objects and data groups, as edits of a draft. */
import type { Json } from '../json.ts';
import { isObject, textOf } from '../json.ts';
import { createObject, KIND_WORDS, objectNotFound } from '../ltm/draft.ts';
import type { Draft } from '../ltm/draft.ts';
import { McpError } from '../ltm/error.ts';
import { withDescription } from '../ltm/values.ts';
import { NOT_FLOATING } from './model.ts';
import type {
  DataGroup,
  Neighbour,
  NetConfig,
  Route,
  RouteTarget,
  SelfIp,
  Tunnel,
  VxlanProfile,
} from './model.ts';
import {
  addressIn,
  blockIn,
  invalidValue,
  macIn,
  networkIn,
  numberIn,
  refuseChanges,
  textIn,
} from './values.ts';

/** One kind of object; `change` is a PATCH or a PUT of an object that exists. */
export interface Edits {
  create(draft: Draft, path: string, body: Json): void;
  change(draft: Draft, path: string, body: Json): void;
}

type Records = {
  readonly [K in keyof NetConfig]: NetConfig[K] extends ReadonlyMap<string, infer V> ? V : never;
};

function changed<K extends keyof NetConfig>(
  draft: Draft,
  kind: K,
  path: string,
  change: (record: Records[K]) => Records[K],
): void {
  const map = draft[kind] as unknown as Map<string, Records[K]>;
  const record = map.get(path);
  if (record === undefined) throw objectNotFound(KIND_WORDS[kind], path);
  map.set(path, change(record));
}

/** A name without a partition is in /Common. */
function fullPath(name: string): string {
  return name.startsWith('/') ? name : `/Common/${name}`;
}

function missingProperty(...properties: readonly string[]): McpError {
  return new McpError(
    400,
    '01070734:3',
    `Configuration error: one or more properties must be specified: ${properties.join(', ')}`,
  );
}

function required(body: Json, property: string): string {
  const value = textIn(body, property);
  if (value === undefined || value === '') throw missingProperty(property);
  return value;
}

const FLOODING = ['none', 'multicast', 'multipoint', 'replicator'];

function profileIn(body: Json): Json {
  const floodingType = textIn(body, 'floodingType');
  if (floodingType !== undefined && !FLOODING.includes(floodingType))
    throw invalidValue('floodingType', floodingType);
  return defined({ port: numberIn(body, 'port'), floodingType });
}

/** Without the properties that are undefined. */
function defined<T extends Json>(properties: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(properties).filter(([, value]) => value !== undefined),
  ) as never;
}

/** Profiles of VXLAN tunnels. */
export const vxlanEdits: Edits = {
  create: (draft, path, body) =>
    createObject(
      draft,
      'vxlans',
      withDescription<VxlanProfile>(
        {
          path,
          port: 4789,
          floodingType: 'multicast',
          encapsulationType: textIn(body, 'encapsulationType') ?? 'vxlan',
          ...profileIn(body),
        },
        body,
      ),
    ),
  change: (draft, path, body) =>
    changed(draft, 'vxlans', path, (record) =>
      withDescription({ ...record, ...profileIn(body) }, body),
    ),
};

/** `any` is no address. */
function endIn(body: Json, property: string): string | undefined {
  const value = textIn(body, property);
  if (value === undefined || value === 'any' || value === 'any6') return value;
  return addressIn(body, property);
}

function tunnelIn(body: Json): Partial<Tunnel> {
  return defined({
    key: numberIn(body, 'key'),
    localAddress: endIn(body, 'localAddress'),
    secondaryAddress: endIn(body, 'secondaryAddress'),
    mtu: numberIn(body, 'mtu'),
  });
}

/** F5's Declarative Onboarding creates a tunnel anew to change the first two. */
const TUNNEL_FIXED = ['profile', 'trafficGroup'];

/** Tunnels. Their records are written separately (`fdb.ts`). */
export const tunnelEdits: Edits = {
  create: (draft, path, body) =>
    createObject(
      draft,
      'tunnels',
      withDescription<Tunnel>(
        {
          path,
          profile: fullPath(required(body, 'profile')),
          key: 0,
          localAddress: 'any',
          secondaryAddress: 'any',
          mtu: 0,
          records: [],
          ...defined({ trafficGroup: textIn(body, 'trafficGroup') }),
          ...tunnelIn(body),
        },
        body,
      ),
    ),
  change(draft, path, body): void {
    refuseChanges(body, TUNNEL_FIXED);
    changed(draft, 'tunnels', path, (record) =>
      withDescription({ ...record, ...tunnelIn(body) }, body),
    );
  },
};

/** Self IP addresses, the device's own in a VLAN or tunnel. */
export const selfEdits: Edits = {
  create: (draft, path, body) =>
    createObject(
      draft,
      'selfIps',
      withDescription<SelfIp>(
        {
          path,
          address: blockIn(body, 'address'),
          vlan: fullPath(required(body, 'vlan')),
          trafficGroup: fullPath(textIn(body, 'trafficGroup') ?? NOT_FLOATING),
          allowService: body['allowService'] ?? 'none',
        },
        body,
      ),
    ),
  change(draft, path, body): void {
    refuseChanges(body, ['address']);
    const group = textIn(body, 'trafficGroup');
    changed(draft, 'selfIps', path, (record) =>
      withDescription(
        {
          ...record,
          ...defined({
            trafficGroup: group === undefined ? undefined : fullPath(group),
            allowService: body['allowService'],
          }),
        },
        body,
      ),
    );
  },
};

/** Undefined if the body names none. */
function targetIn(body: Json): RouteTarget | undefined {
  const given = ['gw', 'tmInterface', 'blackhole', 'pool'].filter(
    (one) => body[one] !== undefined && body[one] !== 'none' && body[one] !== false,
  );
  if (given.length > 1)
    throw new McpError(
      400,
      '01070734:3',
      `Configuration error: invalid static route, only one of ${given.join(', ')} may be specified`,
    );
  if (given[0] === 'gw') return { gw: addressIn(body, 'gw') };
  if (given[0] === 'tmInterface') return { tmInterface: fullPath(required(body, 'tmInterface')) };
  if (given[0] === 'blackhole') return { blackhole: true };
  if (given[0] === 'pool')
    throw new McpError(
      400,
      '01070734:3',
      'Configuration error: the lab plays no routes through pools of gateways',
    );
  return undefined;
}

/** Static routes. Their gateway may be changed, their network not. */
export const routeEdits: Edits = {
  create(draft, path, body): void {
    const target = targetIn(body);
    if (target === undefined) throw missingProperty('gw', 'tmInterface', 'blackhole');
    const network = networkIn(body, 'network');
    const mtu = numberIn(body, 'mtu') ?? 0;
    createObject(draft, 'routes', withDescription<Route>({ path, network, target, mtu }, body));
  },
  change(draft, path, body): void {
    refuseChanges(body, ['network']);
    changed(draft, 'routes', path, (record) =>
      withDescription(
        { ...record, ...defined({ target: targetIn(body), mtu: numberIn(body, 'mtu') }) },
        body,
      ),
    );
  },
};

function neighbourEdits(kind: 'arps' | 'ndps', family: 4 | 6): Edits {
  return {
    create: (draft, path, body) =>
      createObject(
        draft,
        kind,
        withDescription<Neighbour>(
          {
            path,
            ipAddress: addressIn(body, 'ipAddress', family),
            macAddress: macIn(body['macAddress'], 'macAddress'),
          },
          body,
        ),
      ),
    change(draft, path, body): void {
      refuseChanges(body, ['ipAddress']);
      changed(draft, kind, path, (record) =>
        withDescription(
          {
            ...record,
            ...(body['macAddress'] !== undefined && {
              macAddress: macIn(body['macAddress'], 'macAddress'),
            }),
          },
          body,
        ),
      );
    },
  };
}

/** Static entries of the ARP table. */
export const arpEdits = neighbourEdits('arps', 4);
/** The same for IPv6. */
export const ndpEdits = neighbourEdits('ndps', 6);

const DATA_TYPES = ['string', 'ip', 'integer'];

function dataIn(body: Json): ReadonlyMap<string, string> | undefined {
  const { records } = body;
  if (records === undefined) return undefined;
  const list = Array.isArray(records) ? (records as readonly unknown[]) : [];
  return new Map(
    list.filter(isObject).map((one) => [textOf(one['name']), textOf(one['data'])] as const),
  );
}

/** Internal data groups. PATCH replaces all records. */
export const dataGroupEdits: Edits = {
  create(draft, path, body): void {
    const type = required(body, 'type');
    if (!DATA_TYPES.includes(type)) throw invalidValue('type', type);
    const records = dataIn(body) ?? new Map<string, string>();
    createObject(draft, 'dataGroups', withDescription<DataGroup>({ path, type, records }, body));
  },
  change: (draft, path, body) =>
    changed(draft, 'dataGroups', path, (record) => {
      if (body['type'] !== undefined && body['type'] !== record.type)
        throw invalidValue('type', body['type']);
      return withDescription({ ...record, ...defined({ records: dataIn(body) }) }, body);
    }),
};
