/** Pages learn of changes without asking, with bounded connections that end in time. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLive } from '../../../functions/console/live.ts';
import type { Live } from '../../../functions/console/live.ts';
import { create } from '../../../functions/console/main.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import type { Failures } from '../../../shared/failures/open.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { createManualClock, idle } from '../../contract/queue/manual-clock.ts';
import type { ManualClock } from '../../contract/queue/manual-clock.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { configOf, testRuntime } from '../../fixtures/failures/runtime.ts';

const log = createLogger('silent');
let clock: ManualClock;
let failures: Failures;
let live: Live;
let ids: number;

beforeEach(() => {
  clock = createManualClock();
  ids = 0;
  failures = failuresOver(memoryBlobs(), { clock, id: () => `id-${(ids += 1)}` });
  live = createLive({ clock, log }, failures.signs);
});
afterEach(() => live.stop());

/** A page that reads what it is told. */
function page(stream: ReadableStream<Uint8Array>) {
  const reader = stream.getReader();
  const told: string[] = [];
  const ended = (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      told.push(new TextDecoder().decode(value));
    }
  })();
  return { told, ended, leave: () => reader.cancel() };
}

const entry = { who: 'ada', action: 'a', selection: 's', why: 'w', result: 'r' };
const look = { id: 'q', by: 'ada', why: 'w', wanted: { kind: 'look' } } as const;
const CHANGED = (rooms: readonly string[]) =>
  `event: changed\ndata: ${JSON.stringify({ rooms })}\n\n`;

describe('a page that stays connected', () => {
  test('is told at once that it is, and then which rooms changed, within two seconds', async () => {
    const { told } = page(live.open('ada'));
    await idle();
    expect(told).toEqual([`event: beat\ndata: {"at":${clock.now()}}\n\n`]);
    await failures.audit.append(entry);
    await failures.asks.create(look);
    await clock.pass(2_000);
    expect(told.slice(1)).toEqual([CHANGED(['replay', 'audit'])]);
    await failures.views.noteAudit({ device: 'bigip-1', findings: [] });
    await clock.pass(2_000);
    expect(told.slice(2)).toEqual([CHANGED(['now', 'ports', 'fleet'])]);
    await clock.pass(8_000);
    expect(told).toHaveLength(3);
  });

  test('hears a beat every fifteen seconds although nothing changes', async () => {
    const { told } = page(live.open('ada'));
    await clock.pass(60_000);
    expect(told.filter((text) => text.startsWith('event: beat')).length).toBeGreaterThanOrEqual(4);
  });

  test('is asked to prove itself again after ten minutes', async () => {
    const { ended } = page(live.open('ada'));
    await clock.pass(10 * 60_000);
    await ended;
    expect(clock.sleeping()).toBeLessThanOrEqual(1);
  });

  test('hears the next change although the store was away meanwhile', async () => {
    const away = { is: false };
    const read = () => (away.is ? Promise.reject(new Error('away')) : failures.signs());
    const other = createLive({ clock, log }, read);
    const { told } = page(other.open('ada'));
    await idle();
    away.is = true;
    await failures.audit.append(entry);
    await clock.pass(4_000);
    away.is = false;
    await clock.pass(2_000);
    expect(told.slice(1)).toEqual([CHANGED(['audit'])]);
    other.stop();
  });
});

describe('connections', () => {
  test('that ended cost nothing: nobody looks at the store any more', async () => {
    const one = page(live.open('ada'));
    await clock.pass(2_000);
    expect(clock.sleeping()).toBe(1);
    await one.leave();
    await clock.pass(2_000);
    expect(clock.sleeping()).toBe(0);
    const again = page(live.open('ada'));
    await clock.pass(2_000);
    expect([again.told.length, clock.sleeping()]).toEqual([1, 1]);
  });

  test('are limited for each person and in all, with a sentence', async () => {
    const open = async (who: string, count: number): Promise<void> => {
      for (let i = 0; i < count; i++) page(live.open(who));
      await idle();
    };
    await open('ada', 20);
    expect(() => live.open('ada')).toThrow('too many open pages');
    for (const who of ['bob', 'cyd', 'dan', 'eve']) await open(who, 20);
    expect(() => live.open('fay')).toThrow('too many open pages');
  });

  test('that nobody reads do not count, and one that takes nothing is dropped', async () => {
    for (let i = 0; i < 30; i++) live.open('ada');
    const reader = live.open('ada').getReader();
    await reader.read();
    for (let i = 0; i < 60; i++) {
      await failures.audit.append(entry);
      await clock.pass(2_000);
    }
    await clock.pass(2_000);
    expect(clock.sleeping()).toBe(0);
  });

  test('end when the console stops, and no new one begins', async () => {
    const { ended } = page(live.open('ada'));
    await idle();
    live.stop();
    await ended;
    expect(() => live.open('ada')).toThrow('too many open pages');
    await idle();
    expect(clock.sleeping()).toBe(0);
  });
});

describe('the route', () => {
  const consoleOf = (how: 'events' | 'polling') =>
    create({
      runtime: { ...testRuntime(configOf()), clock },
      failures,
      live: how,
      who: 'ada',
      role: 'viewer',
      call: () => Promise.resolve(),
    });
  const ask = (how: 'events' | 'polling', path: string, method = 'GET') =>
    consoleOf(how).fetch(
      new Request(`http://localhost/api/v1/${path}`, { method, headers: { Host: 'localhost' } }),
    );

  test('streams events that no proxy may keep back', async () => {
    const answer = await ask('events', 'events');
    expect([answer.status, answer.headers.get('Content-Type'), answer.headers.get('ETag')]).toEqual(
      [200, 'text/event-stream', null],
    );
    expect(answer.headers.get('X-Accel-Buffering')).toBe('no');
    const { told, leave } = page(answer.body!);
    await idle();
    expect(told).toEqual([expect.stringMatching(/^event: beat\n/)]);
    await leave();
    expect(await (await ask('events', 'session')).json()).toMatchObject({ live: 'events' });
  });

  test('ends streams cleanly when the console stops, so that a page sees no error', async () => {
    const hosted = await consoleOf('events').listen(0);
    const answer = await fetch(new URL('/api/v1/events', hosted.url));
    const { told, ended } = page(answer.body!);
    while (told.length === 0) await idle();
    await Promise.all([hosted.close(), ended]);
    expect(told).toEqual([expect.stringMatching(/^event: beat\n/)]);
  });

  test('answers where nothing can stay connected that one has to ask', async () => {
    const answer = await ask('polling', 'events');
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { error: { message: 'This console tells no changes; ask again with If-None-Match.' } },
    ]);
    expect(await (await ask('polling', 'session')).json()).toMatchObject({ live: 'polling' });
  });
});
