/** `sluice why` as tables. Pure. */
import type { WhyAnswer } from '../../../shared/operations/why/why.ts';
import { visible } from '../../../shared/telemetry/visible.ts';
import { formatTable } from '../terminal/output.ts';

export function whyText(answers: readonly WhyAnswer[]): string {
  const rows = answers.map(({ server: s, exposures }) => [
    String(s.server),
    `${s.port}/${s.protocol}`,
    s.verdict,
    s.code,
    exposures.join(', ') || '-',
    s.reason,
  ]);
  const table = formatTable(['SERVER', 'PORT', 'VERDICT', 'CODE', 'REACHED AT', 'WHY'], rows);
  const todo = answers
    .filter(({ remedy }) => remedy !== 'Nothing.')
    .map(({ server, remedy }) =>
      visible(`Server ${server.server} (port ${server.port}): ${remedy}`),
    );
  return todo.length === 0 ? table : `${table}\n\nWhat to do\n${todo.join('\n')}`;
}
