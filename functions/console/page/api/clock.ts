/** The time by the clock of the console, so that ages are right on a machine with a wrong clock. */
import { computed, signal } from '@preact/signals';
import { skew } from './client.ts';

const TICK_MS = 1_000;
const own = signal(Date.now());

/** Milliseconds since 1970; changes every second. */
export const now = computed(() => own.value + skew.value);

/** Called once. */
export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) own.value = Date.now();
  }, TICK_MS);
}
