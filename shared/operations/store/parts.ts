/** Which parts of two configurations differ, and whether they can be moved. */
import type { PostgresServer } from '../../config/postgres.ts';
import type { SluiceConfig } from '../../config/schema.ts';
import { movableFailures } from '../../failures/moving.ts';
import { MoveRefusal } from '../../postgres/moving.ts';
import type { Movable, MovedItem, MoveSource, MoveTarget } from '../../postgres/moving.ts';
import { movableQueue } from '../../queue/moving.ts';

/** The two stores of a configuration. */
export type StoreName = 'queue' | 'failures';

/** A configuration and its file, for messages. */
export interface ConfigFile {
  readonly file: string;
  readonly config: Pick<SluiceConfig, 'queue' | 'failures' | 'clusters'>;
}

/** One store that moves. */
export interface MovingPart<Item extends MovedItem = MovedItem> {
  readonly part: StoreName;
  readonly from: string;
  readonly to: string;
  readonly leave: () => MoveSource<Item>;
  readonly target: MoveTarget<Item>;
}

/** A store that is the same in both configurations. */
export interface StayingPart {
  readonly part: StoreName;
  readonly where: string;
}

/** What both configurations ask for. */
export interface MoveParts {
  readonly moving: readonly MovingPart[];
  readonly staying: readonly StayingPart[];
}

const MOVABLE = 'only SQLite (queue) and fs (failures) can be moved, and only to postgres';

interface Sides {
  readonly from: ConfigFile;
  readonly to: ConfigFile;
}

/** The part as it moves, or undefined if it is the same on both sides. */
function movingPart<Item extends MovedItem>(
  part: StoreName,
  { from, to }: Sides,
  movable: (side: ConfigFile) => Movable<Item>,
): MovingPart | StayingPart {
  const [old, next] = [movable(from), movable(to)];
  if (old.place === next.place) return { part, where: old.where };
  const kinds = `${from.config[part].kind} in ${from.file}, ${to.config[part].kind} in ${to.file}`;
  if (old.leave === undefined || next.arrive === undefined)
    throw new MoveRefusal(
      `${part}.kind: ${kinds}: ${MOVABLE}. ` +
        (part === 'queue'
          ? 'Let the old queue run empty with the old configuration, then start with the new one'
          : 'Keep the old store until its retention period is over, or export its failures ' +
            '("sluice failures export") and import them'),
    );
  return { part, from: old.where, to: next.where, leave: old.leave, target: next.arrive };
}

/** Messages have the sender that carries them, so map must accept it. */
function refuseSender({ file, config }: ConfigFile, { user }: PostgresServer): void {
  const { clusters, failures } = config;
  const strict = clusters.find(
    ({ senders }) => senders.length > 0 && ![...senders, ...failures.replayers].includes(user),
  );
  if (strict === undefined) return;
  throw new MoveRefusal(
    `${file}: clusters[].senders of ${strict.id} does not name ${user}, the role that carries the ` +
      `waiting messages, so they would be refused (OWN320); add it to failures.replayers`,
  );
}

/** Throws if nothing differs, or if something that differs cannot be moved. */
export function partsToMove(from: ConfigFile, to: ConfigFile): MoveParts {
  const sides = { from, to };
  const parts = [
    movingPart('queue', sides, ({ config }) => movableQueue(config.queue)),
    movingPart('failures', sides, ({ config }) => movableFailures(config.failures)),
  ];
  const moving = parts.filter((part) => 'target' in part);
  if (moving.length === 0)
    throw new MoveRefusal(
      `${from.file} and ${to.file} name the same queue and the same failure store, ` +
        'so there is nothing to move; set kind: postgres in one of them',
    );
  for (const { part, target } of moving) if (part === 'queue') refuseSender(to, target.server);
  return { moving, staying: parts.filter((part) => 'where' in part) };
}
