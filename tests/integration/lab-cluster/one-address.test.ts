/** The lab where only 127.0.0.1 can be bound, as on macOS. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createChecks } from '../../../infra/lab/demo/check.ts';
import { createKubernetesApi } from '../../../infra/lab/demo/kubernetes-api.ts';
import { createSay } from '../../../infra/lab/demo/say.ts';
import { firstGateway, nothingYet } from '../../../infra/lab/demo/scenes.ts';
import { startLab, type Lab } from '../../../infra/lab/lab.ts';
import { freePorts, hasAddress } from '../../../infra/lab/port-table.ts';
import { processClock } from '../../../shared/runtime/process.ts';

const LISTENS = 'tracing:net.server.listen:asyncEnd';
const bound = new Set<string>();
let lab: Lab;

function note(message: unknown): void {
  const { server } = message as { readonly server: Server };
  bound.add((server.address() as AddressInfo).address);
}

beforeAll(async () => {
  subscribe(LISTENS, note);
  lab = await startLab({ queue: 'sqlite', members: 'pods', loopback: 'one' });
}, 60_000);

afterAll(async () => {
  unsubscribe(LISTENS, note);
  await lab.stop();
});

test('the demo opens its first port, prints what the port stands for, and nothing binds another address', async () => {
  let text = '';
  const say = createSay((part) => (text += part), false);
  const checks = createChecks(processClock, say);
  const scene = { lab, say, clock: processClock, checks, api: createKubernetesApi(lab.kubernetes) };
  await nothingYet(scene);
  await firstGateway(scene);
  expect(text).toMatch(
    /a real TCP connection was answered: one hello \(127\.0\.0\.1:2\d{4} \(stands for 172\.16\.100\.195:32400\)\)/,
  );
  expect([...bound]).toEqual(['127.0.0.1']);
}, 60_000);

test('several labs on one machine use different ports, and none that is taken', async () => {
  const [first, second] = [await freePorts(), await freePorts()];
  expect(first.filter((port) => second.includes(port))).toEqual([]);
  const soon = Math.max(...second) + 10;
  const taken = createServer().listen(soon, '127.0.0.1');
  await once(taken, 'listening');
  const third = await freePorts();
  taken.close();
  expect(third).not.toContain(soon);
});

test('an address that this machine does not have is told from one that it has', async () => {
  expect([await hasAddress('127.0.0.1'), await hasAddress('192.0.2.1')]).toEqual([true, false]);
});
