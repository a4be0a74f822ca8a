/** The order of an upgrade, as `sluice doctor` sees it. */
import { expect, test } from '@jest/globals';
import { leasePlace, leaseWith, readLease } from '../../../shared/kubernetes/lease.ts';
import type { RawObject } from '../../../shared/kubernetes/index.ts';
import { compareReleases, versionCheck } from '../../../shared/operations/doctor/version-checks.ts';

const PLACE = { cluster: 'east', leaseNamespace: 'sluice-system' };
const place = leasePlace('sluice-system', 'east', 'pod-1');
const claim = { holder: 'pod-1', epoch: 1, durationMs: 15_000, now: 0 };
const look = (lease: RawObject | undefined): ReturnType<typeof versionCheck> =>
  versionCheck({ get: () => Promise.resolve(lease) }, PLACE, '0.2.0');
const of = (version?: string): RawObject => leaseWith(place, undefined, { ...claim, version });

test.each<[string, RawObject | undefined, string, RegExp]>([
  ['the same release', of('0.2.0'), 'ok', /0\.2\.0, as this command/],
  ['an older watcher, which is upgraded next', of('0.1.9'), 'ok', /upgrade the watcher next/],
  ['a newer watcher', of('0.3.0'), 'warn', /0\.3\.0 is newer than this command, 0\.2\.0/],
  ['a release before it was noted', of(), 'ok', /0\.1\.0/],
  ['what nobody wrote', of('x'.repeat(100)), 'ok', /0\.1\.0/],
  ['no watcher', undefined, 'ok', /no watcher led yet/],
])('%s', async (_what, lease, state, says) => {
  expect(await look(lease)).toMatchObject({
    id: 'versions',
    state,
    says: expect.stringMatching(says),
  });
});

test('an API server that does not answer is no wrong order', async () => {
  const client = { get: () => Promise.reject(new Error('away')) };
  expect(await versionCheck(client, PLACE, '0.2.0')).toMatchObject({ state: 'warn', says: 'away' });
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
