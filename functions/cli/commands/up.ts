/**
 * `sluice up`: watcher, functions and queue in one process. Uses SQS instead if the configuration
 * has an SQS queue.
 */
import { setFlagsFromString } from 'node:v8';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { loadConfig } from '../../../shared/config/load.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { startEventSource } from '../../../shared/queue/event-source.ts';
import type { EventSource } from '../../../shared/queue/event-source.ts';
import { createStore } from '../../../shared/failures/opened-once.ts';
import { createSharedTries } from '../../../shared/failures/shared-tries.ts';
import { FUNCTIONS } from '../../../shared/queue/functions.ts';
import type { FunctionSettings } from '../../../shared/queue/functions.ts';
import { startConsole } from '../../../shared/host/console.ts';
import type { ConsoleModules, ConsoleRole, RunningConsole } from '../../../shared/host/console.ts';
import { processRuntime } from '../../../shared/host/process-runtime.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import type { ApplyModule, AuditModule, ReplayModule } from '../../../shared/host/schedules.ts';
import {
  AUDIT_INTERVAL_MS,
  startAudits,
  startLookingBack,
  startReplays,
  startReturns,
} from '../../../shared/host/schedules.ts';
import { errorMessage } from '../../../shared/telemetry/errors.ts';
import { createLogger, logLevelOf } from '../../../shared/telemetry/logger.ts';
import { chooseCluster } from '../../../shared/operations/clusters/clusters.ts';
import { addConfigOption, currentUser } from '../terminal/context.ts';
import { throwawayStores } from '../up/throwaway-stores.ts';
import { loadBundle } from '../up/hosted-functions.ts';
import type { HostedFunction, HostedWatcher, WatchModule } from '../up/hosted-functions.ts';
import { holdStores } from '../up/hold-stores.ts';
import type { ProcessSamples } from '../up/samples.ts';
import { processSamples } from '../up/samples.ts';

/**
 * Without `kubeconfig`, the usual places are searched. `takeOver` leads although another Lease is
 * noted on the ingress Service.
 */
interface UpOptions {
  readonly config: string;
  readonly kubeconfig?: string;
  readonly cluster?: string;
  readonly leaseNamespace?: string;
  readonly takeOver: boolean;
  /** False with `--no-watch`. */
  readonly watch: boolean;
  /** Milliseconds. */
  readonly auditEvery: number;
  readonly dryRun: boolean;
  /** Port; absent: no console. */
  readonly console?: number;
  readonly as: ConsoleRole;
}

/** A part of the process that has to finish before the process ends. */
interface Stoppable {
  stop(): Promise<void>;
}

/** The port of `--console` without a value. */
const CONSOLE_PORT = 9_080;

/** Milliseconds after which the messages of a killed process are redelivered. */
const LEASE_MS = 6_000;

/** Adds the command. */
export function registerUp(program: Command): void {
  addConsoleOptions(addUpOptions(addConfigOption(program.command('up'))))
    .addHelpText(
      'after',
      '\nExample:\n  sluice up --config sluice.yaml --kubeconfig ~/.kube/config\n\n' +
        'Stops gracefully on SIGTERM and SIGINT: work in progress is finished, ' +
        'and the rest waits in the queue.',
    )
    .action(up);
}

function addUpOptions(command: Command): Command {
  return command
    .description(
      'run the watcher and all functions on this host, with a real cluster and a real BIG-IP',
    )
    .option(
      '-k, --kubeconfig <file>',
      'kubeconfig of the cluster (default: $KUBECONFIG, ~/.kube/config, or in a pod its service account)',
    )
    .option(
      '--lease-namespace <namespace>',
      'namespace of the Lease of the watcher (default: of the context, or in a pod its own)',
    )
    .option(
      '--take-over',
      'lead even if the ingress Service names a leader with another Lease ' +
        '(OWN306); use it only if that process no longer runs',
      false,
    )
    .addOption(
      new Option(
        '--no-watch',
        'run only the functions, for events of watchers elsewhere; any number of hosts can share an SQS or PostgreSQL queue',
      ).conflicts(['kubeconfig', 'leaseNamespace', 'takeOver', 'cluster']),
    )
    .option(
      '--cluster <id>',
      'cluster that this kubeconfig leads to, one of clusters[].id (default: the only one)',
    )
    .addOption(
      new Option(
        '--audit-every <minutes>',
        'minutes between checks for manual changes on the devices and for silent clusters; 0 means never',
      )
        .argParser(minutes)
        .default(AUDIT_INTERVAL_MS, '10'),
    )
    .option(
      '--dry-run',
      'show every plan, and write neither to a device nor to the cluster; uses a separate queue',
      false,
    );
}

function addConsoleOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--console [port]',
        'also serve the console: on 127.0.0.1 without a login, or as configured by console in sluice.yaml',
      )
        .argParser(port)
        .preset(String(CONSOLE_PORT)),
    )
    .addOption(
      new Option(
        '--as <role>',
        'role of console users without a login; no effect with console in sluice.yaml',
      )
        .choices(['viewer', 'operator', 'admin'])
        .default('viewer'),
    );
}

/**
 * With `--dry-run`, queue and failure store are temporary, and devices and cluster are only read.
 */
async function up(options: UpOptions): Promise<void> {
  const asked = await loadConfig(options.config, process.env);
  if (options.console !== undefined) refuseOpenConsole(asked, process.env);
  const dry = options.dryRun ? throwawayStores(asked) : undefined;
  const config = dry?.config ?? asked;
  const clusterId = options.watch ? chooseCluster(config, options.cluster).id : undefined;
  const log = createLogger(logLevelOf(process.env));
  const release = holdStores(config, clusterId);
  const runtime = processRuntime(config, { env: process.env, log, dryRun: options.dryRun });
  try {
    await serve(runtime, clusterId, options);
  } finally {
    await runtime.queues.close();
    release();
    dry?.remove();
  }
  log.info({}, 'stopped');
}

/** Runs until a signal or a fatal error; stops everything in both cases. */
async function serve(
  runtime: Runtime,
  clusterId: string | undefined,
  options: UpOptions,
): Promise<void> {
  const { config, log } = runtime;
  const stopped = stopSignal();
  const samples = processSamples(runtime);
  const watcher =
    clusterId === undefined
      ? await withoutWatcher(runtime, samples.read)
      : await watch(runtime, clusterId, { ...options, samples: samples.read });
  const sources: Stoppable[] = [watcher];
  const workers: Stoppable[] = [samples];
  try {
    // While the API server answers, the functions are loaded.
    const started = watcher.start();
    started.catch(() => undefined);
    for (const wanted of FUNCTIONS) workers.push(await host(runtime, wanted));
    await schedule(runtime, options, sources);
    const cut = await Promise.race([started, stopped]);
    // The launcher keeps the young generation small; this is V8's default.
    setFlagsFromString('--semi-space-growth-factor=2');
    if (cut === undefined)
      log.info(
        {
          cluster: clusterId,
          devices: config.devices.map((d) => d.name),
          queue: config.queue.kind,
          ...(options.dryRun ? { dryRun: true } : {}),
        },
        'up',
      );
    log.info({ signal: await stopped }, 'stopping: finishing work in progress');
  } finally {
    // Stop the sources of work first, then the workers, then their dependencies.
    await Promise.all(sources.map((each) => each.stop()));
    await Promise.all(workers.map((each) => each.stop()));
  }
}

/** Adds each as soon as it runs, so that it is stopped if a later one fails. */
async function schedule(runtime: Runtime, options: UpOptions, sources: Stoppable[]): Promise<void> {
  const audit = await loadBundle<AuditModule>('audit/handler.mjs');
  sources.push(startAudits(runtime, audit, options.auditEvery));
  sources.push(startLookingBack(runtime, audit));
  sources.push(startReturns(runtime, await loadBundle<ApplyModule>('apply/handler.mjs')));
  sources.push(await startReplays(runtime, () => loadBundle<ReplayModule>('replay/handler.mjs')));
  if (options.console !== undefined)
    sources.push(await openConsole(runtime, options.console, options));
}

/** In a pod, everybody who may forward a port would be the same person. */
function refuseOpenConsole({ console: login }: SluiceConfig, env: NodeJS.ProcessEnv): void {
  if (login !== undefined || env['KUBERNETES_SERVICE_HOST'] === undefined) return;
  throw new Error(
    '--console: in Kubernetes people must log in: add "console" with url and oidc or tokens to ' +
      'sluice.yaml (docs/operations/console.md), or leave --console out',
  );
}

/** The functions that answer it have connections of their own. */
async function openConsole(
  runtime: Runtime,
  at: number,
  { as: role }: UpOptions,
): Promise<RunningConsole> {
  const modules = {
    face: await loadBundle<ConsoleModules['face']>('console/handler.mjs'),
    replay: await loadBundle<ConsoleModules['replay']>('replay/handler.mjs'),
    audit: await loadBundle<ConsoleModules['audit']>('audit/handler.mjs'),
  };
  return startConsole(runtime, modules, { who: currentUser(process.env), role, port: at });
}

/** What serves probes and metrics where no watcher does. */
async function withoutWatcher(
  runtime: Runtime,
  samples: ProcessSamples['read'],
): Promise<HostedWatcher> {
  const { createWithoutWatcher } = await loadBundle<WatchModule>('watch/main.mjs');
  return createWithoutWatcher({ runtime, samples });
}

/** Creates the watcher from its bundle. */
async function watch(
  runtime: Runtime,
  clusterId: string,
  {
    kubeconfig,
    leaseNamespace,
    takeOver,
    samples,
  }: UpOptions & { readonly samples: ProcessSamples['read'] },
): Promise<HostedWatcher> {
  const { create } = await loadBundle<WatchModule>('watch/main.mjs');
  try {
    return create({
      runtime,
      clusterId,
      takeOver,
      samples,
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(leaseNamespace !== undefined && { leaseNamespace }),
    });
  } catch (error) {
    // The first line describes the error; the other lines of a parser error quote the file, which
    // contains credentials.
    const [said] = errorMessage(error).split('\n');
    throw new Error(
      'the watcher cannot start with ' +
        `${kubeconfig === undefined ? 'the default kubeconfig' : `--kubeconfig ${kubeconfig}`}: ${said}`,
      { cause: error },
    );
  }
}

/**
 * Connects one function to its queue. Stopping finishes messages in progress before the function is
 * closed.
 */
async function host(runtime: Runtime, wanted: FunctionSettings): Promise<EventSource> {
  const { create } = await loadBundle<HostedFunction>(`${wanted.name}/handler.mjs`);
  const store = wanted.name === 'express' ? createStore(runtime) : undefined;
  const handler = store
    ? create(runtime, { tries: createSharedTries(runtime, store.open) })
    : create(runtime);
  const source = startEventSource({
    queue: runtime.queues.queue(wanted.queue),
    handler,
    functionName: wanted.name,
    batchSize: wanted.batchSize,
    concurrency: wanted.concurrency,
    timeout: wanted.timeout,
    visibilityMs: wanted.visibilityMs,
    lease: LEASE_MS,
    clock: runtime.clock,
    id: runtime.id,
    log: runtime.log,
  });
  return {
    stop: async () => {
      await source.stop();
      await handler.close?.();
      await store?.close();
    },
  };
}

/** Throws unless the text is a port; 0 takes any that is free. */
function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw new InvalidArgumentError('must be a port, 0 to 65535');
}

/** Converts minutes to milliseconds; throws unless the number is between 0 and a week. */
function minutes(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0 && value <= 10_080) return value * 60_000;
  throw new InvalidArgumentError('must be a number of minutes, at most a week');
}

/** Resolves with the first signal; a second signal ends the process at once. */
function stopSignal(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      resolve(name);
      process.once(name, () => process.exit(130));
    });
  }
  return promise;
}
