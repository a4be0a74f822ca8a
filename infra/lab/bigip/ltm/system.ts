import type { Device } from '../device.ts';
import type { LabRequest, Reply } from '../http-types.ts';
import { isObject } from '../json.ts';
import type { Json } from '../json.ts';
import { accountRoute, vlans } from './account.ts';
import { removePartition } from './draft.ts';
import { McpError, missing } from './error.ts';

type Route = (device: Device, request: LabRequest) => Reply;

function stats(path: string, entries: Json): Json {
  return {
    kind: `tm:${path.replaceAll('/', ':')}:stats`,
    selfLink: `https://localhost/mgmt/tm/${path}?ver=17.1.1`,
    entries: { [`https://localhost/mgmt/tm/${path}/0`]: { nestedStats: { entries } } },
  };
}

function description(text: string): Json {
  return { description: text };
}

function failover(device: Device): Reply {
  const state = device.condition.standby ? 'STANDBY' : 'ACTIVE';
  return {
    status: 200,
    body: stats('cm/failover-status', {
      color: description(state === 'ACTIVE' ? 'green' : 'gray'),
      status: description(state),
      summary: description('1/1 active'),
    }),
  };
}

function sync({ settings: { group } }: Device): Reply {
  if (group === undefined)
    return {
      status: 200,
      body: stats('cm/sync-status', {
        color: description('green'),
        mode: description('standalone'),
        status: description('Standalone'),
        summary: description(' '),
      }),
    };
  const { status, details } = group.status();
  const link = 'https://localhost/mgmt/tm/cm/syncStatus/0/details';
  return {
    status: 200,
    body: stats('cm/sync-status', {
      [link]: {
        nestedStats: {
          entries: Object.fromEntries(
            details.map((text, index) => [
              `${link}/${index}`,
              { nestedStats: { entries: { details: description(text) } } },
            ]),
          ),
        },
      },
      color: description(
        { 'In Sync': 'green', 'Changes Pending': 'yellow', 'Sync Failed': 'red' }[status],
      ),
      mode: description('high-availability'),
      status: description(status),
      summary: description(details[0] ?? ' '),
    }),
  };
}

/** Units without a group take the command, and copy nothing. */
function runSync(device: Device, request: LabRequest): Reply {
  const reply = command('run')(device, request);
  const { utilCmdArgs } = request.body as Json;
  const asked = /^config-sync (?:force-full-load-push )?to-group (\S+)$/.exec(
    String(utilCmdArgs),
  )?.[1];
  const { group } = device.settings;
  if (group === undefined) return reply;
  if (asked !== group.name)
    throw new McpError(
      400,
      '01070734:3',
      `Configuration error: Device group (${String(asked)}) not found in device group sync`,
    );
  group.sync(device);
  return reply;
}

function ready(): Reply {
  return {
    status: 200,
    body: stats('sys/ready', {
      configReady: description('yes'),
      licenseReady: description('yes'),
      provisionReady: description('yes'),
    }),
  };
}

function version(device: Device): Reply {
  return {
    status: 200,
    body: stats('sys/version', {
      Product: description('BIG-IP'),
      Version: description(device.settings.version),
      Build: description('0.0.3'),
      Title: description('Main Package'),
    }),
  };
}

function globalSettings(device: Device): Reply {
  return {
    status: 200,
    body: {
      kind: 'tm:sys:global-settings:global-settingsstate',
      hostname: device.settings.hostname,
    },
  };
}

/** All modules, also those that are not provisioned. */
function provision(device: Device): Reply {
  const { modules } = device.store.common;
  const items = ['afm', 'apm', 'asm', 'avr', 'fps', 'gtm', 'ltm', 'pem'].map((name) => ({
    name,
    fullPath: name,
    level: modules.has(name) ? 'nominal' : 'none',
  }));
  return { status: 200, body: { kind: 'tm:sys:provision:provisioncollectionstate', items } };
}

function command(name: string): Route {
  return (_device, request) => {
    const asked = isObject(request.body) ? request.body['command'] : undefined;
    if (asked !== name)
      throw new McpError(
        400,
        '01070734:3',
        `Configuration error: command "${String(asked)}" is not known here, "${name}" is`,
      );
    return { status: 200, body: { kind: 'tm:command', ...(request.body as Json) } };
  };
}

function partitionItem({ store }: Device, name: string): Json {
  return {
    kind: 'tm:auth:partition:partitionstate',
    name,
    fullPath: name,
    generation: 1,
    selfLink: `https://localhost/mgmt/tm/auth/partition/${name}?ver=17.1.1`,
    defaultRouteDomain: store.current().defaultDomains.get(name) ?? 0,
  };
}

function partitions(device: Device): Reply {
  return {
    status: 200,
    body: {
      kind: 'tm:auth:partition:partitioncollectionstate',
      items: [...device.store.current().partitions].map((name) => partitionItem(device, name)),
    },
  };
}

function createPartition(device: Device, request: LabRequest): Reply {
  const name = isObject(request.body) ? request.body['name'] : undefined;
  if (typeof name !== 'string' || name === '')
    throw new McpError(400, '01070734:3', 'Configuration error: a partition needs a name');
  device.store.write((draft) => {
    if (draft.partitions.has(name))
      throw new McpError(
        409,
        '01020066:3',
        `The requested folder (/${name}) already exists in partition ${name}.`,
      );
    draft.partitions.add(name);
  });
  return { status: 200, body: partitionItem(device, name), tenant: name };
}

/** Only its default route domain can be changed here. */
function changePartition(device: Device, request: LabRequest, name: string): Reply {
  const id = isObject(request.body) ? request.body['defaultRouteDomain'] : undefined;
  const { common } = device.store;
  device.store.write((draft) => {
    const known = [...draft.routeDomains.values()].some((one) => one.id === id);
    if (typeof id !== 'number' || (!known && !common.routeDomains.has(String(id))))
      throw missing('route domain', String(id));
    draft.defaultDomains.set(name, id);
  });
  return { status: 200, body: partitionItem(device, name), tenant: name };
}

function onePartition(device: Device, request: LabRequest, name: string): Reply {
  if (!device.store.current().partitions.has(name))
    throw new McpError(404, '01020036:3', `The requested folder (/${name}) was not found.`);
  if (request.method === 'GET') return { status: 200, body: partitionItem(device, name) };
  if (request.method === 'PATCH') return changePartition(device, request, name);
  device.store.write((draft) => removePartition(draft, name));
  return { status: 200, tenant: name };
}

const ROUTES: Readonly<Record<string, Route>> = {
  'GET /mgmt/tm/cm/failover-status': failover,
  'GET /mgmt/tm/cm/sync-status': sync,
  'POST /mgmt/tm/cm': runSync,
  'GET /mgmt/tm/sys/ready': ready,
  'GET /mgmt/tm/sys/version': version,
  'GET /mgmt/tm/sys/provision': provision,
  'GET /mgmt/tm/sys/global-settings': globalSettings,
  'POST /mgmt/tm/sys/config': command('save'),
  'GET /mgmt/tm/auth/partition': partitions,
  'POST /mgmt/tm/auth/partition': createPartition,
  'GET /mgmt/tm/net/vlan': vlans,
};

/** They take no time of their own. */
export function isSystem(path: string): boolean {
  return /^\/mgmt\/tm\/(cm|sys|auth)\b/.test(path);
}

/**
 * Paths outside of LTM: version, roles, sync, saving, partitions and provisioning. Undefined for
 * all others.
 */
export function systemRoute(device: Device, request: LabRequest): Reply | undefined {
  const path = request.path.replace(/\/$/, '');
  const route = ROUTES[`${request.method} ${path}`];
  if (route !== undefined) return route(device, request);
  const name = /^\/mgmt\/tm\/auth\/partition\/([^/]+)$/.exec(path)?.[1];
  const known = name !== undefined && ['GET', 'PATCH', 'DELETE'].includes(request.method);
  return known
    ? onePartition(device, request, name.replaceAll('~', ''))
    : accountRoute(device, request, path);
}
