/** Generates docs/reference/codes.md from the tables of codes. */
import type { CodeTable } from '../../shared/domain/codes/entry.ts';

const RANGES = [
  { begins: 'GW', title: 'Input: events, configuration, gateways, settings' },
  { begins: 'MAP', title: 'Port mapping' },
  { begins: 'OWN', title: 'Ownership' },
  { begins: 'BIP', title: 'BIG-IP' },
  { begins: 'Q', title: 'Queue' },
  { begins: 'RPL', title: 'Replay' },
] as const;

/** `codes` in sections by range, each code with cause and remedy. */
export function codesPage(codes: CodeTable): string {
  const rangeOf = (code: string): string => /^[A-Z]+/.exec(code)?.[0] ?? '';
  const known = new Set<string>(RANGES.map((range) => range.begins));
  const stray = Object.keys(codes).filter((code) => !known.has(rangeOf(code)));
  if (stray.length > 0)
    throw new Error(
      `codes ${stray.join(', ')} belong to no range; add the range to infra/build/docs-codes.ts`,
    );
  const sections = RANGES.flatMap(({ begins, title }) => {
    const entries = Object.entries(codes).filter(([code]) => rangeOf(code) === begins);
    if (entries.length === 0) return [];
    const rows = entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([code, entry]) =>
          `### ${code}: ${entry.title}\n\n${entry.cause}\n\n**What to do:** ` +
          `${entry.fix}\n\n${entry.retryable ? 'Sluice retries by itself.' : 'A retry without a change does not help.'}\n`,
      );
    return [`## ${title}\n`, ...rows];
  });
  const head = [
    '# Codes\n',
    'Generated from `shared/domain/codes` by `npm run docs`; do not edit. ' +
      'Every refusal, failure and note carries one of these codes.\n',
  ];
  return [...head, ...sections].join('\n');
}
