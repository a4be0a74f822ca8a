/** Folders of partitions, the account that clients use, and VLANs. */
import type { Device } from '../device.ts';
import type { LabRequest, Reply } from '../http-types.ts';
import { isObject } from '../json.ts';
import { McpError } from './error.ts';
import { listBody } from './lists.ts';
import { identityOf, linkTo } from './paths.ts';

/** Every VLAN carries frames of the usual size. */
export function vlans({ store }: Device): Reply {
  const items = [...store.common.vlans].map((path) => ({
    ...identityOf('tm:net:vlan:vlanstate', 'net/vlan', path),
    mtu: 1500,
  }));
  return { status: 200, body: listBody('net/vlan', items) };
}

function requireFolder(device: Device, name: string): void {
  if (!device.store.current().partitions.has(name))
    throw new McpError(404, '01020036:3', `The requested folder (/${name}) was not found.`);
}

/** The folder of a partition; it is in the group of the unit until it is taken out of it. */
function folder(device: Device, request: LabRequest, name: string): Reply | undefined {
  requireFolder(device, name);
  const { condition, settings } = device;
  if (request.method === 'PATCH') {
    const group = isObject(request.body) ? request.body['deviceGroup'] : undefined;
    if (group === 'none') condition.unsynced.add(name);
    else condition.unsynced.delete(name);
  } else if (request.method !== 'GET') return undefined;
  const isSynced = settings.group !== undefined && !condition.unsynced.has(name);
  return {
    status: 200,
    body: {
      kind: 'tm:sys:folder:folderstate',
      name,
      fullPath: `/${name}`,
      generation: 1,
      selfLink: linkTo(`sys/folder/~${name}`),
      deviceGroup: isSynced ? `/Common/${settings.group.name}` : 'none',
      inheritedDevicegroup: isSynced ? 'true' : 'false',
      trafficGroup: '/Common/traffic-group-1',
    },
    tenant: name,
  };
}

/** Accounts of directories are not among the users of the device. */
function user(device: Device, request: LabRequest, name: string): Reply | undefined {
  if (name !== device.settings.username)
    throw new McpError(404, '01020036:3', `The requested user (${name}) was not found.`);
  if (request.method === 'PATCH') {
    const access = isObject(request.body) ? request.body['partitionAccess'] : undefined;
    const [first] = Array.isArray(access) ? (access as readonly unknown[]) : [];
    if (!isObject(first) || typeof first['role'] !== 'string')
      throw new McpError(400, '01070734:3', 'Configuration error: a user needs a role');
    device.condition.role = first['role'];
  } else if (request.method !== 'GET') return undefined;
  return {
    status: 200,
    body: {
      kind: 'tm:auth:user:userstate',
      name,
      fullPath: name,
      generation: 1,
      selfLink: linkTo(`auth/user/${name}`),
      partitionAccess: [{ name: 'all-partitions', role: device.condition.role }],
    },
  };
}

const OBJECTS = {
  'sys/folder': folder,
  'auth/user': user,
} as const;

/** One object; `path` has no slash at its end. Undefined for other paths. */
export function accountRoute(device: Device, request: LabRequest, path: string): Reply | undefined {
  for (const [collection, reply] of Object.entries(OBJECTS)) {
    const [, name] = path.split(`/mgmt/tm/${collection}/`);
    if (name !== undefined && name !== '' && !name.includes('/'))
      return reply(device, request, decodeURIComponent(name).replaceAll('~', ''));
  }
  return undefined;
}
