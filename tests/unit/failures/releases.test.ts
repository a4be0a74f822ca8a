/** Which releases of the functions run, as the failure store keeps it. */
import { expect, test } from '@jest/globals';
import {
  createReleaseNote,
  createReleaseStore,
  RELEASES,
} from '../../../shared/failures/releases.ts';
import { VERSION } from '../../../shared/runtime/version.ts';
import { memoryBlobs, watched } from '../../fixtures/failures/blobs.ts';
import { logTo } from '../../fixtures/log.ts';

const NOW = Date.UTC(2026, 10, 30);
const MINUTE = 60_000;

const desk = () => {
  const time = { now: NOW };
  const steps: string[] = [];
  const plain = memoryBlobs();
  const blobs = watched(plain, (what) => void steps.push(what));
  const clock = {
    now: () => time.now,
    monotonic: () => time.now,
    sleep: () => Promise.reject(new Error('nobody sleeps')),
  };
  const releases = createReleaseStore(blobs, clock.now);
  const writes = () => steps.filter((step) => step.startsWith('after')).length;
  return { time, plain, blobs, releases, clock, writes };
};

test('two releases of a function that run at once are both known, the newest note first', async () => {
  const { time, releases } = desk();
  await releases.note('map', '0.1.0');
  time.now += MINUTE;
  await releases.note('map', '0.2.0');
  expect(await releases.of('map')).toEqual([
    { release: '0.2.0', at: NOW + MINUTE },
    { release: '0.1.0', at: NOW },
  ]);
  expect(await releases.of('apply')).toEqual([]);
});

test('many processes of one release write as often as one', async () => {
  const { time, clock, blobs, writes } = desk();
  const open = () => Promise.resolve({ releases: createReleaseStore(blobs, clock.now) });
  const notes = Array.from({ length: 20 }, () =>
    createReleaseNote({ clock, log: logTo([]) }, open, 'apply'),
  );
  for (let minute = 0; minute < 30; minute++) {
    for (const one of notes) await one.note();
    time.now += MINUTE;
  }
  expect(writes()).toBeLessThanOrEqual(12);
  expect((await createReleaseStore(blobs, clock.now).of('apply'))[0]).toMatchObject({
    release: VERSION,
  });
});

test('ten releases are kept, those noted last', async () => {
  const { time, releases } = desk();
  for (let i = 0; i < 12; i++) {
    await releases.note('map', `0.${i}.0`);
    time.now += MINUTE;
  }
  const noted = (await releases.of('map')).map(({ release }) => release);
  expect([noted.length, noted.at(0), noted.at(-1)]).toEqual([10, '0.11.0', '0.2.0']);
});

test('a time that a wrong clock wrote ahead is replaced', async () => {
  const { time, releases } = desk();
  time.now += 86_400_000;
  await releases.note('map', '0.1.0');
  time.now = NOW;
  await releases.note('map', '0.1.0');
  expect(await releases.of('map')).toEqual([{ release: '0.1.0', at: NOW }]);
});

test('what cannot be read counts as nothing noted, and is replaced; unknown fields are left out', async () => {
  const { plain, releases } = desk();
  const key = `${RELEASES}map.json`;
  for (const text of ['{', '{"format":2}', '{"format":1,"releases":{"\\u001b[2J":"now"}}']) {
    await plain.put(key, text);
    expect(await releases.of('map')).toEqual([]);
  }
  const at = new Date(NOW).toISOString();
  await plain.put(key, JSON.stringify({ format: 1, releases: { '0.3.0': at }, later: [1] }));
  expect(await releases.of('map')).toEqual([{ release: '0.3.0', at: NOW }]);
});

test('a store that fails neither stops the function nor is asked each time; a dry run writes nothing', async () => {
  const { time, clock, writes, releases } = desk();
  const lines: Record<string, unknown>[] = [];
  let asked = 0;
  const open = () => {
    asked += 1;
    return asked === 1 ? Promise.reject(new Error('away')) : Promise.resolve({ releases });
  };
  const one = createReleaseNote({ clock, log: logTo(lines) }, open, 'map');
  await one.note();
  await one.note();
  expect([asked, lines.length, writes()]).toEqual([1, 1, 0]);
  time.now += MINUTE;
  await one.note();
  expect([asked, writes()]).toEqual([2, 1]);
  const dry = createReleaseNote({ clock, log: logTo(lines), dryRun: true }, open, 'map');
  await dry.note();
  expect(asked).toBe(2);
});
