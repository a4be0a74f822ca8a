/** The console as a Lambda: events of an HTTP API in, answers within the limits of AWS out. */
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LambdaEvent } from 'hono/aws-lambda';
import { fitting } from '../../../functions/console/fitting.ts';
import { create } from '../../../functions/console/handler.ts';
import { createInvoke } from '../../../functions/console/invoke.ts';
import { askedIn } from '../../../shared/failures/asks.ts';
import { startLambdaApi } from '../../../infra/lab/host/http-api.ts';
import { startSite } from '../../fixtures/failures/site.ts';

const TOKEN = 'a-token-of-a-program-that-nobody-can-guess';
const NAMES = { SLUICE_REPLAY: 'stack-replay', SLUICE_AUDIT: 'stack-audit' };
const CONTEXT = {
  awsRequestId: 'r',
  functionName: 'console',
  functionVersion: '1',
  getRemainingTimeInMillis: () => 15_000,
};

function runtimeOf(login: object | undefined) {
  const { runtime } = startSite();
  return {
    ...runtime,
    config: { ...runtime.config, ...(login && { console: login }) },
    secrets: { resolve: async () => TOKEN },
  } as Parameters<typeof create>[0];
}
const LOGIN = {
  url: 'https://sluice.example.com',
  tokens: [{ name: 'ci', role: 'operator', token: 'ssm:/ci' }],
};

function eventOf(path: string, over: Record<string, unknown> = {}, host = 'sluice.example.com') {
  const { method = 'GET', headers = {}, ...rest } = over as { method?: string; headers?: object };
  return {
    version: '2.0',
    rawPath: path,
    rawQueryString: '',
    headers: { host, authorization: `Bearer ${TOKEN}`, ...headers },
    requestContext: { domainName: host, http: { method, path } },
    isBase64Encoded: false,
    ...rest,
  } as unknown as LambdaEvent;
}

describe('a request of the HTTP API', () => {
  const ask = (...given: Parameters<typeof eventOf>) =>
    create(runtimeOf(LOGIN), NAMES)(eventOf(...given), CONTEXT);

  test('is answered, with its headers and as text', async () => {
    const { statusCode, body, isBase64Encoded, headers } = await ask('/api/v1/session');
    expect([statusCode, isBase64Encoded, JSON.parse(body)]).toEqual([
      200,
      false,
      expect.objectContaining({ who: 'token:ci', live: 'polling' }),
    ]);
    expect(headers?.['content-security-policy']).toContain("default-src 'none'");
  });

  test('of a body in base64 is read as it was sent', async () => {
    const body = Buffer.from(JSON.stringify({ kind: 'archive', words: ['code:BIP421'] }));
    const { statusCode, body: said } = await ask('/api/v1/changes/archive/preview', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: body.toString('base64'),
      isBase64Encoded: true,
    });
    expect([statusCode, JSON.parse(said)]).toEqual([
      404,
      { error: { code: 'RPL705', message: 'No failure matches "code:BIP421".' } },
    ]);
  });

  test('for another host is refused, whatever the browser calls itself', async () => {
    const other = await ask('/api/v1/session', {}, 'abc.execute-api.eu-central-1.amazonaws.com');
    expect([other.statusCode, other.body]).toEqual([403, expect.stringContaining('console.url')]);
    const forwarded = await ask('/api/v1/session', {
      headers: { host: 'evil.example.com', 'x-forwarded-host': 'sluice.example.com' },
    });
    expect(forwarded.statusCode).toBe(403);
  });

  test('that is larger than 256 KiB is refused', async () => {
    const { statusCode } = await ask('/api/v1/looks', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ x: 'x'.repeat(300_000) }),
    });
    expect(statusCode).toBe(413);
  });
});

describe('the function', () => {
  test('does not start where nobody could log in', () => {
    expect(() => create(runtimeOf(undefined), NAMES)).toThrow('sluice.yaml has no console');
  });

  test.each(Object.keys(NAMES))('does not start without %s', (name) => {
    const env = { ...NAMES, [name]: '' };
    expect(() => create(runtimeOf(LOGIN), env)).toThrow(`${name} is not set`);
  });
});

describe('an answer', () => {
  const request = (encoding?: string): Request =>
    new Request('https://sluice.example.com/', {
      headers: encoding === undefined ? {} : { 'Accept-Encoding': encoding },
    });
  const large = 'x'.repeat(7_000_000);

  test('is compressed for a browser that takes it, and passes on cookies and status', async () => {
    const headers = new Headers({ ETag: '"a"', 'Content-Type': 'application/json' });
    headers.append('Set-Cookie', 'a=1');
    headers.append('Set-Cookie', 'b=2');
    const fit = await fitting(request('br, gzip'), new Response(large, { status: 201, headers }));
    expect([fit.status, fit.headers.get('ETag'), fit.headers.get('Vary')]).toEqual([
      201,
      'W/"a"',
      'Accept-Encoding',
    ]);
    expect(fit.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(gunzipSync(await fit.arrayBuffer()).toString()).toBe(large);
  });

  test('that AWS would cut is refused with the way on', async () => {
    const random = Buffer.from(Array.from({ length: 5_000_000 }, (_, i) => (i * 7_919) % 251));
    for (const body of [large, '"'.repeat(3_500_000)]) {
      const fit = await fitting(request(), new Response(body));
      expect([fit.status, await fit.json()]).toEqual([
        422,
        { error: { message: expect.stringContaining('use a filter or a smaller limit') } },
      ]);
    }
    const encoded = new Response(random, { headers: { 'Content-Encoding': 'gzip' } });
    expect((await fitting(request('gzip'), encoded)).status).toBe(422);
  });

  test('that is small, empty or compressed already stays as it is', async () => {
    const small = await fitting(request('gzip'), new Response('{}', { headers: { ETag: '"a"' } }));
    expect([await small.text(), small.headers.get('ETag')]).toEqual(['{}', '"a"']);
    const none = await fitting(request('gzip'), new Response(null, { status: 304 }));
    expect([none.status, none.body]).toEqual([304, null]);
    const headers = { 'Content-Encoding': 'gzip' };
    const done = await fitting(request('gzip'), new Response('x'.repeat(2_000), { headers }));
    expect(await done.text()).toBe('x'.repeat(2_000));
  });
});

describe('a question', () => {
  const before = { ...process.env };
  let api: Awaited<ReturnType<typeof startLambdaApi>>;
  beforeEach(async () => {
    api = await startLambdaApi({ 'stack-audit': () => Promise.resolve() });
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: 'lab',
      AWS_SECRET_ACCESS_KEY: 'lab',
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL_LAMBDA: api.url,
    });
  });
  afterEach(async () => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    await api.stop();
  });

  test('is handed to its function, which finds it in the event', async () => {
    const invoke = createInvoke({ replay: 'stack-replay', audit: 'stack-audit' });
    await invoke('audit', 'id-1');
    // A slow machine may call twice, as a slow network does: the id makes it one question.
    expect(new Set(api.calls.map((call) => JSON.stringify(call)))).toEqual(
      new Set(['["stack-audit",{"ask":"id-1"}]']),
    );
    expect(askedIn(api.calls[0]![1])).toBe('id-1');
  });

  test('that no function takes says which one, and why', async () => {
    const invoke = createInvoke({ replay: 'stack-replay', audit: 'stack-audit' });
    await expect(invoke('replay', 'id-1')).rejects.toThrow(
      /^stack-replay cannot be invoked \(ResourceNotFoundException: .*check that it is deployed/,
    );
  });

  test.each([
    [{}],
    [{ ask: '../x' }],
    [{ ask: 1 }],
    [{ ask: 'a', more: 1 }],
    [null],
    ['text'],
    [{ source: 'aws.events' }],
  ])('is not in the event %j', (event) => {
    expect(askedIn(event)).toBeUndefined();
  });
});
