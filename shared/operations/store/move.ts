/**
 * Moves waiting messages and the failure store of one host into PostgreSQL. Everything that goes to
 * one database goes in one transaction: a move that is killed has moved nothing, and is repeated.
 */
import { ConfigError } from '../../config/error.ts';
import type { Secrets } from '../../config/secrets.ts';
import { ReplayError } from '../../failures/error.ts';
import type { DatabaseCall, Database } from '../../postgres/database.ts';
import { POSTGRES_REMEDIES, postgresFault, postgresMessage } from '../../postgres/errors.ts';
import { MoveRefusal } from '../../postgres/moving.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import { ARRIVAL_MIGRATIONS } from './arrival-note.ts';
import { carry, MoveDifference, refuseContent, rehearse } from './carry.ts';
import type { OpenPart, PartReport } from './carry.ts';
import { examineTarget } from './examine.ts';
import type { TargetState } from './examine.ts';
import { partsToMove } from './parts.ts';
import type { ConfigFile, MovingPart, StayingPart } from './parts.ts';

/** What is moved, and with which means. */
export interface MoveOptions {
  readonly from: ConfigFile;
  readonly to: ConfigFile;
  /** Of the new configuration. */
  readonly secrets: Pick<Secrets, 'resolve'>;
  readonly clock: Clock;
  /** Reads and checks everything, and writes nothing. */
  readonly dryRun: boolean;
}

/** What was moved, or would be. */
export interface MoveReport {
  readonly parts: readonly PartReport[];
  /** The same in both configurations, so not touched. */
  readonly staying: readonly StayingPart[];
}

/** One login to one database, with what goes there. */
interface Place {
  readonly to: string;
  readonly parts: readonly OpenPart[];
}

function placesOf(parts: readonly OpenPart[]): readonly Place[] {
  const groups = Map.groupBy(parts, ({ to, target }) => JSON.stringify([to, target.server.user]));
  return [...groups.values()].map((some) => ({ to: some[0]?.to ?? '', parts: some }));
}

/** A command does not try again by itself. */
const REMEDIES = {
  ...POSTGRES_REMEDIES,
  away: 'Check host, port, the network and the state of PostgreSQL.',
  told: 'Correct it.',
} as const;

/** Errors of the server get its place and a remedy. */
async function at<T>(to: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isOurs = [MoveRefusal, MoveDifference, ConfigError, ReplayError].some(
      (known) => error instanceof known,
    );
    if (isOurs) throw error;
    throw new MoveRefusal(
      `${to} cannot be used (${postgresMessage(error)}). ${REMEDIES[postgresFault(error)]} ` +
        'The old place is unchanged; repeat the command.',
      { cause: error },
    );
  }
}

/** Two connections, because two schemas of one server have a transaction each. */
async function connect(
  { parts }: Place,
  { secrets, clock }: MoveOptions,
  { creates }: { readonly creates: boolean },
): Promise<Database> {
  const { connectPostgres } = await import('../../postgres/database.ts');
  const [first] = parts;
  if (first === undefined) throw new RangeError('a place without parts');
  return connectPostgres({
    server: { ...first.target.server, connections: 2 },
    secrets,
    clock,
    migrations: creates
      ? [...parts.map(({ target }) => target.migrations), ARRIVAL_MIGRATIONS]
      : [],
  });
}

async function withDatabase<T>(
  place: Place,
  options: MoveOptions,
  {
    creates,
    work,
  }: { readonly creates: boolean; readonly work: (database: Database) => Promise<T> },
): Promise<T> {
  const database = await connect(place, options, { creates });
  try {
    return await at(place.to, () => work(database));
  } finally {
    await database.close();
  }
}

/** The transactions end one inside the other, so that both end, or none but for a crash in between. */
async function carryAll(
  [place, ...rest]: readonly Place[],
  options: MoveOptions,
): Promise<readonly PartReport[]> {
  if (place === undefined) return [];
  return withDatabase(place, options, {
    creates: true,
    work: (database) =>
      database.transaction(async (call) => {
        const reports = await carryPlace(call, place);
        return [...reports, ...(await carryAll(rest, options))];
      }),
  });
}

async function carryPlace(call: DatabaseCall, { parts }: Place): Promise<readonly PartReport[]> {
  const reports: PartReport[] = [];
  for (const part of parts) reports.push(await carry(call, part));
  return reports;
}

/** Before anything is changed. */
async function examineAll(
  places: readonly Place[],
  options: MoveOptions,
): Promise<ReadonlyMap<OpenPart, TargetState>> {
  const states = new Map<OpenPart, TargetState>();
  for (const place of places)
    await withDatabase(place, options, {
      creates: false,
      work: (database) =>
        database.transaction(async (call) => {
          for (const part of place.parts) {
            const state = await examineTarget(call, part);
            refuseContent(part, state);
            states.set(part, state);
          }
        }),
    });
  return states;
}

function leave(part: MovingPart, { file }: ConfigFile): OpenPart {
  try {
    return { ...part, source: part.leave() };
  } catch (error) {
    throw new MoveRefusal(`${file}: ${errorMessage(error)}`, { cause: error });
  }
}

async function moveParts(
  parts: readonly OpenPart[],
  options: MoveOptions,
): Promise<readonly PartReport[]> {
  const places = placesOf(parts);
  const states = await examineAll(places, options);
  if (options.dryRun) {
    const reports: PartReport[] = [];
    for (const [part, state] of states) reports.push(await rehearse(part, state));
    return reports;
  }
  try {
    const reports = await carryAll(places, options);
    for (const { source, to } of parts) source.mark(to);
    return reports;
  } catch (error) {
    if (error instanceof MoveDifference) return [error.report];
    throw error;
  }
}

/**
 * Throws a MoveRefusal before anything is changed if it cannot work. The old places are then marked,
 * so that no process goes on with them; their content stays.
 */
export async function moveStores(options: MoveOptions): Promise<MoveReport> {
  const { moving, staying } = partsToMove(options.from, options.to);
  const parts: OpenPart[] = [];
  try {
    for (const part of moving) parts.push(leave(part, options.from));
    return { parts: await moveParts(parts, options), staying };
  } finally {
    for (const { source } of parts) await source.close();
  }
}
