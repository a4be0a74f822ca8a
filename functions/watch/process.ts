/** Starts a watcher from the environment of its container. */
import { parseArgs } from 'node:util';
import { loadConfig } from '../../shared/config/load.ts';
import { processRuntime } from '../../shared/host/process-runtime.ts';
import {
  createLogger,
  logLevelOf,
  parseLogLevel,
  type LogLevel,
} from '../../shared/telemetry/logger.ts';
import { processIdentity } from './leader/identity.ts';
import { httpAddress } from './serve/http.ts';
import { createWatcher } from './watcher.ts';

/**
 * SLUICE_CONFIG: path of the configuration. SLUICE_CLUSTER: id of this cluster in it. Optional:
 * KUBECONFIG (outside a cluster), POD_NAME and POD_NAMESPACE (identity and namespace of the Lease),
 * SLUICE_HTTP_PORT, SLUICE_LOG_LEVEL or `--log-level`. `--take-over` as in `sluice up`.
 */
export async function runFromEnvironment(
  env: NodeJS.ProcessEnv,
  args: readonly string[],
): Promise<void> {
  const { values: flags } = parseArgs({
    args: [...args],
    options: { 'log-level': { type: 'string' }, 'take-over': { type: 'boolean' } },
  });
  const log = createLogger(logLevel(flags['log-level'], env));
  const config = await loadConfig(required(env, 'SLUICE_CONFIG'), env);
  const clusterId = required(env, 'SLUICE_CLUSTER');
  const http = httpAddress(env);
  const runtime = processRuntime(config, { env, log });
  const watcher = createWatcher({
    runtime,
    clusterId,
    identity: processIdentity(env, config.queue),
    leaseNamespace: env['POD_NAMESPACE'],
    takeOver: flags['take-over'],
    http,
    env,
  });
  const asked = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => resolve(signal));
  });
  const started = watcher.start();
  await Promise.race([started, asked]);
  const signal = await asked;
  log.info({ signal }, 'stopping');
  await watcher.stop();
  await started;
  await runtime.queues.close();
}

function logLevel(asked: string | undefined, env: NodeJS.ProcessEnv): LogLevel {
  return asked === undefined ? logLevelOf(env) : parseLogLevel(asked);
}

/** The value of a variable. Throws an error that names the variable if it is missing or empty. */
function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value === undefined || value === '')
    throw new Error(
      `environment variable ${name} is not set; docs/operations lists the variables that the watcher needs`,
    );
  return value;
}
