/** A plain HTTP client of the lab's BIG-IP. */
import { request } from 'node:https';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  // Tests check the content of responses key by key.
  readonly body: Record<string, any>; // oxlint-disable-line typescript/no-explicit-any
}

export interface Call {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeout?: number;
  /** The number of bytes after which reading stops. */
  readonly most?: number;
}

export function call(
  bigip: LabBigip,
  method: string,
  path: string,
  options: Call = {},
): Promise<Answer> {
  const text =
    options.body === undefined
      ? undefined
      : typeof options.body === 'string'
        ? options.body
        : JSON.stringify(options.body);
  const basic = Buffer.from(`${bigip.username}:${bigip.password}`).toString('base64');
  const headers = options.headers ?? { authorization: `Basic ${basic}` };
  return new Promise((resolve, reject) => {
    const sent = request(
      `${bigip.url}${path}`,
      {
        method,
        ca: bigip.ca,
        agent: false,
        headers: {
          ...headers,
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.byteLength;
          if (size > (options.most ?? Infinity)) response.destroy();
        });
        response.on('error', reject);
        response.on('close', () => {
          const received = Buffer.concat(chunks).toString('utf8');
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            text: received,
            body: parsed(received),
          });
        });
      },
    );
    sent.on('error', reject);
    if (options.timeout !== undefined)
      sent.setTimeout(options.timeout, () => sent.destroy(new Error('client gave up')));
    sent.end(text);
  });
}

function parsed(text: string): Answer['body'] {
  try {
    return JSON.parse(text) as Answer['body'];
  } catch {
    return {};
  }
}

/** Waits until the condition is met, limited only by the test's timeout. */
export async function until<T>(
  probe: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function finished(bigip: LabBigip, id: string): Promise<Answer> {
  return until(async () => {
    const answer = await call(bigip, 'GET', `/mgmt/shared/appsvcs/task/${id}`);
    return answer.body['results']?.[0]?.message === 'in progress' ? undefined : answer;
  });
}

export function adc(
  tenants: Readonly<Record<string, unknown>>,
  rest: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return { class: 'ADC', schemaVersion: '3.50.0', ...rest, ...tenants };
}

export function tenant(
  applications: Readonly<Record<string, unknown>> = {},
  rest: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return { class: 'Tenant', ...rest, ...applications };
}

export interface AppOptions {
  readonly address?: string;
  readonly port?: number;
  readonly members?: readonly unknown[];
  readonly pool?: Readonly<Record<string, unknown>>;
  readonly virtual?: Readonly<Record<string, unknown>>;
  readonly more?: Readonly<Record<string, unknown>>;
}

/** An application with a virtual server and its pool. */
export function app({
  address = '172.16.100.195',
  port = 32400,
  members = [],
  pool = {},
  virtual = {},
  more = {},
}: AppOptions = {}): Record<string, unknown> {
  return {
    class: 'Application',
    virtual: {
      class: 'Service_TCP',
      virtualAddresses: [address],
      virtualPort: port,
      persistenceMethods: [],
      pool: 'pool',
      ...virtual,
    },
    pool: { class: 'Pool', members, ...pool },
    ...more,
  };
}

export function member(
  port: number,
  ...serverAddresses: readonly string[]
): Record<string, unknown> {
  return { servicePort: port, serverAddresses };
}

export function declare(
  bigip: LabBigip,
  tenants: Readonly<Record<string, unknown>>,
  query = '',
): Promise<Answer> {
  return call(
    bigip,
    'POST',
    `/mgmt/shared/appsvcs/declare/${Object.keys(tenants).join(',')}${query}`,
    { body: adc(tenants) },
  );
}

/** The result of a declare for its only tenant. */
export function resultOf(answer: Answer): Record<string, unknown> {
  return answer.body['results'][0] as Record<string, unknown>;
}

/**
 * Opens a connection and reads until the other side closes it; `reset` if it was refused or cut.
 */
export function talk(host: string, port: number, send = ''): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket: Socket = connect({ host, port });
    socket.on('data', (chunk) => (received += chunk.toString()));
    socket.on('error', () => resolve('reset'));
    socket.on('end', () => {
      socket.end();
      resolve(received === '' ? 'reset' : received);
    });
    socket.on('connect', () => socket.end(send));
  });
}
