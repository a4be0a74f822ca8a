import { randomBytes } from 'node:crypto';
import type { Json } from './json.ts';

interface Token {
  readonly token: string;
  readonly user: string;
  readonly timeout: number;
  readonly startedAt: number;
  readonly expiresAt: number;
}

/** Tokens of users, as in the answers of `/mgmt/shared/authz/tokens`. */
export interface Tokens {
  /** Undefined when the user has as many as BIG-IP allows. */
  create(user: string): Json | undefined;
  check(token: string): 'valid' | 'expired' | 'unknown';
  get(token: string): Json | undefined;
  extend(token: string, seconds: number): Json | undefined;
  remove(token: string): boolean;
  expireAll(): void;
  clear(): void;
  count(): number;
}

const DEFAULT_SECONDS = 1200;
/** Ten hours; BIG-IP extends no token beyond it. */
export const LONGEST_SECONDS = 36_000;
const MAX_TOKENS = 100;

/** `now`: milliseconds since 1970. */
export function createTokens(now: () => number): Tokens {
  const tokens = new Map<string, Token>();
  const active = (user: string): number =>
    [...tokens.values()].filter((t) => t.user === user && t.expiresAt > now()).length;
  const put = (token: Token): Json => {
    tokens.set(token.token, token);
    return describe(token);
  };
  return {
    create(user): Json | undefined {
      if (active(user) >= MAX_TOKENS) return undefined;
      const startedAt = now();
      return put({
        token: randomBytes(16).toString('hex').toUpperCase(),
        user,
        timeout: DEFAULT_SECONDS,
        startedAt,
        expiresAt: startedAt + DEFAULT_SECONDS * 1000,
      });
    },
    check(token): 'valid' | 'expired' | 'unknown' {
      const found = tokens.get(token);
      if (found === undefined) return 'unknown';
      return found.expiresAt > now() ? 'valid' : 'expired';
    },
    get(token): Json | undefined {
      const found = tokens.get(token);
      return found === undefined ? undefined : describe(found);
    },
    extend(token, seconds): Json | undefined {
      const found = tokens.get(token);
      return found === undefined
        ? undefined
        : put({ ...found, timeout: seconds, expiresAt: found.startedAt + seconds * 1000 });
    },
    remove: (token) => tokens.delete(token),
    expireAll(): void {
      for (const token of tokens.values()) tokens.set(token.token, { ...token, expiresAt: now() });
    },
    clear: () => tokens.clear(),
    count: () => [...tokens.values()].filter((t) => t.expiresAt > now()).length,
  };
}

function describe({ token, user, timeout, startedAt, expiresAt }: Token): Json {
  return {
    token,
    name: token,
    userName: user,
    authProviderName: 'local',
    user: { link: `https://localhost/mgmt/shared/authz/users/${user}` },
    timeout,
    startTime: new Date(startedAt).toISOString(),
    partition: '[All]',
    generation: 1,
    lastUpdateMicros: startedAt * 1000,
    expirationMicros: expiresAt * 1000,
    kind: 'shared:authz:tokens:authtokenitemstate',
    selfLink: `https://localhost/mgmt/shared/authz/tokens/${token}`,
  };
}
