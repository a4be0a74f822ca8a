/** Whether a server takes what is moved, asked before anything is changed. */
import type { DatabaseCall } from '../../postgres/database.ts';
import { MoveRefusal } from '../../postgres/moving.ts';
import type { Counts } from '../../postgres/moving.ts';
import { readArrivalNote, ARRIVAL_TABLE } from './arrival-note.ts';
import type { ArrivalNote } from './arrival-note.ts';
import type { MovingPart } from './parts.ts';

/** The new place of a part as it is. */
export interface TargetState {
  /** A former run that ended. */
  readonly arrival: ArrivalNote | undefined;
  readonly counts: Counts;
}

interface Facts {
  readonly role: string;
  readonly encoding: string;
  readonly read_only: boolean;
  readonly may_create: boolean;
  /** Of the tables that are needed, those that are there. */
  readonly found: readonly string[];
  /** Of those, the ones that belong to other roles. */
  readonly foreign: readonly string[];
}

const FACTS = `
  SELECT session_user AS role, current_setting('server_encoding') AS encoding,
    pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS read_only,
    CASE WHEN n.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE')
      ELSE has_schema_privilege(n.oid, 'CREATE') END AS may_create,
    ARRAY(SELECT c.relname::text FROM pg_class c
      WHERE c.relnamespace = n.oid AND c.relname = ANY ($2)) AS found,
    ARRAY(SELECT c.relname::text FROM pg_class c
      WHERE c.relnamespace = n.oid AND c.relname = ANY ($2)
      AND NOT pg_has_role(c.relowner, 'MEMBER')) AS foreign
  FROM (SELECT (SELECT oid FROM pg_namespace WHERE nspname = $1) AS oid) n`;

/** What is wrong, with the remedy; undefined if nothing is. */
function problem(facts: Facts, needed: readonly string[]): string | undefined {
  const { role, encoding, read_only, may_create, found, foreign } = facts;
  if (encoding !== 'UTF8')
    return `the database has the encoding ${encoding}; create one with ENCODING 'UTF8'`;
  if (read_only) return 'the server is a standby or read-only; name the primary in host';
  if (foreign.length > 0)
    return (
      `role ${role} does not own ${foreign.toSorted().join(', ')}, so it may not fill them; ` +
      'set user to the role that owns the tables'
    );
  if (found.length < needed.length && !may_create)
    return (
      `role ${role} may not create the missing tables; run GRANT CREATE on the schema ` +
      '(or on the database, if there is no schema yet) to it, or set user to the owner'
    );
  return undefined;
}

/** Throws if the role cannot write there, or if something else is there than an earlier move left. */
export async function examineTarget(
  call: DatabaseCall,
  { part, to, target }: MovingPart,
): Promise<TargetState> {
  const needed = ['migration', ...target.tables, ARRIVAL_TABLE];
  const [facts] = await call<Facts>(FACTS, [target.server.schema, needed]);
  if (facts === undefined) throw new MoveRefusal(`${to} did not answer`);
  const wrong = problem(facts, needed);
  if (wrong !== undefined) throw new MoveRefusal(`${part} in ${to}: ${wrong}`);
  const { found } = facts;
  return {
    arrival: found.includes(ARRIVAL_TABLE) ? await readArrivalNote(call, part) : undefined,
    counts: target.tables.every((table) => found.includes(table))
      ? await target.count(call)
      : new Map(),
  };
}
