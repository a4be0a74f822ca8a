/** Before a device that was busy gets another declare: whether a client still declares there. */
import type { Device } from '../../shared/device/device.ts';
import { DeviceError } from '../../shared/device/errors.ts';
import type { QueueMessage } from '../../shared/queue/port.ts';
import type { Attempts } from './attempts.ts';

/**
 * Every so many tries it is declared anyway: a device ends the lock of a client that died only when
 * somebody declares.
 */
const DECLARE_EVERY = 8;

/**
 * Rejects with BIP503 if the last try met another client's declare that still runs. `before` does
 * what needs no lock; it is called once for each message, not at every try.
 */
export async function refuseWhileHeld(
  device: Device,
  messages: readonly QueueMessage[],
  attempts: Pick<Attempts, 'of'>,
  before: () => Promise<void>,
): Promise<void> {
  const tries = Math.max(...messages.map(({ receiveCount }) => receiveCount));
  const metOther = messages.map(({ id }) => attempts.of(id).at(-1)?.code === 'BIP503');
  if (!metOther.includes(true) || tries % DECLARE_EVERY === 0 || !(await device.isHeld())) return;
  if (metOther.includes(false)) await before();
  throw new DeviceError(
    'BIP503',
    'transient',
    `${device.name}: another configuration operation still holds the device`,
  );
}
