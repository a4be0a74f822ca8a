/** Login with OpenID Connect: authorization code flow with PKCE, without a library of a cloud. */
import { randomBytes } from 'node:crypto';
import type { Context, Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import * as oidc from 'openid-client';
import type { ConsoleConfig, OidcConfig } from '../../../shared/config/console.ts';
import type { Secrets } from '../../../shared/config/secrets.ts';
import type { AuditLog } from '../../../shared/failures/audit.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { lazily } from '../../../shared/runtime/lazy.ts';
import { errorMessage } from '../../../shared/telemetry/errors.ts';
import { Refused } from '../http/problems.ts';
import { ROLES } from '../http/rights.ts';
import type { Role } from '../http/rights.ts';
import { createFailedLogins, loginEntry } from './failed-logins.ts';
import { nameIn } from './names.ts';
import type { Claims } from './names.ts';
import { createSealer, LOGIN_MS, LoginFlow, LoginSession, SESSION_MS } from './sessions.ts';
import type { Sealer } from './sessions.ts';

/** What a login needs. */
export interface OidcOptions {
  readonly url: ConsoleConfig['url'];
  readonly config: OidcConfig;
  readonly secrets: Secrets;
  readonly clock: Runtime['clock'];
  readonly log: Runtime['log'];
  readonly audit: AuditLog;
}

/** Logins, and who has a session. */
export interface Oidc {
  session(c: Context): Promise<(LoginSession & { readonly logout: string }) | undefined>;
  addRoutes(app: Pick<Hono, 'get' | 'post'>): void;
}

/** Paths of the login. */
export const LOGIN = '/login';
const CALLBACK = '/login/callback';
const LOGOUT = '/logout';

/** The provider is asked with the first login; if it does not answer, the next login tries again. */
export function createOidc(options: OidcOptions): Oidc {
  const { url, config, secrets, clock } = options;
  const { names, cookie } = cookiesFor(url);
  const sealer = lazily(async () => createSealer(await secrets.resolve(config.sessionKey), clock));
  const provider = lazily(async () => discover(options));
  const redirect = new URL(CALLBACK, url).href;
  const noteFailed = createFailedLogins(options.audit, clock);

  const start = async (c: Context): Promise<Response> => {
    const flow = {
      verifier: oidc.randomPKCECodeVerifier(),
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      to: ownPath(c.req.query('to')),
    };
    const target = oidc.buildAuthorizationUrl(await provider.get(), {
      redirect_uri: redirect,
      scope: config.scope,
      code_challenge: await oidc.calculatePKCECodeChallenge(flow.verifier),
      code_challenge_method: 'S256',
      state: flow.state,
      nonce: flow.nonce,
    });
    const sealed = await (await sealer.get()).seal('login', flow, LOGIN_MS);
    setCookie(c, names.login, sealed, { ...cookie, maxAge: LOGIN_MS / 1_000 });
    return c.redirect(target.href);
  };

  const finish = async (c: Context): Promise<Response> => {
    const opened = await sealer.get();
    const flow = await opened.open('login', getCookie(c, names.login) ?? '', LoginFlow);
    deleteCookie(c, names.login, cookie);
    if (flow === undefined)
      throw new Refused(400, 'This login took too long, or began elsewhere. Log in again.');
    const answer = new URL(`${CALLBACK}${new URL(c.req.url).search}`, url);
    const claims = await claimsOf(options, await provider.get(), { answer, flow, noteFailed });
    const person = await personOf(options, claims, noteFailed);
    const session = { ...person, csrf: randomBytes(24).toString('base64url') };
    const sealed = await opened.seal('session', session, SESSION_MS);
    setCookie(c, names.session, sealed, { ...cookie, maxAge: SESSION_MS / 1_000 });
    return c.redirect(flow.to);
  };

  return {
    session: async (c) => {
      const text = getCookie(c, names.session);
      if (text === undefined) return undefined;
      const session = await openSession(await sealer.get(), text);
      return session && { ...session, logout: LOGOUT };
    },
    addRoutes: (app) => {
      app.get(LOGIN, start);
      app.get(CALLBACK, finish);
      app.post(LOGOUT, (c) => {
        deleteCookie(c, names.session, cookie);
        return c.json({ says: 'You are logged out here.' });
      });
    },
  };
}

/** With the prefix, no other host and no page without TLS can set them. */
function cookiesFor(url: string) {
  const secure = url.startsWith('https:');
  const prefix = secure ? '__Host-' : '';
  return {
    names: { session: `${prefix}sluice`, login: `${prefix}sluice-login` },
    cookie: { httpOnly: true, secure, sameSite: 'Lax', path: '/' } as const,
  };
}

function openSession(sealer: Sealer, text: string): Promise<LoginSession | undefined> {
  return sealer.open('session', text, LoginSession);
}

/** Only a path of the console itself, so that no login leads to another site. */
function ownPath(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])[^\s\\]{0,1500}$/.test(to) ? to : '/';
}

/**
 * Reads the provider's metadata. Throws Refused 503 with the issuer, without the reason, which may
 * contain internal names; the log has it.
 */
async function discover({ config, secrets, log }: OidcOptions): Promise<oidc.Configuration> {
  const { issuer, clientId, clientSecret } = config;
  const secret = await secrets.resolve(clientSecret);
  const execute = issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [];
  try {
    return await oidc.discovery(new URL(issuer), clientId, secret, undefined, {
      execute,
      timeout: 5,
    });
  } catch (error) {
    log.error({ issuer, error: errorMessage(error) }, 'the login provider does not answer');
    throw new Refused(
      503,
      `The login provider ${issuer} does not answer. Try again; the log of the console has the reason.`,
    );
  }
}

type NoteFailed = ReturnType<typeof createFailedLogins>;

/**
 * Exchanges the code for the claims of the ID token: PKCE, state and nonce are checked. Throws
 * Refused 403; the failed login is in the audit log.
 */
async function claimsOf(
  { log }: OidcOptions,
  provider: oidc.Configuration,
  {
    answer,
    flow,
    noteFailed,
  }: {
    readonly answer: URL;
    readonly flow: LoginFlow;
    readonly noteFailed: NoteFailed;
  },
): Promise<Claims> {
  try {
    const tokens = await oidc.authorizationCodeGrant(provider, answer, {
      pkceCodeVerifier: flow.verifier,
      expectedState: flow.state,
      expectedNonce: flow.nonce,
      idTokenExpected: true,
    });
    return tokens.claims() ?? {};
  } catch (error) {
    log.warn({ error: errorMessage(error) }, 'a login failed');
    await noteFailed('unknown', 'failed');
    throw new Refused(403, 'The login failed: the provider did not confirm it. Log in again.');
  }
}

/** The highest role of the groups. Who has none, or no name, is refused, and that is recorded. */
async function personOf(
  { config, audit }: OidcOptions,
  claims: Claims,
  noteFailed: NoteFailed,
): Promise<{ readonly who: string; readonly role: Role }> {
  const who = nameIn(claims, config.nameClaim);
  if (who === undefined) {
    await noteFailed('unknown', 'refused: no name');
    throw new Refused(
      403,
      `Your login has no name that the audit log can use: the claims ${config.nameClaim} and sub are ` +
        'empty, not verified, or reserved for programs. Ask who runs the login provider.',
    );
  }
  const given = claims[config.rolesClaim];
  const groups = new Set(Array.isArray(given) ? given : [given]);
  const role = ROLES.toReversed().find((one) =>
    config.roles[one].some((group) => groups.has(group)),
  );
  if (role === undefined) {
    await noteFailed(who, 'refused: no role');
    throw new Refused(
      403,
      `${who} has no role here: none of the groups in claim ${config.rolesClaim} is in console.oidc.roles.`,
    );
  }
  await audit.append(loginEntry(who, `as ${role}`));
  return { who, role };
}
