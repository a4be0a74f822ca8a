/**
 * Preloaded into a process: its wall clock is wrong by CLOCK_AHEAD milliseconds until SIGUSR2
 * corrects it. With CLOCK_FILE, the file has the milliseconds, and SIGUSR2 reads it again.
 */
import { readFileSync } from 'node:fs';

const file = process.env.CLOCK_FILE;
const read = () => Number(file === undefined ? 0 : readFileSync(file, 'utf8'));
const real = Date.now;
let ahead = Number(process.env.CLOCK_AHEAD ?? read());
Date.now = () => real() + ahead;
process.on('SIGUSR2', () => {
  ahead = read();
});
