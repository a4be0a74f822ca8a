/**
 * Events are written beside everything else: one LIST for each namespace, no object waits for
 * another.
 */
import { expect, test } from '@jest/globals';
import { eventBench, gatewayTarget, programmed } from './event-recorder-support.ts';

const TERMINATING = {
  status: 403,
  message: 'unable to create new content in namespace gone because it is being terminated',
};
const NO_RIGHT = { status: 403, message: 'User "x" cannot create resource "events"' };

test('2,000 new Gateways get their Events within a minute at 100 requests a second, with one LIST', async () => {
  const bench = eventBench();
  const recorder = bench.recorder();
  for (let i = 0; i < 2_000; i += 1)
    recorder.report(gatewayTarget(`gw-${i}`), 's result', [programmed()]);
  await bench.clock.until(recorder.idle());
  expect(bench.count('list')).toBe(1);
  expect(bench.requests).toHaveLength(2_001);
  expect(bench.events.size).toBe(2_000);
  expect(bench.clock.monotonic()).toBeLessThan(60_000);
});

test('each of 2,000 Gateways gets its Event before the Service gets all of them', async () => {
  const bench = eventBench();
  const recorder = bench.recorder();
  const service = { ...gatewayTarget('ingress', 'istio-system'), kind: 'Service' };
  const all = Array.from({ length: 2_000 }, (_, i) => programmed(`s result ${i}`));
  recorder.report(service, 's result', all);
  for (let i = 0; i < 2_000; i += 1)
    recorder.report(gatewayTarget(`gw-${i}`), 's result', [programmed()]);
  const told = (): number =>
    [...bench.events.values()].filter((one) => one.metadata.namespace === 'default').length;
  await bench.clock.pass(60_000);
  expect(told()).toBe(2_000);
});

test('objects in a terminating namespace do not delay others, and are not tried again', async () => {
  const bench = eventBench();
  bench.refuse = (verb, namespace) =>
    namespace === 'gone' && verb === 'create' ? TERMINATING : undefined;
  const recorder = bench.recorder();
  for (const namespace of ['gone', 'default'])
    for (const name of ['a', 'b', 'c'])
      recorder.report(gatewayTarget(name, namespace), 's result', [programmed()]);
  await bench.clock.until(recorder.idle());
  await bench.clock.pass(3_600_000);
  expect(bench.events.size).toBe(3);
  expect(bench.count('create', 'gone')).toBe(3);
  // Once for the namespace, not for each object.
  expect(bench.warnings).toHaveLength(1);
});

test('a right that is granted later is noticed within minutes', async () => {
  const bench = eventBench();
  bench.refuse = (verb) => (verb === 'create' ? NO_RIGHT : undefined);
  const recorder = bench.recorder();
  recorder.report(gatewayTarget('a'), 's result', [programmed()]);
  await bench.clock.until(recorder.idle());
  expect(bench.events.size).toBe(0);
  bench.refuse = () => undefined;
  await bench.clock.pass(5 * 60_000 + 1_000);
  expect(bench.events.size).toBe(1);
});

test('an object whose Events fail for a while waits by itself', async () => {
  const bench = eventBench();
  bench.refuse = (verb, _, name) =>
    verb === 'create' && name.startsWith('a.') ? { status: 500 } : undefined;
  const recorder = bench.recorder();
  for (const name of ['a', 'b', 'c'])
    recorder.report(gatewayTarget(name), 's result', [programmed()]);
  await bench.clock.pass(10_000);
  expect(bench.events.size).toBe(2);
  bench.refuse = () => undefined;
  await bench.clock.pass(60_000);
  expect(bench.events.size).toBe(3);
});

test.each([
  ['is unreachable', { status: 0 }],
  ['is overloaded', { status: 429 }],
])('while the API server %s it is not asked for each object', async (_, refusal) => {
  const bench = eventBench();
  bench.refuse = () => refusal;
  const recorder = bench.recorder();
  for (let i = 0; i < 200; i += 1)
    recorder.report(gatewayTarget(`gw-${i}`), 's result', [programmed()]);
  await bench.clock.pass(60_000);
  expect(bench.requests.length).toBeLessThan(40);
  bench.refuse = () => undefined;
  await bench.clock.pass(120_000);
  expect(bench.events.size).toBe(200);
});

test('a new leader repeats no Event that was written, and writes all others', async () => {
  const bench = eventBench();
  const first = bench.recorder();
  first.report(gatewayTarget('a'), 's result', [programmed()]);
  await bench.clock.until(first.idle());
  const second = bench.recorder();
  for (const name of ['a', 'b']) second.report(gatewayTarget(name), 's result', [programmed()]);
  await bench.clock.until(second.idle());
  expect([...bench.events.values()].map(({ count }) => count)).toEqual([1, 1]);
  expect(bench.count('list')).toBe(2);
});

test('a repeated Event is counted with one request, also if the API server has deleted it', async () => {
  const bench = eventBench();
  const recorder = bench.recorder();
  const say = async (on: boolean): Promise<void> => {
    recorder.report(gatewayTarget('a'), 's result', on ? [programmed()] : []);
    await bench.clock.until(recorder.idle());
  };
  await say(true);
  await say(false);
  await say(true);
  expect([...bench.events.values()].map(({ count }) => count)).toEqual([2]);
  expect(bench.requests.map(({ verb }) => verb)).toEqual(['list', 'create', 'patch']);
  bench.events.clear();
  await say(false);
  await say(true);
  expect(bench.events.size).toBe(1);
});

test('an Event that expires while its count is raised is written again', async () => {
  const bench = eventBench();
  bench.refuse = (verb) => (verb === 'create' ? { status: 409 } : undefined);
  const recorder = bench.recorder();
  recorder.report(gatewayTarget('a'), 's result', [programmed()]);
  await bench.clock.pass(1_000);
  bench.refuse = () => undefined;
  await bench.clock.pass(60_000);
  expect(bench.events.size).toBe(1);
});

test('only the newest state is reported, not those in between', async () => {
  const bench = eventBench();
  const recorder = bench.recorder();
  for (let i = 0; i < 100; i += 1)
    recorder.report(gatewayTarget('a'), 's result', [{ ...programmed(), message: `${i}` }]);
  await bench.clock.until(recorder.idle());
  expect([...bench.events.values()].map(({ message }) => message)).toEqual(['99']);
});

test('a replica that no longer leads stops at once, and the next leader writes the rest', async () => {
  const bench = eventBench();
  const recorder = bench.recorder();
  for (let i = 0; i < 2_000; i += 1)
    recorder.report(gatewayTarget(`gw-${i}`), 's result', [programmed()]);
  await bench.clock.pass(1_000);
  await bench.clock.until(recorder.stop());
  expect(bench.events.size).toBeLessThan(400);
});
