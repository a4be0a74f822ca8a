/** What people should look at when PostgreSQL, or a pooler before it, refuses a connection. */
import { expect, test } from '@jest/globals';
import { postgresFault, UnfitDatabaseError } from '../../../shared/postgres/errors.ts';

const of = (code: string, message: string): Error => Object.assign(new Error(message), { code });

test.each<readonly [string, Error, string]>([
  ['a wrong password', of('28P01', 'password authentication failed for user "s"'), 'denied'],
  ['a missing database', of('3D000', 'database "s" does not exist'), 'missing'],
  ['a server that starts', of('57P03', 'the database system is starting up'), 'away'],
  ['a port that nobody listens to', of('ECONNREFUSED', 'connect ECONNREFUSED'), 'away'],
  ['an unknown CA', of('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify'), 'certificate'],
  ['another name', of('ERR_TLS_CERT_ALTNAME_INVALID', 'does not match'), 'certificate'],
  ['a secret that cannot be read, with its own remedy', of('GW102', 'secret file:x'), 'told'],
  ['another encoding, with its own remedy', new UnfitDatabaseError('the encoding'), 'told'],
  ['a connection that ended', new Error('Connection terminated unexpectedly'), 'away'],
  ['a missing database, by PgBouncer', of('08P01', 'database "s" does not exist'), 'missing'],
  ['a database that PgBouncer does not know', of('08P01', 'no such database: s'), 'missing'],
  ['a missing role, by PgBouncer', of('08P01', 'role "s" does not exist'), 'denied'],
  ['a role that PgBouncer does not know', of('08P01', 'no such user'), 'denied'],
  ['a wrong password, by PgBouncer', of('08P01', 'password authentication failed'), 'denied'],
  [
    'a server that PgBouncer does not reach',
    of('08P01', 'server login has been failing, try again later (server_login_retry)'),
    'away',
  ],
])('%s', (_, error, fault) => {
  expect(postgresFault(error)).toBe(fault);
});
