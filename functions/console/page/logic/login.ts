/** Where to log in. Pure. */

const LONGEST = 1_500;

/** The address of the login that leads back to `here`. */
export function loginTo(here: string): string {
  const to = here.length > LONGEST ? here.split('?')[0]! : here;
  return `/login?to=${encodeURIComponent(to)}`;
}

/** The same; undefined if the refusal names no login, because only tokens are accepted. */
export function loginOf(refusal: string, here: string): string | undefined {
  return refusal.includes('/login') ? loginTo(here) : undefined;
}
