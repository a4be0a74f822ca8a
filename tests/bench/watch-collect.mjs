/** Loaded into the watcher before itself: on SIGUSR2 it collects all garbage and says what is left, which tells growth from slack. */
process.on('SIGUSR2', () => {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  process.stdout.write(`${JSON.stringify({ collected: process.memoryUsage().heapUsed })}\n`);
});
