/** Errors that stop the work on a whole device, as codes and reasons for results and log. */
import { DeviceError } from '../../shared/device/errors.ts';
import { errorCode, errorMessage, errorName } from '../../shared/telemetry/errors.ts';
import type { DeviceOutage } from './results.ts';

/** The time of the function is over; the device works. */
export class OutOfTime extends DeviceError {
  constructor(device: string) {
    super(
      'BIP502',
      'transient',
      `${device}: not finished within three quarters of the function's timeout`,
    );
  }
}

/** Tries after which a fault that may pass counts as one that stays. */
const PASSING_TRIES = 3;

/**
 * Whether only the paths are left out because of the error. Otherwise the messages of the run come
 * again; `tries`: how often they came.
 */
export function isOfPathsOnly(error: unknown, tries: number): error is DeviceError {
  if (!(error instanceof DeviceError) || error.code === 'BIP430') return false;
  return error.reach !== 'outage' && (!error.mayPass || tries > PASSING_TRIES);
}

/**
 * A fault of the device, or of the configuration for it: nothing succeeds until it is corrected.
 */
export function knownOutage(error: unknown): DeviceOutage | undefined {
  if (error instanceof DeviceError) return error;
  // Compared by name, because on one host secrets come from the bundle of the command, which has
  // separate classes.
  const code = errorName(error) === 'ConfigError' ? errorCode(error) : undefined;
  return code === undefined
    ? undefined
    : { code, fault: 'device', message: errorMessage(error), response: '', after: undefined };
}
