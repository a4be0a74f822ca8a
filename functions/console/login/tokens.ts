/** Bearer tokens of programs. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { ConsoleConfig } from '../../../shared/config/console.ts';
import type { Secrets } from '../../../shared/config/secrets.ts';
import { strongToken } from '../../../shared/config/strong-secret.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { errorMessage } from '../../../shared/telemetry/errors.ts';
import type { Person } from '../http/rights.ts';
import { TOKEN_PREFIX } from './names.ts';

/** The programs that may ask. */
export interface TokenHolders {
  /**
   * The holder of a token. Rejects if it is none of those that are known, but some token cannot be
   * read or is weak: then nobody knows whether it is that one.
   */
  find(token: string): Promise<Person | undefined>;
  /** Reads all tokens, so that the log names those that are not accepted. */
  read(): Promise<void>;
}

type Token = ConsoleConfig['tokens'][number];
type Read = { readonly digest: Buffer } | { readonly problem: unknown; readonly until: number };

/** Milliseconds until a token that was not accepted is read again. */
const PAUSE_MS = 30_000;

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Each token is read once; one that is not accepted is read again later, and costs only itself. */
export function tokenHolders(
  tokens: readonly Token[],
  secrets: Secrets,
  { clock, log }: Pick<Runtime, 'clock' | 'log'>,
): TokenHolders {
  const known = new Map<string, Read>();
  const readNow = async ({ name, token }: Token): Promise<Read> => {
    try {
      return { digest: digestOf(strongToken(await secrets.resolve(token), name)) };
    } catch (problem) {
      log.error({ token: name, error: errorMessage(problem) }, 'a token is not accepted');
      return { problem, until: clock.monotonic() + PAUSE_MS };
    }
  };
  const read = async (one: Token): Promise<Read> => {
    const before = known.get(one.name);
    const isKnown =
      before !== undefined && ('digest' in before || clock.monotonic() < before.until);
    if (isKnown) return before;
    const made = await readNow(one);
    known.set(one.name, made);
    return made;
  };
  const readAll = () =>
    Promise.all(tokens.map(async (one) => ({ ...one, state: await read(one) })));
  return {
    read: async () => void (await readAll()),
    find: async (given) => {
      const wanted = digestOf(given);
      const all = await readAll();
      let found: Person | undefined;
      // All are compared, so that the time does not tell which one is nearly right.
      for (const { name, role, state } of all)
        if ('digest' in state && timingSafeEqual(state.digest, wanted))
          found ??= { who: `${TOKEN_PREFIX}${name}`, role };
      if (found !== undefined) return found;
      for (const { state } of all) if ('problem' in state) throw state.problem;
      return undefined;
    },
  };
}
