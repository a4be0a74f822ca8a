import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { parseLabArguments } from '../../../infra/lab/demo/arguments.ts';
import { createChecks, DemoFailure } from '../../../infra/lab/demo/check.ts';
import { askEcho } from '../../../infra/lab/demo/connection.ts';
import { createSay, table } from '../../../infra/lab/demo/say.ts';
import { timeline } from '../../../infra/lab/demo/timeline.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';

/** Time advances only by sleeping. */
function steppingClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    monotonic: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  };
}

function collect(colours: boolean) {
  let text = '';
  const say = createSay((t) => (text += t), colours);
  return { say, text: () => text };
}

describe('a check of the demo', () => {
  test('is repeated until it is true, and counted', async () => {
    const { say, text } = collect(false);
    const checks = createChecks(steppingClock(), say);
    let looks = 0;
    const value = await checks.check({
      expected: 'three looks',
      where: 'here',
      see: () => (++looks === 3 ? { ok: 'fine', say: 'it is there' } : { instead: 'not yet' }),
    });
    expect(value).toBe('fine');
    expect(checks.passed()).toBe(1);
    expect(text()).toContain('✓ it is there');
  });

  test('that never becomes true reports the step, what was expected, what was seen, and where to look', async () => {
    const checks = createChecks(steppingClock(), collect(false).say);
    checks.step('The pod goes');
    const failure = await checks
      .check({
        expected: 'a pool',
        where: 'the log',
        see: () => ({ instead: 'no pool' }),
        within: 100,
      })
      .catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(DemoFailure);
    expect((failure as DemoFailure).explanation).toEqual([
      'demo failed at step "The pod goes"',
      '  expected:      a pool',
      '  seen:          no pool',
      '  where to look: the log',
    ]);
    expect(checks.passed()).toBe(0);
  });
});

test('colours are used only where they are wanted', () => {
  const plain = collect(false);
  const coloured = collect(true);
  for (const { say } of [plain, coloured]) {
    say.step(1, 'a step');
    say.ok('fine');
    say.failed(['no']);
  }
  expect(plain.text()).not.toContain('\u001B');
  expect(coloured.text()).toContain('\u001B[32m✓\u001B[0m');
});

test('a table is as wide as its widest cells', () => {
  expect(
    table([
      ['a', 'bbb'],
      ['cccc', 'd'],
    ]),
  ).toEqual(['a     bbb', 'cccc  d']);
});

test('a timeline shows each observed moment in order, after the start and the previous one', () => {
  const lines = timeline(1000, [
    { what: 'second', at: 1030 },
    { what: 'first', at: 1010 },
    { what: 'never', at: undefined },
  ]);
  expect(lines.slice(1).map((l) => l.trim().split(/\s+/).slice(0, 4))).toEqual([
    ['first', '10', 'ms', '+10'],
    ['second', '30', 'ms', '+20'],
  ]);
});

describe('a connection of the demo', () => {
  test('that no server takes says so', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(await askEcho('10.0.0.1', port, 'hello')).toBe('(connection refused)');
  });

  test('that is taken and dropped says so', async () => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const answer = await askEcho('10.0.0.1', (server.address() as AddressInfo).port, 'hello');
    server.close();
    expect(answer).toBe('(connection closed without an answer)');
  });
});

describe('the arguments of the demo and the lab', () => {
  test('have defaults', () => {
    const defaults = { queue: 'sqlite', members: 'pods', loopback: 'auto' };
    expect(parseLabArguments([])).toEqual(defaults);
    expect(parseLabArguments(['--queue', 'sqs', '--members=nodes'])).toEqual({
      ...defaults,
      queue: 'sqs',
      members: 'nodes',
    });
    expect(parseLabArguments(['--loopback', 'one'])).toEqual({ ...defaults, loopback: 'one' });
  });

  test.each([
    [['--queue', 'kafka'], '--queue kafka: must be one of sqlite, sqs'],
    [['--loopback', 'two'], '--loopback two: must be one of auto, one'],
    [['--que'], '--que'],
  ])('%j is refused in a sentence that names it', (argv, sentence) => {
    expect(parseLabArguments(argv)).toEqual({ refused: expect.stringContaining(sentence) });
  });
});
