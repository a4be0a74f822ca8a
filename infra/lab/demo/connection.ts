import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { reachedAt } from '../loopback.ts';

/** Only against waiting forever: on a busy machine an answer takes seconds. */
export const ANSWER_WITHIN_MS = 15_000;

/**
 * One TCP connection: sends a line and waits for the whole answer. Never throws; a failure is
 * returned as an answer in brackets.
 */
export function askEcho(
  address: string,
  port: number,
  line: string,
  timeout = ANSWER_WITHIN_MS,
): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(reachedAt(address, port));
  let answer = '';
  socket.setEncoding('utf8');
  socket.setTimeout(timeout, () => {
    resolve('(no answer in time)');
    socket.destroy();
  });
  socket.on('connect', () => socket.end(`${line}\n`));
  socket.on('data', (text: string) => {
    answer += text;
  });
  socket.on('error', (error: NodeJS.ErrnoException) =>
    resolve(
      error.code === 'ECONNREFUSED'
        ? '(connection refused)'
        : `(connection broken: ${error.code ?? error.message})`,
    ),
  );
  socket.on('close', () =>
    resolve(answer === '' ? '(connection closed without an answer)' : answer.trimEnd()),
  );
  return promise;
}

/** Connections that are opened one after another until it is stopped. */
export interface EchoStream {
  /** Stops, and returns the answers that the connections received. */
  stop(): Promise<readonly string[]>;
}

const BETWEEN_MS = 2;

/** Opens one connection after the other until stopped. */
export function keepAsking(address: string, port: number, line: string): EchoStream {
  const answers: string[] = [];
  let going = true;
  const more = (): boolean => going;
  async function run(): Promise<readonly string[]> {
    while (more()) {
      answers.push(await askEcho(address, port, line));
      await pause(BETWEEN_MS);
    }
    return answers;
  }
  const running = run();
  return {
    stop: () => {
      going = false;
      return running;
    },
  };
}
