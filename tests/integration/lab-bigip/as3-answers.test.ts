/** Responses of F5's AS3 3.56, recorded from the real engine in front of a model of BIG-IP. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { adc, app, call, declare, member, resultOf, tenant } from './client.ts';

const DECLARE = '/mgmt/shared/appsvcs/declare';
let bigip: LabBigip;
beforeEach(async () => {
  bigip = await startBigip({ dataPath: false, timings: { declare: 0, memberWrite: 0 } });
});
afterEach(() => bigip.close());

const post = (body: unknown): ReturnType<typeof call> => call(bigip, 'POST', DECLARE, { body });
const get = async (path: string): Promise<Record<string, unknown>> =>
  (await call(bigip, 'GET', path)).body;

describe('tenants with the name of a property', () => {
  test.each([
    ['class', 422, 'Invalid request: /declaration/class: should be string'],
    ['constants', 422, '/constants/class: should be equal to constant "Constants"'],
    ['controls', 422, '/controls: should NOT have additional properties'],
    ['id', 500, 'id.match is not a function'],
    ['label', 500, 'declaration.label.match is not a function'],
    ['remark', 422, '/remark: should be string'],
    ['schemaVersion', 422, '/schemaVersion: should be string'],
    ['scratch', 422, '/scratch: should be string'],
    ['target', 422, '/target: should NOT have more than 1 properties'],
    ['updateMode', 422, '/updateMode: should be string'],
  ])('%s is refused', async (name, status, words) => {
    const body = adc({ [name]: tenant({ a: app() }) });
    const answer = await post({ class: 'AS3', declaration: body });
    expect(answer.status).toBe(status);
    expect([answer.body['message'], ...(answer.body['errors'] ?? [])]).toContain(words);
  });
});

describe('readings without a declaration', () => {
  const words = 'declaration in specified path not found';
  test.each([
    ['', 204, {}],
    ['?show=full', 204, {}],
    ['/k8s', 404, { code: 404, message: words }],
    ['/k8s?showHash=true', 404, { errorMessage: words, statusCode: 404, code: 404 }],
  ])('of %j, before anything was declared', async (path, status, body) => {
    const answer = await call(bigip, 'GET', `${DECLARE}${path}`);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual(body);
  });

  test('after the last tenant is 204, and beside another one 404', async () => {
    await declare(bigip, { other: tenant({ a: app() }) });
    const missing = await call(bigip, 'GET', `${DECLARE}/k8s?showHash=true`);
    expect(missing.body).toEqual({
      errorMessage: "specified Tenant(s) 'k8s' not found in declaration",
      statusCode: 404,
      code: 404,
    });
    await call(bigip, 'DELETE', `${DECLARE}/other`);
    expect((await call(bigip, 'GET', `${DECLARE}/k8s?showHash=true`)).status).toBe(204);
  });
});

describe('the lines of the script', () => {
  const serving = (pods: number): object => ({
    class: 'Application',
    virtual: {
      class: 'Service_TCP',
      virtualAddresses: ['172.16.100.195'],
      virtualPort: 443,
      pool: 'pool',
      persistenceMethods: [],
    },
    pool: {
      class: 'Pool',
      members: [
        {
          servicePort: 8443,
          serverAddresses: Array.from({ length: pods }, (_, index) => `10.244.1.${index + 1}`),
        },
      ],
    },
  });
  const empty = { class: 'Application' };
  const lines = async (applications: object): Promise<unknown> =>
    resultOf(await declare(bigip, { k8s: { class: 'Tenant', ...applications } }))['lineCount'];

  test('count partition, folders with their rollback, objects, and each new node', async () => {
    expect(await lines({ empty })).toBe(20);
    expect(await lines({ empty, a: serving(40) })).toBe(61);
    expect(await lines({ empty, a: serving(40) })).toBeUndefined();
    expect(await lines({ empty, a: serving(42) })).toBe(20);
    expect(await lines({ empty, a: serving(41) })).toBe(19);
  });
});

describe('bodies that are no declaration', () => {
  test.each([
    [[], 422, 'Invalid request: /: should be object'],
    [[1], 422, 'Invalid request: /: should be object'],
    [3, 422, 'Invalid request: /declaration: should be object'],
    [{}, 422, "Invalid request: /declaration: should have required property 'class'"],
    [{ class: 'x' }, 422, 'Invalid request: /class: should be equal to constant "AS3"'],
    [{ class: 'AS3' }, 400, 'for action "deploy", a declaration is required.'],
  ])('%j is %i', async (body, status, message) => {
    const answer = await call(bigip, 'POST', DECLARE, { body: JSON.stringify(body) });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ code: status, message });
  });

  test('a property that the class does not have is named without its path', async () => {
    const answer = await declare(bigip, { k8s: tenant({ a: app({ pool: { colour: 'red' } }) }) });
    expect(answer.status).toBe(422);
    expect(answer.body).toEqual({ code: 422, message: 'Invalid data property: colour' });
  });

  test('the last path over 195 characters is named', async () => {
    const name = 'p'.repeat(180);
    const answer = await declare(bigip, { [name]: tenant({ applicationx: app() }) });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      message: `Path /${name}/applicationx/pool is longer than 195 characters`,
      tenant: [name],
    });
    expect(answer.body['errors']).toBeUndefined();
  });

  test('a path with characters that no path has is refused by its format', async () => {
    const virtual = { iRules: [{ bigip: '/Common/"x"' }] };
    const answer = await declare(bigip, { k8s: tenant({ a: app({ virtual }) }) });
    expect(answer.body['errors']).toEqual([
      '/k8s/a/virtual/iRules/0/bigip: should match format "f5bigip"',
    ]);
  });

  test('nothing to do has a result without a tenant', async () => {
    const answer = await post({ class: 'AS3', declaration: adc({}) });
    expect(resultOf(answer)).toMatchObject({ code: 200, message: 'no change' });
    expect(resultOf(answer)).not.toHaveProperty('tenant');
  });

  test('a lock key of another text is refused in the words of AS3', async () => {
    await declare(bigip, { k8s: tenant({ a: app() }) });
    const answer = await declare(bigip, {
      k8s: tenant({ a: app() }, { optimisticLockKey: 'other' }),
    });
    expect(resultOf(answer)['message']).toMatch(
      /^The hash you submitted does not match the hash on the current Tenant\. This usually/,
    );
  });
});

describe('objects that a declaration refers to', () => {
  const named = (name: string): object => ({ bigip: `/Common/${name}` });
  test.each([
    ['iRules/0', { iRules: [named('nope')] }],
    ['profileTCP', { profileTCP: named('nope') }],
    ['profileHTTP', { class: 'Service_HTTP', profileHTTP: named('nope') }],
    ['profileL4', { class: 'Service_L4', profileL4: named('nope') }],
    ['snat', { snat: named('nope') }],
    ['persistenceMethods/0', { persistenceMethods: [named('nope')] }],
  ])('%s is looked up before anything is done', async (property, virtual) => {
    const answer = await declare(bigip, { k8s: tenant({ a: app({ virtual }) }) });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      message: `Unable to find /Common/nope for /k8s/a/virtual/${property}`,
      tenant: ['k8s'],
    });
    expect(answer.body['results']).toBeUndefined();
  });

  test('a profile of another type is not found', async () => {
    const virtual = { profileTCP: named('udp') };
    const answer = await declare(bigip, { k8s: tenant({ a: app({ virtual }) }) });
    expect(answer.body['message']).toBe('Unable to find /Common/udp for /k8s/a/virtual/profileTCP');
    expect((await call(bigip, 'GET', '/mgmt/tm/ltm/profile/tcp/~Common~udp')).status).toBe(404);
    expect((await call(bigip, 'GET', '/mgmt/tm/ltm/profile/udp/~Common~udp')).status).toBe(200);
  });

  test('VLANs are not looked up: the script fails on a missing one', async () => {
    const virtual = { allowVlans: [named('nope')] };
    const answer = await declare(bigip, { k8s: tenant({ a: app({ virtual }) }) });
    expect(resultOf(answer)).toMatchObject({
      code: 422,
      message: 'declaration failed',
      response: '01020036:3: The requested VLAN (/Common/nope) was not found.',
    });
  });
});

describe('how objects read after a declare', () => {
  const monitor = (type: string): Record<string, unknown> => ({
    class: 'Monitor',
    monitorType: type,
    send: 'GET /\r\n',
    receive: '200',
  });

  test.each([
    ['icmp', 'gateway-icmp'],
    ['tcp-half-open', 'tcp-half-open'],
  ])('%s monitors drop what they would send and receive', async (type, collection) => {
    await declare(bigip, { k8s: tenant({ a: app({ more: { m: monitor(type) } }) }) });
    const there = await get(`/mgmt/tm/ltm/monitor/${collection}/~k8s~a~m`);
    expect(there['fullPath']).toBe('/k8s/a/m');
    for (const property of ['send', 'recv', 'reverse']) expect(there).not.toHaveProperty(property);
  });

  test('line breaks in what a monitor sends read as escapes', async () => {
    await declare(bigip, { k8s: tenant({ a: app({ more: { m: monitor('tcp') } }) }) });
    expect((await get('/mgmt/tm/ltm/monitor/tcp/~k8s~a~m'))['send']).toBe('GET /\\r\\n');
  });

  test('only the first persistence profile is the default', async () => {
    const virtual = { persistenceMethods: ['source-address', 'destination-address'] };
    await declare(bigip, { k8s: tenant({ a: app({ virtual }) }) });
    expect((await get('/mgmt/tm/ltm/virtual/~k8s~a~virtual'))['persist']).toEqual([
      expect.objectContaining({ fullPath: '/Common/source_addr', tmDefault: 'yes' }),
      expect.objectContaining({ fullPath: '/Common/dest_addr', tmDefault: 'no' }),
    ]);
  });

  test('an address that is not advertised reads "disabled"', async () => {
    await declare(bigip, { k8s: tenant({ a: app() }) });
    expect(await get('/mgmt/tm/ltm/virtual-address/~k8s~172.16.100.195')).toMatchObject({
      routeAdvertisement: 'disabled',
      icmpEcho: 'enabled',
      mask: '255.255.255.255',
    });
  });

  test('a member on a node of another tenant is refused with its name', async () => {
    const node = { name: '10.0.0.1', partition: 'Common', address: '10.0.0.1' };
    await call(bigip, 'POST', '/mgmt/tm/ltm/node', { body: node });
    await declare(bigip, { k8s: tenant({ a: app({ members: [member(80, '10.0.0.1')] }) }) });
    const there = await get('/mgmt/tm/ltm/pool/~k8s~a~pool/members/~Common~10.0.0.1:80');
    expect(there['description']).toBe('(replaces AS3 10.0.0.1)');
  });

  test('members leave the pool before the nodes that they share are made', async () => {
    const shared = (shareNodes: boolean): object =>
      tenant({ a: app({ members: [{ ...member(80, '10.0.0.1'), shareNodes }] }) });
    await declare(bigip, { k8s: shared(false) });
    const answer = await post({
      class: 'AS3',
      action: 'dry-run',
      declaration: adc({ k8s: shared(true) }, { controls: { traceResponse: true } }),
    });
    expect(answer.body['traces'].k8sScript.split('\n')).toEqual([
      'modify ltm pool /k8s/a/pool members delete { /k8s/10.0.0.1:80 }',
      'delete ltm node /k8s/10.0.0.1',
      'create ltm node /Common/10.0.0.1 metadata references 1',
      'modify ltm pool /k8s/a/pool members add { /Common/10.0.0.1:80 }',
    ]);
  });
});

describe('what a declare makes of a change by hand', () => {
  const V = '/mgmt/tm/ltm/virtual/~k8s~a~virtual';
  const P = '/mgmt/tm/ltm/pool/~k8s~a~pool';
  const M = '/mgmt/tm/ltm/monitor/http/~k8s~a~m';
  const A = '/mgmt/tm/ltm/virtual-address/~k8s~172.16.100.195';
  const N = '/mgmt/tm/ltm/node/~k8s~10.0.0.1';
  const MEMBER = `${P}/members/~k8s~10.0.0.1:80`;
  const declared = tenant({
    a: app({
      members: [member(80, '10.0.0.1', '10.0.0.2')],
      pool: { monitors: [{ use: 'm' }], minimumMonitors: 'all' },
      more: { m: { class: 'Monitor', monitorType: 'http', send: 'GET /', receive: '200 OK' } },
    }),
  });

  /** Patches an object, declares the same again, and returns what the object is then. */
  const after = async (path: string, patch: Readonly<Record<string, unknown>>) => {
    const [property = ''] = Object.keys(patch);
    await declare(bigip, { k8s: declared });
    const before = (await get(path))[property];
    expect((await call(bigip, 'PATCH', path, { body: patch })).status).toBe(200);
    const byHand = (await get(path))[property];
    expect(byHand).not.toEqual(before);
    const { message, response } = resultOf(await declare(bigip, { k8s: declared }));
    const now = (await get(path))[property];
    return { message, response, now, before, byHand };
  };

  test.each([
    [V, { sourceAddressTranslation: { type: 'none' } }],
    [V, { rules: ['/Common/_sys_https_redirect'] }],
    [V, { vlansEnabled: true }],
    [V, { source: '10.0.0.0/8' }],
    [V, { translateAddress: 'disabled' }],
    [V, { translatePort: 'disabled' }],
    [V, { persist: [{ name: 'source_addr', partition: 'Common' }] }],
    [V, { fallbackPersistence: '/Common/source_addr' }],
    [V, { mirror: 'enabled' }],
    [V, { connectionLimit: 7 }],
    [V, { rateLimit: '9' }],
    [V, { disabled: true }],
    [V, { description: 'x' }],
    [V, { autoLasthop: 'disabled' }],
    [V, { serviceDownImmediateAction: 'drop' }],
    [V, { addressStatus: 'no' }],
    [V, { nat64: 'enabled' }],
    [V, { sourcePort: 'change' }],
    [P, { monitor: 'none' }],
    [P, { monitor: '/Common/tcp' }],
    [P, { loadBalancingMode: 'ratio-member' }],
    [P, { minActiveMembers: 3 }],
    [P, { reselectTries: 9 }],
    [P, { serviceDownAction: 'reset' }],
    [P, { slowRampTime: 99 }],
    [P, { allowNat: 'no' }],
    [P, { allowSnat: 'no' }],
    [M, { interval: 77 }],
    [M, { timeout: 77 }],
    [M, { send: 'HEAD /' }],
    [M, { recv: '500' }],
    [M, { recvDisable: 'x' }],
    [M, { destination: '*:99' }],
    [M, { reverse: 'enabled' }],
    [M, { timeUntilUp: 4 }],
    [M, { upInterval: 4 }],
    [M, { transparent: 'enabled' }],
    [M, { adaptive: 'enabled' }],
    [A, { arp: 'disabled' }],
    [A, { trafficGroup: '/Common/traffic-group-2' }],
    [A, { icmpEcho: 'disabled' }],
    [A, { routeAdvertisement: 'always' }],
    [A, { spanning: 'enabled' }],
    [A, { serverScope: 'all' }],
    [A, { autoDelete: 'false' }],
    [N, { monitor: '/Common/icmp' }],
    [MEMBER, { connectionLimit: 5 }],
    [MEMBER, { rateLimit: '5' }],
    [MEMBER, { ratio: 5 }],
    [MEMBER, { priorityGroup: 5 }],
    [MEMBER, { session: 'user-disabled' }],
    [MEMBER, { dynamicRatio: 5 }],
  ])('%s %j is undone', async (path, patch) => {
    const { message, now, before } = await after(path, patch);
    expect(message).toBe('success');
    expect(now).toEqual(before);
  });

  test.each([
    [P, { minUpMembers: 1 }],
    [M, { manualResume: 'enabled' }],
    [A, { enabled: 'no' }],
    [A, { connectionLimit: 5 }],
    [N, { connectionLimit: 5 }],
    [N, { rateLimit: '5' }],
    [N, { ratio: 5 }],
    [N, { dynamicRatio: 5 }],
    [N, { session: 'user-disabled' }],
    [N, { state: 'user-down' }],
    [MEMBER, { logging: 'enabled' }],
    [MEMBER, { inheritProfile: 'disabled' }],
  ])('%s %j stays, and is no change', async (path, patch) => {
    const { message, now, byHand } = await after(path, patch);
    expect(message).toBe('no change');
    expect(now).toEqual(byHand);
  });

  test('the monitor of a member makes every declare fail', async () => {
    const { message, response, now } = await after(MEMBER, { monitor: '/Common/tcp' });
    expect(message).toBe('declaration failed');
    expect(response).toMatch(/^01020036:3: The requested Pool Member .* was not found\.$/);
    expect(now).toBe('/Common/tcp');
    expect(resultOf(await declare(bigip, { k8s: declared }))['code']).toBe(422);
  });
});
