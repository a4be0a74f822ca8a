/** Who holds an address, in words; the API leaves the shape open. Pure. */

/** `east/team/gw (443/tcp, 80/tcp), /Common/old`. */
export function holdersOf(address: Readonly<Record<string, unknown>>): string {
  const { by } = address;
  if (!Array.isArray(by)) return '';
  return (by as readonly { readonly who?: unknown; readonly exposures?: unknown }[])
    .map(({ who, exposures }) => {
      const ports = Array.isArray(exposures) ? exposures.join(', ') : '';
      return ports === '' ? String(who) : `${String(who)} (${ports})`;
    })
    .join(', ');
}

/** Of 0 to 1; large pools are counted in text. */
export function usedShare(used: number | string, size: number | string): number {
  const all = Number(size);
  return all > 0 ? Math.min(1, Number(used) / all) : 0;
}
