/**
 * One unit of a device: its connection and its token, which is local to the unit. One login per
 * process and unit, renewed a minute early.
 */
import type { Clock } from '../../runtime/clock.ts';
import { shareCall } from '../../runtime/shared-call.ts';
import { Login, readAs } from './answers.ts';
import { DeviceError } from '../../device/errors.ts';
import { faultOf } from './outcomes.ts';
import type { DeviceRequest, DeviceResponse, Transport } from './transport.ts';

/** The account for the login to a unit. */
export interface Credentials {
  readonly username: string;
  readonly loginProvider: string;
  /** Resolved at every login, so that a rotated password is used. */
  readonly password: () => Promise<string>;
}

/** One unit of a device. */
export interface Unit {
  readonly url: string;
  /**
   * Sends with a token; any HTTP status is an answer, and after a 401 the next request logs in
   * again.
   */
  send(request: DeviceRequest): Promise<DeviceResponse>;
  close(): Promise<void>;
}

/** One unit with everything that its login needs. */
export interface UnitOptions {
  /** Name of the device, for messages. */
  readonly device: string;
  /** Management URL of this unit. */
  readonly url: string;
  /** Its connections; closed with the unit. */
  readonly transport: Transport;
  readonly credentials: Credentials;
  /** The age of the token is measured by its monotonic time. */
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Milliseconds for one request. */
  readonly timeoutMs: number;
}

/** A login of iControl REST. `expires` by the monotonic clock. */
interface Token {
  readonly token: string;
  readonly expires: number;
}

/** A token must not expire during a request that was accepted with it. */
const RENEW_EARLY_MS = 60_000;

/** Logs in on the first request. */
export function createUnit(options: UnitOptions): Unit {
  const { device, transport, clock, url, timeoutMs } = options;
  let held: Token | undefined;
  const renewal = shareCall(async (signal) => (held = await login(options, signal)), {
    // Includes the time to resolve the password.
    limitMs: 2 * timeoutMs,
    lateMs: timeoutMs / 2,
    tooLong: () =>
      new DeviceError(
        'BIP502',
        'transient',
        `${device}: no login within ${(2 * timeoutMs) / 1000} s; check its load and the source of devices[].password`,
      ),
  });
  const valid = async (): Promise<Token> =>
    held !== undefined && held.expires > clock.monotonic() ? held : renewal.get();

  return {
    url,
    send: async (request) => {
      const used = await valid();
      const answer = await transport.send({
        ...request,
        headers: { ...request.headers, 'x-f5-auth-token': used.token },
      });
      // Several requests may get the 401; only the first may discard the token.
      if (answer.status === 401 && held === used) held = undefined;
      return answer;
    },
    close: async () => {
      renewal.abandon();
      const last = held;
      held = undefined;
      // The device keeps at most 100 tokens per user; if this fails, the token expires by itself.
      if (last)
        await transport
          .send({
            method: 'DELETE',
            path: `/mgmt/shared/authz/tokens/${last.token}`,
            headers: { 'x-f5-auth-token': last.token },
            kind: 'logout',
          })
          .catch(() => undefined);
      await transport.close();
    },
  };
}

/**
 * Gets a token. A refused login is not retried here, because repeated attempts can lock the
 * account.
 */
async function login(
  { device, transport, credentials, clock }: UnitOptions,
  signal: AbortSignal,
): Promise<Token> {
  const request: DeviceRequest = {
    method: 'POST',
    path: '/mgmt/shared/authn/login',
    kind: 'login',
    signal,
    body: {
      username: credentials.username,
      password: await credentials.password(),
      loginProviderName: credentials.loginProvider,
    },
  };
  const answer = await transport.send(request).catch((error: unknown) => {
    // A login with unknown outcome changed nothing, so it is a plain error.
    if (error instanceof DeviceError && error.fault === 'ambiguous')
      throw new DeviceError(error.code, 'transient', error.message, { cause: error });
    throw error;
  });
  if (answer.status === 401) {
    throw new DeviceError(
      'BIP401',
      'device',
      `${device}: login as ${credentials.username} was refused; check devices[].username, password and loginProvider`,
      { response: answer.text },
    );
  }
  if (answer.status < 400) {
    const { token } = readAs(Login, { device, request }, answer);
    return { token: token.token, expires: clock.monotonic() + lifetime(token) - RENEW_EARLY_MS };
  }
  const fault = faultOf(device, request, answer);
  throw fault.fault === 'ambiguous' || fault.fault === 'content'
    ? new DeviceError(fault.code, 'transient', fault.message, {
        response: fault.response,
        after: fault.after,
      })
    : fault;
}

/**
 * Computed from two readings of the device's clock, so that its difference from ours does not
 * matter.
 */
function lifetime({ expirationMicros, lastUpdateMicros, timeout = 1200 }: Login['token']): number {
  const measured =
    expirationMicros !== undefined && lastUpdateMicros !== undefined
      ? (expirationMicros - lastUpdateMicros) / 1000
      : timeout * 1000;
  return Math.max(measured, RENEW_EARLY_MS + 1000);
}
