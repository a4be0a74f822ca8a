/** A bar on the terminal; silent where there is none. */
const WIDTH = 30;

export interface Bar {
  show(done: number, total: number, words: string): void;
  end(): void;
}

export function createBar(): Bar {
  let shown = false;
  return {
    show: (done, total, words) => {
      if (!process.stderr.isTTY) return;
      const filled = total === 0 ? WIDTH : Math.round((done / total) * WIDTH);
      process.stderr.write(`\r[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${done}/${total} ${words}\u001B[K`);
      shown = true;
    },
    end: () => {
      if (shown) process.stderr.write('\n');
      shown = false;
    },
  };
}
