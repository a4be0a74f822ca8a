/** What an error of PostgreSQL or of its client means. */
import {
  describeErrorCode,
  errorCode,
  errorMessage,
  isCertificateError,
} from '../telemetry/errors.ts';

/**
 * `denied`: a login or a right is missing; `missing`: the database or its tables are; `told`: the
 * message has the remedy already.
 */
export type PostgresFault = 'away' | 'denied' | 'missing' | 'certificate' | 'told';

/** A database that Sluice cannot use as it is; the message says what to do. */
export class UnfitDatabaseError extends Error {}

/** By SQLSTATE (PostgreSQL, appendix A) or its class. */
const FAULTS: Readonly<Record<string, PostgresFault>> = {
  '28': 'denied',
  '42501': 'denied',
  '3D': 'missing',
  '3F': 'missing',
  '42P01': 'missing',
  '42883': 'missing',
  // A secret of the configuration that cannot be read.
  GW102: 'told',
};

/** PgBouncer gives one code to all of its errors, and to those of a login to the server. */
const OF_POOLER = '08P01';
const POOLER_FAULTS: readonly (readonly [RegExp, PostgresFault])[] = [
  [/^database ".*" does not exist|^no such database/, 'missing'],
  [/^role ".*" does not exist|^no such user|authentication failed/, 'denied'],
];

/** What to do about it. */
export const POSTGRES_REMEDIES: Readonly<Record<PostgresFault, string>> = {
  away: 'Check host, port, the network and the state of PostgreSQL; Sluice retries.',
  denied: 'Check user and password, pg_hba.conf of the server, and the rights of the role.',
  missing: 'Create the database, or correct database and schema.',
  certificate:
    'Set ca to the CA that issued the certificate of the server, and host to a name in it.',
  told: 'Sluice retries.',
};

/** Other codes of libraries and of the operating system are `away`. */
export function postgresFault(error: unknown): PostgresFault {
  if (error instanceof UnfitDatabaseError) return 'told';
  const code = errorCode(error) ?? '';
  if (isCertificateError(code)) return 'certificate';
  if (code === OF_POOLER) {
    const message = errorMessage(error);
    return POOLER_FAULTS.find(([pattern]) => pattern.test(message))?.[1] ?? 'away';
  }
  return FAULTS[code] ?? FAULTS[code.slice(0, 2)] ?? 'away';
}

/** The message of the server, or the meaning of a code of Node. */
export function postgresMessage(error: unknown): string {
  const code = errorCode(error);
  if (code === undefined) return errorMessage(error);
  const words = describeErrorCode(code);
  return words === code ? `${errorMessage(error)}, ${code}` : words;
}
