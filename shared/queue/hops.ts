/** A station of an event's content, for latency figures. */

/** One station with its time. */
export interface Hop {
  /** RFC 3339 */
  readonly at: string;
  /** A function's name, such as `watch`. */
  readonly where: string;
}

/** Encodes hops as `<time> <place>, <time> <place>`, because CloudEvents attributes are strings. */
export function formatHops(hops: readonly Hop[]): string {
  return hops.map((hop) => `${hop.at} ${hop.where.replaceAll(/[\s,]+/g, '_')}`).join(', ');
}

/** Hops are informational; malformed ones are dropped. */
export function parseHops(text: string): readonly Hop[] {
  return text.split(', ').flatMap((part) => {
    const [at = '', where = ''] = part.split(' ');
    return where === '' || Number.isNaN(Date.parse(at)) ? [] : [{ at, where }];
  });
}
