import type { InnerFault, InnerHold } from './as3/inner.ts';
import type { Device } from './device.ts';
import type { LabRequest } from './http-types.ts';
import type { Timings } from './options.ts';

export type FaultResponse =
  /** `body` is sent as JSON. */
  | { readonly kind: 'status'; readonly status: number; readonly body?: unknown }
  | { readonly kind: 'html'; readonly status: number; readonly html?: string }
  /** JSON that ends in the middle: of `body`, or of the real answer when the fault comes `after`. */
  | { readonly kind: 'cut'; readonly status?: number; readonly body?: unknown }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' }
  /** Late, but otherwise as always. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The real answer, so many bytes (1 when absent) every `ms`; `head`: its header arrives like that as well. */
  | { readonly kind: 'drip'; readonly ms: number; readonly bytes?: number; readonly head?: boolean }
  /** A body that never ends, as fast as it is taken. `gzip`: packed, so that little comes and much comes out. */
  | { readonly kind: 'endless'; readonly gzip?: boolean }
  /** The connection breaks after so many bytes of `body`, or of the real answer when the fault comes `after`. */
  | { readonly kind: 'break'; readonly bytes: number; readonly body?: unknown };

export interface Fault {
  /** Every request when absent. */
  readonly match?: (request: LabRequest) => boolean;
  /** How many requests it hits; 1 when absent, `Infinity` until removed. */
  readonly times?: number;
  /** The request is carried out, and only its answer suffers. */
  readonly after?: boolean;
  readonly response: FaultResponse;
}

export type Match = NonNullable<Fault['match']>;

/** What can go wrong with the device, settable while it runs. */
export interface Faults {
  /** Returns what takes the fault back. */
  inject(fault: Fault): () => void;
  /** Takes back every injected fault and latency. */
  clear(): void;
  /** The next `times` matching requests get this response. */
  next(times: number, response: FaultResponse, match?: Match): () => void;
  latency(path: string | RegExp, ms: number): () => void;
  /** One of the calls that AS3 makes inside the device is answered with a fault. */
  inner(fault: InnerFault): InnerHold;
  /** Carried out, but the client never hears of it. */
  loseAnswers(times: number, match?: Match): () => void;
  /** Times of the device; may be written to. */
  readonly timings: Timings;
  lockHeldFor(ms: number): void;
  expireTokens(): void;
  /** As after a failover to the peer: no token is known here. */
  dropTokens(): void;
  as3Absent(absent?: boolean): void;
  /** A task's record vanishes; all of them without an id. */
  forgetTask(id?: string): void;
  /** Management plane restarts: connections break, pending tasks are cancelled, tokens and lock are gone. */
  restart(options?: { readonly downFor?: number }): void;
  /** The unit becomes standby: it still answers, but serves no traffic. */
  standby(on?: boolean): void;
  /** What monitors shall find for a member's address (or `address:port`), instead of probing; undefined probes again. */
  health(address: string, found: 'up' | 'down' | undefined): void;
}

export interface FaultBox {
  readonly faults: Faults;
  /** The fault that hits this request, used up by one. */
  take(request: LabRequest): Fault | undefined;
  latencyOf(request: LabRequest): number;
}

/** Whether the request is carried out although this fault hits it. */
export function isHandled({ after, response }: Fault): boolean {
  return after === true || response.kind === 'delay' || response.kind === 'drip';
}

export interface FaultHooks {
  /** Role or told health changed. */
  refresh(): void;
  breakConnections(): void;
}

export function isDeclare(request: LabRequest): boolean {
  return request.path.startsWith('/mgmt/shared/appsvcs/declare') && request.method !== 'GET';
}

interface Armed {
  readonly fault: Fault;
  left: number;
}

export function createFaults(device: Device, hooks: FaultHooks): FaultBox {
  let armed: readonly Armed[] = [];
  let latencies: readonly { readonly path: string | RegExp; readonly ms: number }[] = [];
  const inject = (fault: Fault): (() => void) => {
    const entry: Armed = { fault, left: fault.times ?? 1 };
    armed = [...armed, entry];
    return (): void => {
      armed = armed.filter((other) => other !== entry);
    };
  };
  const injecting = (
    times: number,
    match: Match | undefined,
    rest: Pick<Fault, 'after' | 'response'>,
  ): (() => void) => inject({ times, ...(match === undefined ? {} : { match }), ...rest });
  const faults: Faults = {
    ...conditionFaults(device, hooks),
    inject,
    clear(): void {
      device.inner.clear();
      armed = [];
      latencies = [];
    },
    inner: (fault) => device.inner.add(fault),
    next: (times, response, match) => injecting(times, match, { response }),
    loseAnswers: (times, match = isDeclare) =>
      injecting(times, match, { after: true, response: { kind: 'reset' } }),
    latency(path, ms): () => void {
      const entry = { path, ms };
      latencies = [...latencies, entry];
      return (): void => {
        latencies = latencies.filter((other) => other !== entry);
      };
    },
    timings: device.timings,
  };
  return {
    faults,
    take(request): Fault | undefined {
      const hit = armed.find((entry) => entry.left > 0 && (entry.fault.match?.(request) ?? true));
      if (hit === undefined) return undefined;
      hit.left -= 1;
      armed = armed.filter((entry) => entry.left > 0);
      return hit.fault;
    },
    latencyOf: (request) =>
      latencies
        .filter(({ path }) =>
          typeof path === 'string' ? request.path.startsWith(path) : path.test(request.path),
        )
        .reduce((sum, { ms }) => sum + ms, 0),
  };
}

type ConditionFaults = Pick<
  Faults,
  | 'lockHeldFor'
  | 'expireTokens'
  | 'dropTokens'
  | 'as3Absent'
  | 'forgetTask'
  | 'restart'
  | 'standby'
  | 'health'
>;

function conditionFaults(
  { condition, lock, tokens, tasks, settings }: Device,
  hooks: FaultHooks,
): ConditionFaults {
  return {
    lockHeldFor: (ms) => lock.holdFor(ms),
    expireTokens: () => tokens.expireAll(),
    dropTokens: () => tokens.clear(),
    as3Absent(absent = true): void {
      condition.as3 = absent ? 'absent' : 'installed';
    },
    forgetTask: (id) => tasks.forget(id),
    restart({ downFor = 0 } = {}): void {
      condition.boot += 1;
      condition.startingUntil = settings.now() + downFor;
      tasks.cancelPending();
      tokens.clear();
      lock.clear();
      hooks.breakConnections();
    },
    standby(on = true): void {
      condition.standby = on;
      hooks.refresh();
    },
    health(address, found): void {
      if (found === undefined) condition.health.delete(address);
      else condition.health.set(address, found);
      hooks.refresh();
    },
  };
}
