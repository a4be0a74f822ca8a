/** Opens the failure store when a function first needs it, not when the function starts. */
import type { Runtime } from '../host/runtime.ts';
import { lazily } from '../runtime/lazy.ts';
import type { Failures } from './open.ts';

/** The failure store of this process, opened once. */
export interface Store {
  readonly open: () => Promise<Failures>;
  readonly close: () => Promise<void>;
}

/** Loaded on first use. A failed start is retried. */
export function createStore({
  config,
  clock,
  id,
  secrets,
}: Pick<Runtime, 'config' | 'clock' | 'id' | 'secrets'>): Store {
  const failures = lazily(async () => {
    const { openFailures } = await import('./open.ts');
    return openFailures(config.failures, { clock, id, secrets });
  });
  return { open: () => failures.get(), close: () => failures.close((opened) => opened.close()) };
}
