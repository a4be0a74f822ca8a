/** The results of the mutants, for people. */
import { reasonFor } from './equivalents.ts';
import type { Mutant } from './mutants.ts';
import type { Fate } from './protocol.ts';

export interface Judged extends Mutant {
  readonly target: string;
  readonly fate: Fate;
}

const NOTICED: ReadonlySet<Fate> = new Set<Fate>(['killed', 'timeout']);
type State = 'noticed' | 'explained' | 'open';

/** An explained mutant is one that no test can notice. */
export function stateOf(mutant: Judged): State {
  if (NOTICED.has(mutant.fate)) return 'noticed';
  return reasonFor(mutant) === undefined ? 'open' : 'explained';
}

function countOf(judged: readonly Judged[], state: State): number {
  return judged.filter((one) => stateOf(one) === state).length;
}

/**
 * Percentage of the mutants that a test can notice, so without the explained ones. 100 if there are
 * none.
 */
export function rateOf(judged: readonly Judged[]): number {
  const whole = judged.length - countOf(judged, 'explained');
  return whole === 0 ? 100 : (100 * countOf(judged, 'noticed')) / whole;
}

function row(name: string, of: readonly Judged[]): string {
  const figures = [
    of.length,
    ...(['noticed', 'explained', 'open'] as const).map((state) => countOf(of, state)),
  ];
  return [
    name.padEnd(56),
    ...figures.map((figure) => String(figure).padStart(9)),
    `${rateOf(of).toFixed(1)} %`.padStart(9),
  ].join(' ');
}

/** The open mutants, then the figures by file and by target. */
export function reportOf(judged: readonly Judged[]): readonly string[] {
  const inOrder = judged.toSorted((a, b) => a.file.localeCompare(b.file) || a.id - b.id);
  const count = (fate: Fate): number => judged.filter((one) => one.fate === fate).length;
  return [
    ...inOrder
      .filter((one) => stateOf(one) === 'open')
      .map(
        ({ file, line, what, source, fate, id, in: where }) =>
          `${file}:${line} ${where} #${id} ${fate}: \`${source}\` ${what}`,
      ),
    '',
    `${''.padEnd(56)}   mutants   noticed explained      open      rate`,
    ...[...Map.groupBy(inOrder, ({ file }) => file)].map(([file, own]) => row(file, own)),
    '',
    ...[...Map.groupBy(judged, ({ target }) => target)].map(([target, own]) => row(target, own)),
    '',
    `${judged.length} mutants: ${count('killed')} killed, ${count('timeout')} never ` +
      `came back, ${count('survived')} survived, ${count('unreached')} not reached by ` +
      'any test',
  ];
}
