/**
 * Every fault at every call: what a device, a queue or the store can answer instead, at each call of
 * the process, before the call has its effect and after that.
 *
 * Red with the guard removed: when `checkFence` (fence.ts) accepts only newer versions and not the
 * equal one, what a fault left unfinished stays so.
 */
import { describe, expect, jest, test } from '@jest/globals';
import { DeviceError } from '../../shared/device/errors.ts';
import { ReplayError } from '../../shared/failures/error.ts';
import { QueueError } from '../../shared/queue/port.ts';
import { failAt } from './support/gate.ts';
import { crashed, ending, SCENARIOS, whole } from './support/scenarios.ts';
import { PATIENCE_MS } from './support/seeds.ts';
import { tally } from './support/tally.ts';

jest.setTimeout(PATIENCE_MS);

/** By port: what its calls may fail with, each of them something that passes. */
const FAULTS: Readonly<Record<string, Readonly<Record<string, () => Error>>>> = {
  devices: {
    busy: () => new DeviceError('BIP503', 'transient', 'busy'),
    'a refused login': () => new DeviceError('BIP401', 'device', 'the login is refused'),
    'no answer': () => new DeviceError('BIP502', 'ambiguous', 'no answer'),
    'an answer that is none': () => new DeviceError('BIP505', 'ambiguous', 'HTML 500'),
    'no connection': () => new DeviceError('BIP501', 'transient', 'not reachable'),
    'a script that takes too long': () =>
      new DeviceError('BIP505', 'ambiguous', 'the script takes too long', { hint: 'slow' }),
  },
  queues: { 'no queue': () => new QueueError('Q601', 'the queue does not answer') },
  blobs: { 'no store': () => new ReplayError('RPL700', 'the store does not answer') },
};

const small = Object.entries(SCENARIOS).filter(([, { isLarge }]) => isLarge !== true);

describe.each(small)('%s', (name, scenario) => {
  const faults = tally(`faults: ${name}`);

  test('whatever a call fails with, everything becomes as it would have been', async () => {
    const { calls, end } = await whole(scenario);
    for (const [i, call] of calls.entries())
      for (const [fault, error] of Object.entries(FAULTS[call.split('.')[0]!]!))
        for (const when of ['before', 'after'] as const) {
          faults();
          const world = await crashed(scenario, [failAt(i + 1, when, error)]);
          expect({ call, fault, when, ...ending(world, scenario.partitions) }).toEqual({
            call,
            fault,
            when,
            ...end,
          });
        }
  });
});
