/** Names for the audit log, each of which stands for one person or program. */

/** Begins the names of programs, and of nobody else. */
export const TOKEN_PREFIX = 'token:';

/** Names stand in the audit log and on the page; providers allow any length. */
const MAX_CHARACTERS = 200;

/** What a provider says about a person. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * The name of a person: the claim, or else the subject. Undefined if neither is usable: empty, an
 * address of which the provider does not know whose it is, or one that looks like a program.
 */
export function nameIn(claims: Claims, claim: string): string | undefined {
  const isUnverified = claim === 'email' && claims['email_verified'] === false;
  return [isUnverified ? undefined : claims[claim], claims['sub']]
    .map((name) => (typeof name === 'string' ? name.trim().slice(0, MAX_CHARACTERS) : ''))
    .find((name) => name !== '' && !name.toLowerCase().startsWith(TOKEN_PREFIX));
}
