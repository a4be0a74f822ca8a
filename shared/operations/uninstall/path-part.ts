/** The paths to pods that Sluice wrote to a device, and their journal. */
import type { DeviceConfig } from '../../config/schema.ts';
import type { Device } from '../../device/device.ts';
import type { PathReading, PathUnit } from '../../device/paths.ts';
import { entryInWords, entryKey } from '../../domain/paths/entry.ts';
import { formatCount } from '../../domain/text/counts.ts';
import { clusterOf } from '../../domain/paths/journal.ts';
import type { Journal, JournalRecords } from '../../domain/paths/journal.ts';
import { isOurs } from '../../domain/paths/live.ts';
import type { LiveEntry } from '../../domain/paths/live.ts';
import { uninstallItems, NOTHING } from './part.ts';
import type { UninstallItem, UninstallPart, UninstallStep } from './part.ts';

/** What path parts need. */
export interface PathPlace {
  readonly device: Device;
  readonly config: DeviceConfig;
  /** `clusters[].id`; entries of others belong to another installation. */
  readonly clusters: ReadonlySet<string>;
  /** Why nothing may be removed: a partition stays whose members need the paths. */
  readonly held?: string | undefined;
}

/** Rejects with a DeviceError. */
export async function pathPart({
  device,
  config,
  clusters,
  held,
}: PathPlace): Promise<UninstallPart> {
  const { unknown, keep } = uninstallItems(config.name);
  const reading = await device.paths.read();
  const { journal } = reading;
  if ('unreadable' in journal)
    return { ...NOTHING, items: [unknown('the journal of paths', journal.unreadable)] };
  if (reading.peer === 'away')
    return { ...NOTHING, items: [unknown('paths on the standby unit', 'it does not answer')] };
  const found = [
    ...entriesOn('active', reading.active, { device, clusters, records: journal.records, held }),
    ...entriesOn('peer', reading.peer ?? [], { device, clusters, records: journal.records, held }),
  ];
  const used = [...reading.active, ...(reading.peer ?? [])].filter(
    (one) => journal.records.get(entryKey(one))?.found === true && one.holder !== 'ours',
  );
  const theirs = [...new Set(used.map(entryInWords))].map((object) =>
    keep(object, 'others made it before Sluice, which only used it'),
  );
  const left =
    found.some(({ item }) => item.action === 'keep') ||
    [...journal.records.values()].some((one) => !clusters.has(clusterOf(one)));
  const end = left
    ? remainingJournal({ device, config, clusters, held }, journal)
    : await journalPart(device, config, reading);
  return {
    items: [...found.map(({ item }) => ({ ...item, place: config.name })), ...theirs, ...end.items],
    steps: [...found.flatMap(({ step }) => step ?? []), ...end.steps],
    running: [],
  };
}

/** Where entries are, and what the journal says about them. */
interface Entries extends Pick<PathPlace, 'device' | 'clusters' | 'held'> {
  readonly records: JournalRecords;
}

/** Entries of Sluice on one unit; those of others are not named. */
function entriesOn(
  unit: PathUnit,
  live: readonly LiveEntry[],
  { device, clusters, held, records }: Entries,
): readonly { readonly item: UninstallItem; readonly step?: UninstallStep }[] {
  const { remove, keep } = uninstallItems(device.name);
  return live.flatMap((one) => {
    const record = records.get(entryKey(one));
    if (!isOurs(one, record)) return [];
    const object = `${entryInWords(one)}${unit === 'peer' ? ' on the standby unit' : ''}`;
    const owner = one.mark?.owner ?? record?.owner ?? '';
    if (!clusters.has(clusterOf({ owner })))
      return [{ item: keep(object, `it is of ${owner}, whose cluster is not in clusters[].id`) }];
    if (held !== undefined) return [{ item: keep(object, held) }];
    const step = { what: `${object} on ${device.name}`, run: () => device.paths.remove(one, unit) };
    return [{ item: remove(object, `the path to members of ${owner}`), step }];
  });
}

/**
 * The journal without the entries of these clusters. Written after all of them are gone on both
 * units, so that a run that was killed before is repeated.
 */
function remainingJournal(
  { device, config: { name, networks }, clusters, held }: PathPlace,
  journal: Journal,
): Omit<UninstallPart, 'running'> {
  const { remove, keep } = uninstallItems(name);
  const stays = `the journal of paths in ${networks.partition}`;
  if (journal.number === 0) return { items: [], steps: [] };
  const items = [keep(stays, 'it lists entries that stay')];
  const others = [...journal.records].filter(([, one]) => !clusters.has(clusterOf(one)));
  const count = journal.records.size - others.length;
  if (held !== undefined || count === 0) return { items, steps: [] };
  const object = `${formatCount(count, 'entry', 'entries')} in ${stays}`;
  const run = async (): Promise<void> => {
    await device.paths.settle();
    await device.paths.write({ ...journal, records: new Map(others) });
    await device.paths.settle();
  };
  return {
    items: [...items, remove(object, 'they are removed above')],
    steps: [{ what: `${object} on ${name}`, run }],
  };
}

/** The journal goes last, because it says whose the entries of tunnels are. */
async function journalPart(
  device: Device,
  { name, networks: { partition } }: DeviceConfig,
  { journal, strays = [] }: PathReading,
): Promise<UninstallPart> {
  const { remove, keep } = uninstallItems(name);
  if ('unreadable' in journal) return NOTHING;
  // A removal that was interrupted may have left the partition.
  const isThere = journal.number > 0 || (await device.networks()).partition !== undefined;
  if (!isThere) return NOTHING;
  const object = `partition ${partition} with the journal of paths`;
  if (strays.length > 0)
    return { ...NOTHING, items: [keep(object, `${strays.join(', ')} in it is not of Sluice`)] };
  const clear = async (): Promise<void> => {
    const stays = await device.paths.clear(journal);
    await device.paths.settle();
    if (stays !== undefined)
      throw new Error(`partition ${partition} stays without a journal: ${stays}`);
  };
  return {
    items: [remove(object, 'if nothing else is in it')],
    steps: [{ what: `${object} on ${name}`, run: clear }],
    running: [],
  };
}
