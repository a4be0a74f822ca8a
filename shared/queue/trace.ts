/**
 * The W3C trace of an event: begun by the watcher, copied to every event that follows from it, and
 * written to the log by each function on the way.
 */
import type { EventMeta } from './envelope-types.ts';

/** A new trace; `id` makes UUIDs. */
export function newTraceparent(id: () => string): string {
  const hex = (): string => id().replaceAll('-', '').padEnd(32, '0').slice(0, 32);
  return `00-${hex()}-${hex().slice(0, 16)}-01`;
}

/** For log lines: 32 hexadecimal digits that are the same in all functions. Empty without a trace. */
export function traceFields({ traceparent }: Pick<EventMeta, 'traceparent'>): {
  readonly traceId?: string;
} {
  const traceId = /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent ?? '')?.[1];
  return traceId === undefined ? {} : { traceId };
}
