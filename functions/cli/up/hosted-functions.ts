/**
 * Loads the functions of `sluice up` from the built bundles, so that one host runs what is deployed
 * and no function imports another's source.
 */
import type { SharedTries } from '../../../shared/failures/shared-tries.ts';
import type { Handler } from '../../../shared/queue/handler.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import type { MetricSample } from '../../../shared/telemetry/metric.ts';

/** What express gets, of which any number of processes may run. */
export interface HostedExpress {
  readonly tries: SharedTries;
}

/** The exports of a function's bundle. */
export interface HostedFunction {
  readonly create: (
    runtime: Runtime,
    given?: HostedExpress,
  ) => Handler & { readonly close?: () => Promise<void> };
}

/** A watcher that runs in this process. */
export interface HostedWatcher {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The exports of the watcher's bundle. */
export interface WatchModule {
  readonly create: (options: {
    readonly runtime: Runtime;
    readonly kubeconfig?: string;
    readonly clusterId: string;
    readonly leaseNamespace?: string;
    readonly takeOver?: boolean;
    /** Served with the metrics of the watcher. */
    readonly samples?: () => Promise<readonly MetricSample[]>;
  }) => HostedWatcher;
  /** For `--no-watch`: probes and metrics only. */
  readonly createWithoutWatcher: (options: {
    readonly runtime: Runtime;
    readonly samples: () => Promise<readonly MetricSample[]>;
  }) => HostedWatcher;
}

/** `map` and `apply` export `handler.mjs`, `watch` exports `main.mjs`. */
export async function loadBundle<T>(path: string): Promise<T> {
  const url = new URL(`../${path}`, import.meta.url);
  try {
    return (await import(url.href)) as T;
  } catch (error) {
    throw new Error(`cannot load ${url.pathname}: ${String(error)}; run "npm run build" first`, {
      cause: error,
    });
  }
}
