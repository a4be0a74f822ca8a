/** Who asks: somebody on this machine, a program with a token, or a person with a session. */
import { randomBytes } from 'node:crypto';
import type { Context, Hono, MiddlewareHandler } from 'hono';
import type { ConsoleConfig } from '../../../shared/config/console.ts';
import type { Secrets } from '../../../shared/config/secrets.ts';
import type { AuditLog } from '../../../shared/failures/audit.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { loopbackOnly, ownHostOnly } from '../http/guard.ts';
import { Refused } from '../http/problems.ts';
import type { Person } from '../http/rights.ts';
import { createOidc, LOGIN } from './oidc.ts';
import { tokenHolders } from './tokens.ts';

/** A person, and what its page needs. */
export type Admitted = Person & {
  /** The token for changes; absent if no page of another site can act for the person. */
  readonly csrf?: string;
  /** Where its session is ended; absent if it has none. */
  readonly logout?: string;
};

/** Lets requests in. */
export interface Admission {
  /** Which hosts and origins may be named. */
  readonly guard: MiddlewareHandler;
  /** Rejects with a 401 if nobody is known. */
  admit(c: Context): Promise<Admitted>;
  addRoutes(app: Pick<Hono, 'get' | 'post'>): void;
  /** Looks at what it needs, so that the log names what is missing before anybody asks. */
  check(): Promise<void>;
}

/** Without a login: the user of the system, with the role that was given at the start. */
export function localAdmission(person: Person): Admission {
  const admitted = { ...person, csrf: randomBytes(24).toString('base64url') };
  return {
    guard: loopbackOnly(),
    admit: () => Promise.resolve(admitted),
    addRoutes: () => undefined,
    check: () => Promise.resolve(),
  };
}

/** With `console` in sluice.yaml. `secrets`: for those that it names, and no others. */
export function loginAdmission(
  { url, oidc: config, tokens }: ConsoleConfig,
  { clock, log }: Pick<Runtime, 'clock' | 'log'>,
  { secrets, audit }: { readonly secrets: Secrets; readonly audit: AuditLog },
): Admission {
  const holders = tokenHolders(tokens, secrets, { clock, log });
  const oidc = config && createOidc({ url, config, secrets, clock, log, audit });
  return {
    guard: ownHostOnly(new URL(url)),
    admit: async (c) => {
      const [, token] = /^Bearer (\S{1,4096})$/.exec(c.req.header('Authorization') ?? '') ?? [];
      const person = token === undefined ? await oidc?.session(c) : await holders.find(token);
      if (person !== undefined) return person;
      throw new Refused(
        401,
        token !== undefined
          ? 'This token is not one of console.tokens.'
          : oidc === undefined
            ? 'Send a token of console.tokens as "Authorization: Bearer …".'
            : `You are not logged in, or your login has ended. Log in at ${LOGIN}.`,
      );
    },
    addRoutes: (app) => oidc?.addRoutes(app),
    check: () => holders.read(),
  };
}
