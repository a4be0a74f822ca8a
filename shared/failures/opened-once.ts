import type { Runtime } from '../host/runtime.ts';
import type { Failures } from './open.ts';

/** The failure store of this process, opened once. */
export interface Store {
  readonly open: () => Promise<Failures>;
  readonly close: () => Promise<void>;
}

/**
 * Loaded on first use, because the S3 client would slow down every cold start. A failed start is
 * retried.
 */
export function createStore({ config, clock, id }: Runtime): Store {
  let opened: Promise<Failures> | undefined;
  const open = async (): Promise<Failures> => {
    const { openFailures } = await import('./open.ts');
    return openFailures(config.failures, { clock, id });
  };
  return {
    open: () => {
      opened ??= open();
      return opened;
    },
    close: async () => {
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}
