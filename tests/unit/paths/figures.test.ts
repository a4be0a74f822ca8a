/** Figures about paths, as logs and `sluice status` show them. */
import { expect, test } from '@jest/globals';
import { pathFigures } from '../../../shared/device/path-figures.ts';
import { record, records, route } from './support.ts';

const NOW = 1_000_000;
const grace = { ofCluster: new Map([['east', 60_000]]), open: 3_600_000 };
const at = (i: number): ReturnType<typeof route> => route(`10.244.${i}.0/24`, `192.0.2.${i}`);

test('without paths, every figure is 0', () => {
  expect(pathFigures(new Map(), grace, NOW)).toEqual({
    wanted: 0,
    refused: 0,
    stale: 0,
    held: 0,
    oldestStaleSeconds: 0,
  });
});

test('entries that are wanted, refused, stale and removed are counted apart', () => {
  const all = records(
    record(at(1)),
    record(at(2), { refused: 'BIP472' }),
    record(at(3), { left: NOW - 30_000 }),
    record(at(4), { left: NOW - 90_000 }),
    record(at(5), { left: NOW - 500_000, gone: NOW - 1 }),
  );
  expect(pathFigures(all, grace, NOW)).toEqual({
    wanted: 2,
    refused: 1,
    stale: 2,
    held: 0,
    oldestStaleSeconds: 90,
  });
});

test('removals that are too many at once are held', () => {
  const gone = Array.from({ length: 5 }, (_, i) => record(at(i), { left: NOW - 90_000 }));
  expect(pathFigures(records(...gone), grace, NOW)).toMatchObject({ stale: 5, held: 5 });
});
