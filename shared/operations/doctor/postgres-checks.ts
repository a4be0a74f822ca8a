/** Whether PostgreSQL keeps what it has accepted. */
import { POSTGRES_REMEDIES, postgresFault, postgresMessage } from '../../postgres/errors.ts';
import { postgresLocation } from '../../postgres/options.ts';
import type { PostgresServer } from '../../config/postgres.ts';
import { queueBackend } from '../../queue/open.ts';
import type { Runtime } from '../../host/runtime.ts';
import { badFinding, okFinding } from './finding.ts';
import type { DoctorFinding } from './finding.ts';

/** Of the queue and of the failure store, which are often one. */
function serversOf({ config: { queue, failures } }: Pick<Runtime, 'config'>): PostgresServer[] {
  const { server } = queueBackend(queue);
  const all = [server, failures.kind === 'postgres' ? failures : undefined];
  const named = all.flatMap((one) =>
    one === undefined ? [] : [[postgresLocation(one), one] as const],
  );
  return [...new Map(named).values()];
}

/** One finding for each setting that can lose messages, or one that says what commits wait for. */
export async function postgresChecks(
  runtime: Pick<Runtime, 'config' | 'secrets' | 'clock'>,
): Promise<readonly DoctorFinding[]> {
  return (await Promise.all(serversOf(runtime).map((server) => ofServer(runtime, server)))).flat();
}

async function ofServer(
  { secrets, clock }: Pick<Runtime, 'secrets' | 'clock'>,
  server: PostgresServer,
): Promise<readonly DoctorFinding[]> {
  const checked = { id: 'postgres-durability', what: `durability of ${postgresLocation(server)}` };
  const { connectPostgres } = await import('../../postgres/database.ts');
  const { describeDurability, durabilityProblems, readDurability } =
    await import('../../postgres/durability.ts');
  // Whoever uses the tables creates them.
  const database = connectPostgres({ server, secrets, clock, migrations: [] });
  try {
    const read = await readDurability(database, server.schema);
    const problems = durabilityProblems(read);
    if (problems.length === 0) return [okFinding(checked, describeDurability(read))];
    return problems.map(({ says, remedy }) => badFinding(checked, says, { state: 'warn', remedy }));
  } catch (error) {
    const remedy = POSTGRES_REMEDIES[postgresFault(error)];
    return [badFinding(checked, `it cannot be read (${postgresMessage(error)})`, { remedy })];
  } finally {
    await database.close();
  }
}
