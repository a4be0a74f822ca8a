/** F5's own AS3, against the lab's device. */
import { parseArgs } from 'node:util';
import { visibleLines } from '../../../shared/telemetry/visible.ts';
import { isAsKnown, judge } from '../judge.ts';
import type { Difference } from '../judge.ts';
import type { Oracle, Output } from '../oracle.ts';
import { report } from '../report.ts';
import type { Count } from '../report.ts';
import { readCases } from './cases.ts';
import type { Case } from './cases.ts';
import { placeOf, startEngine } from './engine.ts';
import type { Place } from './engine.ts';
import { KNOWN } from './known.ts';
import { startLab } from './lab.ts';
import { runCase } from './run.ts';
import type { Pair } from './run.ts';

export const as3Oracle: Oracle = {
  usage: '(with AS3_ROOT)',
  what: 'compares the lab’s AS3 with F5’s own, whose source is in AS3_ROOT',
  run: async (argv, output) => {
    parseArgs({ args: [...argv], options: {} });
    const place = placeOf(process.env);
    if ('absent' in place) {
      output.out(`as3: skipped, because ${place.absent}`);
      return 0;
    }
    return withPair(place, (pair) => compareAll(pair, place, output));
  },
};

async function withPair<T>(place: Place, work: (pair: Pair) => Promise<T>): Promise<T> {
  const engine = await startEngine(place);
  try {
    const lab = await startLab();
    try {
      return await work({ engine, lab });
    } finally {
      await lab.close();
    }
  } finally {
    await engine.close();
  }
}

async function compareAll(pair: Pair, { harness }: Place, output: Output): Promise<number> {
  const found: Difference[] = [];
  const counts: Record<string, Count> = {};
  const kinds: readonly (readonly [string, readonly Case[]])[] = Object.entries(
    await readCases(harness),
  );
  for (const [kind, cases] of kinds) {
    output.err(`compares ${cases.length} ${kind}`);
    let different = 0;
    for (const one of cases) {
      const differences = await runCase(pair, one);
      found.push(...differences);
      if (differences.length > 0) different += 1;
    }
    counts[kind] = { compared: cases.length, different };
  }
  const verdict = judge(found, KNOWN);
  output.out(visibleLines(report('AS3', counts, verdict)));
  return isAsKnown(verdict) ? 0 : 1;
}
