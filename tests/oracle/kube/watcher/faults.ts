/** What the oracle does to a watcher: its watch of Gateways expires, and time passes. */
import {
  createKubernetesClient,
  KubernetesError,
  type KubernetesClient,
  type WatchFrame,
} from '../../../../shared/kubernetes/index.ts';
import type { Clock } from '../../../../shared/runtime/clock.ts';
import { processClock } from '../../../../shared/runtime/process.ts';

/** No API server keeps its history back to this version. */
const FIRST_VERSION = '1';

/** Ends the watches of Gateways, and lets the next one ask for a version that has expired. */
export class Expiry {
  /** What the API server answers to such a watch. */
  readonly answers: string[] = [];
  #cut = new AbortController();
  #held: Promise<void> | undefined;

  /** Until the returned function is called there is no watch. */
  begin(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    this.#cut.abort();
    this.#cut = new AbortController();
    return resolve;
  }

  client(kubeconfig: string, clock: Clock): KubernetesClient {
    const client = createKubernetesClient({ kubeconfig, env: process.env, clock });
    return {
      ...client,
      watch: (resource, options) =>
        resource.kind === 'Gateway'
          ? this.#watch(client, resource, options)
          : client.watch(resource, options),
    };
  }

  async *#watch(
    client: KubernetesClient,
    ...[resource, options]: Parameters<KubernetesClient['watch']>
  ): AsyncGenerator<WatchFrame> {
    const held = this.#held;
    this.#held = undefined;
    await held;
    const signals = [this.#cut.signal, ...(options.signal === undefined ? [] : [options.signal])];
    const version = held === undefined ? {} : { resourceVersion: FIRST_VERSION };
    try {
      yield* client.watch(resource, { ...options, ...version, signal: AbortSignal.any(signals) });
    } catch (error) {
      if (held !== undefined && error instanceof KubernetesError)
        this.answers.push(`${error.status} ${error.reason}`);
      throw error;
    }
  }
}

/** The time of the machine, some of which can be left out. */
export function skippingClock(): Clock & { skip(ms: number): void } {
  let skipped = 0;
  let bell = new AbortController();
  const monotonic = (): number => processClock.monotonic() + skipped;
  return {
    now: () => processClock.now(),
    monotonic,
    sleep: async (ms, signal) => {
      const end = monotonic() + ms;
      const isOver = (): boolean => signal?.aborted === true || monotonic() >= end;
      while (!isOver()) {
        const signals = [bell.signal, ...(signal === undefined ? [] : [signal])];
        await processClock.sleep(end - monotonic(), AbortSignal.any(signals));
      }
    },
    skip: (ms) => {
      skipped += ms;
      bell.abort('skipped');
      bell = new AbortController();
    },
  };
}
