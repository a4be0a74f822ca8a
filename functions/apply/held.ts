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

/** Rejects with BIP503 if the last try met another client's declare that still runs. */
export async function refuseWhileHeld(
  device: Device,
  messages: readonly QueueMessage[],
  attempts: Pick<Attempts, 'of'>,
): Promise<void> {
  const tries = Math.max(...messages.map(({ receiveCount }) => receiveCount));
  const wasBusy = messages.some(({ id }) => attempts.of(id).at(-1)?.code === 'BIP503');
  if (!wasBusy || tries % DECLARE_EVERY === 0 || !(await device.isHeld())) return;
  throw new DeviceError(
    'BIP503',
    'transient',
    `${device.name}: another configuration operation still holds the device`,
  );
}
