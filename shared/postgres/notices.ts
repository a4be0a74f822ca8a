/** Hears NOTIFY. Only a hint: behind a pooler nothing comes, and a broken connection loses some. */
import { Client, escapeIdentifier } from 'pg';
import type { ClientConfig } from 'pg';
import type { Clock } from '../runtime/clock.ts';

/** What to listen to, and where. */
export interface NoticesOptions {
  readonly connection: () => Promise<ClientConfig>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly channel: string;
  readonly hear: (payload: string) => void;
  /** Ends listening. */
  readonly signal: AbortSignal;
}

/** Milliseconds. */
const AGAIN_MS = 5_000;
const CONNECT_MS = 10_000;

/** Until the connection ends or the signal fires. */
async function hearOnce(options: NoticesOptions): Promise<void> {
  const { channel, hear, signal } = options;
  const client = new Client({
    ...(await options.connection()),
    connectionTimeoutMillis: CONNECT_MS,
  });
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const end = (): void => resolve();
  client.on('error', end);
  client.on('end', end);
  client.on('notification', ({ payload = '' }) => hear(payload));
  signal.addEventListener('abort', end, { once: true });
  try {
    await client.connect();
    await client.query(`LISTEN ${escapeIdentifier(channel)}`);
    if (!signal.aborted) await ended;
  } finally {
    signal.removeEventListener('abort', end);
    await client.end();
  }
}

/** Connects again after a failure. Errors are not told: the calls beside it tell theirs. */
export async function startNotices(options: NoticesOptions): Promise<void> {
  const { clock, signal } = options;
  while (!signal.aborted) {
    await hearOnce(options).catch(() => undefined);
    await clock.sleep(AGAIN_MS, signal);
  }
}
