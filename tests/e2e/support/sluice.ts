/** `sluice` as a user starts it: a separate process with only its arguments and files. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const built = (path: string): string =>
  fileURLToPath(new URL(`../../../dist/${path}`, import.meta.url));
const SLUICE = built('cli/sluice.mjs');
/** The watcher alone, which is configured by its environment. */
export const WATCHER = built('watch/main.mjs');

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface Sluice {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly log: () => readonly LogLine[];
  readonly alive: () => boolean;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  kill(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

function parse(line: string): readonly LogLine[] {
  try {
    return line.startsWith('{') ? [JSON.parse(line) as LogLine] : [];
  } catch {
    // The last line of a killed process may be cut.
    return [];
  }
}

export function startSluice(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
  program = SLUICE,
): Sluice {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (said.stderr += text));
  const ended = once(child, 'close').then(
    ([code, signal]) => (code ?? signal) as number | NodeJS.Signals,
  );
  return {
    pid: child.pid ?? 0,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    log: () => said.stdout.split('\n').flatMap(parse),
    alive: () => child.exitCode === null && child.signalCode === null,
    ended,
    kill: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}
