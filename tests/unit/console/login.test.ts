/** A console that answers to other machines: tokens of programs, and logins of people. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { create } from '../../../functions/console/main.ts';
import type { Console } from '../../../functions/console/main.ts';
import { ConfigError } from '../../../shared/config/error.ts';
import { nameIn } from '../../../functions/console/login/names.ts';
import { logTo } from '../../fixtures/log.ts';
import { browser, startProvider } from '../../fixtures/console/browser.ts';
import type { Fetch, LoginProvider } from '../../fixtures/console/browser.ts';
import { startSite } from '../../fixtures/failures/site.ts';
import type { Site } from '../../fixtures/failures/site.ts';

const URL_OF = 'http://localhost:9080';
const SECRETS: Record<string, string> = {
  'env:TOKEN': 'a-token-of-a-program-that-nobody-can-guess',
  'env:SHORT': 'short',
  'env:CLIENT': 'the-secret-of-the-client',
  'env:KEY': 'a-key-for-sessions-that-nobody-can-guess',
};

function createOf(site: Site, login: object): Console {
  const runtime = {
    ...site.runtime,
    config: { ...site.runtime.config, console: { url: URL_OF, tokens: [], ...login } },
    secrets: {
      resolve: async (name: string) =>
        SECRETS[name] ??
        Promise.reject(new ConfigError('GW102', 'secret', [{ path: name, message: 'is missing' }])),
    },
  };
  return create({
    runtime,
    failures: site.failures,
    who: 'root',
    role: 'admin',
    call: () => Promise.resolve(),
  });
}

function consoleOf(site: Site, login: object): Fetch {
  const { fetch } = createOf(site, login);
  return async (path, init = {}) =>
    fetch(
      new Request(new URL(path, URL_OF), {
        ...init,
        headers: { Host: 'localhost:9080', ...(init.headers as Record<string, string>) },
      }),
    );
}

/** A request is refused without a name, which the log has. */
async function expectUnready(
  login: object,
  path: string,
  { given, said }: { readonly given?: RequestInit; readonly said: string },
): Promise<void> {
  const lines: Record<string, unknown>[] = [];
  const site = startSite();
  const runtime = { ...site.runtime, log: logTo(lines) };
  const answer = await consoleOf({ ...site, runtime }, login)(path, given);
  expect([answer.status, await answer.json()]).toEqual([
    503,
    { error: { message: 'The console is not completely set up; its log says what is missing.' } },
  ]);
  expect(lines).toContainEqual(
    expect.objectContaining({ level: 'error', path, error: expect.stringContaining(said) }),
  );
}

describe('a token', () => {
  const tokens = [{ name: 'ci', role: 'operator', token: 'env:TOKEN' }];
  const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });

  test('proves its holder, and gives the role that it is configured with', async () => {
    const fetch = consoleOf(startSite(), { tokens });
    const answer = await fetch('/api/v1/session', bearer(SECRETS['env:TOKEN']!));
    expect(await answer.json()).toMatchObject({ who: 'token:ci', role: 'operator' });
    // No page of another site can send it, so a change needs no other token.
    const look = await fetch('/api/v1/looks', {
      method: 'POST',
      body: '{}',
      headers: {
        'Content-Type': 'application/json',
        Authorization: `Bearer ${SECRETS['env:TOKEN']}`,
      },
    });
    expect(look.status).toBe(202);
  });

  test.each([undefined, 'Bearer wrong', 'Basic YTpi', 'Bearer '])(
    'is required: "%s" is refused, and nobody is root',
    async (given) => {
      const fetch = consoleOf(startSite(), { tokens });
      const headers: Record<string, string> = given === undefined ? {} : { Authorization: given };
      for (const path of ['/api/v1/session', '/api/v1/openapi.json', '/api/v1/audit'])
        expect((await fetch(path, { headers })).status).toBe(401);
    },
  );

  test('that can be guessed is not accepted: the log names it, and the answer nothing', async () => {
    const weak = { tokens: [{ ...tokens[0], token: 'env:SHORT' }] };
    await expectUnready(weak, '/api/v1/session', {
      given: bearer('short'),
      said: 'token ci of console.tokens: the secret has fewer than 32 characters',
    });
  });

  test('that cannot be read lets nobody in, and the log says why', async () => {
    const absent = { tokens: [{ ...tokens[0], token: 'env:ABSENT' }] };
    await expectUnready(absent, '/api/v1/session', { given: bearer('x'), said: 'env:ABSENT' });
  });

  test('that is weak or cannot be read costs only itself: the others are accepted, and the log names it', async () => {
    const lines: Record<string, unknown>[] = [];
    const site = startSite();
    const runtime = { ...site.runtime, log: logTo(lines) };
    const bad = [
      { name: 'weak', role: 'viewer', token: 'env:SHORT' },
      { name: 'lost', role: 'viewer', token: 'env:ABSENT' },
    ];
    const fetch = consoleOf({ ...site, runtime }, { tokens: [...bad, ...tokens] });
    const session = () => fetch('/api/v1/session', bearer(SECRETS['env:TOKEN']!));
    expect(await (await session()).json()).toMatchObject({ who: 'token:ci' });
    expect((await session()).status).toBe(200);
    expect(lines.map(({ level, token, error }) => [level, token, error])).toEqual([
      ['error', 'weak', expect.stringContaining('fewer than 32 characters')],
      ['error', 'lost', expect.stringContaining('env:ABSENT')],
    ]);
    // Nobody knows whether it is the one that cannot be read.
    expect((await fetch('/api/v1/session', bearer('x'))).status).toBe(503);
    // What somebody mended is accepted without a new start.
    SECRETS['env:ABSENT'] = 'a-token-that-somebody-wrote-there-afterwards';
    site.runtime.advance(30_000);
    const found = await fetch('/api/v1/session', bearer(SECRETS['env:ABSENT']));
    delete SECRETS['env:ABSENT'];
    expect(await found.json()).toMatchObject({ who: 'token:lost', role: 'viewer' });
  });

  test('that is not accepted is named when the console starts', async () => {
    const lines: Record<string, unknown>[] = [];
    const site = startSite();
    const runtime = { ...site.runtime, log: logTo(lines) };
    const weak = { tokens: [{ ...tokens[0], token: 'env:SHORT' }, ...tokens.slice(1)] };
    const server = await createOf({ ...site, runtime }, weak).listen(0);
    await server.close();
    expect(lines).toMatchObject([{ level: 'error', token: 'ci' }]);
  });

  test('works only under the configured URL', async () => {
    const fetch = consoleOf(startSite(), { tokens });
    const headers = { ...bearer(SECRETS['env:TOKEN']!).headers, Host: 'localhost:8080' };
    expect((await fetch('/api/v1/session', { headers })).status).toBe(403);
  });
});

let provider: LoginProvider;
beforeEach(async () => {
  provider = await startProvider(URL_OF, SECRETS['env:CLIENT']!);
});
afterEach(() => provider.close());

const loginOf = () => ({
  oidc: {
    issuer: provider.issuer,
    clientId: 'sluice',
    clientSecret: 'env:CLIENT',
    sessionKey: 'env:KEY',
    scope: 'openid',
    nameClaim: 'email',
    rolesClaim: 'groups',
    roles: { viewer: ['staff'], operator: ['network'], admin: ['chief'] },
  },
});

const browserOf = (fetchConsole: Fetch) =>
  browser(fetchConsole, { url: URL_OF, issuer: provider.issuer });

describe('a login', () => {
  test('by the provider gives a session with the role of the groups, and is recorded', async () => {
    const site = startSite();
    const { go, login, jar } = browserOf(consoleOf(site, loginOf()));
    expect((await go('/api/v1/session')).status).toBe(401);
    const done = await login('/login?to=/failures');
    expect([done.status, done.headers.get('Location')]).toEqual([302, '/failures']);
    const session = (await (await go('/api/v1/session')).json()) as Record<string, string>;
    expect(session).toMatchObject({
      who: 'ada@example.com',
      role: 'operator',
      logout: '/logout',
    });
    // The content of the cookie is not readable.
    expect([...jar().values()].join()).not.toContain('ada');
    const post = (headers: Record<string, string>) =>
      go('/api/v1/looks', {
        method: 'POST',
        body: '{}',
        headers: { 'Content-Type': 'application/json', ...headers },
      });
    expect((await post({})).status).toBe(403);
    expect((await post({ 'X-Sluice-Csrf': session['csrf']! })).status).toBe(202);
    expect(await site.failures.audit.list()).toMatchObject([
      { who: 'ada@example.com', action: 'console login', result: 'as operator' },
    ]);
  });

  test('has cookies that no script, no other host and no page without TLS can read or set', async () => {
    const url = 'https://sluice.example.com';
    const { headers } = await createOf(startSite(), { ...loginOf(), url }).fetch(
      new Request(`${url}/login`, { headers: { Host: 'sluice.example.com' } }),
    );
    const cookies = headers.getSetCookie();
    expect(cookies.length).toBeGreaterThan(0);
    for (const cookie of cookies)
      expect(cookie).toMatch(
        /^__Host-(?=.*; HttpOnly)(?=.*; Secure)(?=.*; SameSite=Lax)(?!.*Domain)/,
      );
  });

  test('is not possible with a session key that can be guessed, and the log says so', async () => {
    const { oidc } = loginOf();
    const weak = { oidc: { ...oidc, sessionKey: 'env:SHORT' } };
    const said = 'console.oidc.sessionKey: the secret has fewer than 32 characters';
    await expectUnready(weak, '/login', { said });
  });

  test.each([
    ['an address that the provider has not verified', { email_verified: false }],
    ['an empty address', { email: ' ' }],
    ['a name that looks like a program', { email: 'token:ci' }],
  ])('with %s is recorded by the subject', async (_, claims) => {
    provider.claims = claims;
    const site = startSite();
    const { go, login } = browserOf(consoleOf(site, loginOf()));
    expect((await login()).status).toBe(302);
    expect(await (await go('/api/v1/session')).json()).toMatchObject({ who: 'ada' });
    expect(await site.failures.audit.list()).toMatchObject([{ who: 'ada' }]);
  });

  test('ends after eight hours, and with a cookie that somebody changed', async () => {
    const site = startSite();
    const { go, login, jar } = browserOf(consoleOf(site, loginOf()));
    await login();
    const cookie = jar().get('sluice')!;
    jar().set('sluice', `${cookie.slice(0, -4)}AAAA`);
    expect((await go('/api/v1/session')).status).toBe(401);
    jar().set('sluice', cookie);
    expect((await go('/api/v1/session')).status).toBe(200);
    site.runtime.advance(8 * 3_600_000);
    expect((await go('/api/v1/session')).status).toBe(401);
  });

  test('is ended by who logs out, and by no other page', async () => {
    const { go, login } = browserOf(consoleOf(startSite(), loginOf()));
    await login();
    const logOut = (Origin: string) => go('/logout', { method: 'POST', headers: { Origin } });
    expect((await logOut('https://evil.example.com')).status).toBe(403);
    expect((await go('/api/v1/session')).status).toBe(200);
    expect(await (await logOut(URL_OF)).json()).toEqual({ says: 'You are logged out here.' });
    expect((await go('/api/v1/session')).status).toBe(401);
  });

  test('without a group of any role is refused, and recorded', async () => {
    provider.groups = ['others'];
    const site = startSite();
    const { go, login } = browserOf(consoleOf(site, loginOf()));
    expect((await login()).status).toBe(403);
    expect((await go('/api/v1/session')).status).toBe(401);
    const results = async () => (await site.failures.audit.list()).map(({ result }) => result);
    expect(await results()).toEqual(['refused: no role']);
    // A provider may let anybody in, who then tries again and again.
    for (let i = 0; i < 3; i++) expect((await login()).status).toBe(403);
    expect(await results()).toEqual(['refused: no role']);
    site.runtime.advance(60_000);
    await login();
    expect(await results()).toEqual([
      'refused: no role',
      'refused: no role 4 times since the last entry',
    ]);
  });

  test('that fails again and again is recorded once a minute, because anybody can do that', async () => {
    const site = startSite();
    const { go, jar } = browserOf(consoleOf(site, loginOf()));
    await go('/login');
    const cookie = jar().get('sluice-login')!;
    const failing = async (): Promise<void> => {
      jar().set('sluice-login', cookie);
      expect((await go('/login/callback?code=x&state=x')).status).toBe(403);
    };
    for (let i = 0; i < 4; i++) await failing();
    expect(await site.failures.audit.list()).toMatchObject([{ who: 'unknown', result: 'failed' }]);
    site.runtime.advance(60_000);
    await failing();
    expect(await site.failures.audit.list()).toMatchObject([
      { result: 'failed' },
      { result: 'failed 4 times since the last entry' },
    ]);
  });

  test('that began in another browser is not finished, and leads to no other site', async () => {
    const fetchConsole = consoleOf(startSite(), loginOf());
    const victim = browserOf(fetchConsole);
    const answer = await victim.go('/login/callback?code=stolen&state=x');
    expect(answer.status).toBe(400);
    for (const to of ['https://evil.example.com', '//evil.example.com', '/\\evil.example.com'])
      expect(
        (await browserOf(fetchConsole).login(`/login?to=${encodeURIComponent(to)}`)).headers.get(
          'Location',
        ),
      ).toBe('/');
  });

  test('of a provider that does not answer says so', async () => {
    const away = loginOf();
    const oidc = { ...away.oidc, issuer: 'http://localhost:1' };
    const answer = await browserOf(consoleOf(startSite(), { oidc })).go('/login');
    expect([answer.status, JSON.stringify(await answer.json())]).toEqual([
      503,
      expect.stringContaining('does not answer'),
    ]);
  });
});

describe('the name of a person', () => {
  test.each([
    [{ email: 'ada@example.com', sub: '1' }, 'email', 'ada@example.com'],
    [{ email: 'ada@example.com', email_verified: true, sub: '1' }, 'email', 'ada@example.com'],
    [{ email: 'ada@example.com', email_verified: false, sub: '1' }, 'email', '1'],
    [{ name: ' Ada ', email_verified: false, sub: '1' }, 'name', 'Ada'],
    [{ name: 'token ci', sub: '1' }, 'name', 'token ci'],
    [{ name: ' Token:ci', sub: '1' }, 'name', '1'],
    [{ name: ['ada'], sub: '1' }, 'name', '1'],
    [{ sub: 'token:ci' }, 'name', undefined],
    [{ name: '' }, 'name', undefined],
  ])('of %j by the claim %s is %s', (claims, claim, wanted) => {
    expect(nameIn(claims, claim)).toBe(wanted);
  });
});
