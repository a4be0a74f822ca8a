/** What a server would lose of what it has confirmed, when it crashes or a standby takes over. */
import { firstNamed, formatCount } from '../domain/text/counts.ts';
import type { Database } from './database.ts';

/** The settings and standbys that matter. */
export interface Durability {
  readonly synchronousCommit: string;
  /** Where it was set, as in `pg_settings`: `default`, `configuration file`, `user`, … */
  readonly source: string;
  readonly fsync: boolean;
  readonly fullPageWrites: boolean;
  /** `synchronous_standby_names`; empty: none is waited for. */
  readonly waitsFor: string;
  /** Tables whose rows a crash removes, and which no standby has. */
  readonly unlogged: readonly string[];
  /**
   * Connected standbys, with `sync_state` of `pg_stat_replication`; null if the role may not read
   * it.
   */
  readonly standbys: readonly { readonly name: string | null; readonly sync: string | null }[];
}

/** What can be lost, and the setting to change. */
export interface DurabilityProblem {
  readonly says: string;
  readonly remedy: string;
}

/** Subscribers of logical replication and running backups are not standbys. */
const STANDBYS = `
  SELECT r.application_name AS name, r.sync_state AS sync FROM pg_stat_replication r
  WHERE r.state IS DISTINCT FROM 'backup' AND NOT EXISTS (
    SELECT FROM pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
  ORDER BY r.application_name`;

const UNLOGGED = `
  SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND c.relpersistence = 'u'
  ORDER BY c.relname`;

const READ = `
  SELECT setting AS "synchronousCommit", source,
    current_setting('fsync') = 'on' AS fsync,
    current_setting('full_page_writes') = 'on' AS "fullPageWrites",
    trim(current_setting('synchronous_standby_names')) AS "waitsFor",
    ARRAY(${UNLOGGED})::text[] AS unlogged,
    (SELECT coalesce(json_agg(one), '[]') FROM (${STANDBYS}) one) AS standbys
  FROM pg_settings WHERE name = 'synchronous_commit'`;

/** Any role may read it, but without `pg_read_all_stats` not the state of each standby. */
export async function readDurability(database: Database, schema: string): Promise<Durability> {
  const [row] = await database.call<Durability>(READ, [schema]);
  return row!;
}

/** `ALTER ROLE … SET` and the like win over the configuration file. */
const SET_BY: Readonly<Record<string, string>> = {
  user: 'ALTER ROLE … RESET synchronous_commit',
  database: 'ALTER DATABASE … RESET synchronous_commit',
  'database user': 'ALTER ROLE … IN DATABASE … RESET synchronous_commit',
};

const inFile = (setting: string): string => `set ${setting} in postgresql.conf and reload it`;

const LOSES = 'loses what was confirmed just before';

/** `local` does not wait for the standbys that others wait for. */
function commitProblem(read: Durability): readonly DurabilityProblem[] {
  const { synchronousCommit: value, source, waitsFor } = read;
  const remedy = SET_BY[source] ?? inFile('synchronous_commit = on');
  if (value === 'off') return [{ says: `synchronous_commit is off, so a crash ${LOSES}`, remedy }];
  if (value !== 'local' || waitsFor === '') return [];
  return [
    {
      says: `synchronous_commit is local, which waits for no standby, so a failover ${LOSES}`,
      remedy,
    },
  ];
}

function standbyProblem({ waitsFor, standbys }: Durability): readonly DurabilityProblem[] {
  if (waitsFor !== '' || standbys.length === 0) return [];
  const names = standbys.flatMap(({ name }) => name ?? []);
  const which = names.length === 0 ? '' : ` (${firstNamed(names)})`;
  return [
    {
      says:
        `no standby is synchronous, and ${formatCount(standbys.length, 'other')}${which} ` +
        `can be behind, so a failover ${LOSES}`,
      remedy: inFile("synchronous_standby_names, for instance 'ANY 1 (*)',"),
    },
  ];
}

/** One for each setting or table to change; empty: nothing that was confirmed is lost. */
export function durabilityProblems(read: Durability): readonly DurabilityProblem[] {
  const { fsync, fullPageWrites, unlogged } = read;
  const off = (name: string): DurabilityProblem => ({
    says: `${name} is off, so a crash of the machine can damage the database`,
    remedy: inFile(`${name} = on`),
  });
  return [
    ...(fsync ? [] : [off('fsync')]),
    ...(fullPageWrites ? [] : [off('full_page_writes')]),
    ...commitProblem(read),
    ...standbyProblem(read),
    ...unlogged.map((table) => ({
      says: `table ${table} is unlogged, so a crash empties it, and no standby has it`,
      remedy: `run ALTER TABLE ${table} SET LOGGED`,
    })),
  ];
}

/** Says what commits wait for, and which standbys may take over. */
export function describeDurability(read: Durability): string {
  const { synchronousCommit, waitsFor, standbys } = read;
  const disk = `fsync is on, synchronous_commit is ${synchronousCommit}`;
  if (waitsFor === '') return `${disk}; there is no standby`;
  const waits = `${disk}; commits wait for standbys as in synchronous_standby_names = ${waitsFor}`;
  if (standbys.some(({ sync }) => sync === null))
    return (
      `${waits}; which of the ${standbys.length} connected ones these are is hidden from this ` +
      'role (GRANT pg_read_all_stats shows it)'
    );
  const named = (wanted: boolean): string =>
    firstNamed(
      standbys.flatMap(({ name, sync }) =>
        (sync === 'sync' || sync === 'quorum') === wanted ? [name ?? 'unnamed'] : [],
      ),
    );
  const behind = named(false);
  return (
    `${waits}, now ${named(true) || 'none, so every commit waits'}` +
    (behind === '' ? '' : `; ${behind} can be behind, so do not fail over to it`)
  );
}
