/** A progress bar; prints nothing without a terminal. */
import { writeLine, writeOver } from '../../../shared/telemetry/terminal.ts';

/** Width of the bar without its brackets and numbers. */
const BAR_CHARACTERS = 30;

/** A bar that is redrawn in place. */
export interface ProgressBar {
  show(done: number, total: number, words: string): void;
  end(): void;
}

/** Writes to standard error. */
export function createProgressBar(): ProgressBar {
  let shown = false;
  return {
    show: (done, total, words) => {
      const filled = total === 0 ? BAR_CHARACTERS : Math.round((done / total) * BAR_CHARACTERS);
      shown = writeOver(
        `[${'#'.repeat(filled)}${'.'.repeat(BAR_CHARACTERS - filled)}] ${done}/${total} ${words}`,
      );
    },
    end: () => {
      if (shown) writeLine('stderr', '');
      shown = false;
    },
  };
}
