import { DeviceError } from '../../shared/bigip/errors.ts';
import { errorCode, errorMessage, errorName } from '../../shared/telemetry/errors.ts';
import type { Trouble } from './results.ts';

/** The function's own time is over; the device is well. */
export class OutOfTime extends DeviceError {
  constructor(device: string) {
    super(
      'BIP502',
      'transient',
      `${device}: not finished within three quarters of the function's timeout`,
    );
  }
}

/** A fault of the device, or of the configuration that leads to it: nothing passes until somebody mends it. */
export function knownTrouble(error: unknown): Trouble | undefined {
  if (error instanceof DeviceError) return error;
  // By name: on one host the secrets come from the command's bundle, whose classes are not this one's.
  const code = errorName(error) === 'ConfigError' ? errorCode(error) : undefined;
  return code === undefined
    ? undefined
    : { code, fault: 'device', message: errorMessage(error), response: '', after: undefined };
}
