/** Runs the archives that are deployed to Lambda, each in a process and a folder of its own. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unpackArtifact } from '../../../infra/lab/host/artifacts.ts';
import type { Invoke } from '../../../infra/lab/host/http-api.ts';

export interface LambdaFunction {
  readonly invoke: Invoke;
  /** What it wrote to its log. */
  readonly log: () => string;
  stop(): Promise<void>;
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly problem?: string;
}

/** `env`: all that the process gets. `milliseconds`: the timeout of the function. */
export async function startLambda(
  zip: string,
  env: Readonly<Record<string, string>>,
  milliseconds: number,
): Promise<LambdaFunction> {
  const unpacked = await unpackArtifact(zip);
  const { folder } = unpacked;
  const child: ChildProcess = fork(
    join(import.meta.dirname, 'lambda-process.mjs'),
    [pathToFileURL(join(folder, 'handler.mjs')).href],
    { cwd: folder, env: { ...env, LAMBDA_TASK_ROOT: folder }, execArgv: [], silent: true },
  );
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (piece: Buffer) => (log += piece.toString()));
  const started = once(child, 'message');
  const died = once(child, 'exit').then(() => Promise.reject(new Error(`it ended: ${log}`)));
  died.catch(() => undefined);
  await Promise.race([started, died]);
  const waiting = new Map<number, (reply: Reply) => void>();
  child.on('message', (reply: Reply) => {
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  let last = 0;
  return {
    log: () => log,
    invoke: async (event) => {
      const id = (last += 1);
      const { promise, resolve } = Promise.withResolvers<Reply>();
      waiting.set(id, resolve);
      child.send({ id, event, milliseconds });
      const { result, problem } = await Promise.race([promise, died]);
      if (problem !== undefined) throw new Error(problem);
      return result;
    },
    stop: async () => {
      child.kill('SIGKILL');
      await died.catch(() => undefined);
      await unpacked.remove();
    },
  };
}
