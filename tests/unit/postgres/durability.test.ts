/** What doctor says about a server that can lose what it accepted, and about one that cannot. */
import { expect, test } from '@jest/globals';
import { describeDurability, durabilityProblems } from '../../../shared/postgres/durability.ts';
import type { Durability } from '../../../shared/postgres/durability.ts';

const SAFE: Durability = {
  synchronousCommit: 'on',
  source: 'default',
  fsync: true,
  fullPageWrites: true,
  waitsFor: '',
  unlogged: [],
  standbys: [],
};
const sync = [{ name: 'b', sync: 'sync' }];
const async = [{ name: 'c', sync: 'async' }];
const hidden = [{ name: null, sync: null }];

test.each<readonly [string, Partial<Durability>, RegExp]>([
  ['no standby', {}, /^fsync is on, synchronous_commit is on; there is no standby$/],
  ['local without a standby, which is as on', { synchronousCommit: 'local' }, /is local; there is/],
  ['a synchronous standby', { waitsFor: 'b', standbys: sync }, /standby_names = b, now b$/],
  [
    'a second standby that may be behind',
    { waitsFor: 'b', standbys: [...sync, ...async] },
    /now b; c can be behind, so do not fail over to it$/,
  ],
  [
    'standbys that the role may not see',
    { waitsFor: 'ANY 1 (*)', standbys: hidden },
    /ANY 1 \(\*\); which of the 1 connected ones these are is hidden.*GRANT pg_read_all_stats/,
  ],
  ['no standby that commits wait for', { waitsFor: 'b' }, /now none, so every commit waits$/],
])('nothing is lost with %s', (_, change, says) => {
  const read = { ...SAFE, ...change };
  expect(durabilityProblems(read)).toEqual([]);
  expect(describeDurability(read)).toMatch(says);
});

test.each<readonly [string, Partial<Durability>, RegExp, RegExp]>([
  [
    'synchronous_commit is off',
    { synchronousCommit: 'off', source: 'configuration file' },
    /synchronous_commit is off, so a crash loses/,
    /^set synchronous_commit = on in postgresql\.conf/,
  ],
  [
    'synchronous_commit is off for the role',
    { synchronousCommit: 'off', source: 'user' },
    /synchronous_commit is off/,
    /^ALTER ROLE … RESET synchronous_commit$/,
  ],
  [
    'synchronous_commit is local beside a synchronous standby',
    { synchronousCommit: 'local', waitsFor: 'b', standbys: sync },
    /synchronous_commit is local, which waits for no standby, so a failover loses/,
    /synchronous_commit = on/,
  ],
  ['fsync is off', { fsync: false }, /fsync is off.*damage/, /set fsync = on/],
  [
    'full_page_writes is off',
    { fullPageWrites: false },
    /full_page_writes is off/,
    /set full_page_writes = on/,
  ],
  [
    'the only standby is asynchronous',
    { standbys: async },
    /no standby is synchronous, and 1 other \(c\) can be behind, so a failover loses/,
    /synchronous_standby_names, for instance 'ANY 1 \(\*\)'/,
  ],
  [
    'a standby that the role may not see is asynchronous',
    { standbys: hidden },
    /no standby is synchronous, and 1 other can be behind/,
    /synchronous_standby_names/,
  ],
  [
    'a table is unlogged',
    { unlogged: ['message'] },
    /table message is unlogged.*no standby has it/,
    /^run ALTER TABLE message SET LOGGED$/,
  ],
])('a warning with a remedy: %s', (_, change, says, remedy) => {
  expect(durabilityProblems({ ...SAFE, ...change })).toEqual([
    { says: expect.stringMatching(says), remedy: expect.stringMatching(remedy) },
  ]);
});
