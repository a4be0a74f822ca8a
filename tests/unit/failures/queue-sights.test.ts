import { expect, test } from '@jest/globals';
import { createQueueSights } from '../../../shared/failures/queue-sights.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';

test('a queue keeps its time while every look finds messages, and loses it when one finds none', async () => {
  let now = 1_000_000;
  const sights = createQueueSights(memoryBlobs(), () => now);
  expect(await sights.since()).toEqual(new Map());
  await sights.note(['settled-east']);
  now = 2_000_000;
  await sights.note(['settled-east', 'settled-west']);
  expect(await sights.since()).toEqual(
    new Map([
      ['settled-east', 1_000_000],
      ['settled-west', 2_000_000],
    ]),
  );
  await sights.note(['settled-west']);
  now = 3_000_000;
  await sights.note(['settled-east', 'settled-west']);
  expect((await sights.since()).get('settled-east')).toBe(3_000_000);
});

test('nothing is written while nothing changes', async () => {
  const blobs = memoryBlobs();
  const sights = createQueueSights(blobs, () => 0);
  await sights.note([]);
  expect(await blobs.list('')).toEqual([]);
  await sights.note(['slices']);
  const [written] = await blobs.list('');
  await sights.note(['slices']);
  expect(await blobs.list('')).toEqual([written]);
});

test('what another version wrote counts as nothing, and is replaced', async () => {
  const blobs = memoryBlobs();
  await blobs.put('views/queues.json', '{"format":2}');
  const sights = createQueueSights(blobs, () => 5_000);
  expect(await sights.since()).toEqual(new Map());
  await sights.note(['slices']);
  expect(await sights.since()).toEqual(new Map([['slices', 5_000]]));
});
