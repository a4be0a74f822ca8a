/** Creates a session with the active unit of a configured device. */
import type { DeviceConfig } from '../../config/schema.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Breaker } from './breaker.ts';
import { createBreaker } from './breaker.ts';
import { readOnlySession } from './read-only-session.ts';
import type { DeviceSession } from './session.ts';
import { createSession } from './session.ts';
import { createTransport } from './transport.ts';
import type { Unit } from './unit.ts';
import { createUnit } from './unit.ts';

/** Credentials from sluice.yaml, resolved. `ca` is a PEM bundle. */
export interface DeviceSecrets {
  /** Called for each login; rejects if the secret cannot be read. */
  readonly password: () => Promise<string>;
  readonly ca?: string | undefined;
}

/** How a process uses its connection. */
export interface ConnectOptions {
  /** From 0 to 1, for the pauses of the breakers; default: their middle. */
  readonly random?: (() => number) | undefined;
  /** Milliseconds for one request, if less than devices[].requestTimeout. */
  readonly timeoutMs?: number | undefined;
  /** Maximum bytes of an answer, if less than usual. */
  readonly largest?: number | undefined;
  /** If true, only reads are sent; writes are logged to `log`. */
  readonly dryRun?: boolean | undefined;
  /** Default: nothing is logged. */
  readonly log?: Logger | undefined;
}

const quiet = (): void => undefined;
const SILENT: Logger = {
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: quiet,
  child: () => SILENT,
};

/** Connects and logs in on the first call. */
export function openSession(
  config: DeviceConfig,
  { ca, password }: DeviceSecrets,
  clock: Pick<Clock, 'now' | 'monotonic'>,
  options: ConnectOptions = {},
): DeviceSession {
  const { name, tls, username, loginProvider, requestTimeout } = config;
  const timeoutMs = Math.min(requestTimeout * 1000, options.timeoutMs ?? Number.POSITIVE_INFINITY);
  const unit = (url: string): Unit => {
    const transport = createTransport({
      name,
      url,
      ca,
      fingerprint: tls.fingerprint,
      timeoutMs,
      largest: options.largest,
    });
    return createUnit({
      device: name,
      url,
      transport,
      credentials: { username, loginProvider, password },
      clock,
      timeoutMs,
    });
  };
  const units = [config.url, ...(config.peer === undefined ? [] : [config.peer])].map(unit);
  const breaker = (of: string): Breaker => createBreaker(of, clock, options.random ?? (() => 0.5));
  const session = createSession({
    device: name,
    units,
    breaker: breaker(name),
    standbyBreaker: breaker(`the standby unit of ${name}`),
    clock,
    timeoutMs,
  });
  return options.dryRun === true ? readOnlySession(session, name, options.log ?? SILENT) : session;
}
