/** What became of the mutants, for people. */
import type { Mutant } from './mutants.ts';
import type { Fate } from './protocol.ts';

export interface Judged extends Mutant {
  readonly target: string;
  readonly fate: Fate;
}

const NOTICED: ReadonlySet<Fate> = new Set<Fate>(['killed', 'timeout']);
const isNoticed = ({ fate }: Judged): boolean => NOTICED.has(fate);

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
}

function row(name: string, of: readonly Judged[]): string {
  const noticed = of.filter(isNoticed).length;
  return `${name.padEnd(48)} ${String(of.length).padStart(7)} ${String(noticed).padStart(8)} ${percent(noticed, of.length).padStart(8)}`;
}

/** Those that nobody noticed, then the figures by file and by target. */
export function reportOf(judged: readonly Judged[]): readonly string[] {
  const inOrder = judged.toSorted((a, b) => a.file.localeCompare(b.file) || a.id - b.id);
  const left = inOrder.filter((one) => !isNoticed(one));
  const count = (fate: Fate): number => judged.filter((one) => one.fate === fate).length;
  return [
    ...left.map(
      ({ file, line, what, source, fate, id }) =>
        `${file}:${line} #${id} ${fate}: \`${source}\` ${what}`,
    ),
    '',
    `${''.padEnd(48)} mutants  noticed     rate`,
    ...[...Map.groupBy(inOrder, ({ file }) => file)].map(([file, own]) => row(file, own)),
    '',
    ...[...Map.groupBy(judged, ({ target }) => target)].map(([target, own]) => row(target, own)),
    '',
    `${judged.length} mutants: ${count('killed')} killed, ${count('timeout')} never came back, ${count('survived')} survived, ${count('unreached')} not reached by any test; ${percent(judged.length - left.length, judged.length)} noticed`,
  ];
}
