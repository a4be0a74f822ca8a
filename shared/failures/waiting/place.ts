/**
 * The store of changes that wait for a device: a queue with its own prefix. Entries are immutable,
 * and replacements are written before the replaced entries are deleted, so that concurrent writers
 * lose nothing.
 */
import { compareVersions } from '../../domain/revision.ts';
import type { Blobs } from '../blobs.ts';
import { ReplayError } from '../error.ts';
import { digest } from '../identity.ts';
import { readInBatches } from '../read.ts';
import { StoredChange, DeviceMark } from './entry.ts';
import { mergeEntries } from './merge.ts';

/** One waiting change and its blobs. */
export interface WaitingEntry {
  readonly entry: StoredChange;
  readonly keys: readonly string[];
}

/** Stores waiting changes and the shared state of devices. */
export interface WaitingPlace {
  /** Resolves when written, with the entries that a newer one of their group now represents. */
  keep(entry: Omit<StoredChange, 'format' | 'id'>): Promise<readonly StoredChange[]>;
  /** One entry per group, oldest first; for one device or all. */
  list(device?: string): Promise<readonly WaitingEntry[]>;
  /** Number of waiting entries of a device; reads no content. */
  count(device: string): Promise<number>;
  /** All entries that this one represents. */
  remove(waiting: WaitingEntry): Promise<void>;
  /** The device as a process last saw it; undefined: nothing is known. */
  mark(device: string): Promise<DeviceMark | undefined>;
  marks(): Promise<readonly DeviceMark[]>;
  /**
   * `edit` may be called again if another process wrote in the meantime; an unchanged result is not
   * written.
   */
  updateMark<T extends DeviceMark | undefined>(
    device: string,
    edit: (mark: DeviceMark | undefined) => T,
  ): Promise<T>;
}

const PREFIX = 'waiting';
/**
 * Lost races for one blob. Few processes write it, so more mean that the store ignores conditions.
 */
const MAX_RACES = 20;

const folderOf = (device: string): string => `${PREFIX}/${digest(device).slice(0, 16)}`;
const markOf = (device: string): string => `${folderOf(device)}/mark.json`;
const groupOf = ({
  device,
  kind,
  group,
}: Pick<StoredChange, 'device' | 'kind' | 'group'>): string =>
  `${folderOf(device)}/${kind}/${digest(group).slice(0, 24)}/`;

/** Keeps entries and marks in blobs below `waiting/`. */
export function createWaitingPlace(blobs: Blobs, id: () => string): WaitingPlace {
  const readMark = async (
    key: string,
  ): Promise<{ readonly mark: DeviceMark; readonly tag: string } | undefined> => {
    const blob = await blobs.get(key);
    return blob === undefined
      ? undefined
      : { mark: DeviceMark.parse(JSON.parse(blob.text)), tag: blob.tag };
  };
  return {
    keep: (entry) => keep(blobs, id, entry),
    list: (device) => list(blobs, device === undefined ? `${PREFIX}/` : `${folderOf(device)}/`),
    count: async (device) =>
      new Set(
        (await blobs.list(`${folderOf(device)}/`)).flatMap(({ key }) =>
          isMark(key) ? [] : [key.slice(0, key.lastIndexOf('/'))],
        ),
      ).size,
    remove: async ({ keys }) => {
      for (const key of keys) await blobs.delete(key);
    },
    mark: async (device) => (await readMark(markOf(device)))?.mark,
    marks: async () => {
      const keys = (await blobs.list(`${PREFIX}/`)).map(({ key }) => key).filter(isMark);
      return (await Promise.all(keys.map(readMark))).flatMap((found) => found?.mark ?? []);
    },
    updateMark: async (device, edit) => {
      for (let race = 0; race < MAX_RACES; race++) {
        const present = await readMark(markOf(device));
        const next = edit(present?.mark);
        if (next === undefined || next === present?.mark) return next;
        if (
          (await blobs.put(
            markOf(device),
            JSON.stringify(next),
            present === undefined ? 'absent' : { tag: present.tag },
          )) !== undefined
        )
          return next;
      }
      throw new ReplayError(
        'RPL700',
        `The state of device ${device} changed ${MAX_RACES} times in ${blobs.where} while ` +
          'it was being written; check that the server supports If-Match.',
      );
    },
  };
}

function isMark(key: string): boolean {
  return key.endsWith('/mark.json');
}

/**
 * Adds an entry to its group, merged with those that wait already. Resolves with the entries that
 * it supersedes.
 */
async function keep(
  blobs: Blobs,
  id: () => string,
  entry: Omit<StoredChange, 'format' | 'id'>,
): Promise<readonly StoredChange[]> {
  const folder = groupOf(entry);
  const before = await entriesOf(
    blobs,
    (await blobs.list(folder)).map(({ key }) => key),
  );
  const name = id();
  const all: readonly StoredChange[] = [
    ...before.map((one) => one.entry),
    { ...entry, format: 1, id: digest(folder).slice(0, 8) },
  ];
  const merged = mergeEntries(all);
  if ((await blobs.put(`${folder}${name}.json`, JSON.stringify(merged), 'absent')) === undefined)
    throw new ReplayError(
      'RPL700',
      `${blobs.where} already has an entry ${name}; check the source of ids.`,
    );
  for (const key of before.flatMap(({ keys }) => keys)) await blobs.delete(key);
  return all.filter(
    ({ version }) =>
      version !== undefined &&
      merged.version !== undefined &&
      compareVersions(version, merged.version) < 0,
  );
}

/**
 * Waiting changes below a prefix, oldest first. Entries of the same change that several processes
 * stored are merged.
 */
async function list(blobs: Blobs, prefix: string): Promise<readonly WaitingEntry[]> {
  const keys = (await blobs.list(prefix)).map(({ key }) => key).filter((key) => !isMark(key));
  const found = await entriesOf(blobs, keys);
  const groups = [...Map.groupBy(found, ({ entry }) => groupOf(entry)).values()];
  return groups
    .map((same) => ({
      entry: mergeEntries(same.map(({ entry }) => entry)),
      keys: same.flatMap((one) => one.keys),
    }))
    .sort((a, b) => a.entry.sentAt - b.entry.sentAt);
}

async function entriesOf(blobs: Blobs, keys: readonly string[]): Promise<readonly WaitingEntry[]> {
  const found = await readInBatches(keys, async (key) => ({ key, blob: await blobs.get(key) }));
  return found.flatMap(({ key, blob }) =>
    blob === undefined ? [] : [{ entry: StoredChange.parse(JSON.parse(blob.text)), keys: [key] }],
  );
}
