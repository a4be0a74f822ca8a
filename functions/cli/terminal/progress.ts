/** A progress bar; prints nothing without a terminal. */
import { writeLine, writeOver } from '../../../shared/telemetry/terminal.ts';

const WIDTH = 30;

export interface ProgressBar {
  show(done: number, total: number, words: string): void;
  end(): void;
}

export function createProgressBar(): ProgressBar {
  let shown = false;
  return {
    show: (done, total, words) => {
      const filled = total === 0 ? WIDTH : Math.round((done / total) * WIDTH);
      shown = writeOver(
        `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${done}/${total} ${words}`,
      );
    },
    end: () => {
      if (shown) writeLine('stderr', '');
      shown = false;
    },
  };
}
