/**
 * A circuit breaker for a device: after a few consecutive failures it allows only occasional
 * probes.
 */
import type { Clock } from '../../runtime/clock.ts';
import { within } from '../../runtime/shared-call.ts';
import { DeviceError, isAway } from '../../device/errors.ts';

/** Guards calls to one device. */
export interface Breaker {
  /** Rejects with BIP508 without a request while the breaker is open. */
  run<T>(action: () => Promise<T>): Promise<T>;
}

/** Failures in a row after which a device is left alone; a single one may be chance. */
const MAX_FAILURES = 3;
/** Milliseconds. */
const PAUSE_MS = { first: 5_000, longest: 30_000 } as const;

/** State of an open breaker: its end by the monotonic clock, and its cause. */
interface Open {
  readonly until: number;
  readonly cause: string;
}

/** `patience`: milliseconds that other callers wait for the probe. */
export function createBreaker(
  device: string,
  clock: Pick<Clock, 'monotonic'>,
  random: () => number,
  patience = 10_000,
): Breaker {
  const record = createRecord(clock, random);
  let probe: Promise<unknown> | undefined;
  const run = async <T>(action: () => Promise<T>): Promise<T> => {
    const open = record.open();
    if (open === undefined) return record.count(action);
    if (probe !== undefined) {
      await within(probe, patience, () => beingProbed(device, open, patience));
      return run(action);
    }
    const wait = open.until - clock.monotonic();
    if (wait > 0) throw leftAlone(device, open, wait);
    const probing = record.probe(action);
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

/**
 * For callers that come while another one tries whether the device is back. `patience` in
 * milliseconds.
 */
function beingProbed(device: string, { cause }: Open, patience: number): DeviceError {
  return new DeviceError(
    'BIP508',
    'transient',
    `${device} is being probed after failures and has not answered yet (${cause})`,
    { after: patience },
  );
}

/** For callers that come while the device is given time. `wait` in milliseconds. */
function leftAlone(device: string, { cause }: Open, wait: number): DeviceError {
  return new DeviceError(
    'BIP508',
    'transient',
    `${device} is not called for another ${Math.ceil(wait / 1000)} s after ${MAX_FAILURES} ` +
      `failures in a row (${cause})`,
    { after: wait },
  );
}

/** The results of calls, and whether they open the breaker. */
interface CallRecord {
  open(): Open | undefined;
  /** Calls that started before the breaker opened do not change its state. */
  count<T>(action: () => Promise<T>): Promise<T>;
  /** Any answer closes the breaker, including a refusal. */
  probe<T>(action: () => Promise<T>): Promise<T>;
}

/** Counts failures of a device, and decides when it is tried again. */
function createRecord(clock: Pick<Clock, 'monotonic'>, random: () => number): CallRecord {
  /** Consecutive failures. */
  let failures = 0;
  /** Number of openings since the last answer. */
  let pauses = 0;
  let open: Open | undefined;
  const leaveAlone = (error: DeviceError): void => {
    const ceiling = Math.min(PAUSE_MS.longest, PAUSE_MS.first * 2 ** Math.min(pauses, 10));
    pauses += 1;
    const pause = Math.max(error.after ?? 0, Math.round(ceiling * (0.5 + random() / 2)));
    open = { until: clock.monotonic() + pause, cause: `${error.code}: ${error.message}` };
  };
  const close = (): void => {
    failures = 0;
    pauses = 0;
    open = undefined;
  };
  return {
    open: () => open,
    count: async (action) => {
      try {
        const result = await action();
        failures = 0;
        return result;
      } catch (error) {
        failures += isAway(error) ? 1 : 0;
        if (isAway(error) && failures >= MAX_FAILURES && open === undefined) leaveAlone(error);
        throw error;
      }
    },
    probe: async (action) => {
      try {
        const result = await action();
        close();
        return result;
      } catch (error) {
        if (isAway(error)) leaveAlone(error);
        else close();
        throw error;
      }
    },
  };
}
