/** The order of an upgrade, as `sluice doctor` sees it. */
import { expect, test } from '@jest/globals';
import { leasePlace, leaseWith, readLease } from '../../../shared/kubernetes/lease.ts';
import type { RawObject } from '../../../shared/kubernetes/index.ts';
import {
  compareReleases,
  releaseChecks,
  versionCheck,
} from '../../../shared/operations/doctor/version-checks.ts';
import type { NotedRelease, NotingFunction } from '../../../shared/failures/releases.ts';

const PLACE = { cluster: 'east', leaseNamespace: 'sluice-system' };
const place = leasePlace('sluice-system', 'east', 'pod-1');
const claim = { holder: 'pod-1', epoch: 1, durationMs: 15_000, now: 0 };
const NOW = Date.UTC(2026, 10, 30);
const MINUTE = 60_000;
/** `function release minutes`. */
type Note = readonly [NotingFunction, string, number];
const notesOf = (notes: readonly Note[]) => ({
  of: (name: NotingFunction): Promise<readonly NotedRelease[]> =>
    Promise.resolve(
      notes.flatMap(([of, release, minutes]) =>
        of === name ? [{ release, at: NOW - minutes * MINUTE }] : [],
      ),
    ),
});
const look = (
  lease: RawObject | undefined,
  ...notes: readonly Note[]
): ReturnType<typeof versionCheck> =>
  versionCheck({ get: () => Promise.resolve(lease) }, PLACE, {
    own: '0.2.0',
    now: NOW,
    releases: notesOf(notes),
  });
const functionsOf = async (notes: readonly Note[], policies = 0): Promise<readonly string[]> =>
  (await releaseChecks({ own: '0.2.0', now: NOW, releases: notesOf(notes) }, policies)).map(
    ({ id, what, state, says }) => `${id} ${state} ${what}: ${says}`,
  );
const of = (version?: string): RawObject => leaseWith(place, undefined, { ...claim, version });

test.each<[string, RawObject | undefined, string, RegExp]>([
  ['the same release', of('0.2.0'), 'ok', /0\.2\.0, as this command/],
  ['an older watcher, which is upgraded next', of('0.1.9'), 'ok', /upgrade the watcher next/],
  ['a newer watcher', of('0.3.0'), 'warn', /0\.3\.0 is newer than this command, 0\.2\.0/],
  ['a release before it was noted', of(), 'ok', /0\.1\.0/],
  ['what nobody wrote', of('x'.repeat(100)), 'ok', /0\.1\.0/],
  ['no watcher', undefined, 'ok', /no watcher led yet with a Lease in sluice-system; /],
])('%s', async (_what, lease, state, says) => {
  expect(await look(lease)).toMatchObject({
    id: 'versions',
    state,
    says: expect.stringMatching(says),
  });
});

test.each<[string, string, Note, string, RegExp]>([
  ['newer than map', '0.2.0', ['map', '0.1.0', 4], 'warn', /newer than map, .* 0\.1\.0 .* 4m ago/],
  ['newer than apply', '0.2.0', ['apply', '0.1.0', 0], 'warn', /0\.2\.0 is newer than apply/],
  ['as old as map', '0.1.0', ['map', '0.1.0', 4], 'ok', /upgrade the functions first/],
  ['newer than a map of long ago', '0.2.0', ['map', '0.1.0', 40], 'ok', /as this command/],
])('a watcher that is %s', async (_what, watcher, note, state, says) => {
  expect(await look(of(watcher), note)).toMatchObject({ state, says: expect.stringMatching(says) });
});

test('the functions say of which release they are, or that it is not known', async () => {
  expect(await functionsOf([['map', '0.2.0', 1]], 1)).toEqual([
    'versions ok release of map: 0.2.0, as this command',
    'versions ok release of apply: not known, none was noted yet; this command is 0.2.0',
    'versions ok release of replay: not known, none was noted yet; this command is 0.2.0',
  ]);
});

test('functions that are gone are not compared', async () => {
  const notes: Note[] = [
    ['map', '0.2.0', 1],
    ['map', '0.3.0', 16],
    ['apply', '0.3.0', 4_320],
  ];
  expect(await functionsOf(notes)).toEqual([
    'versions ok release of map: 0.2.0, as this command',
    'versions ok release of apply: not known, 0.3.0 was noted last, 3d ago; this command is 0.2.0',
  ]);
});

test('older functions are upgraded, newer ones warn, and two at once are both named', async () => {
  const notes: Note[] = [
    ['map', '0.1.0', 1],
    ['apply', '0.2.0', 1],
    ['apply', '0.1.0', 14],
    ['replay', '0.3.0', 1],
  ];
  expect(await functionsOf(notes)).toEqual([
    'versions ok release of map: 0.1.0, noted 60s ago; this command is 0.2.0: upgrade the functions next',
    'versions ok release of apply: 0.2.0, noted 60s ago, and 0.1.0, noted 14m ago; ' +
      'this command is 0.2.0: upgrade what still runs the older one',
    'versions warn release of replay: 0.3.0, noted 60s ago, is newer than this command, 0.2.0',
  ]);
});

test('a store that does not answer is a finding of its own', async () => {
  const releases = { of: () => Promise.reject(new Error('away')) };
  const sight = { own: '0.2.0', now: NOW, releases };
  expect(await releaseChecks(sight, 0)).toEqual([]);
  const client = { get: () => Promise.resolve(of('0.2.0')) };
  expect(await versionCheck(client, PLACE, sight)).toMatchObject({ state: 'ok' });
});

test('an API server that does not answer is no wrong order', async () => {
  const client = { get: () => Promise.reject(new Error('away')) };
  const sight = { own: '0.2.0', now: NOW, releases: notesOf([]) };
  expect(await versionCheck(client, PLACE, sight)).toMatchObject({ state: 'warn', says: 'away' });
});

test('a renewal keeps the release, and a later holder of another one replaces it', () => {
  const first = of('0.2.0');
  expect(readLease(leaseWith(place, first, claim), 0).version).toBe('0.2.0');
  expect(readLease(leaseWith(place, first, { ...claim, version: '0.3.0' }), 0).version).toBe(
    '0.3.0',
  );
});

test.each([
  ['0.1.0', '0.2.0', -1],
  ['0.10.0', '0.9.9', 1],
  ['1.0.0-rc.1', '1.0.0', -1],
  ['1.0.0', '1.0.0-rc.1', 1],
  ['1.0.0-rc.1', '1.0.0-rc.2', -1],
  ['1.0.0', '1.0.0', 0],
])('%s and %s compare as %i', (a, b, order) => {
  expect(Math.sign(compareReleases(a, b))).toBe(order);
});
