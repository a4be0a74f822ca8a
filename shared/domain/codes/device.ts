import type { CodeTable } from './entry.ts';

/** BIP4xx: the device refused; BIP5xx: it is busy or away. */
export const DEVICE_CODES = {} as const satisfies CodeTable;
