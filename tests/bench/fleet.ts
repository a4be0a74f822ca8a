/** Many clusters on one BIG-IP: figures for `docs/operations/limits.md`. */
import { benchConverge } from './fleet/converge.ts';
import { benchCost } from './fleet/cost.ts';
import { benchRestart } from './fleet/restart.ts';
import { benchSizes } from './fleet/size.ts';

const SECTIONS: readonly (readonly [string, () => Promise<void>])[] = [
  ['sizes', benchSizes],
  ['converge', benchConverge],
  ['restart', benchRestart],
  ['cost', benchCost],
];

export async function benchFleet(): Promise<void> {
  for (const [name, run] of SECTIONS) {
    const started = performance.now();
    await run();
    process.stdout.write(`(${name}: ${((performance.now() - started) / 1_000).toFixed(0)} s)\n`);
  }
}
