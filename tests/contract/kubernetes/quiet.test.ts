/**
 * Bookmarks are not guaranteed: a kind without changes is watched without lists, errors and pauses.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createStream, type Stream, type StreamKind } from '../../../shared/kubernetes/index.ts';
import { configMap, hurriedClock, silent, startLab, until, type Lab } from './support.ts';

const CONFIG_MAPS: StreamKind = {
  group: '',
  versions: ['v1'],
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};
/** In these tests a watch is open for half a second. */
const TIMING = { watchMs: 250, overdueMs: 250 };

let at: Lab;
let stream: Stream<string>;
let pauses: number[];
let states: Set<string>;

beforeEach(async () => {
  at = await startLab();
  pauses = [];
  states = new Set();
  const clock = hurriedClock();
  at.lab.store.apply(configMap('a', { n: '1' }));
  stream = createStream({
    client: at.client,
    kind: CONFIG_MAPS,
    normalise: (raw) => raw.metadata.name,
    onChange: () => undefined,
    clock: {
      ...clock,
      sleep: (ms, signal) => {
        pauses.push(ms);
        return clock.sleep(ms, signal);
      },
    },
    random: () => 0.999,
    log: silent,
    timing: TIMING,
  });
  stream.start();
  await until(() => watches() > 0);
});
afterEach(async () => {
  await stream.stop();
  await at.close();
});

const watches = (): number => asked('watch');
const asked = (verb: string): number =>
  at.lab.faults.requests({ verbs: [verb], resource: 'configmaps' });
/** Waits for this number of new watches, and checks the state in the meantime. */
async function again(times: number): Promise<void> {
  const until_ = watches() + times;
  await until(() => {
    states.add(stream.state());
    return watches() >= until_;
  });
}

describe('a quiet kind without bookmarks', () => {
  test('is watched again from the same revision, without a list, an error or a pause', async () => {
    await again(4);
    expect(asked('list')).toBe(1);
    expect(stream.figures.interruptions).toBe(0);
    expect(pauses).toEqual([]);
    expect([...states]).toEqual(['live']);
  });

  test('reports a change at once', async () => {
    await again(2);
    at.lab.store.apply(configMap('b', { n: '1' }));
    await until(() => stream.store.size === 2);
    expect(pauses).toEqual([]);
  });
});

test('a dead connection is detected, and no change is missed', async () => {
  at.lab.faults.silenceWatches();
  at.lab.store.apply(configMap('b', { n: '1' }));
  await until(() => stream.store.size === 2);
  expect(asked('list')).toBe(1);
  expect(stream.figures.interruptions).toBe(0);
});

test('after expired history, the kind is listed at once', async () => {
  const lists = asked('list');
  at.lab.store.apply(configMap('b', { n: '1' }));
  await until(() => stream.store.size === 2);
  at.lab.faults.silenceWatches();
  at.lab.store.apply(configMap('c', { n: '1' }));
  at.lab.faults.compact();
  await until(() => stream.store.size === 3);
  expect(asked('list')).toBe(lists + 1);
  expect(pauses.filter((ms) => ms > 0)).toEqual([]);
});

test('pauses start small again after a successful list', async () => {
  const allow = [at.lab.faults.add({ verbs: ['list', 'watch'] }, { kind: 'cut' })];
  at.lab.faults.cutWatches();
  await until(() => pauses.some((ms) => ms > 20_000));
  for (const lift of allow) lift();
  await again(2);
  pauses.length = 0;
  at.lab.faults.cutWatches();
  await until(() => pauses.length > 0);
  expect(pauses[0]).toBeLessThanOrEqual(1_000);
});

test('pauses grow while lists succeed and no watch is ever answered', async () => {
  at.lab.faults.add({ verbs: ['watch'] }, { kind: 'cut' });
  at.lab.faults.cutWatches();
  await until(() => pauses.some((ms) => ms > 20_000));
  expect(asked('list')).toBeGreaterThan(1);
});
