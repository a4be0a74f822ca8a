/** `sluice up` as users run it: a separate process. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { processClock } from '../../../shared/runtime/process.ts';

const SLUICE = resolve(import.meta.dirname, '../../../dist/cli/sluice.mjs');
const LOOK_MS = 20;
/** Longer than a start takes on a busy machine. */
const START_MS = 120_000;

export interface SluiceOptions {
  /** Its working directory; its output goes there too, unless it is profiled. */
  readonly dir: string;
  readonly config: string;
  readonly kubeconfig: string;
  /** Folder for its processor profile and output. */
  readonly profile: string | undefined;
}

export interface SluiceProcess {
  /** Seconds of processor time so far. */
  cpuSeconds(): number;
  residentMebibytes(): number;
  /** Resolves when it reports that it is up; throws if it exits before. */
  up(): Promise<void>;
  stop(): Promise<void>;
}

export function startSluice(options: SluiceOptions): SluiceProcess {
  const output = join(options.profile ?? options.dir, `sluice-${Date.now()}.log`);
  const file = openSync(output, 'w');
  const flags =
    options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`];
  const child = spawn(
    process.execPath,
    [...flags, SLUICE, 'up', '--config', options.config, '--kubeconfig', options.kubeconfig],
    {
      cwd: options.dir,
      env: { PATH: process.env['PATH'], HOME: options.dir },
      stdio: ['ignore', file, file],
    },
  );
  closeSync(file);
  const ended = once(child, 'exit');
  return {
    ...usageOf(child),
    up: async () => {
      const until = Date.now() + START_MS;
      while (!readFileSync(output, 'utf8').includes('"msg":"up"')) {
        if (child.exitCode !== null || Date.now() > until)
          throw new Error(`sluice up did not start: ${readFileSync(output, 'utf8').slice(-2_000)}`);
        await processClock.sleep(LOOK_MS);
      }
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Read from /proc, so that reading it costs the process nothing. */
export function usageOf({
  pid,
}: ChildProcess): Pick<SluiceProcess, 'cpuSeconds' | 'residentMebibytes'> {
  return {
    /** Ticks are hundredths of a second. */
    cpuSeconds: () => {
      const [user = Number.NaN, system = Number.NaN] =
        readFileSync(`/proc/${pid}/stat`, 'utf8')
          .split(') ')[1]
          ?.split(' ')
          .slice(11, 13)
          .map(Number) ?? [];
      return (user + system) / 100;
    },
    residentMebibytes: () =>
      Number(
        /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN,
      ) / 1_024,
  };
}

/** An empty Node process that waits, as the floor of what a process needs. */
export async function emptyProcess<T>(
  measure: (usage: ReturnType<typeof usageOf>) => Promise<T>,
): Promise<T> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)'], {
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  await once(child, 'spawn');
  try {
    return await measure(usageOf(child));
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

/** Milliseconds in which an empty Node process starts and ends. */
export async function emptyStart(): Promise<number> {
  const began = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  return performance.now() - began;
}
