/**
 * Preloaded into a process: its wall clock is wrong by CLOCK_AHEAD milliseconds until SIGUSR2
 * corrects it.
 */
const real = Date.now;
let ahead = Number(process.env.CLOCK_AHEAD ?? 0);
Date.now = () => real() + ahead;
process.on('SIGUSR2', () => {
  ahead = 0;
});
