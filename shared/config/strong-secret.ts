/** Secrets of the console itself, which nobody may be able to guess. */
import { ConfigError } from './error.ts';

/** With base64, 32 characters are 192 bits of a random secret. */
const MIN_CHARACTERS = 32;

/**
 * The secret without white space around it. Throws a ConfigError GW101 that names `field`, never the
 * value, if it has fewer than 32 characters.
 */
export function strongSecret(text: string, field: string): string {
  const secret = text.trim();
  if (secret.length >= MIN_CHARACTERS) return secret;
  throw new ConfigError('GW101', 'sluice.yaml', [
    {
      path: field,
      message: `the secret has fewer than ${MIN_CHARACTERS} characters; use a longer one`,
    },
  ]);
}

/** The token of a program, by its name in `console.tokens`. Throws like {@link strongSecret}. */
export function strongToken(text: string, name: string): string {
  return strongSecret(text, `token ${name} of console.tokens`);
}
