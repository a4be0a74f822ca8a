/** What a store needs to be moved into PostgreSQL: an old place that is left, a new one that is filled. */
import type { PostgresServer } from '../config/postgres.ts';
import type { DatabaseCall } from './database.ts';
import type { Migrations } from './migrate.ts';

/** One message or file; it has only texts and numbers, which are carried as they are. */
export interface MovedItem {
  /** What is counted together: the name of a queue, or the first part of a key. */
  readonly kind: string;
  /** For messages to people. */
  readonly name: string;
}

/** Numbers of items by kind. */
export type Counts = ReadonlyMap<string, number>;

/** The old place, which nobody else uses until `close`. */
export interface MoveSource<Item extends MovedItem> {
  /**
   * All items in their order; a page is about a megabyte. May be read again. Rejects if something
   * else wrote meanwhile, or if an item is no text.
   */
  pages(): AsyncIterable<readonly Item[]>;
  /** Marks the place as moved, so that no process goes on with it. `to`: the new place. */
  mark(to: string): void;
  close(): Promise<void>;
}

/** The new place. */
export interface MoveTarget<Item extends MovedItem> {
  readonly server: PostgresServer;
  readonly migrations: Migrations;
  /** Names of all tables that are filled. */
  readonly tables: readonly string[];
  /** Appends the items. */
  write(call: DatabaseCall, items: readonly Item[]): Promise<void>;
  count(call: DatabaseCall): Promise<Counts>;
}

/** One configured store. */
export interface Movable<Item extends MovedItem> {
  /** Location, for messages. */
  readonly where: string;
  /** Equal for the same place. */
  readonly place: string;
  /** Throws if it is not there, or if another process uses it. Absent: nothing can be moved away. */
  readonly leave?: () => MoveSource<Item>;
  /** Absent: nothing can be moved there. */
  readonly arrive?: MoveTarget<Item>;
}

/** Why something is not moved, with place and remedy. */
export class MoveRefusal extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MoveRefusal';
  }
}

/** Characters of the texts of one page. */
const PAGE_CHARACTERS = 1_000_000;
/** Items of one page. */
const PAGE_ITEMS = 1_000;

const sizeOf = (item: MovedItem): number =>
  Object.values(item).reduce<number>(
    (sum, value) => sum + (typeof value === 'string' ? value.length : 0),
    0,
  );

/** Groups items into pages. */
export async function* inPages<Item extends MovedItem>(
  items: AsyncIterable<Item> | Iterable<Item>,
): AsyncGenerator<readonly Item[]> {
  let page: Item[] = [];
  let size = 0;
  for await (const item of items) {
    page.push(item);
    size += sizeOf(item);
    if (size < PAGE_CHARACTERS && page.length < PAGE_ITEMS) continue;
    yield page;
    page = [];
    size = 0;
  }
  if (page.length > 0) yield page;
}

/** Counts by kind, as rows of the database. */
export async function countKinds(call: DatabaseCall, sql: string): Promise<Counts> {
  const rows = await call<{ kind: string; count: number }>(sql, []);
  return new Map(rows.map(({ kind, count }) => [kind, count]));
}
