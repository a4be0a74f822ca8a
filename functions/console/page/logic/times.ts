/** Times and ages in words. Pure. */
import { formatAge } from '../../../../shared/domain/text/counts.ts';

const DAY_MS = 86_400_000;

/** Milliseconds since 1970 of either form that the API has; undefined if it is no time. */
export function millisOf(time: number | string | undefined): number | undefined {
  const at = typeof time === 'string' ? Date.parse(time) : time;
  return at === undefined || Number.isNaN(at) ? undefined : at;
}

/** `12s ago`; of the future, because clocks differ: `just now`. */
export function ago(at: number, now: number): string {
  return at >= now ? 'just now' : `${formatAge(at, now)} ago`;
}

/** `02:41` of the last day, else with the date. `zone`: for tests; default: of this machine. */
export function clockTime(at: number, now: number, zone?: string): string {
  const where = zone === undefined ? {} : { timeZone: zone };
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  if (Math.abs(now - at) < DAY_MS)
    return new Intl.DateTimeFormat('en-GB', { ...time, ...where }).format(at);
  const date = { day: 'numeric', month: 'short', ...time, ...where } as const;
  return new Intl.DateTimeFormat('en-GB', date).format(at);
}
