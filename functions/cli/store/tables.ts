/** What a move carried, as a table. Pure. */
import type { PartReport } from '../../../shared/operations/store/carry.ts';
import type { MoveReport } from '../../../shared/operations/store/move.ts';
import { formatTable } from '../terminal/output.ts';

/** What the first part of a key in the failure store stands for. */
const FILES: Readonly<Record<string, string>> = {
  index: 'index of failures',
  evidence: 'failures with their events',
  imported: 'imported failures with their events',
  jobs: 'replay jobs and their pages',
  policies: 'turns of replay policies',
  schedules: 'turns of schedules',
  audit: 'audit entries',
  waiting: 'changes that wait, and their devices',
};

const SAID = {
  planned: () => 'would be moved',
  moved: () => 'moved',
  already: (at: string) => `was moved at ${at}, nothing was copied again`,
  differs: () => 'DIFFERS: not everything arrived, so nothing was moved',
} as const satisfies Record<PartReport['state'], (at: string) => string>;

const words = (part: PartReport['part'], kind: string): string =>
  part === 'queue' ? `messages in ${kind}` : (FILES[kind] ?? `files in ${kind}`);

/** One table for both stores, below a line for each. */
export function moveText({ parts, staying }: MoveReport): string {
  const lines = [
    ...parts.map(
      ({ part, from, to, state, at = '' }) => `${part}: ${from} -> ${to}: ${SAID[state](at)}`,
    ),
    ...staying.map(({ part, where }) => `${part}: ${where}: the same in both, stays as it is`),
  ];
  const rows = parts.flatMap(({ part, rows: some }) => [
    ...some.map(({ kind, source, target }) => [words(part, kind), `${source}`, `${target}`]),
    [
      `all of ${part}`,
      ...(['source', 'target'] as const).map(
        (side) => `${some.reduce((sum, row) => sum + row[side], 0)}`,
      ),
    ],
  ]);
  return `${lines.join('\n')}\n\n${formatTable(['WHAT', 'SOURCE', 'TARGET'], rows)}`;
}
