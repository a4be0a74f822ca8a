import type { CodeTable } from './entry.ts';

/** GW1xx: what came in cannot be used. */
export const INPUT_CODES = {} as const satisfies CodeTable;
