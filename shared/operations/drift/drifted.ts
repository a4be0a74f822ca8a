/** Which findings of an audit are differences that somebody should look at. Pure. */

/**
 * Findings that are no drift: changes that are kept, recommended sizes, and silence, which the rows
 * of clusters show.
 */
const QUIET: ReadonlySet<string> = new Set(['kept', 'size', 'silent']);

export function isDrift({ kind }: { readonly kind: string }): boolean {
  return !QUIET.has(kind);
}
