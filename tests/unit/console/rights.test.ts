/** Who may use which route, and from where. */
import { describe, expect, test } from '@jest/globals';
import { ROUTES } from '../../../functions/console/http/app.ts';
import { includesRole, ROLES } from '../../../functions/console/http/rights.ts';
import type { Role } from '../../../functions/console/http/rights.ts';
import type { Json } from '../../fixtures/console/desk.ts';
import { create } from '../../../functions/console/main.ts';
import { startDesk } from '../../fixtures/console/desk.ts';
import { configOf, testRuntime } from '../../fixtures/failures/runtime.ts';

const TOKEN = { name: 'ci', role: 'viewer', token: 'env:TOKEN' };

/** Every route with the least role that may use it. A new route does not pass without a line. */
const LEAST: Readonly<Record<string, Role>> = {
  'get /api/v1/session': 'viewer',
  'get /api/v1/events': 'viewer',
  'get /api/v1/now': 'viewer',
  'get /api/v1/status': 'viewer',
  'get /api/v1/clusters': 'viewer',
  'get /api/v1/drift': 'viewer',
  'get /api/v1/addresses': 'viewer',
  'get /api/v1/waiting': 'viewer',
  'get /api/v1/failures': 'viewer',
  'get /api/v1/failures/groups': 'viewer',
  'get /api/v1/failures/{id}': 'viewer',
  'get /api/v1/failures/{id}/event': 'operator',
  'get /api/v1/jobs': 'viewer',
  'get /api/v1/jobs/{id}': 'viewer',
  'post /api/v1/replay/plans': 'operator',
  'post /api/v1/looks': 'operator',
  'post /api/v1/doctor': 'operator',
  'get /api/v1/asks/{id}': 'operator',
  'get /api/v1/policies': 'viewer',
  'get /api/v1/ports': 'viewer',
  'get /api/v1/search': 'viewer',
  'get /api/v1/why': 'viewer',
  'get /api/v1/trace': 'viewer',
  'post /api/v1/plan': 'viewer',
  'get /api/v1/audit': 'viewer',
  'get /api/v1/audit.jsonl': 'viewer',
  ...Object.fromEntries(
    Object.entries({
      cluster: 'admin',
      repair: 'admin',
      approve: 'operator',
      sync: 'operator',
      'cancel-order': 'operator',
      archive: 'operator',
      restore: 'operator',
      pause: 'operator',
      cancel: 'operator',
      start: 'operator',
      resume: 'operator',
    } as const).flatMap(([name, role]) => [
      [`post /api/v1/changes/${name}/preview`, 'viewer'],
      [`post /api/v1/changes/${name}`, role],
    ]),
  ),
};

test('every route has a line in the table', () => {
  expect(Object.fromEntries(ROUTES.map((r) => [`${r.method} ${r.path}`, r.role]))).toEqual(LEAST);
});

/** Valid enough to be refused for the role and for nothing else. */
const BODY: Readonly<Record<string, object>> = {
  '/api/v1/replay/plans': { filter: '' },
  '/api/v1/looks': {},
  '/api/v1/doctor': {},
  '/api/v1/plan': { manifests: 'kind: Service' },
};
const CHANGE: Readonly<Record<string, object>> = {
  cluster: { kind: 'cluster', action: 'enable', cluster: 'east' },
  repair: { kind: 'repair' },
  approve: { kind: 'approve', owner: 'east/istio-system/istio-ingressgateway' },
  sync: { kind: 'sync', cluster: 'east', gateway: 'team/web' },
  'cancel-order': { kind: 'cancel-order', id: 'none' },
  archive: { kind: 'archive', words: ['code:GW104'] },
  restore: { kind: 'restore', words: ['code:GW104'] },
  pause: { kind: 'pause', job: 'none' },
  cancel: { kind: 'cancel', job: 'none' },
  start: { kind: 'start', job: 'none' },
  resume: { kind: 'resume', job: 'none' },
};
const QUERY: Readonly<Record<string, string>> = {
  '/api/v1/search': '?q=1',
  '/api/v1/why': '?gateway=east/a/b',
  '/api/v1/trace': '?gateway=east/a/b',
};

function bodyOf(path: string): object {
  const [, name = '', isPreview] = /changes\/([\w-]+)(\/preview)?$/.exec(path) ?? [];
  const change = CHANGE[name];
  if (change === undefined) return BODY[path] ?? {};
  const confirm = { hash: 'h', key: `click-${path}`, why: 'because' };
  return isPreview === undefined ? { change, confirm } : change;
}

describe.each(ROLES)('a person with the role %s', (role) => {
  test('is refused exactly what the table does not allow, and the refusal is recorded', async () => {
    const desk = await startDesk(role);
    await desk.see();
    for (const [route, least] of Object.entries(LEAST)) {
      const [method, path = ''] = route.split(' ');
      const real = path.replace('{id}', 'abcdef') + (QUERY[path] ?? '');
      const { status, body } =
        method === 'get' ? await desk.get(real) : await desk.post(real, bodyOf(path));
      expect([route, status === 403]).toEqual([route, !includesRole(role, least)]);
      if (status === 403) expect(body.error.message).toContain(`requires the role ${least}`);
      else expect(status).not.toBe(400);
    }
    const { entries } = (await desk.get('/api/v1/audit')).body;
    const refused = Object.entries(LEAST).filter(
      ([route, least]) => route.startsWith('post') && !includesRole(role, least),
    );
    expect(entries.filter((one: Json) => one.action === 'console refused')).toHaveLength(
      refused.length,
    );
  });
});

test('a refused change is recorded once a minute, because anybody can repeat it', async () => {
  const desk = await startDesk('viewer');
  const repair = { change: CHANGE['repair'], confirm: { hash: 'h', key: 'click-01', why: 'w' } };
  const results = async (): Promise<readonly string[]> =>
    (await desk.get('/api/v1/audit')).body.entries.map((one: Json) => one.result);
  for (let i = 0; i < 4; i++)
    expect((await desk.post('/api/v1/changes/repair', repair)).status).toBe(403);
  expect(await results()).toEqual(['requires admin; refused']);
  desk.site.runtime.advance(60_000);
  await desk.post('/api/v1/changes/repair', repair);
  expect(await results()).toEqual([
    'requires admin; refused 4 times since the last entry',
    'requires admin; refused',
  ]);
});

test('a probe needs no host and no login, and learns nothing', async () => {
  const { fetch } = create({
    runtime: testRuntime(
      configOf({ console: { url: 'https://sluice.example.com', tokens: [TOKEN] } }),
    ),
    who: 'nobody',
    role: 'viewer',
    call: () => Promise.resolve(),
  });
  const headers = { Host: '10.244.1.7:9080' };
  const probe = await fetch(new Request('http://10.244.1.7:9080/healthz', { headers }));
  expect([probe.status, await probe.text()]).toEqual([200, 'ok']);
  const other = await fetch(new Request('http://10.244.1.7:9080/api/v1/session', { headers }));
  expect(other.status).toBe(403);
});

describe('without authentication', () => {
  test.each([
    ['evil.example.com', 403],
    ['localhost.evil.example.com', 403],
    ['10.0.0.1:8080', 403],
    ['localhost:8080', 200],
    ['127.0.0.1:8080', 200],
    ['[::1]:8080', 200],
    ['localhost', 200],
  ])('a request for host %s gets %i', async (host, wanted) => {
    const desk = await startDesk();
    expect((await desk.get('/api/v1/session', { Host: host })).status).toBe(wanted);
  });

  test('a request of another page is refused, also a reading one', async () => {
    const desk = await startDesk();
    for (const origin of ['https://evil.example.com', 'http://localhost:8081', 'null']) {
      const headers = { Origin: origin };
      expect((await desk.get('/api/v1/session', headers)).status).toBe(403);
      expect((await desk.post('/api/v1/looks', {}, headers)).status).toBe(403);
    }
    const own = { Origin: 'http://localhost:8080' };
    expect((await desk.post('/api/v1/looks', {}, own)).status).toBe(200);
  });

  test('a change needs the token of the session, and JSON', async () => {
    const desk = await startDesk();
    for (const token of ['', 'wrong'])
      expect((await desk.post('/api/v1/looks', {}, { 'X-Sluice-Csrf': token })).status).toBe(403);
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/json+x'])
      expect((await desk.post('/api/v1/looks', {}, { 'Content-Type': type })).status).toBe(415);
    const json = { 'Content-Type': 'application/json; charset=utf-8' };
    expect((await desk.post('/api/v1/looks', {}, json)).status).toBe(200);
  });

  test('every answer forbids foreign resources and frames, also a refusal', async () => {
    const desk = await startDesk();
    for (const path of ['/api/v1/session', '/api/v1/failures/zz']) {
      const { headers } = await desk.get(path);
      expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'");
      expect(headers.get('Content-Security-Policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    }
  });

  test('an answer that is the same is not sent again', async () => {
    const desk = await startDesk();
    const first = await desk.get('/api/v1/failures');
    const tag = first.headers.get('ETag') ?? '';
    const again = await desk.get('/api/v1/failures', { 'If-None-Match': tag });
    expect([again.status, again.text]).toEqual([304, '']);
  });
});
