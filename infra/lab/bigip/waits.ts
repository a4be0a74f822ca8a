/** Delays that end early when the device is closed. */
export interface Waits {
  /** Resolves after `ms`, or when `close` is called. */
  readonly wait: (ms: number) => Promise<void>;
  close(): void;
}

/** Delays that neither keep the process alive nor outlive the device. */
export function createWaits(): Waits {
  const pending = new Map<NodeJS.Timeout, () => void>();
  let closed = false;
  return {
    wait(ms): Promise<void> {
      if (closed || ms <= 0) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          pending.delete(timer);
          resolve();
        }, ms);
        timer.unref();
        pending.set(timer, resolve);
      });
    },
    close(): void {
      closed = true;
      for (const [timer, resolve] of pending) {
        clearTimeout(timer);
        resolve();
      }
      pending.clear();
    },
  };
}
