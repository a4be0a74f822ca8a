/**
 * Requests through the virtual server, counted individually, each with the time at which it began.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../../../shared/runtime/clock.ts';
import { askEcho } from '../connection.ts';

export interface Request {
  /** Milliseconds since 1970. */
  readonly begun: number;
  readonly ended: number;
  readonly answer: string;
}

/** Requests that are sent one after another by a few clients. */
export interface ClientTraffic {
  readonly requests: readonly Request[];
  /** Resolves when so many requests have begun after this call, and ended. */
  more(count: number): Promise<void>;
  stop(): Promise<readonly Request[]>;
}

const CLIENTS = 4;
const BETWEEN_MS = 5;
const LINE = 'hello';

/** Several clients, each of which opens one connection after the other until stopped. */
export function startTraffic(address: string, port: number, clock: Clock): ClientTraffic {
  const requests: Request[] = [];
  const stopping = new AbortController();
  const client = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const begun = clock.now();
      const answer = await askEcho(address, port, LINE);
      requests.push({ begun, ended: clock.now(), answer });
      await pause(BETWEEN_MS);
    }
  };
  const running = Array.from({ length: CLIENTS }, client);
  return {
    requests,
    more: async (count) => {
      const asked = clock.now();
      while (requests.filter(({ begun }) => begun > asked).length < count) await pause(BETWEEN_MS);
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(running);
      return requests;
    },
  };
}

/** Whether an echo server answered. */
export function isAnswered({ answer }: Request): boolean {
  return answer.endsWith(` ${LINE}`);
}

/** Requests answered, by cluster. */
export function shares(requests: readonly Request[]): ReadonlyMap<string, number> {
  const answered = requests
    .filter(isAnswered)
    .map(({ answer }) => answer.slice(0, answer.indexOf(' ')));
  return new Map(
    [...Map.groupBy(answered, (cluster) => cluster)]
      .map(([cluster, all]) => [cluster, all.length] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** How many requests each cluster answered. */
export function inWords(requests: readonly Request[]): string {
  return (
    [...shares(requests)].map(([cluster, count]) => `${count} by ${cluster}`).join(', ') || 'none'
  );
}
