import type { Monitor } from '../ltm/model.ts';
import type { Health } from '../traffic.ts';
import { probe } from './probe.ts';

/** A running monitor of one member. */
export interface HealthCheck {
  health(): Health;
  reason(): string;
  stop(): void;
}

/** What is probed, and how often at most. */
export interface HealthCheckOptions {
  readonly monitor: Monitor;
  readonly address: string;
  readonly port: number;
  /** Maximum milliseconds between probes. */
  readonly cap: () => number;
  /** Why no packet reaches the address. */
  readonly obstacle: () => string | undefined;
  /** Health found by an earlier monitor of the same member, valid until this one decides. */
  readonly initial: Health;
}

/** A busy machine answers late; what is gone refuses at once. */
const MIN_DEADLINE_MS = 1000;

/**
 * Probes at the monitor's interval, limited to the cap; down after as many failures as fit into its
 * timeout.
 */
export function watch(options: HealthCheckOptions): HealthCheck {
  const { monitor } = options;
  const stopped = new AbortController();
  const tolerated = Math.max(1, Math.floor(monitor.timeout / Math.max(1, monitor.interval)));
  let health = options.initial;
  let reason = '';
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  const interval = (): number => Math.max(1, Math.min(monitor.interval * 1000, options.cap()));
  const round = async (): Promise<void> => {
    const verdict =
      options.obstacle() ??
      (await probe({
        monitor,
        address: monitor.targetAddress === '' ? options.address : monitor.targetAddress,
        port: monitor.targetPort === 0 ? options.port : monitor.targetPort,
        deadline: Math.max(interval(), MIN_DEADLINE_MS),
        signal: stopped.signal,
      }));
    if (stopped.signal.aborted) return;
    failures = verdict === undefined ? 0 : failures + 1;
    reason = verdict ?? '';
    if (verdict === undefined) health = 'up';
    else if (failures >= tolerated) health = 'down';
    timer = setTimeout(() => void round(), interval());
    timer.unref();
  };
  void round();
  return {
    health: () => health,
    reason: () => reason,
    stop(): void {
      clearTimeout(timer);
      stopped.abort();
    },
  };
}

/** Combines the results of several monitors. */
export function combine(results: readonly Health[], minimum: number | 'all'): Health {
  const needed = minimum === 'all' ? results.length : Math.min(minimum, results.length);
  const up = results.filter((health) => health === 'up').length;
  if (up >= needed) return 'up';
  const open = results.filter((health) => health === 'checking').length;
  return up + open >= needed ? 'checking' : 'down';
}
