/** Taking an address over from F5 CIS, when giving the objects back fails. */
import { expect, test } from '@jest/globals';
import type { CisOwned } from '../../../shared/operations/migrate/owned.ts';
import type { Switching } from '../../../shared/operations/migrate/switching.ts';
import { takeOverAddress } from '../../../shared/operations/migrate/take.ts';
import { createManualClock } from '../../contract/queue/manual-clock.ts';

const objectOf = (name: string): CisOwned => ({
  object: `ConfigMap default/${name}`,
  raw: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name } },
  servers: [],
  unread: [],
  label: { name: 'f5type', value: 'virtual-server' },
  isAway: false,
  problems: [],
});

/**
 * F5 CIS never lets go. `refuses`: whether the API server refuses the n-th patch, from 1; `away`:
 * what an earlier take handed over.
 */
async function take(
  refuses: (patch: number) => boolean,
  away: readonly CisOwned[] = [],
): Promise<readonly [string, string[]]> {
  const patched: string[] = [];
  let count = 0;
  const clock = { ...createManualClock() };
  let time = 0;
  const switching = {
    context: {
      runtime: {
        clock: { ...clock, monotonic: () => (time += 60_000), sleep: async () => undefined },
      },
      audit: { record: async (_entry: object, work: () => Promise<unknown>) => work() },
    },
    site: {
      client: {
        may: async () => true,
        merge: async (_resource: object, { name }: { name: string }) => {
          count += 1;
          if (refuses(count)) throw new Error(`patch ${count} is refused`);
          patched.push(name);
        },
      },
      device: {
        name: 'bigip',
        foreign: async () => [{ address: '192.0.2.1', port: 80, path: '/a/b', partition: 'a' }],
      },
    },
    author: { who: 'somebody' },
    say: () => undefined,
  } as unknown as Switching;
  const failed = await takeOverAddress(switching, {
    address: '192.0.2.1',
    rows: [],
    objects: [objectOf('one'), objectOf('two')],
    away,
    partitions: [],
    exposures: [],
    shared: [],
    problems: [],
  }).then(
    () => 'taken over',
    (error: unknown) => String(error),
  );
  return [failed, patched];
}

test('all objects are given back if F5 CIS does not let go', async () => {
  const [failed, patched] = await take(() => false);
  expect(failed).toMatch(
    /still has virtual servers.*The objects were given back to F5 CIS, which has the address again$/,
  );
  // Let go of, noted, given back, and the note removed.
  expect(patched).toEqual(['one', 'two', 'one', 'two', 'one', 'two', 'one', 'two']);
});

test('one that cannot be given back is named with the reason and the remedy, and the others are given back', async () => {
  const [failed, patched] = await take((patch) => patch === 5);
  expect(failed).toMatch(
    /still has virtual servers.*Not given back to F5 CIS: ConfigMap default\/one \(patch 5 is refused\); run "sluice migrate cis undo 192\.0\.2\.1"/,
  );
  expect(patched).toEqual(['one', 'two', 'one', 'two', 'two']);
});

test('what was let go of before a refusal is given back, and the refusal is told', async () => {
  const [failed, patched] = await take((patch) => patch === 2);
  expect(failed).toMatch(/patch 2 is refused.*The objects were given back/);
  expect(patched).toEqual(['one', 'one', 'one', 'one']);
});

test('if Sluice cannot be held off, the objects are given back with a warning and the remedy', async () => {
  const [failed, patched] = await take((patch) => patch === 3);
  expect(failed).toMatch(
    /given back to F5 CIS\. Sluice still waits for 192\.0\.2\.1 and could not be held off \(patch 3 is refused\).*Then set sluice\.io\/expose/,
  );
  expect(patched).toEqual(['one', 'two', 'one', 'two']);
});

test('nothing is said to be given back if the first object is refused', async () => {
  const [failed, patched] = await take((patch) => patch === 1);
  expect(failed).toMatch(/patch 1 is refused. Nothing was changed$/);
  expect(patched).toEqual([]);
});

test('what an earlier take handed over is named with the remedy, because it is not given back', async () => {
  const earlier = [objectOf('killed')];
  const still =
    'Still handed over by an earlier take: ConfigMap default/killed; run "sluice migrate cis undo 192.0.2.1" ' +
    'to give it back';
  const [failed] = await take((patch) => patch === 1, earlier);
  expect(failed).toContain(`patch 1 is refused. This take changed nothing. ${still}`);
  expect(failed).not.toContain('Nothing was changed');
  const [given] = await take((patch) => patch === 2, earlier);
  expect(given).toMatch(
    /The objects were given back to F5 CIS.*\. Still handed over by an earlier/,
  );
});
