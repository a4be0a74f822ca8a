/**
 * The built watcher in its own process, started by `create` instead of `main`, because only
 * `create` can switch off the debounce.
 */
import { randomUUID } from 'node:crypto';
import type { WatcherOptions } from '../../functions/watch/main.ts';
import { loadConfig } from '../../shared/config/load.ts';
import { createSecrets } from '../../shared/config/secrets.ts';
import { openQueues } from '../../shared/queue/open.ts';
import { processClock } from '../../shared/runtime/process.ts';
import { createLogger } from '../../shared/telemetry/logger.ts';
import { runtimeWith } from '../fixtures/runtime.ts';

interface Built {
  create(options: WatcherOptions): { start(): Promise<void>; stop(): Promise<void> };
}

const [main = '', kubeconfig = ''] = process.argv.slice(2);
const { env } = process;
const built = (await import(main)) as Built;
const config = await loadConfig(env['SLUICE_CONFIG'] ?? '', env);
const secrets = createSecrets({ env });
const queues = openQueues(config.queue, { clock: processClock, id: randomUUID, secrets });
const runtime = runtimeWith({
  config,
  secrets,
  queues,
  random: Math.random,
  log: createLogger('info'),
});
const watcher = built.create({
  runtime,
  kubeconfig,
  clusterId: env['SLUICE_CLUSTER'] ?? '',
  debounce: { quietMs: 0, maxMs: 0 },
});
const asked = new Promise((resolve) => process.once('SIGTERM', resolve));
await watcher.start();
await asked;
await watcher.stop();
await queues.close();
