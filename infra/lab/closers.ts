/**
 * Closes what was opened, in reverse order and once. If one fails to close, the others are closed
 * all the same.
 */
export interface Closers {
  add(close: () => Promise<void>): { cancel(): void };
  /** Waits for something that can be closed, and registers it for closing. */
  use<T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T>;
  closeAll(): Promise<void>;
}

/** Nothing to close at first. */
export function createClosers(): Closers {
  const open: (() => Promise<void>)[] = [];
  const add: Closers['add'] = (close) => {
    open.push(close);
    return { cancel: () => void (open.includes(close) && open.splice(open.indexOf(close), 1)) };
  };
  return {
    add,
    use: async (opening) => {
      const opened = await opening;
      add(() => opened.close());
      return opened;
    },
    closeAll: async () => {
      const errors: unknown[] = [];
      for (const close of open.splice(0).toReversed())
        await close().catch((error: unknown) => errors.push(error));
      if (errors.length > 0)
        throw new AggregateError(
          errors,
          `the lab did not close cleanly: ${errors.map(String).join('; ')}`,
        );
    },
  };
}
