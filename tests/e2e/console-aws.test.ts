/**
 * The console as it is deployed to AWS: its archive and those of replay and audit in processes of
 * their own, an HTTP API in front, asynchronous calls between them, queues over SQS's wire, the
 * failure store over S3's, a BIG-IP over HTTPS, and a login provider.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startBigip, type LabBigip } from '../../infra/lab/bigip/index.ts';
import { compileTemplate } from '../../infra/lab/host/compile.ts';
import { startHttpApi, startLambdaApi, type LocalServer } from '../../infra/lab/host/http-api.ts';
import { createQueuesOn, startLocalSqs, type LocalSqs } from '../../infra/lab/host/sqs.ts';
import { queuesOf, type Template } from '../../infra/lab/host/template.ts';
import { createSecrets } from '../../shared/config/secrets.ts';
import { failuresOver, type Failures } from '../../shared/failures/open.ts';
import { createS3Blobs } from '../../shared/failures/s3/blobs.ts';
import { openQueues } from '../../shared/queue/open.ts';
import type { Queues } from '../../shared/queue/port.ts';
import { processClock } from '../../shared/runtime/process.ts';
import { browser, startProvider, type LoginProvider } from '../fixtures/console/browser.ts';
import { owner, startSite } from '../fixtures/failures/site.ts';
import { startLocalS3, type LocalS3 } from '../fixtures/s3.ts';
import { startLambda, type LambdaFunction } from './support/lambda.ts';
import { until } from './support/until.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'lab', AWS_SECRET_ACCESS_KEY: 'lab' };
const SECRETS = {
  CLIENT: 'the-secret-of-the-client',
  KEY: 'a-key-for-sessions-that-nobody-can-guess',
  TOKEN: 'a-token-of-a-program-that-nobody-can-guess',
};
/** Tests look into answers of many shapes. */
type Json = ReturnType<typeof JSON.parse>;

const functions = new Map<string, LambdaFunction>();
const stops: (() => Promise<unknown>)[] = [];
let dir: string;
let bigip: LabBigip;
let sqs: LocalSqs;
let s3: LocalS3;
let provider: LoginProvider;
let api: LocalServer;
let lambdas: Awaited<ReturnType<typeof startLambdaApi>>;
let failures: Failures;
let queues: Queues;

function configuration(): object {
  const { bucket, region, endpoint } = s3.options;
  return {
    generation: 1,
    devices: [
      {
        name: 'bigip-1',
        url: bigip.url,
        username: bigip.username,
        password: 'env:BIGIP_PASSWORD',
        tls: { ca: `file:${join(dir, 'ca.pem')}` },
        partitions: ['k8s'],
      },
    ],
    clusters: [{ id: 'east', senders: ['AROAEXAMPLE'] }],
    ingresses: [
      {
        cluster: 'east',
        service: 'istio-system/gateway-1',
        devices: ['bigip-1'],
        virtualAddress: '172.16.100.195',
      },
    ],
    queue: { kind: 'sqs', region: sqs.region, endpoint: sqs.endpoint },
    failures: { kind: 's3', bucket, region, endpoint },
    console: {
      url: api.url,
      oidc: {
        issuer: provider.issuer,
        clientId: 'sluice',
        clientSecret: 'env:CLIENT',
        sessionKey: 'env:KEY',
        scope: 'openid',
        roles: { viewer: [], operator: ['network'], admin: [] },
      },
      tokens: [{ name: 'ci', role: 'viewer', token: 'env:TOKEN' }],
    },
  };
}

/** The variables of a function in the template, with the names of functions that it refers to. */
function variablesOf(template: Template, logical: string): Readonly<Record<string, string>> {
  const { Environment } = template.Resources[logical]!.Properties as Json;
  return Object.fromEntries(
    Object.entries<Json>(Environment?.Variables ?? {}).map(([name, value]) => [
      name,
      value.Ref === undefined ? String(value) : nameOf(template, value.Ref),
    ]),
  );
}
const nameOf = (template: Template, logical: string): string =>
  String(template.Resources[logical]!.Properties['FunctionName']);

async function startFunction(template: Template, name: string, config: string): Promise<void> {
  const logical = `${name.charAt(0).toUpperCase()}${name.slice(1)}LambdaFunction`;
  const { Timeout } = template.Resources[logical]!.Properties as Json;
  const own: Readonly<Record<string, string>> =
    name === 'console' ? SECRETS : { BIGIP_PASSWORD: bigip.password };
  const env = {
    ...CREDENTIALS,
    ...own,
    ...variablesOf(template, logical),
    AWS_REGION: sqs.region,
    AWS_ENDPOINT_URL_LAMBDA: lambdas.url,
    SLUICE_CONFIG: config,
  };
  const zip = join(ROOT, 'dist', `${name}.zip`);
  functions.set(name, await startLambda(zip, env, Number(Timeout) * 1_000));
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-console-aws-'));
  [bigip, sqs, s3] = await Promise.all([
    startBigip({ dataPath: false }),
    startLocalSqs(),
    startLocalS3(),
  ]);
  const behind = { invoke: (event: object) => functions.get('console')!.invoke(event) };
  api = await startHttpApi(behind);
  provider = await startProvider(api.url, SECRETS.CLIENT);
  writeFileSync(join(dir, 'ca.pem'), bigip.ca);
  const config = join(dir, 'sluice.yaml');
  writeFileSync(config, JSON.stringify(configuration()));
  const template = await compileTemplate({ root: ROOT, config });
  await createQueuesOn(sqs, queuesOf(template));
  const called = (name: string) => (event: object) => functions.get(name)!.invoke(event);
  lambdas = await startLambdaApi({
    [nameOf(template, 'ReplayLambdaFunction')]: called('replay'),
    [nameOf(template, 'AuditLambdaFunction')]: called('audit'),
  });
  for (const name of ['console', 'replay', 'audit']) await startFunction(template, name, config);
  failures = failuresOver(createS3Blobs({ ...s3.options, prefix: 'sluice' }), {
    clock: processClock,
    id: randomUUID,
  });
  queues = openQueues(
    { kind: 'sqs', prefix: 'sluice', region: sqs.region, endpoint: sqs.endpoint },
    {
      clock: processClock,
      id: randomUUID,
      secrets: createSecrets({ env: {} }),
      credentials: sqs.credentials,
    },
  );
  const site = startSite();
  for (const n of [1, 2]) await site.fail(owner(n), 1, [1_000 + n]);
  for (const { id } of await site.failures.store.list()) {
    const { details, ...head } = (await site.failures.store.get(id))!;
    await failures.store.record({ head, details, message: details.event.id, at: head.last });
  }
  stops.push(
    () => failures.close(),
    () => queues.close(),
    () => api.stop(),
    () => lambdas.stop(),
    () => provider.close(),
  );
}, 180_000);

afterAll(async () => {
  await Promise.all([...functions.values()].map((one) => one.stop()));
  for (const stop of stops) await stop();
  await Promise.all([bigip?.close(), sqs?.stop(), s3?.stop()]);
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

const fetchConsole = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(new URL(path, api.url), { redirect: 'manual', ...init });

/** A logged-in operator. */
async function operator() {
  const { go, login, jar } = browser(fetchConsole, { url: api.url, issuer: provider.issuer });
  const done = await login('/login?to=/failures');
  expect([done.status, done.headers.get('Location')]).toEqual([302, '/failures']);
  const session = (await (await go('/api/v1/session')).json()) as Json;
  const post = async (path: string, body: object) => {
    const answer = await go(`/api/v1/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Sluice-Csrf': session.csrf },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as Json };
  };
  const get = async (path: string) => (await (await go(`/api/v1/${path}`)).json()) as Json;
  return { session, post, get, jar };
}

/** A question is answered by another function, which may take a while here. */
async function answered({ get }: Awaited<ReturnType<typeof operator>>, ask: Json): Promise<Json> {
  for (let now = ask; ; now = await get(`asks/${ask.id}`))
    if (['done', 'failed', 'moved', 'running'].includes(now.state)) return now;
}

test('requests without a session are told to log in, and programs authenticate with a token', async () => {
  const stranger = await fetchConsole('/api/v1/session');
  expect([stranger.status, await stranger.json()]).toEqual([
    401,
    { error: { message: expect.stringContaining('Log in at /login') } },
  ]);
  const headers = { Authorization: `Bearer ${SECRETS.TOKEN}` };
  const known = await fetchConsole('/api/v1/session', { headers });
  expect(await known.json()).toMatchObject({ who: 'token:ci', role: 'viewer', live: 'polling' });
  // The page has no data, so it needs no login; it travels compressed and as base64.
  const page = await fetchConsole('/');
  expect([page.status, page.headers.get('Content-Encoding'), await page.text()]).toEqual([
    200,
    'gzip',
    expect.stringContaining('<div id="page">'),
  ]);
  const events = await fetchConsole('/api/v1/events', { headers });
  expect(events.status).toBe(404);
}, 120_000);

test('a person logs in, sees the devices after an audit, and runs a replay job', async () => {
  const ada = await operator();
  expect(ada.session).toMatchObject({ who: 'ada@example.com', role: 'operator' });
  expect((await ada.get('ports')).seen).toEqual([]);
  const look = await answered(ada, (await ada.post('looks', {})).body);
  expect(look).toMatchObject({ state: 'done', by: 'ada@example.com', answer: { failed: [] } });
  expect((await ada.get('ports')).seen).toMatchObject([{ device: 'bigip-1', partition: 'k8s' }]);

  const plan = await answered(
    ada,
    (await ada.post('replay/plans', { filter: 'code:BIP421' })).body,
  );
  const { job } = plan.answer;
  const change = { kind: 'start', job };
  const { body: preview } = await ada.post('changes/start/preview', change);
  expect(preview.counts).toEqual({ 'would-apply': 2 });
  const confirm = { hash: preview.hash, key: 'click-0001', why: 'repaired' };
  const started = await ada.post('changes/start', { change, confirm });
  expect([200, 202]).toContain(started.status);
  expect((await answered(ada, started.body.ask)).state).toBe('running');
  await until(
    'the first event is sent',
    async () => (await queues.queue('slices').depth()).waiting > 0,
  );
  expect(lambdas.calls.map(([name]) => name)).toEqual([
    'sluice-prod-audit',
    'sluice-prod-replay',
    'sluice-prod-replay',
  ]);
  const log = (await ada.get('audit')).entries.map((one: Json) => `${one.who}: ${one.action}`);
  expect(log).toEqual(
    expect.arrayContaining(['ada@example.com: console login', 'ada@example.com: replay start']),
  );
}, 180_000);
