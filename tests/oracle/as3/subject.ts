/** A device with AS3 as the oracle sees it: F5's engine, or the lab's. */
import { request } from 'node:https';
import type { InnerName } from '../../../infra/lab/bigip/index.ts';

/** What a device said; `body` is undefined if it was no JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Subject {
  readonly send: (method: string, path: string, body?: unknown) => Promise<Answer>;
  /** The next such call of AS3 inside the device fails. Returns what takes the fault back. */
  failInside(call: InnerName, status: number): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** How to reach a device; `ca` undefined: its certificate is not checked. */
export interface Reach {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly ca: string | undefined;
}

const LONGEST_ANSWER = 32 * 1024 * 1024;

/** Sends requests with basic authentication. Rejects if the device gives no answer. */
export function senderTo({ url, username, password, ca }: Reach): Subject['send'] {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const sent = request(
        `${url}${path}`,
        {
          method,
          ...(ca === undefined ? { rejectUnauthorized: false } : { ca }),
          headers: { 'content-type': 'application/json', authorization },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
            if (text.length > LONGEST_ANSWER) response.destroy(new Error('the answer is too long'));
          });
          response.on('error', reject);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, body: parsed(text) }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
