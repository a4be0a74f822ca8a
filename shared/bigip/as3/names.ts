import type { DeclaredExposure } from '../../domain/declared/declared.ts';

type Where = Pick<DeclaredExposure, 'address' | 'port' | 'protocol'>;

/** Application of one exposure: `gw-172_16_100_195-32400-tcp`. Reversible, because an address never holds `_` and its kind shows in its groups. */
export function applicationName({ address, port, protocol }: Where): string {
  return `gw-${address.replaceAll(/[^0-9A-Za-z]/g, '_')}-${port}-${protocol}`;
}

/** The empty application that keeps a partition alive while it has nothing else (AS3 would delete a tenant of constants alone). */
export const KEEPER = 'sluice';

/** Where the virtual server and pool stand on the device. */
export function devicePaths(
  partition: string,
  where: Where,
): { readonly virtual: string; readonly pool: string } {
  const base = `/${partition}/${applicationName(where)}`;
  return { virtual: `${base}/virtual`, pool: `${base}/pool` };
}

/** Whether a virtual server is called as Sluice calls them; whose it is, only the declaration of its partition tells. */
export function isNamedByUs(path: string): boolean {
  return /^\/[^/]+\/gw-[^/]+\/virtual$/.test(path);
}
