/** The calls of the oracle: it reads anything, and writes into its own partition only. */
import * as z from 'zod';
import type { Session } from '../../../shared/bigip/rest/session.ts';
import type { DeviceRequest } from '../../../shared/bigip/rest/transport.ts';

/** What a device said. */
export interface Answer {
  readonly status: number;
  /** Empty if the answer was no object. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** One call, with a path below `/mgmt/tm/`; rejects if the device gives no answer. */
export type Send = (
  method: DeviceRequest['method'],
  path: string,
  body?: object,
  transaction?: number,
) => Promise<Answer>;

/** Refusals are answers; what says that the device is away is none. */
const ANSWERS = [400, 403, 404, 405, 409, 413, 414, 415, 422, 500, 501];

const Body = z.record(z.string(), z.unknown()).catch({});

/** `partition` is the only one that is written to. */
export function sendTo(session: Session, partition: string): Send {
  return async (method, path, body, transaction) => {
    if (method !== 'GET' && !isOwn(path, body, partition))
      throw new Error(`${method} ${path} is outside of ${partition}`);
    const { status, json } = await session.call(
      {
        method,
        path: `/mgmt/tm/${path}`,
        // The limits of lists: values of many sizes come back.
        kind: 'list',
        ...(body !== undefined && { body }),
        ...(transaction !== undefined && {
          headers: { 'x-f5-rest-coordination-id': String(transaction) },
        }),
      },
      ANSWERS,
    );
    return { status, body: Body.parse(json) };
  };
}

/** Whether a write is about the partition, or about a transaction. */
function isOwn(path: string, body: object | undefined, partition: string): boolean {
  if (path === 'transaction' || path.startsWith('transaction/')) return true;
  const { partition: within, name } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (path === 'auth/partition') return name === partition;
  if (path === `auth/partition/${partition}`) return true;
  // What is created in a collection, and what has a name of its own.
  return path.includes('~') ? path.includes(`/~${partition}~`) : within === partition;
}

/** `taken`, or the status and the words of the refusal. */
export function said({ status, body }: Answer): string {
  const { message } = body;
  const words = typeof message === 'string' ? message : 'without a message';
  return status < 400 ? 'taken' : `${status} ${words}`;
}
