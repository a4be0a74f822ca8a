/** No secret that Sluice reads comes out of it again: a recognisable one at every place, and a search. */
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { kubeconfigText } from '../../infra/lab/kubernetes/kubeconfig.ts';
import { newKeyPair } from '../../shared/queue/signature.ts';
import { canary, startSearch } from './support/canaries.ts';
import { converged, deadLetters, gateway, openPorts, route } from './support/looks.ts';
import { startSite, type Site } from './support/site.ts';
import type { Sluice } from './support/sluice.ts';
import { until } from './support/until.ts';

const DEVICE = canary('device');
const TOKEN = canary('token');
const KUBECONFIG = { token: canary('kubeconfig') };
const BASIC = { username: 'admin', password: canary('basic') };
const PROXY_PASSWORD = canary('proxy');
const proxy = (port: number): string => `http://proxy-user:${PROXY_PASSWORD}@127.0.0.1:${port}`;
const IN_ENVIRONMENT = {
  CONSOLE_TOKEN: TOKEN,
  CLIENT_SECRET: canary('client'),
  SESSION_KEY: canary('session'),
  DB_PASSWORD: canary('postgres'),
  WRONG_PASSWORD: canary('wrong'),
  AWS_SECRET_ACCESS_KEY: canary('aws'),
  AWS_SESSION_TOKEN: canary('aws-session'),
};
const ENV = {
  ...IN_ENVIRONMENT,
  HTTPS_PROXY: proxy(9),
  HTTP_PROXY: proxy(9),
  AWS_ACCESS_KEY_ID: 'AKIDCANARY',
  SLUICE_HTTP_PORT: '127.0.0.1:0',
  SLUICE_LOG_LEVEL: 'debug',
};
/** Files of the test that hold secrets. */
const OURS = /\.password$|\.key$|kubeconfig|^damaged/;

const search = startSearch();
let site: Site;
let manifests: readonly string[];

interface Config {
  clusters: Record<string, unknown>[];
  devices: Record<string, unknown>[];
  console?: object;
}

/** Signed events, and a console with a login whose provider does not answer. */
async function configure(): Promise<void> {
  const config = parse(await site.read('sluice.yaml')) as Config;
  const keys = newKeyPair();
  for (const line of keys.privatePem.split('\n'))
    if (line !== '' && !line.startsWith('-')) search.lookFor(line);
  await site.write('sign.key', keys.privatePem);
  await site.write('sign.pub', keys.publicPem);
  Object.assign(config.clusters[0]!, {
    signKey: `file:${join(site.dir, 'sign.key')}`,
    verifyKeys: [`file:${join(site.dir, 'sign.pub')}`],
  });
  config.console = {
    url: 'http://localhost:9080',
    tokens: [{ name: 'ci', role: 'admin', token: 'env:CONSOLE_TOKEN' }],
    oidc: {
      issuer: 'http://127.0.0.1:9',
      clientId: 'sluice',
      clientSecret: 'env:CLIENT_SECRET',
      sessionKey: 'env:SESSION_KEY',
      roles: { viewer: ['staff'] },
    },
  };
  await writeFile(site.files.config, stringify(config));
}

beforeAll(async () => {
  const fixed = [DEVICE, KUBECONFIG.token, BASIC.password, PROXY_PASSWORD];
  for (const secret of [...fixed, ...Object.values(IN_ENVIRONMENT)]) search.lookFor(secret);
  site = await startSite({ password: DEVICE });
  const { users } = parse(await readFile(site.files.kubeconfig, 'utf8')) as {
    readonly users: readonly [{ readonly user: { readonly token: string } }];
  };
  search.lookFor(users[0].user.token);
  site.bigip.faults.inject({
    match: ({ headers, path, text }) => {
      const session = headers['x-f5-auth-token'];
      if (typeof session === 'string') search.lookFor(session);
      if (headers.authorization !== undefined)
        search.lookFor(headers.authorization.replace(/^\w+ /, ''));
      if (!path.endsWith('/authn/login')) search.add('requests to the device', text);
      return false;
    },
    times: Infinity,
    response: { kind: 'reset' },
  });
  await site.write('echo.json', JSON.stringify(gateway('echo', [{ port: 32_400 }])));
  manifests = ['-f', join(site.dir, 'echo.json')];
  await configure();
});
afterAll(() => site.stop());

function get(port: number, path: string, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers }, (answer) => {
      let text = `${answer.statusCode} ${JSON.stringify(answer.headers)}\n`;
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      answer.once('end', () => resolve(text));
    })
      .once('error', reject)
      .end();
  });
}

/** The page, the login and every reading route, with the token, with a wrong one and without. */
async function readConsole(up: Sluice, failure: string): Promise<void> {
  const url = String(up.log().find(({ msg }) => msg === 'console')?.['url']);
  const host = { Host: 'localhost:9080' };
  const cookie = canary('cookie');
  search.lookFor(cookie);
  const as = (token: string) => ({
    ...host,
    Authorization: `Bearer ${token}`,
    Cookie: `sluice=${cookie}; sluice-login=${cookie}`,
  });
  const read = (path: string, headers: Record<string, string>): Promise<string> =>
    get(Number(new URL(url).port), path, headers);
  const document = (await read('/api/v1/openapi.json', as(TOKEN))).split('\n').slice(1).join('\n');
  const { paths } = JSON.parse(document) as { readonly paths: Readonly<Record<string, object>> };
  const routes = Object.entries(paths)
    .filter(([path, methods]) => 'get' in methods && !path.endsWith('/events'))
    .map(([path]) => path.replace('{id}', failure));
  expect(routes.length).toBeGreaterThan(10);
  for (const path of ['/', '/login', ...routes]) {
    search.add(`console ${path}`, await read(path, as(TOKEN)));
    search.add(`console ${path} without login`, await read(path, host));
  }
  search.add('console with a wrong token', await read('/api/v1/now', as('wrong')));
  expect(search.textOf(`console /api/v1/failures/${failure}/event`)).toMatch(/^200 /);
}

/** What the command printed; its exit code does not matter here. */
async function run(args: readonly string[]): Promise<string> {
  const sluice = site.launch(args, ENV);
  await sluice.ended;
  const text = sluice.stdout() + sluice.stderr();
  search.add(`sluice ${args.join(' ')}`, text);
  return text;
}

test('a running Sluice shows none of its secrets, also about what is refused', async () => {
  const { config, kubeconfig } = site.files;
  const up = site.launch(
    ['up', '--config', config, '--kubeconfig', kubeconfig, '--console', '0'],
    ENV,
  );
  const said = (): string => up.stdout() + up.stderr();
  await until('it is up', () => up.log().some(({ msg }) => msg === 'up'), said);
  await openPorts(site, 'echo', [{ port: 32_400 }]);
  await converged(site, 'echo', 32_400, up);
  await site.api.apply(route('refused'));
  const refused = gateway('refused', [{ port: 32_500 }]);
  const annotations = { 'sluice.io/irules': '/Common/lab-missing' };
  await site.api.apply({ ...refused, metadata: { ...refused.metadata, annotations } });
  const [failure] = await deadLetters(site, 'slices', 1, up);
  await readConsole(up, failure!.id);
  const served = up.log().find(({ msg }) => msg.startsWith('serving'));
  search.add('metrics', await get(Number(served?.['port']), '/metrics', {}));
  const file = ['-c', config];
  const all = await Promise.all([
    run(['doctor', ...file, '-k', kubeconfig, '-o', 'json']),
    run(['plan', ...file, ...manifests, '-k', kubeconfig, '--device', '-o', 'json']),
    run(['status', ...file, '-o', 'json']),
    run(['failures', 'show', failure!.id, ...file, '-o', 'json']),
    run(['failures', 'export', ...file, '-o', join(site.dir, 'bundle.jsonl')]),
  ]);
  expect(all.filter((text) => text.startsWith('error'))).toEqual([]);
  for (const place of ['cmdline', 'comm', 'status'])
    search.add(`process ${place}`, await readFile(`/proc/${up.pid}/${place}`, 'utf8'));
  expect(await up.kill('SIGTERM')).toBe(0);
  search.add('log', said());
  for (const kind of ['events', 'services'])
    search.add(kind, JSON.stringify(await site.api.list(`/api/v1/${kind}`)));
  await search.addFiles(site.dir, OURS);
  expect(search.found()).toEqual([]);
  expect(search.places()).toEqual(
    expect.arrayContaining(['requests to the device', 'bundle.jsonl', 'state/queue.sqlite']),
  );
}, 120_000);

/** A kubeconfig of a server that nobody reaches, with a user and more keys of the cluster. */
async function kubeconfigOf(name: string, user: object, more: object = {}): Promise<string> {
  const access = { name: 'c', url: 'https://api.example', ca: site.bigip.ca, token: 'x' };
  const config = parse(kubeconfigText(access)) as {
    users: { user: object }[];
    clusters: { cluster: object }[];
  };
  config.users[0]!.user = user;
  Object.assign(config.clusters[0]!.cluster, more);
  await site.write(`damaged-${name}`, stringify(config));
  return join(site.dir, `damaged-${name}`);
}

test('a connection that fails says why without the secrets that were used for it', async () => {
  search.clear();
  const config = parse(await site.read('sluice.yaml')) as Config;
  const using = async (name: string, change: object): Promise<readonly string[]> => {
    await site.write(`${name}.yaml`, stringify({ ...config, ...change }));
    return ['-c', join(site.dir, `${name}.yaml`)];
  };
  const database = { kind: 'postgres', host: '127.0.0.1', port: 9, password: 'env:DB_PASSWORD' };
  const sqs = { kind: 'sqs', region: 'eu-central-1' };
  const s3 = { kind: 's3', bucket: 'bucket', region: 'eu-central-1' };
  const devices = [{ ...config.devices[0], password: 'env:WRONG_PASSWORD' }];
  await site.write('damaged.yaml', `users:\n  - user: {token: "${KUBECONFIG.token}\n`);
  const plan = ['plan', '-c', site.files.config, ...manifests, '-k'];
  const refused = /connection refused|ECONNREFUSED/;
  const cases: readonly (readonly [expected: RegExp, args: readonly string[]])[] = [
    [refused, ['status', ...(await using('queue', { queue: database }))]],
    [refused, ['failures', 'list', ...(await using('store', { failures: database }))]],
    [/Q60/, ['doctor', ...(await using('sqs', { queue: sqs }))]],
    [refused, ['failures', 'list', ...(await using('s3', { failures: s3 }))]],
    [/BIP401/, ['drift', ...(await using('device', { devices }))]],
    // By the proxy, for which nothing listens.
    [refused, [...plan, await kubeconfigOf('token', KUBECONFIG)]],
    [refused, [...plan, await kubeconfigOf('basic', BASIC)]],
    [/:7/, [...plan, await kubeconfigOf('proxy', KUBECONFIG, { 'proxy-url': proxy(7) })]],
    [/damaged\.yaml cannot be used/, [...plan, join(site.dir, 'damaged.yaml')]],
  ];
  await Promise.all(
    cases.map(async ([expected, args]) => expect(await run(args)).toMatch(expected)),
  );
  expect(search.found()).toEqual([]);
}, 120_000);
