/**
 * The index of failures: 256 blobs of heads, changed by compare-and-swap. All failures of one owner
 * are in sixteen of them.
 */
import type { Blobs, BlobEntry } from './blobs.ts';
import { ReplayError } from './error.ts';
import type { FailureHead } from './port.ts';
import { readInBatches } from './read.ts';

/** Of the files with heads; a newer one is refused, not guessed. */
const FORMAT = 1;
/** A shard has few writers, so this many lost races mean that the server ignores conditions. */
const MAX_RACES = 50;

/** Heads of failures by the id of the failure. */
export type Heads = ReadonlyMap<string, FailureHead>;

/** Heads as they were read, with the tag for the next conditional write. */
interface Shard {
  readonly tag: string;
  readonly heads: Heads;
}

/** Reads and updates the index by shard. */
export interface Shards {
  /** Heads of all shards with the prefix. */
  read(prefix: string): Promise<readonly Heads[]>;
  one(shard: string): Promise<Heads>;
  /**
   * `edit` may be called again if another process wrote in the meantime; undefined writes nothing.
   */
  update(shard: string, edit: (heads: Heads) => Heads | undefined): Promise<void>;
}

/** The first two digits of a failure id. */
export function shardOf(id: string): string {
  return id.slice(0, 2);
}

const keyOf = (shard: string): string => `index/${shard}.json`;

/** The heads of a shard. Throws RPL710 for a format of a newer Sluice. */
function parse(text: string, where: string): Heads {
  const { format, heads } = JSON.parse(text) as { format: unknown; heads: readonly FailureHead[] };
  if (format !== FORMAT)
    throw new ReplayError(
      'RPL710',
      `${where} is in format ${String(format)}, but this Sluice knows format ${FORMAT}; upgrade this Sluice.`,
    );
  return new Map(heads.map((head) => [head.id, head]));
}

/** A write that loses against another process is repeated with the newer content. */
export function createShards(blobs: Blobs): Shards {
  // Cached by key; blobs with an unchanged tag are not read again.
  const known = new Map<string, Shard>();

  async function fetch(key: string): Promise<Shard | undefined> {
    const blob = await blobs.get(key);
    if (blob === undefined) return undefined;
    const shard = { tag: blob.tag, heads: parse(blob.text, `${blobs.where}/${key}`) };
    known.set(key, shard);
    return shard;
  }

  async function load({ key, tag }: BlobEntry): Promise<Heads> {
    const cached = known.get(key);
    if (cached?.tag === tag) return cached.heads;
    return (await fetch(key))?.heads ?? new Map();
  }

  async function attempt(key: string, edit: (heads: Heads) => Heads | undefined): Promise<boolean> {
    const shard = await fetch(key);
    const next = edit(shard?.heads ?? new Map());
    if (next === undefined) return true;
    const text = JSON.stringify({ format: FORMAT, heads: [...next.values()] });
    const tag = await blobs.put(key, text, shard === undefined ? 'absent' : { tag: shard.tag });
    if (tag !== undefined) known.set(key, { tag, heads: next });
    return tag !== undefined;
  }

  return {
    read: async (prefix) => readInBatches(await blobs.list(`index/${prefix}`), load),
    one: async (shard) => (await fetch(keyOf(shard)))?.heads ?? new Map(),
    update: async (shard, edit) => {
      for (let race = 0; race < MAX_RACES; race++) if (await attempt(keyOf(shard), edit)) return;
      throw new ReplayError(
        'RPL700',
        `The failure store ${blobs.where} changed ${MAX_RACES} times while ${keyOf(shard)} ` +
          'was being written; check that the server supports If-Match.',
      );
    },
  };
}
