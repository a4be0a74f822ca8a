/** What is told of pods that begin to end, ahead of their snapshot. */
import { expect, test } from '@jest/globals';
import { Leavers } from '../../../functions/watch/emit/leavers.ts';
import { logTo } from '../../fixtures/log.ts';

const ref = { namespace: 'istio-system', service: 'istio-ingressgateway' };

function start() {
  const [told, lines]: [(readonly string[])[], Record<string, unknown>[]] = [[], []];
  const now = { isLeading: true, away: false, standing: new Set<string>() };
  const leavers = new Leavers({
    ref,
    outbox: {
      leaving: async (_, addresses) => {
        if (now.away) throw new Error('the queue gives no answer');
        told.push(addresses);
        await Promise.resolve();
      },
    },
    log: logTo(lines),
    isLeading: () => now.isLeading,
    standing: () => now.standing,
  });
  return { leavers, told, lines, now };
}

test('pods that end together are one message', async () => {
  const { leavers, told } = start();
  leavers.add(['10.0.0.1', 'fd00::1']);
  leavers.add(['10.0.0.2', '10.0.0.1']);
  await leavers.tell();
  await leavers.tell();
  expect(told).toEqual([['10.0.0.1', 'fd00::1', '10.0.0.2']]);
});

test('a message has at most a thousand addresses', async () => {
  const { leavers, told } = start();
  leavers.add(Array.from({ length: 1_001 }, (_, n) => `10.0.${n >> 8}.${n & 255}`));
  await leavers.tell();
  expect(told.map((addresses) => addresses.length)).toEqual([1_000]);
});

test('a pod that could not be reported is not reported later, when another pod may have the address', async () => {
  const { leavers, told, lines, now } = start();
  now.isLeading = false;
  leavers.add(['10.0.0.1']);
  await leavers.tell();
  now.isLeading = true;
  now.away = true;
  leavers.add(['10.0.0.2']);
  await leavers.tell();
  now.away = false;
  await leavers.tell();
  expect(told).toEqual([]);
  expect(lines).toMatchObject([{ said: 'pods that end are left to their snapshot' }]);
});

test('an address that another pod has by now stays in rotation', async () => {
  const { leavers, told, now } = start();
  leavers.add(['10.0.0.1', '10.0.0.2']);
  now.standing = new Set(['10.0.0.1']);
  await leavers.tell();
  leavers.add(['10.0.0.1']);
  await leavers.tell();
  expect(told).toEqual([['10.0.0.2']]);
});
