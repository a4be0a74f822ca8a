/** Before the next declare on a device that another client held. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { createAttempts } from '../../../functions/apply/attempts.ts';
import { refuseWhileHeld } from '../../../functions/apply/held.ts';
import type { DeviceErrorCode } from '../../../shared/device/errors.ts';
import type { QueueMessage } from '../../../shared/queue/port.ts';
import { type MemoryDevice, memoryDevice } from '../../fixtures/device.ts';

let device: MemoryDevice;
/** How often the device was asked. */
let asked: number;
/** How often what needs no lock was done. */
let done: number;
beforeEach(() => {
  device = memoryDevice();
  [device.held, asked, done] = [true, 0, 0];
  device.reach = () => void (asked += 1);
});

const messageOf = (id: string, receiveCount: number): QueueMessage => ({
  id,
  receipt: id,
  group: 'bigip-1',
  deduplicationId: id,
  body: '',
  sentAt: 0,
  receiveCount,
});

/** A stage of messages with what their tries met so far; resolves with whether it goes on. */
async function goesOn(
  stage: readonly { readonly count: number; readonly met: readonly DeviceErrorCode[] }[],
): Promise<boolean> {
  const attempts = createAttempts();
  const messages = stage.map(({ count, met }, i) => {
    attempts.add(String(i), ...met.map((code) => ({ at: '', code, reason: '' })));
    return messageOf(String(i), count);
  });
  const before = async (): Promise<void> => void (done += 1);
  return refuseWhileHeld(device, messages, attempts, before).then(
    () => true,
    (error: unknown) => {
      expect(error).toMatchObject({ code: 'BIP503', fault: 'transient' });
      return false;
    },
  );
}

describe('a device that another client held at the last try', () => {
  test('gets no declare while it is still held', async () => {
    expect(await goesOn([{ count: 2, met: ['BIP503'] }])).toBe(false);
    expect(asked).toBe(1);
  });

  test('gets the declare as soon as it is free', async () => {
    device.held = false;
    expect(await goesOn([{ count: 2, met: ['BIP503'] }])).toBe(true);
  });

  test('gets every eighth declare unasked, because only a declare ends the lock of a dead client', async () => {
    const tries = Array.from({ length: 17 }, (_, i) => i + 1);
    const passing: number[] = [];
    for (const count of tries) if (await goesOn([{ count, met: ['BIP503'] }])) passing.push(count);
    expect([passing, asked]).toEqual([[8, 16], 15]);
  });

  test('gets the eighth declare although newer messages came with fewer tries', async () => {
    const older = { count: 8, met: ['BIP503'] } as const;
    expect(await goesOn([{ count: 1, met: [] }, older])).toBe(true);
    expect(
      await goesOn([
        { count: 8, met: [] },
        { ...older, count: 7 },
      ]),
    ).toBe(true);
    expect(
      await goesOn([
        { count: 1, met: [] },
        { ...older, count: 9 },
      ]),
    ).toBe(false);
  });
});

describe('what needs no lock', () => {
  const tried = { count: 2, met: ['BIP503'] } as const;

  test('is done for a message that comes while the device is held, and not at every try', async () => {
    expect(await goesOn([tried])).toBe(false);
    expect(done).toBe(0);
    expect(await goesOn([tried, { count: 1, met: [] }])).toBe(false);
    expect(done).toBe(1);
  });

  test('is done with the declare if the device is free', async () => {
    device.held = false;
    expect(await goesOn([tried, { count: 1, met: [] }])).toBe(true);
    expect(done).toBe(0);
  });
});

describe('a device is not asked', () => {
  test.each([
    ['at the first try', []],
    ['after another fault', ['BIP501']],
    ['if another fault happened since', ['BIP503', 'BIP509']],
  ] as const)('%s', async (_when, met) => {
    expect(await goesOn([{ count: met.length + 1, met }])).toBe(true);
    expect(asked).toBe(0);
  });
});
