/** Formats counts, ages and durations for messages. Pure. */

/** Both in milliseconds since 1970. */
export function formatAge(then: number, now: number): string {
  return formatDuration(Math.round(Math.max(0, now - then) / 1_000) * 1_000);
}

/** Formats milliseconds. */
export function formatDuration(milliseconds: number): string {
  const seconds = milliseconds / 1_000;
  if (seconds > 0 && seconds < 10 && !Number.isInteger(seconds)) return `${seconds.toFixed(1)}s`;
  if (seconds < 120) return `${Math.round(seconds)}s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)}h` : `${Math.round(seconds / 86_400)}d`;
}

/** `1 exposure`, `2 exposures`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Texts named in one message; the others are counted. */
const MAX_NAMED = 3;

/** `a, b, c and 2 more`. A node can have thousands of addresses, and messages have a limit. */
export function firstNamed(texts: readonly string[]): string {
  const more = texts.length > MAX_NAMED ? ` and ${texts.length - MAX_NAMED} more` : '';
  return `${texts.slice(0, MAX_NAMED).join(', ')}${more}`;
}
