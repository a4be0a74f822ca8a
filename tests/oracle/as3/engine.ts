/**
 * F5's own AS3 engine, unmodified, in front of a model of BIG-IP: a program that is not part of
 * this project, started for the time of a run.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { COMMON } from './common.ts';
import { senderTo } from './subject.ts';
import type { Subject } from './subject.ts';

/** Where the engine and the program that runs it are. */
export interface Place {
  /** Folder of F5's source, with its packages. */
  readonly root: string;
  /** Folder of the program, with its recorded sequences. */
  readonly harness: string;
}

const BESIDE = resolve(import.meta.dirname, '../../../../shared/oracles/as3');

/** The places, or why there is nothing to ask. */
export function placeOf(
  env: Readonly<Record<string, string | undefined>>,
  isThere: (path: string) => boolean = existsSync,
): Place | { readonly absent: string } {
  const root = env['AS3_ROOT'];
  const harness = env['AS3_ORACLE'] ?? BESIDE;
  if (root === undefined) return { absent: 'AS3_ROOT is not set' };
  if (!isThere(join(root, 'src/nodejs/restWorker.js')))
    return { absent: `AS3_ROOT (${root}) is not the source of AS3` };
  if (!isThere(join(harness, 'as3-server.mjs')))
    return { absent: `AS3_ORACLE (${harness}) has no as3-server.mjs` };
  return { root: resolve(root), harness: resolve(harness) };
}

/** Its input is a pipe of this process: when that is closed, the oracle is gone. */
const END_WITH_ORACLE = 'process.stdin.resume().on("end", () => process.exit())';
const NODE = [
  '--no-deprecation',
  // AS3 leaves rejections unhandled, which the process that runs it on a device survives.
  '--unhandled-rejections=none',
  `--import=data:text/javascript,${encodeURIComponent(END_WITH_ORACLE)}`,
];

export async function startEngine({ root, harness }: Place): Promise<Subject> {
  const child = spawn(process.execPath, [...NODE, join(harness, 'as3-server.mjs'), '--port', '0'], {
    env: { ...process.env, AS3_ROOT: root },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const url = await firstLine(child);
    const send = senderTo({ url, username: 'admin', password: 'admin', ca: undefined });
    await furnish(send);
    return { send, failInside: failingIn(send), close: () => ended(child) };
  } catch (error) {
    await ended(child);
    throw error;
  }
}

async function furnish(send: Subject['send']): Promise<void> {
  for (const [collection, body] of COMMON.engine) {
    const { status } = await send('POST', `/mgmt/tm/${collection}`, body);
    if (status !== 200) throw new Error(`the engine has no ${body.name}: ${status}`);
  }
}

function failingIn(send: Subject['send']): Subject['failInside'] {
  const fault = async (body: object): Promise<void> =>
    void (await send('POST', '/__oracle/fault', body));
  return async (path, code) => {
    await fault({ inner: true, path, code, times: 1 });
    return () => fault({ times: 0 });
  };
}

/** The URL that the program prints once it listens. */
function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolved, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the engine ended with exit code ${code}`)));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (/^https:\/\/127\.0\.0\.1:\d+$/.test(line)) resolved(line);
    });
  });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolved) => {
    child.once('exit', () => resolved());
    child.kill();
  });
}
