/** The table for the virtual server that AS3 adds for `redirect80` (as3.md §9.7). */
import { REDIRECT_PORT } from '../../domain/exposure/exposure.ts';
import type { As3Service } from '../as3/types.ts';
import { type DeclaredVirtual, type DriftRow, fixedRow, asText } from './row.ts';
import { VIRTUAL_ROWS } from './rows.ts';

/** The second virtual server of an exposure, with its own destination, such as `10.0.0.1:80`. */
export interface DeclaredRedirect extends DeclaredVirtual {
  readonly destination: string;
}

/** What AS3 makes of `redirect80`: a virtual server without pool and settings (as3.md §9.7). */
export function redirectService(service: As3Service): As3Service {
  const { virtualAddresses, profileTCP, allowVlans, rejectVlans, rateLimit, adminState } = service;
  return {
    class: 'Service_HTTP',
    virtualAddresses,
    virtualPort: REDIRECT_PORT,
    pool: '',
    iRules: ['/Common/_sys_https_redirect'],
    persistenceMethods: [],
    ...(profileTCP !== undefined && { profileTCP }),
    ...(allowVlans !== undefined && { allowVlans }),
    ...(rejectVlans !== undefined && { rejectVlans }),
    ...(rateLimit !== undefined && { rateLimit }),
    ...(adminState !== undefined && { adminState }),
  };
}

/** Beside the rows of each virtual server, what other code compares for those with a pool. */
export const REDIRECT_ROWS: readonly DriftRow<DeclaredRedirect>[] = [
  ...VIRTUAL_ROWS,
  {
    field: 'destination',
    words: 'destination',
    heal: 'declare',
    wanted: ({ destination }) => destination,
    live: ({ destination }) => asText(destination).split('/').at(-1),
  },
  {
    field: 'source',
    words: 'source',
    heal: 'declare',
    wanted: () => 'any',
    live: ({ source }) =>
      source === undefined || asText(source).endsWith('/0') ? 'any' : asText(source),
  },
  {
    field: 'disabled',
    words: 'state',
    heal: 'declare',
    wanted: ({ service }) => (service.adminState === undefined ? 'enabled' : 'disabled'),
    live: ({ disabled }) => (disabled === true ? 'disabled' : 'enabled'),
  },
  fixedRow('connectionLimit', 'connection limit', 0),
  // As `Virtual` reads it.
  fixedRow('mirror', 'mirroring', 'none'),
];
