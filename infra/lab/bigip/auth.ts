import type { Device } from './device.ts';
import { errorReply } from './http-types.ts';
import type { LabRequest, Reply } from './http-types.ts';
import { isObject } from './json.ts';
import { LONGEST_SECONDS } from './tokens.ts';

const LOGIN = '/mgmt/shared/authn/login';
const TOKEN = /^\/mgmt\/shared\/authz\/tokens\/([^/]+)$/;

/** Whether the path is of logins or tokens. */
export function isSession(path: string): boolean {
  return path === LOGIN || TOKEN.test(path);
}

function unauthorized(message: string, request: LabRequest): Reply {
  return {
    status: 401,
    body: {
      code: 401,
      message,
      referer: request.headers['host'] ?? '',
      restOperationId: 6_611_304,
      kind: ':resterrorresponse',
    },
  };
}

/** The refusal of an unauthorised request; undefined if it is allowed. */
export function refusal(device: Device, request: LabRequest): Reply | undefined {
  if (request.path === LOGIN) return undefined;
  const token = request.headers['x-f5-auth-token'];
  if (typeof token === 'string') {
    const state = device.tokens.check(token);
    if (state === 'expired') return unauthorized('X-F5-Auth-Token has expired.', request);
    return state === 'unknown'
      ? unauthorized('X-F5-Auth-Token does not exist.', request)
      : undefined;
  }
  const basic = request.headers.authorization;
  if (basic === undefined || !basic.startsWith('Basic ')) {
    return unauthorized(
      'Authorization failed: no user authentication header or token detected. Uri:http://localhost:8100' +
        request.path,
      request,
    );
  }
  const { username, password } = device.settings;
  const given = Buffer.from(basic.slice('Basic '.length), 'base64').toString('utf8');
  return given === `${username}:${password}`
    ? undefined
    : unauthorized('Authentication failed.', request);
}

/** Login and tokens; undefined for all other paths. */
export function sessionRoute(device: Device, request: LabRequest): Reply | undefined {
  if (request.path === LOGIN)
    return request.method === 'POST'
      ? login(device, request)
      : errorReply(405, 'Method not allowed');
  const name = TOKEN.exec(request.path)?.[1];
  return name === undefined ? undefined : tokenRoute(device, request, name);
}

function login(device: Device, request: LabRequest): Reply {
  const { username, password, loginProviderName } = isObject(request.body) ? request.body : {};
  if (typeof username !== 'string' || typeof password !== 'string')
    return errorReply(400, 'username and password must not be null in POST body');
  if (username !== device.settings.username || password !== device.settings.password)
    return unauthorized('Authentication failed.', request);
  const created = device.tokens.create(username);
  if (created === undefined)
    return errorReply(400, `user ${username} has reached maximum active login tokens`);
  return {
    status: 200,
    body: {
      username,
      loginReference: { link: 'https://localhost/mgmt/cm/system/authn/providers/local/login' },
      loginProviderName: loginProviderName ?? 'tmos',
      token: created,
      generation: 0,
      lastUpdateMicros: 0,
    },
  };
}

function tokenRoute(device: Device, request: LabRequest, name: string): Reply {
  const known = device.tokens.get(name);
  if (known === undefined) return errorReply(404, `Failed to find token ${name}`);
  if (request.method === 'GET') return { status: 200, body: known };
  if (request.method === 'DELETE') {
    device.tokens.remove(name);
    return { status: 200, body: known };
  }
  if (request.method !== 'PATCH') return errorReply(405, 'Method not allowed');
  const seconds = isObject(request.body) ? Number(request.body['timeout']) : Number.NaN;
  if (!Number.isInteger(seconds) || seconds < 1)
    return errorReply(400, 'timeout must be a number of seconds');
  if (seconds > LONGEST_SECONDS)
    return errorReply(400, `Auth-token absolute timeout (${LONGEST_SECONDS} seconds) exceeded`);
  return { status: 200, body: device.tokens.extend(name, seconds) };
}
