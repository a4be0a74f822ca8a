/** One unit of a device: its connection and its token, which is local to the unit. One login for each process and unit, renewed a minute early. */
import type { Clock } from '../runtime/runtime.ts';
import { DeviceError } from './errors.ts';
import { faultOf } from './outcomes.ts';
import type { DeviceRequest, DeviceResponse, Transport } from './transport.ts';

export interface Credentials {
  readonly username: string;
  readonly loginProvider: string;
  /** Asked at every login, so that a rotated password is taken up. */
  readonly password: () => Promise<string>;
}

export interface Unit {
  readonly url: string;
  /** With a token; any HTTP status is an answer, and after a 401 the next request logs in anew. */
  send(request: DeviceRequest): Promise<DeviceResponse>;
  close(): Promise<void>;
}

export interface UnitOptions {
  /** The device's name, for messages. */
  readonly device: string;
  readonly url: string;
  readonly transport: Transport;
  readonly credentials: Credentials;
  readonly clock: Pick<Clock, 'monotonic'>;
}

interface Token {
  readonly token: string;
  readonly expires: number;
}

const RENEW_EARLY = 60_000;
/** Milliseconds that a logout may take: a device that is away must not hold up a process that ends. */
const LOGOUT = 2_000;

export function createUnit(options: UnitOptions): Unit {
  const { transport, clock, url } = options;
  let current: Promise<Token> | undefined;

  const valid = async (): Promise<{ readonly held: Token; readonly of: Promise<Token> }> => {
    const of = (current ??= login(options));
    const drop = (): void => {
      if (current === of) current = undefined;
    };
    const held = await of.catch((error: unknown) => {
      drop();
      throw error;
    });
    if (held.expires > clock.monotonic()) return { held, of };
    drop();
    return valid();
  };

  return {
    url,
    send: async (request) => {
      const { held, of } = await valid();
      const answer = await transport.send({ ...request, headers: { ...request.headers, 'x-f5-auth-token': held.token } });
      // Several requests may learn of it at once; only the first may throw the token away.
      if (answer.status === 401 && current === of) current = undefined;
      return answer;
    },
    close: async () => {
      const held = await current?.catch(() => undefined);
      current = undefined;
      // The device keeps at most 100 tokens of a user; an error here only leaves one to expire.
      if (held) await transport.send({ method: 'DELETE', path: `/mgmt/shared/authz/tokens/${held.token}`, headers: { 'x-f5-auth-token': held.token }, timeout: LOGOUT }).catch(() => undefined);
      await transport.close();
    },
  };
}

async function login({ device, transport, credentials, clock }: UnitOptions): Promise<Token> {
  const request: DeviceRequest = {
    method: 'POST',
    path: '/mgmt/shared/authn/login',
    body: { username: credentials.username, password: await credentials.password(), loginProviderName: credentials.loginProvider },
  };
  const answer = await transport.send(request).catch((error: unknown) => {
    // A login that may or may not have happened has changed nothing: plain trouble, not doubt.
    if (error instanceof DeviceError && error.fault === 'ambiguous') throw new DeviceError(error.code, 'transient', error.message, { cause: error });
    throw error;
  });
  if (answer.status === 401) {
    throw new DeviceError('BIP401', 'device', `${device}: login as ${credentials.username} was refused; check devices[].username, password and loginProvider`, { response: answer.text });
  }
  const { token } = (answer.json ?? {}) as { token?: { token?: string; expirationMicros?: number; lastUpdateMicros?: number; timeout?: number } };
  if (answer.status < 400 && typeof token?.token === 'string') return { token: token.token, expires: clock.monotonic() + lifetime(token) - RENEW_EARLY };
  const fault = faultOf(device, request, answer);
  throw fault.fault === 'ambiguous' || fault.fault === 'content' ? new DeviceError(fault.code, 'transient', fault.message, { response: fault.response, after: fault.after }) : fault;
}

/** From the device's own two clock readings, so that a skew to ours does not matter. */
function lifetime(token: { expirationMicros?: number; lastUpdateMicros?: number; timeout?: number }): number {
  const { expirationMicros, lastUpdateMicros, timeout = 1200 } = token;
  const measured = expirationMicros !== undefined && lastUpdateMicros !== undefined ? (expirationMicros - lastUpdateMicros) / 1000 : timeout * 1000;
  return Math.max(measured, RENEW_EARLY + 1000);
}
