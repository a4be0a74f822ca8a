/** Bearer tokens of programs. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { ConsoleConfig } from '../../../shared/config/console.ts';
import type { Secrets } from '../../../shared/config/secrets.ts';
import type { Person } from '../http/rights.ts';
import { TOKEN_PREFIX } from './names.ts';
import { strongSecret } from './strong-secret.ts';

/** Finds the holder of a token. */
export type FindHolder = (token: string) => Promise<Person | undefined>;

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The secrets are read once, with the first request that needs them; a failure is tried again. */
export function tokenHolders(tokens: ConsoleConfig['tokens'], secrets: Secrets): FindHolder {
  const known = new Map<string, Buffer>();
  const read = async ({ name, token }: ConsoleConfig['tokens'][number]): Promise<Buffer> => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const secret = await secrets.resolve(token);
    const made = digestOf(strongSecret(secret, `token ${name} of console.tokens`));
    known.set(name, made);
    return made;
  };
  return async (given) => {
    const wanted = digestOf(given);
    let found: Person | undefined;
    // All are compared, so that the time does not tell which one is nearly right.
    for (const one of tokens)
      if (timingSafeEqual(await read(one), wanted))
        found ??= { who: `${TOKEN_PREFIX}${one.name}`, role: one.role };
    return found;
  };
}
