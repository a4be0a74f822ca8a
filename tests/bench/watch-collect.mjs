/**
 * Loaded into the watcher before its own code: on SIGUSR2 it collects all garbage and reports the
 * used heap, which distinguishes growth from uncollected garbage.
 */
process.on('SIGUSR2', () => {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  process.stdout.write(`${JSON.stringify({ collected: process.memoryUsage().heapUsed })}\n`);
});
