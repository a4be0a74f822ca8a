/** Where to log in. Pure. */

const LONGEST = 1_500;

/**
 * The address that leads back to `here` after a login; undefined if the refusal names no login,
 * because only programs with tokens are let in.
 */
export function loginOf(refusal: string, here: string): string | undefined {
  if (!refusal.includes('/login')) return undefined;
  const to = here.length > LONGEST ? here.split('?')[0]! : here;
  return `/login?to=${encodeURIComponent(to)}`;
}
