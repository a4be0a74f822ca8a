/** Runs one step after each burst of triggers, and never two steps at once. */
export interface Repeat {
  kick(): void;
  /** Resolves when nothing is left to do. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** `pause` collects triggers; `step` must not reject. */
export function repeat(pause: () => Promise<void>, step: () => Promise<void>): Repeat {
  const state: { dirty: boolean; stopped: boolean; running: Promise<void> | undefined } = {
    dirty: false,
    stopped: false,
    running: undefined,
  };

  async function run(): Promise<void> {
    while (state.dirty && !state.stopped) {
      await pause();
      state.dirty = false;
      await step();
    }
    state.running = undefined;
  }

  return {
    kick: () => {
      if (state.stopped) return;
      state.dirty = true;
      state.running ??= run();
    },
    idle: async () => {
      while (state.running) await state.running;
    },
    stop: async () => {
      state.stopped = true;
      await state.running;
    },
  };
}
