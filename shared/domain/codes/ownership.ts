import type { CodeTable } from './entry.ts';

/** OWN3xx: who owns what. */
export const OWNERSHIP_CODES = {} as const satisfies CodeTable;
