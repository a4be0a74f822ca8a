/** A process of the product: its output goes to a file, and it can be killed and started again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { usageOf } from '../bench/speed/process.ts';
import type { SiteClock } from './clock.ts';

const PRELOAD = fileURLToPath(new URL('../e2e/support/clock.mjs', import.meta.url));
const built = (path: string): string =>
  fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));

export interface ProcessOptions {
  readonly name: string;
  /** Its own working directory, which is its home too. */
  readonly dir: string;
  /** Path below `dist`. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Flags of Node and V8. */
  readonly nodeOptions: string;
  readonly log: string;
  readonly metricsPort: number;
  readonly inspectorPort: number;
  readonly clock: SiteClock;
  readonly clockFile: string;
}

export interface ProcessUsage {
  readonly pid: number;
  /** Mebibytes. */
  readonly rss: number;
  readonly handles: number;
  /** Seconds of processor time since its start. */
  readonly cpu: number;
}

export interface SoakProcess {
  readonly name: string;
  readonly clockFile: string;
  readonly metricsPort: number;
  /** Where its inspector listens after SIGUSR1. */
  readonly inspectorPort: number;
  /** Unless it runs. */
  start(): void;
  alive(): boolean;
  /** Undefined while it does not run. */
  usage(): ProcessUsage | undefined;
  signal(signal: NodeJS.Signals): void;
  /** Kills it; resolves when it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** How often it ended although nobody killed it. */
  crashes(): number;
}

export function createProcess(options: ProcessOptions): SoakProcess {
  const { name, clock, clockFile, metricsPort, inspectorPort } = options;
  let child: ChildProcess | undefined;
  let expected = false;
  let crashes = 0;
  const alive = (): boolean => child !== undefined && child.exitCode === null && !child.signalCode;
  const signal = (which: NodeJS.Signals): void => void (alive() && child?.kill(which));
  // A process that has just started reads the file by itself, and SIGUSR2 would end it.
  clock.follow(clockFile, () => {
    if (alive() && child !== undefined && ready(child)) signal('SIGUSR2');
  });
  return {
    name,
    clockFile,
    metricsPort,
    inspectorPort,
    alive,
    signal,
    start: () => {
      if (alive()) return;
      expected = false;
      child = spawnProcess(options);
      child.once('exit', () => {
        if (!expected) crashes += 1;
      });
    },
    usage: () => (alive() && child !== undefined ? readUsage(child) : undefined),
    kill: async (which) => {
      if (!alive() || child === undefined) return;
      expected = true;
      const ended = once(child, 'exit');
      child.kill(which);
      await ended;
    },
    crashes: () => crashes,
  };
}

function spawnProcess(options: ProcessOptions): ChildProcess {
  const file = openSync(options.log, 'a');
  try {
    return spawn(process.execPath, [built(options.program), ...options.args], {
      cwd: options.dir,
      env: {
        PATH: process.env['PATH'],
        HOME: options.dir,
        NODE_OPTIONS: `${options.nodeOptions} --inspect-port=127.0.0.1:${options.inspectorPort} --import ${PRELOAD}`,
        CLOCK_FILE: options.clockFile,
        SLUICE_HTTP_PORT: `127.0.0.1:${options.metricsPort}`,
        ...options.env,
      },
      stdio: ['ignore', file, file],
    });
  } finally {
    closeSync(file);
  }
}

/** Whether it catches SIGUSR2 (12), which would end it before. */
function ready({ pid }: ChildProcess): boolean {
  const caught = /SigCgt:\s*([0-9a-f]+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return caught !== undefined && (BigInt(`0x${caught}`) & (1n << 11n)) !== 0n;
}

function readUsage(child: ChildProcess): ProcessUsage | undefined {
  try {
    const usage = usageOf(child);
    return {
      pid: child.pid ?? 0,
      rss: usage.residentMebibytes(),
      handles: readdirSync(`/proc/${child.pid}/fd`).length,
      cpu: usage.cpuSeconds(),
    };
  } catch {
    // It ended just now.
    return undefined;
  }
}
