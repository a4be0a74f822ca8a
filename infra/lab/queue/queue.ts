/**
 * The lab's queue: in this process, or an SQS-compatible server with the queues of the compiled
 * template.
 */
import { join, resolve } from 'node:path';
import { build } from '../../build/bundle.ts';
import type { QueueConfig } from '../../../shared/config/queue.ts';
import type { SqsCredentials } from '../../../shared/queue/sqs/client.ts';
import { compileTemplate } from '../host/compile.ts';
import { createQueuesOn, startLocalSqs } from '../host/sqs.ts';
import { queuesOf, type Template } from '../host/template.ts';

/** The kinds of `queue.kind`. */
export type LabQueueKind = Exclude<QueueConfig['kind'], 'postgres'>;

/** A running queue: its configuration, and how to reach it. */
export interface LabQueue {
  readonly config: QueueConfig;
  readonly credentials?: SqsCredentials;
  /** Duration of one poll, in milliseconds; absent for the default. */
  readonly wait?: number;
  /**
   * Creates the queues before anything is sent. With a template, the functions run with its
   * settings.
   */
  prepare(configFile: string): Promise<Template | undefined>;
  close(): Promise<void>;
}

/** The repository. */
export const ROOT = resolve(import.meta.dirname, '../../..');

/**
 * fauxqs delivers messages to an interrupted poll, so polls are short and usually end by
 * themselves.
 */
const SQS_WAIT_MS = 1000;

function sqliteQueue(dir: string): LabQueue {
  return {
    config: { kind: 'sqlite', path: join(dir, 'queue.sqlite') },
    prepare: async () => undefined,
    close: async () => undefined,
  };
}

async function sqsQueue(): Promise<LabQueue> {
  const server = await startLocalSqs();
  return {
    config: { kind: 'sqs', region: server.region, endpoint: server.endpoint, prefix: 'sluice' },
    credentials: server.credentials,
    wait: SQS_WAIT_MS,
    prepare: async (configFile) => {
      // The functions run from the archives that are deployed.
      await build({
        root: ROOT,
        out: join(ROOT, 'dist'),
        config: process.env['SLUICE_CONFIG'],
        say: () => undefined,
      });
      const template = await compileTemplate({ root: ROOT, config: configFile });
      await createQueuesOn(server, queuesOf(template));
      return template;
    },
    close: () => server.stop(),
  };
}

/** `dir`: the folder of an SQLite file. */
export async function startQueue(kind: LabQueueKind, dir: string): Promise<LabQueue> {
  return kind === 'sqs' ? sqsQueue() : sqliteQueue(dir);
}
