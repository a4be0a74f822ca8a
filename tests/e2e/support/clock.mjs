/**
 * Preloaded into a process: its wall clock is wrong by CLOCK_AHEAD milliseconds until SIGUSR2
 * corrects it. With CLOCK_FILE, the file has the milliseconds by which the wall clock and the
 * monotonic clock are ahead, and SIGUSR2 reads it again.
 */
import { readFileSync } from 'node:fs';

const file = process.env.CLOCK_FILE;
const read = () =>
  file === undefined ? [0, 0] : readFileSync(file, 'utf8').split(' ').map(Number);
const [now, monotonic] = [Date.now, performance.now.bind(performance)];
let [wall, passed] = read();
wall += Number(process.env.CLOCK_AHEAD ?? 0);
Date.now = () => now() + wall;
performance.now = () => monotonic() + passed;
process.on('SIGUSR2', () => {
  [wall, passed] = read();
});
