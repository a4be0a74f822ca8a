import type { CodeTable } from './entry.ts';

/** Q6xx: the queue. */
export const QUEUE_CODES = {} as const satisfies CodeTable;
