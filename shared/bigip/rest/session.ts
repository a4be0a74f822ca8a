/** A session with the active unit of a device, through a breaker and with a token. */
import type * as z from 'zod';
import type { Clock, Moment } from '../../runtime/clock.ts';
import { shareCall } from '../../runtime/shared-call.ts';
import { readAs, wrongShape } from './answers.ts';
import type { Breaker } from './breaker.ts';
import { isAway, DeviceError } from '../../device/errors.ts';
import { faultOf, isUnreadable } from './outcomes.ts';
import type { UnitFacts } from './role.ts';
import { requestUnit, findActive, readUnitFacts } from './role.ts';
import type { DeviceRequest, DeviceResponse } from './transport.ts';
import type { Unit } from './unit.ts';
import { longestSince, momentOf } from '../../runtime/clock.ts';

/** The object to read. */
export type ReadRequest = Pick<DeviceRequest, 'path' | 'kind'>;

/** Sends requests to the active unit. */
export interface Session {
  /** Name of the device, for messages. */
  readonly device: string;
  /**
   * Resolves with answers of status below 400 or in `accept`; otherwise rejects with a {@link
   * DeviceError}.
   */
  call(request: DeviceRequest, accept?: readonly number[]): Promise<DeviceResponse>;
  /** Reads and validates an answer; rejects with BIP511 if it does not match the schema. */
  read<T>(look: ReadRequest, schema: z.ZodType<T>): Promise<T>;
  /**
   * Like `read`; undefined if the object does not exist, unless `otherwise` reinterprets the
   * answer.
   */
  find<T>(
    look: ReadRequest,
    schema: z.ZodType<T>,
    otherwise?: (answer: DeviceResponse) => DeviceError | undefined,
  ): Promise<T | undefined>;
  close(): Promise<void>;
}

/** A session that knows its units. */
export interface DeviceSession extends Session {
  /**
   * Facts about the active unit; read once, and again after errors or a failover. Rejects with
   * BIP404 or BIP405 if AS3 is missing or too old.
   */
  facts(): Promise<UnitFacts>;
  /** Sends a request to every standby unit; undefined for those that do not answer. */
  askOthers(request: DeviceRequest): Promise<readonly (DeviceResponse | undefined)[]>;
  /** As `call`, to the standby unit, with a breaker of its own. BIP501 if there is none. */
  callStandby(request: DeviceRequest, accept?: readonly number[]): Promise<DeviceResponse>;
}

/** The units of a device: one, or the two of a pair. */
export interface SessionOptions {
  /** Name for messages. */
  readonly device: string;
  /** In order of preference. */
  readonly units: readonly Unit[];
  /** Of the active unit: no requests for a while after it did not answer. */
  readonly breaker: Breaker;
  /** Of the standby unit: not every run waits for one that is away. */
  readonly standbyBreaker: Breaker;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Milliseconds for one request. */
  readonly timeoutMs: number;
}

/**
 * Milliseconds for which the role of a unit is cached: a standby answers normally, and writes to it
 * may later be synced over the active configuration. A unit configured alone may also belong to a
 * pair, but rarely does.
 */
const ROLE_VALID = { pair: 10_000, alone: 30_000 } as const;

/** AS3 answers 204 if nothing is declared. */
const NOT_THERE: readonly number[] = [204, 404];

/** The unit that requests go to. */
interface Active {
  readonly unit: Unit;
  /** When it was found to be active. */
  readonly since: Moment;
  facts?: UnitFacts;
}

/** Finds the active unit on the first call. */
export function createSession(options: SessionOptions): DeviceSession {
  const { device, units, breaker, standbyBreaker } = options;
  const active = trackActive(options);
  const call = createCaller(options, active);
  const guarded = <T>(action: () => Promise<T>): Promise<T> =>
    breaker.run(() => watched(active, action));
  return {
    device,
    call: (request, accept = []) => guarded(() => call(request, accept)),
    read: (look, schema) =>
      guarded(async () => {
        const request: DeviceRequest = { method: 'GET', ...look };
        return readAs(schema, { device, request }, await call(request, []));
      }),
    find: (look, schema, otherwise) =>
      guarded(async () => {
        const request: DeviceRequest = { method: 'GET', ...look };
        const answer = await call(request, NOT_THERE);
        if (!NOT_THERE.includes(answer.status)) return readAs(schema, { device, request }, answer);
        const fault = otherwise?.(answer);
        if (fault !== undefined) throw fault;
        return undefined;
      }),
    facts: () => guarded(() => active.facts()),
    askOthers: async (request) => {
      const { unit } = await active.get();
      return Promise.all(
        units
          .filter((other) => other !== unit)
          .map((other) => requestUnit(device, other, request).catch(() => undefined)),
      );
    },
    callStandby: async (request, accept) => {
      const { unit } = await active.get();
      const standby = units.find((other) => other !== unit);
      if (standby === undefined)
        throw new DeviceError('BIP501', 'transient', `${device}: it has no second unit`);
      return standbyBreaker.run(() => requestUnit(device, standby, request, accept));
    },
    close: async () => {
      await Promise.all(units.map((unit) => unit.close()));
    },
  };
}

/** Sends requests to the active unit; resolves as {@link Session.call}. */
function createCaller(
  { device, units }: SessionOptions,
  active: ActiveUnit,
): (request: DeviceRequest, accept: readonly number[]) => Promise<DeviceResponse> {
  const attempt = async (request: DeviceRequest): Promise<DeviceResponse> => {
    const { unit } = await active.get();
    try {
      return await unit.send(request);
    } catch (error) {
      active.forget();
      // Nothing was done, so the unit that is active now can do it.
      if (units.length === 1 || !(error instanceof DeviceError) || error.fault === 'ambiguous')
        throw error;
      return (await active.get()).unit.send(request);
    }
  };
  return async (request, accept) => {
    let answer = await attempt(request);
    // Tokens end with a restart, and are unknown to the other unit after a failover.
    if (answer.status === 401) {
      active.forget();
      answer = await attempt(request);
    }
    const unread = isUnreadable(answer);
    // "Not found" counts only as JSON from the device, not as an HTML page.
    if (
      answer.status >= 400 &&
      (!accept.includes(answer.status) || (unread && answer.status === 404))
    )
      throw faultOf(device, request, answer);
    if (unread) throw wrongShape({ device, request }, answer);
    return answer;
  };
}

/** After a fault the other unit may be active. */
async function watched<T>(active: ActiveUnit, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (isAway(error) || (error instanceof DeviceError && error.fault === 'ambiguous'))
      active.forget();
    throw error;
  }
}

/** Finds the active unit of a pair, and remembers it for a while. */
interface ActiveUnit {
  /** Asks the units which one is active, unless that is known. */
  get(): Promise<Active>;
  facts(): Promise<UnitFacts>;
  /** The next call asks again: the unit refused, or did not answer. */
  forget(): void;
}

/**
 * Remembers the active unit for a short time, and finds it again when that has passed or a call
 * failed.
 */
function trackActive({ device, units, clock, timeoutMs }: SessionOptions): ActiveUnit {
  const valid = units.length === 1 ? ROLE_VALID.alone : ROLE_VALID.pair;
  let known: Active | undefined;
  let last = units[0];

  const find = async (): Promise<Active> => {
    const before = known;
    const order = units.toSorted((a, b) => Number(b === last) - Number(a === last));
    const unit = await findActive(device, order);
    last = unit;
    known = {
      unit,
      since: momentOf(clock),
      ...(before?.unit === unit && before.facts !== undefined ? { facts: before.facts } : {}),
    };
    return known;
  };
  // A login and one read per unit.
  const limitMs = 3 * timeoutMs * units.length;
  const tooLong = (): DeviceError =>
    new DeviceError(
      'BIP502',
      'transient',
      `${device}: its units did not report which one is active within ${limitMs / 1000} s; check their load`,
    );
  const finding = shareCall(find, { limitMs, lateMs: timeoutMs / 2, tooLong });
  const get = async (): Promise<Active> =>
    known !== undefined && longestSince(clock, known.since) < valid ? known : finding.get();
  const asking = shareCall(
    async () => {
      const now = await get();
      return (now.facts ??= await readUnitFacts(device, now.unit));
    },
    { limitMs: limitMs + timeoutMs, lateMs: timeoutMs / 2, tooLong },
  );
  return {
    get,
    forget: () => {
      known = undefined;
    },
    facts: async () => (await get()).facts ?? asking.get(),
  };
}
