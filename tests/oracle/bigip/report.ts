import type { Answers } from './question.ts';
import { NOT_ASKED, QUESTIONS } from './questions/index.ts';

/** The answers of the lab as rows of Markdown, as docs/oracles.md has them. */
export function labTable(lab: Answers): string {
  const rows = QUESTIONS.map(
    ({ id, asks }) => `| \`${id}\` | ${asks} | ${inCell(lab.get(id) ?? '')} |`,
  );
  return ['| question | what is asked | the lab |', '|---|---|---|', ...rows].join('\n');
}

function inCell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** Every answer of a device, then what the lab answers otherwise, then what was not asked. */
export function report(device: string, answers: Answers, lab: Answers): string {
  const differing = QUESTIONS.filter(({ id }) => answers.get(id) !== lab.get(id));
  return [
    ...QUESTIONS.map(({ id, asks }) => `${id}: ${asks}\n    ${answers.get(id) ?? ''}`),
    '',
    `${QUESTIONS.length} answers, ${differing.length} of them not as the lab's:`,
    ...differing.map(
      ({ id }) => `${id}\n    ${device}: ${answers.get(id) ?? ''}\n    lab: ${lab.get(id) ?? ''}`,
    ),
    '',
    'Not asked:',
    ...NOT_ASKED.map(([what, why]) => `    ${what}: ${why}`),
  ].join('\n');
}
