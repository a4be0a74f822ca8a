import type { CodeTable } from './entry.ts';

/** MAP2xx: why a server has no listener or no way to it. */
export const MAPPING_CODES = {} as const satisfies CodeTable;
