import type { InnerFault, InnerHold } from './as3/inner.ts';
import type { Device } from './device.ts';
import type { LabRequest } from './http-types.ts';
import type { Timings } from './options.ts';

/** What a request gets in place of the answer, or around it. */
export type FaultResponse =
  /** `body` is sent as JSON. */
  | { readonly kind: 'status'; readonly status: number; readonly body?: unknown }
  | { readonly kind: 'html'; readonly status: number; readonly html?: string }
  /** A page with the headers and the body of the request, as a proxy shows them for debugging. */
  | { readonly kind: 'echo'; readonly status: number }
  /** Truncated JSON: of `body`, or of the real answer with `after`. */
  | { readonly kind: 'cut'; readonly status?: number; readonly body?: unknown }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' }
  /** Delayed, but otherwise normal. */
  | { readonly kind: 'delay'; readonly ms: number }
  /**
   * The real answer at a rate of this many bytes (default 1) every `ms`; `head`: the header too.
   */
  | { readonly kind: 'drip'; readonly ms: number; readonly bytes?: number; readonly head?: boolean }
  /**
   * An endless body, as fast as the client reads. `gzip`: compressed, so that little data expands
   * to much.
   */
  | { readonly kind: 'endless'; readonly gzip?: boolean }
  /** The connection breaks after this many bytes of `body`, or of the real answer with `after`. */
  | { readonly kind: 'break'; readonly bytes: number; readonly body?: unknown };

/** Which requests are affected, how often and how. */
export interface Fault {
  /** Default: every request. */
  readonly match?: (request: LabRequest) => boolean;
  /** Number of requests to affect; default 1, `Infinity` until removed. */
  readonly times?: number;
  /** The request is carried out, and only its answer is affected. */
  readonly after?: boolean;
  readonly response: FaultResponse;
}

/** Selects requests. */
export type Match = NonNullable<Fault['match']>;

/** Faults of the device, which can be set while it runs. */
export interface DeviceFaults {
  /** Returns a function that removes the fault. */
  inject(fault: Fault): () => void;
  /** Removes all injected faults and latency. */
  clear(): void;
  /** The next `times` matching requests get this response. */
  next(times: number, response: FaultResponse, match?: Match): () => void;
  latency(path: string | RegExp, ms: number): () => void;
  /** Answers one of AS3's calls inside the device with a fault. */
  inner(fault: InnerFault): InnerHold;
  /** The requests are carried out, but the client gets no answer. */
  loseAnswers(times: number, match?: Match): () => void;
  /** Timings of the device, mutable. */
  readonly timings: Timings;
  lockHeldFor(ms: number): void;
  expireTokens(): void;
  /** As after a failover to the peer, which does not know the tokens. */
  dropTokens(): void;
  as3Absent(absent?: boolean): void;
  /** Deletes the record of a task; all records without an id. */
  forgetTask(id?: string): void;
  /**
   * Restarts the management plane: connections break, pending tasks are cancelled, tokens and lock
   * are lost.
   */
  restart(options?: { readonly downFor?: number }): void;
  /** Makes the unit standby: it still answers, but serves no traffic. */
  standby(on?: boolean): void;
  /**
   * Health that monitors report for a member's address (or `address:port`) instead of probing;
   * undefined probes again.
   */
  health(address: string, found: 'up' | 'down' | undefined): void;
}

/** The faults, and what the server asks about each request. */
export interface FaultBox {
  readonly faults: DeviceFaults;
  /** The fault for this request, whose count it decreases. */
  take(request: LabRequest): Fault | undefined;
  latencyOf(request: LabRequest): number;
}

/** An echo as the page that it is for this request. */
export function withEcho(fault: Fault | undefined, request: LabRequest): Fault | undefined {
  if (fault?.response.kind !== 'echo') return fault;
  const html = JSON.stringify({ headers: request.headers, text: request.text });
  return { ...fault, response: { kind: 'html', status: fault.response.status, html } };
}

/** Whether the request is carried out despite this fault. */
export function isHandled({ after, response }: Fault): boolean {
  return after === true || response.kind === 'delay' || response.kind === 'drip';
}

/** What faults change outside of answers. */
export interface FaultHooks {
  /** The role or the reported health changed. */
  refresh(): void;
  breakConnections(): void;
}

/** Whether the request changes what AS3 declared. */
export function isDeclare(request: LabRequest): boolean {
  return request.path.startsWith('/mgmt/shared/appsvcs/declare') && request.method !== 'GET';
}

interface Armed {
  readonly fault: Fault;
  left: number;
}

/** No faults at first. */
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
  const faults: DeviceFaults = {
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
  DeviceFaults,
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
  { condition, lock, tokens, transactions, tasks, settings }: Device,
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
      transactions.clear();
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
