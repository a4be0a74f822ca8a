/** Behaviour that every adapter of the failure store has. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Blobs, KeyRange } from '../../../shared/failures/blobs.ts';
import { readBundle, writeBundle } from '../../../shared/failures/bundle.ts';
import { claimMark, newMark } from '../../../shared/failures/waiting/away.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import type { Failures } from '../../../shared/failures/open.ts';
import { sighting, T0 } from '../../fixtures/failures/sighting.ts';
import { createJob } from '../../../shared/failures/replay/select.ts';

export function failureStoreContract(
  name: string,
  make: () => Promise<{ readonly blobs: () => Blobs; readonly stop: () => Promise<void> }>,
): void {
  describe(name, () => {
    const stops: (() => Promise<void>)[] = [];
    let now = T0;
    afterEach(async () => {
      for (const stop of stops.splice(0).toReversed()) await stop();
      now = T0;
    });
    const clock = {
      now: (): number => now,
      monotonic: (): number => now,
      sleep: () => Promise.resolve(),
    };
    /** Several handles of one store, as several processes have. */
    const open = async (count = 1): Promise<Failures[]> => {
      const place = await make();
      stops.push(place.stop);
      return Array.from({ length: count }, () => {
        const failures = failuresOver(place.blobs(), { clock, id: randomUUID });
        stops.push(() => failures.close());
        return failures;
      });
    };
    const one = async (): Promise<Failures> => (await open())[0]!;

    test('returns parked failures with their original bytes', async () => {
      const { store } = await one();
      const seen = sighting(1, { body: '{"a":"\\u00e9","b":"☃","c":" \\n"}' });
      const head = await store.record(seen);
      expect(head).toMatchObject({ state: 'open', count: 1, first: T0 + 1, last: T0 + 1 });
      expect(await store.get(head.id)).toEqual({ ...head, details: seen.details });
      expect((await store.list()).map((h) => h.id)).toEqual([head.id]);
    });

    test('stores waiting changes besides the failures, the newest of each group, and does not count them', async () => {
      const [a, b] = (await open(2)) as [Failures, Failures];
      const entry = (counter: number): Parameters<Failures['waiting']['keep']>[0] => ({
        kind: 'slice',
        device: '../bigip 1',
        subject: 'east/a/b',
        what: `revision ${counter}`,
        group: 'east/a/b uid',
        version: { epoch: 1, counter, generation: 1 },
        sentAt: T0 + counter,
        since: T0,
        body: `body ${counter}`,
        deduplicationId: 'd',
        attempts: [],
      });
      await a.waiting.keep(entry(2));
      await b.waiting.keep(entry(3));
      expect((await a.waiting.keep(entry(1))).map(({ version }) => version?.counter)).toEqual([1]);
      const [found, ...more] = await b.waiting.list();
      expect([found?.entry.body, more, await a.waiting.count('../bigip 1')]).toEqual([
        'body 3',
        [],
        1,
      ]);
      await a.store.prune(T0 + 1_000 * 86_400_000);
      expect(await a.store.list()).toEqual([]);
      expect(await b.waiting.list()).toHaveLength(1);
      // A change that arrived after the read is not deleted with it.
      await a.waiting.keep(entry(4));
      await b.waiting.remove(found!);
      expect((await a.waiting.list()).map(({ entry: { body } }) => body)).toEqual(['body 4']);
    });

    test('only one of two processes may probe a device at a time', async () => {
      const [a, b] = (await open(2)) as [Failures, Failures];
      const claim = (failures: Failures, holder: string): Promise<unknown> =>
        failures.waiting.updateMark(
          'bigip-1',
          (mark) => claimMark(mark ?? newMark('bigip-1', T0), holder, T0) ?? mark,
        );
      await Promise.all([claim(a, 'a'), claim(b, 'b')]);
      expect((await a.waiting.marks()).map(({ device, lease }) => [device, lease?.holder])).toEqual(
        [['bigip-1', expect.stringMatching(/^[ab]$/)]],
      );
      expect((await b.waiting.mark('bigip-1'))?.due).toBeGreaterThan(T0);
    });

    test('does not know an id that was never parked', async () => {
      const { store } = await one();
      expect(await store.get('0123456789abcdef')).toBeUndefined();
      expect(await store.list()).toEqual([]);
      expect(await store.change(['0123456789abcdef'], () => ({ state: 'archived' }))).toEqual([]);
    });

    test('the same failure again is one failure with a count, with the newest event and all attempts', async () => {
      const { store } = await one();
      await store.record(sighting(1, { counter: 1, at: T0 }));
      await store.record(sighting(1, { counter: 3, at: T0 + 20 }));
      const head = await store.record(sighting(1, { counter: 2, at: T0 + 10 }));
      expect(head).toMatchObject({
        count: 3,
        first: T0,
        last: T0 + 20,
        revision: { epoch: 1, counter: 3 },
      });
      const whole = await store.get(head.id);
      expect(whole?.details.event.body).toBe('event 1.3 ☃');
      expect(whole?.details.attempts).toHaveLength(2);
      expect(await store.list()).toHaveLength(1);
    });

    test('the same message delivered twice counts once', async () => {
      const { store } = await one();
      await store.record(sighting(1));
      expect((await store.record(sighting(1))).count).toBe(1);
    });

    test('a resolved failure that recurs is open again; an archived one stays archived and counts', async () => {
      const { store } = await one();
      const { id } = await store.record(sighting(1));
      await store.change([id], () => ({ state: 'healed', note: 'healed by 1.2' }));
      const again = await store.record(sighting(1, { counter: 3 }));
      expect(again).toMatchObject({ state: 'open', count: 2 });
      expect(again.note).toBeUndefined();
      await store.change([id], () => ({ state: 'archived', note: 'known' }));
      expect(await store.record(sighting(1, { counter: 4 }))).toMatchObject({
        state: 'archived',
        count: 3,
        note: 'known',
      });
    });

    test('archives instead of deleting, and restores', async () => {
      const { store } = await one();
      const { id } = await store.record(sighting(1));
      now = T0 + 1_000;
      expect(
        await store.change([id], () => ({ state: 'archived', note: 'sick by hand' })),
      ).toMatchObject([{ state: 'archived', changed: now }]);
      expect(
        await store.change([id], (head) =>
          head.state === 'archived' ? { state: 'open' } : undefined,
        ),
      ).toMatchObject([{ state: 'open' }]);
      expect((await store.get(id))?.details.event.body).toBe('event 1.1 ☃');
    });

    test('removes closed failures after the retention time, and never open ones', async () => {
      const { store } = await one();
      const [open1, old, young] = [
        await store.record(sighting(1)),
        await store.record(sighting(2)),
        await store.record(sighting(3)),
      ];
      await store.change([old.id], () => ({ state: 'archived' }));
      now = T0 + 10_000;
      await store.change([young.id], () => ({ state: 'replayed' }));
      expect(await store.prune(T0 + 5_000)).toBe(1);
      expect((await store.list()).map((h) => h.id).sort()).toEqual([open1.id, young.id].sort());
      expect(await store.get(old.id)).toBeUndefined();
    });

    test('finds the failures of one owner', async () => {
      const { store } = await one();
      for (const owner of ['east/a/gw', 'west/b/gw', 'north/c/gw'])
        for (const n of [1, 2]) await store.record(sighting(n, { owner, message: `${owner}${n}` }));
      expect((await store.ofOwner('west/b/gw')).map((h) => h.owner)).toEqual([
        'west/b/gw',
        'west/b/gw',
      ]);
    });

    test('concurrent writers lose nothing', async () => {
      const handles = await open(3);
      await Promise.all(
        handles.flatMap(({ store }, h) =>
          Array.from({ length: 8 }, (_, n) =>
            store.record(sighting(n, { message: `h${h}-${n}`, counter: h })),
          ),
        ),
      );
      const heads = await handles[0]!.store.list();
      expect(heads).toHaveLength(8);
      expect(heads.map((h) => h.count)).toEqual(Array.from({ length: 8 }, () => 3));
    });

    test('an exported bundle is imported once and kept apart from local failures', async () => {
      const [from, to] = [await one(), await one()];
      for (const n of [1, 2, 3]) await from.store.record(sighting(n));
      const all = await Promise.all(
        (await from.store.list()).map(async ({ id }) => (await from.store.get(id))!),
      );
      const read = readBundle(writeBundle(all, T0), 'bundle.jsonl');
      expect(read).toEqual(all);
      expect((await to.store.adopt(read)).map(({ id }) => id).sort()).toEqual(
        all.map(({ id }) => id).sort(),
      );
      expect(await to.store.adopt(read)).toEqual([]);
      const local = {
        evidence: expect.stringMatching(
          /^imported\/[0-9a-f]{2}\/[0-9a-f]{16}\/[0-9a-f]{12}\.json$/,
        ),
        seen: [],
      };
      expect(await to.store.list()).toEqual(
        (await from.store.list()).map((head) => ({ ...head, ...local })),
      );
      expect(await to.store.get(all[0]!.id)).toEqual({ ...all[0], ...local });
    });

    test('a bundle changes no known failure, and cannot choose names of blobs', async () => {
      const place = await make();
      stops.push(place.stop);
      const blobs = place.blobs();
      const { store } = failuresOver(blobs, { clock, id: randomUUID });
      stops.push(() => blobs.close());
      const mine = await store.record(sighting(1));
      const before = await store.get(mine.id);
      const names = (await blobs.list('')).map(({ key }) => key);
      const forged = {
        ...before!,
        sentence: 'forged',
        details: { ...before!.details, event: { ...before!.details.event, body: 'forged' } },
      };
      expect(await store.adopt([forged, { ...forged, evidence: mine.evidence }])).toEqual([]);
      expect(await store.get(mine.id)).toEqual(before);
      expect((await blobs.list('')).map(({ key }) => key)).toEqual(names);
      const { id } = sighting(2).head;
      expect(
        await store.adopt([
          { ...forged, id, evidence: mine.evidence },
          { ...forged, id, sentence: 'twice', evidence: '../../victim/x.json' },
        ]),
      ).toHaveLength(1);
      expect(await store.get(mine.id)).toEqual(before);
    });

    test('local failures replace imported ones, however new the imported ones claim to be', async () => {
      const [from, to] = [await one(), await one()];
      const { id } = await from.store.record(sighting(1, { counter: 9_999, body: 'forged' }));
      await to.store.adopt([(await from.store.get(id))!]);
      await to.store.record(sighting(1, { counter: 1, body: 'true' }));
      const kept = await to.store.get(id);
      expect(kept).toMatchObject({
        revision: { epoch: 1, counter: 1 },
        evidence: expect.stringMatching(/^evidence\//),
        details: { event: { body: 'true' } },
      });
    });

    test.each([
      '../x.json',
      '/x.json',
      'a/../../x.json',
      'a//x.json',
      'a/',
      '',
      '.',
      './x',
      'a/.hidden',
      'a\\x',
      'a\u0000x',
      'a\nx',
      'a/%2e%2e/x',
      'a x',
      'é',
      'a'.repeat(600),
    ])('a blob is never named %j', async (key) => {
      const place = await make();
      stops.push(place.stop);
      const blobs = place.blobs();
      stops.push(() => blobs.close());
      const refused = { code: 'RPL716' };
      await expect(blobs.put(key, '1')).rejects.toMatchObject(refused);
      await expect(blobs.put(key, '1', 'absent')).rejects.toMatchObject(refused);
      await expect(blobs.get(key)).rejects.toMatchObject(refused);
      await expect(blobs.delete(key)).rejects.toMatchObject(refused);
      if (key !== '' && key !== 'a/') await expect(blobs.list(key)).rejects.toMatchObject(refused);
      expect(await blobs.list('')).toEqual([]);
    });

    test('a name has 512 characters at most, and a refusal quotes its beginning', async () => {
      const place = await make();
      stops.push(place.stop);
      const blobs = place.blobs();
      stops.push(() => blobs.close());
      const longest = ['a'.repeat(200), 'b'.repeat(200), 'c'.repeat(110)].join('/');
      expect(await blobs.put(longest, '1')).toBeDefined();
      expect((await blobs.list(longest)).map(({ key }) => key)).toEqual([longest]);
      const refused = {
        code: 'RPL716',
        message: expect.stringMatching(/^"a{100}" is not a valid name/),
      };
      await expect(blobs.put(`${longest}d`, '1')).rejects.toMatchObject(refused);
      await expect(blobs.list(`${longest}d`)).rejects.toMatchObject(refused);
    });

    test('blobs are listed by name, in a range, with the time of their last write', async () => {
      const place = await make();
      stops.push(place.stop);
      const blobs = place.blobs();
      stops.push(() => blobs.close());
      const began = Date.now();
      for (const key of ['a/1', 'a/2', 'a/3', 'a/4/deep', 'b/2']) await blobs.put(key, '1');
      const keys = async (range: KeyRange): Promise<readonly string[]> =>
        (await blobs.list('a/', range)).map(({ key }) => key);
      expect(await keys({})).toEqual(['a/1', 'a/2', 'a/3', 'a/4/deep']);
      expect(await keys({ after: 'a/1' })).toEqual(['a/2', 'a/3', 'a/4/deep']);
      expect(await keys({ after: 'a/1', before: 'a/3' })).toEqual(['a/2']);
      expect(await keys({ before: 'a/2\0' })).toEqual(['a/1', 'a/2']);
      expect(await keys({ after: 'a/4', before: 'b/9' })).toEqual(['a/4/deep']);
      expect(await keys({ after: 'a/3', before: 'a/2' })).toEqual([]);
      for (const { written } of await blobs.list(''))
        expect(Math.abs(written - began)).toBeLessThan(3_600_000);
    });

    test('the audit log only grows, in order', async () => {
      const { audit } = await one();
      for (const action of ['failures archive', 'replay start', 'replay cancel']) {
        now += 1;
        await audit.append({
          who: 'ada',
          action,
          selection: 'code:BIP421',
          why: 'because',
          result: 'done',
        });
      }
      expect((await audit.list()).map((e) => e.action)).toEqual([
        'failures archive',
        'replay start',
        'replay cancel',
      ]);
    });

    test('jobs are written conditionally: the slower of two concurrent writers gets an error', async () => {
      const [a, b] = await open(2);
      const items = Array.from({ length: 250 }, (_, unit) => ({
        failure: `f${unit}`,
        code: 'BIP421',
        sentence: 's',
        unit,
        lifts: false,
        status: 'waiting' as const,
      }));
      await a!.jobs.create(
        createJob(
          { id: 'j1', filter: {}, by: 'ada', why: 'w', canary: 1, rate: 1, now: T0 },
          items,
        ),
        items,
      );
      expect(await b!.jobs.items('j1')).toEqual(items);
      const [mine, theirs] = [await a!.jobs.ledger('j1'), await b!.jobs.ledger('j1')];
      await mine.save(new Map([[201, { ...items[201]!, status: 'sending' as const }]]));
      await expect(
        theirs.save(new Map([[202, { ...items[202]!, status: 'sending' as const }]])),
      ).rejects.toMatchObject({ code: 'RPL704' });
      expect(
        (await b!.jobs.items('j1'))
          .filter((item) => item.status === 'sending')
          .map((item) => item.failure),
      ).toEqual(['f201']);
      await expect(b!.jobs.get('nope')).rejects.toMatchObject({ code: 'RPL702' });
    });
  });
}
