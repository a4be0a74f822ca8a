/** When an event's content was where: the times behind "from Gateway to first answer". */

export interface Hop {
  /** RFC 3339 */
  readonly at: string;
  /** A function's name, such as `watch`. */
  readonly where: string;
}

/** CloudEvents attributes are strings, so the list travels as `<time> <place>, <time> <place>`. */
export function formatHops(hops: readonly Hop[]): string {
  return hops.map((hop) => `${hop.at} ${hop.where.replaceAll(/[\s,]+/g, '_')}`).join(', ');
}

/** Hops are for people; what cannot be read is left out. */
export function parseHops(text: string): readonly Hop[] {
  return text.split(', ').flatMap((part) => {
    const [at = '', where = ''] = part.split(' ');
    return where === '' || Number.isNaN(Date.parse(at)) ? [] : [{ at, where }];
  });
}
