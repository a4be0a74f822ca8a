/** Token login: one token per process and device, renewed a minute early, logged out at the end. */
import { DeviceError } from './errors.ts';
import { faultOf } from './outcomes.ts';
import type { DeviceRequest, DeviceResponse, Transport } from './transport.ts';

export interface Credentials {
  readonly username: string;
  readonly loginProvider: string;
  /** Asked at every login, so that a rotated password is taken up. */
  readonly password: () => Promise<string>;
}

export interface Session {
  /** Answers with status below 400; everything else rejects with a {@link DeviceError}, but for the statuses in `accept`. */
  call(request: DeviceRequest, accept?: readonly number[]): Promise<DeviceResponse>;
  close(): Promise<void>;
}

interface Token {
  readonly token: string;
  readonly expires: number;
}

const RENEW_EARLY = 60_000;

export function createSession(device: string, transport: Transport, credentials: Credentials, now: () => number): Session {
  let current: Promise<Token> | undefined;

  const token = async (): Promise<Token> => {
    current ??= login(device, transport, credentials, now);
    try {
      const held = await current;
      if (held.expires > now()) return held;
    } catch (error) {
      current = undefined;
      throw error;
    }
    current = undefined;
    return token();
  };

  const attempt = async (request: DeviceRequest): Promise<DeviceResponse> => {
    const held = await token();
    return transport.send({ ...request, headers: { ...request.headers, 'x-f5-auth-token': held.token } });
  };

  return {
    call: async (request, accept = []) => {
      let answer = await attempt(request);
      // Tokens are local to a unit and die with a restart: one new login, then the answer counts.
      if (answer.status === 401) {
        current = undefined;
        answer = await attempt(request);
      }
      if (answer.status < 400 || accept.includes(answer.status)) return answer;
      throw faultOf(device, request, answer);
    },
    close: async () => {
      const held = await current?.catch(() => undefined);
      current = undefined;
      // The device keeps at most 100 tokens of a user; an error here only leaves one to expire.
      if (held) await transport.send({ method: 'DELETE', path: `/mgmt/shared/authz/tokens/${held.token}`, headers: { 'x-f5-auth-token': held.token } }).catch(() => undefined);
      await transport.close();
    },
  };
}

async function login(device: string, transport: Transport, credentials: Credentials, now: () => number): Promise<Token> {
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
  if (answer.status >= 400 || typeof token?.token !== 'string') throw faultOf(device, request, answer);
  return { token: token.token, expires: now() + lifetime(token) - RENEW_EARLY };
}

/** From the device's own two clocks readings, so that a skew to ours does not matter. */
function lifetime(token: { expirationMicros?: number; lastUpdateMicros?: number; timeout?: number }): number {
  const { expirationMicros, lastUpdateMicros, timeout = 1200 } = token;
  const measured = expirationMicros !== undefined && lastUpdateMicros !== undefined ? (expirationMicros - lastUpdateMicros) / 1000 : timeout * 1000;
  return Math.max(measured, RENEW_EARLY + 1000);
}
