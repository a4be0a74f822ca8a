/** Names of the objects that Sluice declares, and of those that AS3 makes from them. */
import type { DeclaredExposure } from '../../domain/declared/declared.ts';

type Where = Pick<DeclaredExposure, 'address' | 'port' | 'protocol'>;

/**
 * Application name of an exposure, for instance `gw-172_16_100_195-32400-tcp`. Reversible, because
 * addresses contain no `_` and the number of groups distinguishes the families.
 */
export function applicationName({ address, port, protocol }: Where): string {
  return `gw-${address.replaceAll(/[^0-9A-Za-z]/g, '_')}-${port}-${protocol}`;
}

/**
 * The empty application of a partition without exposures, because AS3 would delete a tenant with
 * only constants.
 */
export const EMPTY_APPLICATION = 'sluice';

/** Paths of virtual server and pool on the device. */
export function devicePaths(
  partition: string,
  where: Where,
): { readonly virtual: string; readonly pool: string } {
  const base = `/${partition}/${applicationName(where)}`;
  return { virtual: `${base}/virtual`, pool: `${base}/pool` };
}

/** An exposure, as far as it decides the paths of its virtual servers. */
type Served = Where & Pick<DeclaredExposure, 'settings'>;

/** Path of the second virtual server, which AS3 makes for the redirect; undefined without one. */
export function redirectPath(partition: string, e: Served): string | undefined {
  return e.settings.redirect80 === true
    ? `${devicePaths(partition, e).virtual}-Redirect-`
    : undefined;
}

/** Paths of all virtual servers of an exposure. */
export function virtualPaths(partition: string, e: Served): readonly string[] {
  const redirect = redirectPath(partition, e);
  const { virtual } = devicePaths(partition, e);
  return redirect === undefined ? [virtual] : [virtual, redirect];
}

/** Whether the name has Sluice's format; only the declaration of its partition shows the owner. */
export function isNamedByUs(path: string): boolean {
  return /^\/[^/]+\/gw-[^/]+\/virtual$/.test(path);
}
