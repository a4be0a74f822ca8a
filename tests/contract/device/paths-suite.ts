/** What the paths of every device do behind the port, whatever it is. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Device } from '../../../shared/device/device.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { EntryWrite, PathAccess, PathReading } from '../../../shared/device/paths.ts';
import type { Entry } from '../../../shared/domain/paths/entry.ts';
import { entryKey } from '../../../shared/domain/paths/entry.ts';
import type { Journal } from '../../../shared/domain/paths/journal.ts';
import { NO_JOURNAL } from '../../../shared/domain/paths/journal.ts';
import { type LiveEntry, liveEntries } from '../../../shared/domain/paths/live.ts';
import { arp, fdb, record, records, route, versionOf } from '../../unit/paths/support.ts';

/** A device with the network 192.0.2.0/24, the tunnel of `support.ts`, and what tests change. */
export interface PathSubject {
  connect(): Device;
  /** Another client makes a route in /Common. */
  foreignRoute(network: string, gateway: string): Promise<void>;
  /** Another client makes a record in the tunnel. */
  foreignRecord(mac: string, endpoint: string): Promise<void>;
  /** Another client writes into the newest journal. */
  spoilJournal(): Promise<void>;
  /** Another client makes a data group that looks like a journal. */
  strayJournal(number: number): Promise<void>;
  stop(): Promise<void>;
}

const NET = '10.244.3.0/24';
const MAC = '0a:0a:c0:00:02:0d';
const ENTRIES = [
  route(NET, '192.0.2.13'),
  route('fd00:10:244:3::/64', 'fd00:192::13'),
  fdb(MAC, '192.0.2.13'),
  arp('10.244.3.5', MAC),
  { kind: 'ndp', at: 'fd00:10:244:3::5', to: MAC } as const,
];
const mark = { owner: 'east/istio-system/gateway', node: 'n1', version: versionOf(1) };

export function pathContract(name: string, start: () => Promise<PathSubject>): void {
  describe(`the paths of ${name}`, () => {
    let subject: PathSubject;
    let paths: PathAccess;

    beforeEach(async () => {
      subject = await start();
      paths = subject.connect().paths;
    });
    afterEach(() => subject.stop());

    const put = (entry: Entry, live?: LiveEntry): Promise<void> =>
      paths.put({ entry, mark, unit: 'active', ...(live && { live }) } satisfies EntryWrite);
    const found = async (entry: Entry): Promise<LiveEntry | undefined> =>
      liveEntries((await paths.read()).active).get(entryKey(entry));
    const journalOf = (reading: PathReading): Journal => {
      if ('unreadable' in reading.journal) throw new Error(reading.journal.unreadable);
      return reading.journal;
    };
    const begin = async (): Promise<Journal> => paths.write(NO_JOURNAL);
    const refused = async (work: Promise<unknown>): Promise<DeviceError> => {
      const error = await work.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!(error instanceof DeviceError)) throw new Error(`not refused: ${String(error)}`);
      return error;
    };

    test('a device without a journal has an empty one, and routes of others stay theirs', async () => {
      await subject.foreignRoute(NET, '192.0.2.99');
      const reading = await paths.read();
      expect(reading.journal).toEqual(NO_JOURNAL);
      expect(liveEntries(reading.active).get(`route ${NET}`)).toMatchObject({
        to: '192.0.2.99',
        holder: 'theirs',
      });
    });

    test('a journal is read back as it was written, with the next number', async () => {
      const all = records(
        record(route('10.244.3.0%2/24', '192.0.2.13%2'), { left: 7, open: true }),
        record(fdb(MAC, '192.0.2.13'), { members: ['10.244.3.5'] }),
        record(arp('fd00::5', MAC), { gone: 9, refused: 'BIP472' }),
      );
      const first = await paths.write({ number: 0, records: all });
      expect(first).toEqual({ number: 1, records: all });
      expect((await paths.read()).journal).toEqual(first);
      expect((await subject.connect().paths.read()).journal).toEqual(first);
    });

    test('of two writers of a journal one fails, and the newest journal counts', async () => {
      const first = await begin();
      const other = subject.connect().paths;
      const stale = journalOf(await other.read());
      let journal: Journal = first;
      for (let i = 0; i < 3; i += 1) journal = await paths.write(journal);
      expect((await refused(other.write({ ...journal, number: 3 }))).code).toBe('BIP430');
      // So old that its place is free again: it is not the newest one.
      await other.write({ ...stale, records: records(record(route(NET, '192.0.2.14'))) });
      expect((await paths.read()).journal).toEqual(journal);
    });

    test('a number that no journal has is ignored and named, and writes go on', async () => {
      const first = await begin();
      await subject.strayJournal(999_999_999_999_999);
      const reading = await paths.read();
      expect(reading.journal).toEqual(first);
      expect(reading.strays).toEqual(['sluice-paths-999999999999999']);
      const next = await paths.write(first);
      expect((await paths.read()).journal).toEqual(next);
    });

    test('a journal that others changed is not trusted', async () => {
      await begin();
      await subject.spoilJournal();
      expect((await paths.read()).journal).toEqual({ unreadable: expect.stringMatching(/record/) });
    });

    test.each(ENTRIES)('%j is created, found with its mark, and removed', async (entry) => {
      await begin();
      expect(await found(entry)).toBeUndefined();
      await put(entry);
      const live = await found(entry);
      expect(live).toMatchObject({
        ...entry,
        ...(entry.kind === 'fdb' ? { holder: 'unmarked' } : { holder: 'ours', mark }),
      });
      await paths.remove(live!, 'active');
      await paths.remove(live!, 'active');
      expect(await found(entry)).toBeUndefined();
    });

    test.each([
      [ENTRIES[0]!, '192.0.2.14'],
      [ENTRIES[2]!, '192.0.2.14'],
      [ENTRIES[3]!, '0a:0a:c0:00:02:0e'],
    ])('%j gets another target in place', async (entry, to) => {
      await begin();
      await put(ENTRIES[2]!);
      if (entry.kind !== 'fdb') await put(entry);
      await put({ ...entry, to }, await found(entry));
      expect(await found(entry)).toMatchObject({ ...entry, to });
    });

    test('a route of another client for the same network is named', async () => {
      await begin();
      await subject.foreignRoute(NET, '192.0.2.99');
      const error = await refused(put(route(NET, '192.0.2.13')));
      expect([error.code, error.fault]).toEqual(['BIP471', 'content']);
      expect(error.response).toMatch(/already exists for \/Common\//);
    });

    test('a record that another process created meanwhile is read again, not reported as a refusal', async () => {
      await begin();
      await subject.foreignRecord(MAC, '192.0.2.99');
      const error = await refused(put(fdb(MAC, '192.0.2.13')));
      expect([error.code, error.fault]).toEqual(['BIP430', 'transient']);
      expect(await found(fdb(MAC, ''))).toMatchObject({ holder: 'unmarked', to: '192.0.2.99' });
    });

    test('a journal that is cleared leaves nothing, and not one that another writer replaced', async () => {
      const first = await begin();
      const second = await paths.write(first);
      expect((await refused(paths.clear(first))).code).toBe('BIP430');
      expect(await paths.clear(second)).toBeUndefined();
      expect(await paths.read()).toMatchObject({ journal: NO_JOURNAL });
      expect(await paths.clear(NO_JOURNAL)).toBeUndefined();
    });

    test('what is not of the journal keeps its partition, with the reason', async () => {
      const first = await begin();
      await subject.strayJournal(5_000_000_000);
      expect(await paths.clear(first)).toMatch(/partition/);
      expect(await paths.read()).toMatchObject({
        journal: NO_JOURNAL,
        strays: ['sluice-paths-5000000000'],
      });
    });

    test('everything written can be saved', async () => {
      await begin();
      await expect(paths.settle()).resolves.toBeUndefined();
    });
  });
}
