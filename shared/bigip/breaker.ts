/** Leaves a device alone that does not answer: after a few failures in a row there is one probe now and then, and nothing else. */
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen } from 'cockatiel';
import type { Clock } from '../runtime/runtime.ts';
import { within } from '../runtime/shared-call.ts';
import { DeviceError } from './errors.ts';
import type { DeviceErrorCode } from './errors.ts';

export interface Breaker {
  /** Rejects with BIP508, without a request, while the device is left alone. */
  run<T>(action: () => Promise<T>): Promise<T>;
}

/** The device, or what leads to it, is out of order: more requests would not help, and failed logins would lock the account. */
const AWAY: ReadonlySet<DeviceErrorCode> = new Set<DeviceErrorCode>(['BIP401', 'BIP402', 'BIP501', 'BIP502', 'BIP504', 'BIP506', 'BIP507', 'BIP511', 'BIP512']);

const FAILURES = 3;
/** Milliseconds. */
const PAUSE = { first: 5_000, longest: 30_000 } as const;

/** The device is away, or left alone for that reason. */
export function isAwayCode(code: string): boolean {
  return code === 'BIP508' || [...AWAY].some((one) => one === code);
}

export function isAway(error: unknown): error is DeviceError {
  return error instanceof DeviceError && AWAY.has(error.code);
}

/** `patience`: milliseconds that others wait for the probe. */
export function createBreaker(device: string, clock: Pick<Clock, 'monotonic'>, random: () => number, patience = 10_000): Breaker {
  // The library decides on the state; when the next probe is due is decided here, because its clock cannot be set.
  const policy = circuitBreaker(handleWhen(isAway), { breaker: new ConsecutiveBreaker(FAILURES), halfOpenAfter: 0 });
  let opened = 0;
  let until = 0;
  let cause = '';
  let probe: Promise<unknown> | undefined;
  policy.onReset(() => {
    opened = 0;
  });
  policy.onBreak((reason) => {
    const error = 'error' in reason ? reason.error : undefined;
    const ceiling = Math.min(PAUSE.longest, PAUSE.first * 2 ** Math.min(opened, 10));
    opened += 1;
    cause = error instanceof DeviceError ? `${error.code}: ${error.message}` : '';
    until = clock.monotonic() + Math.max(isAway(error) ? (error.after ?? 0) : 0, Math.round(ceiling * (0.5 + random() / 2)));
  });

  const run = async <T>(action: () => Promise<T>): Promise<T> => {
    if (policy.state === CircuitState.Closed) return policy.execute(action);
    if (probe !== undefined) {
      await within(probe, patience, () => new DeviceError('BIP508', 'transient', `${device} is being asked whether it is back, and does not say (${cause})`, { after: patience }));
      return run(action);
    }
    const wait = until - clock.monotonic();
    if (wait > 0) throw new DeviceError('BIP508', 'transient', `${device} is left alone for ${Math.ceil(wait / 1000)} s more after ${FAILURES} failures in a row (${cause})`, { after: wait });
    const probing = policy.execute(action);
    probe = probing.then(
      () => undefined,
      () => undefined,
    );
    return probing.finally(() => {
      probe = undefined;
    });
  };
  return { run };
}
