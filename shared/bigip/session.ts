/** The way to a device: to its active unit, through a breaker, with a token. */
import type * as z from 'zod';
import type { Clock, Moment } from '../runtime/clock.ts';
import { shareCall } from '../runtime/shared-call.ts';
import { readAs, wrongShape } from './answers.ts';
import type { Breaker } from './breaker.ts';
import { isAway } from './breaker.ts';
import { DeviceError } from './errors.ts';
import { faultOf, isUnreadable } from './outcomes.ts';
import type { UnitFacts } from './role.ts';
import { ask, findActive, readFacts } from './role.ts';
import type { DeviceRequest, DeviceResponse } from './transport.ts';
import type { Unit } from './unit.ts';
import { longestSince, momentOf } from '../runtime/clock.ts';

/** What is to be looked at. */
export type Look = Pick<DeviceRequest, 'path' | 'kind'>;

export interface Session {
  /** The device's name, for messages. */
  readonly device: string;
  /** Answers with status below 400; everything else rejects with a {@link DeviceError}, but for the statuses in `accept`. */
  call(request: DeviceRequest, accept?: readonly number[]): Promise<DeviceResponse>;
  /** A reading, as the schema has it; rejects with BIP511 where the answer has another shape. */
  read<T>(look: Look, schema: z.ZodType<T>): Promise<T>;
  /** The same; undefined where the device says that there is no such thing, unless that means something else (`otherwise`). */
  find<T>(
    look: Look,
    schema: z.ZodType<T>,
    otherwise?: (answer: DeviceResponse) => DeviceError | undefined,
  ): Promise<T | undefined>;
  close(): Promise<void>;
}

/** A session that knows its units. */
export interface DeviceSession extends Session {
  /** What is known of the active unit; asked once, and again after trouble or a failover. Rejects with BIP404 or BIP405 where AS3 is missing or too old. */
  facts(): Promise<UnitFacts>;
  /** The same of every unit that is not active now; undefined for those that do not answer. */
  askOthers(request: DeviceRequest): Promise<readonly (DeviceResponse | undefined)[]>;
}

export interface SessionOptions {
  readonly device: string;
  /** The one to ask first comes first. */
  readonly units: readonly Unit[];
  readonly breaker: Breaker;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Milliseconds for one request. */
  readonly timeout: number;
}

/**
 * Milliseconds for which a unit counts as active without being asked again: a standby answers as if nothing were, and what is written
 * there may be synced over what is in force. One that is configured alone may be half of a pair all the same, but seldom is.
 */
const ROLE_VALID = { pair: 10_000, alone: 30_000 } as const;

/** AS3 says 204 where nothing at all is declared. */
const NOT_THERE: readonly number[] = [204, 404];

interface Active {
  readonly unit: Unit;
  readonly since: Moment;
  facts?: UnitFacts;
}

export function createSession(options: SessionOptions): DeviceSession {
  const { device, units, breaker } = options;
  const active = trackActive(options);
  const attempt = async (request: DeviceRequest): Promise<DeviceResponse> => {
    const { unit } = await active.get();
    try {
      return await unit.send(request);
    } catch (error) {
      active.forget();
      // Nothing was done, so the unit that is active by now may do it.
      if (units.length === 1 || !(error instanceof DeviceError) || error.fault === 'ambiguous')
        throw error;
      return (await active.get()).unit.send(request);
    }
  };
  const call = async (
    request: DeviceRequest,
    accept: readonly number[],
  ): Promise<DeviceResponse> => {
    let answer = await attempt(request);
    // Tokens die with a restart, and are unknown to the unit that a failover made active.
    if (answer.status === 401) {
      active.forget();
      answer = await attempt(request);
    }
    const unread = isUnreadable(answer);
    // "Not found" is a word of the device; a page of HTML that says so is not.
    if (
      answer.status >= 400 &&
      (!accept.includes(answer.status) || (unread && answer.status === 404))
    )
      throw faultOf(device, request, answer);
    if (unread) throw wrongShape({ device, request }, answer);
    return answer;
  };
  const watched = async <T>(action: () => Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (error) {
      if (isAway(error) || (error instanceof DeviceError && error.fault === 'ambiguous'))
        active.forget();
      throw error;
    }
  };
  const guarded = <T>(action: () => Promise<T>): Promise<T> => breaker.run(() => watched(action));
  const find: Session['find'] = async (look, schema, otherwise) => {
    const request: DeviceRequest = { method: 'GET', ...look };
    const answer = await call(request, NOT_THERE);
    if (!NOT_THERE.includes(answer.status)) return readAs(schema, { device, request }, answer);
    const fault = otherwise?.(answer);
    if (fault !== undefined) throw fault;
    return undefined;
  };
  return {
    device,
    call: (request, accept = []) => guarded(() => call(request, accept)),
    read: (look, schema) =>
      guarded(async () => {
        const request: DeviceRequest = { method: 'GET', ...look };
        return readAs(schema, { device, request }, await call(request, []));
      }),
    find: (look, schema, otherwise) => guarded(() => find(look, schema, otherwise)),
    facts: () => guarded(() => active.facts()),
    askOthers: async (request) => {
      const { unit } = await active.get();
      return Promise.all(
        units
          .filter((other) => other !== unit)
          .map((other) => ask(device, other, request).catch(() => undefined)),
      );
    },
    close: async () => {
      await Promise.all(units.map((unit) => unit.close()));
    },
  };
}

interface ActiveUnit {
  get(): Promise<Active>;
  facts(): Promise<UnitFacts>;
  forget(): void;
}

function trackActive({ device, units, clock, timeout }: SessionOptions): ActiveUnit {
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
  // A login and one look for each unit.
  const limit = 3 * timeout * units.length;
  const tooLong = (): DeviceError =>
    new DeviceError(
      'BIP502',
      'transient',
      `${device}: its units did not report which one is active within ${limit / 1000} s; check their load`,
    );
  const finding = shareCall(find, { limit, late: timeout / 2, tooLong });
  const get = async (): Promise<Active> =>
    known !== undefined && longestSince(clock, known.since) < valid ? known : finding.get();
  const asking = shareCall(
    async () => {
      const now = await get();
      return (now.facts ??= await readFacts(device, now.unit));
    },
    { limit: limit + timeout, late: timeout / 2, tooLong },
  );
  return {
    get,
    forget: () => {
      known = undefined;
    },
    facts: async () => (await get()).facts ?? asking.get(),
  };
}
