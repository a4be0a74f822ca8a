/** The page of a run: its verdict, its curves, and what was done to the site. */
import type { Recorded } from '../record.ts';
import { clockText } from '../schedule.ts';
import type { Curve } from './curves.ts';
import { escaped, STYLE } from './svg.ts';
import type { Measure, Verdict } from './verdict.ts';

export interface PageContents {
  readonly recorded: Recorded;
  readonly curves: readonly { readonly curve: Curve; readonly svg: string }[];
  readonly verdicts: readonly Verdict[];
  readonly measure: Measure;
  readonly holds: boolean;
}

const PAGE_STYLE = `
body{font:15px/1.5 system-ui,sans-serif;max-width:940px;margin:24px auto;padding:0 16px;color:#1c1c1e;background:#fff}
table{border-collapse:collapse;width:100%;margin:8px 0 24px}td,th{text-align:left;padding:3px 8px;border-bottom:1px solid #d4d4da;vertical-align:top}
.holds{color:#187a3c}.fails{color:#c02020;font-weight:600}td span{white-space:nowrap}.too.short,.unsure{color:#76767c}
svg{max-width:100%;height:auto;display:block;margin:20px 0 0}p.about{margin:2px 0 20px;color:#6b6b70}
@media(prefers-color-scheme:dark){body{color:#f0f0f2;background:#17171a}td,th{border-color:#3a3a40}.holds{color:#5ad083}.fails{color:#ff7b7b}p.about{color:#a5a5ad}}
`;

export function pageOf({ recorded, curves, verdicts, measure, holds }: PageContents): string {
  const { summary, faults } = recorded;
  const { checks } = summary;
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Soak, seed ${summary.seed}</title>
<style>${PAGE_STYLE}${STYLE}</style>
<h1>Soak: ${holds ? 'everything holds' : 'something fails'}</h1>
${introduction(recorded, measure)}
<h2>At the end</h2>
${table(
  ['check', 'found', ''],
  checks.map(({ what, found, holds: ok }) => [what, found, outcome(ok ? 'holds' : 'fails')]),
)}
<h2>Curves against their limits</h2>
${table(
  ['what was measured', ''],
  verdicts.map(({ words, outcome: found }) => [words, outcome(found)]),
)}
<h2>Curves</h2>
<p>The strip below each curve shows what was disturbed, and when. Red lines are kills, dotted blue
lines are days that passed on the clock of the site, dotted grey lines end the parts of the run.</p>
${curves.map(({ curve, svg }) => `${svg}\n<p class="about">${escaped(curve.about)}</p>`).join('\n')}
<h2>What was done to the site</h2>
${table(
  ['from', 'to', 'fault', 'hit'],
  faults
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, until, kind, hit = '' }) => [clockText(at), clockText(until), kind, hit]),
)}
</html>
`;
}

function introduction({ summary, samples, lags }: Recorded, measure: Measure): string {
  const { seed, queue, node, seconds, parts, ended, days, changes } = summary;
  const command = `npm run soak -- ${seconds}s --seed ${seed} --queue ${queue}`;
  return `<p><code>${escaped(command)}</code>, Node ${escaped(node)}. It took ${clockText(ended)};
the clock of the site moved by ${days.toFixed(1)} days. ${changes} changes were made, of which
${lags.length} were measured on the device; ${samples.length} samples were taken.</p>
<p>Processes were killed until ${clockText(parts.kills)}, faults made until ${clockText(parts.faults)}
and changes until ${clockText(parts.changes)}. Slopes are medians of the slopes between all pairs of
points (Theil and Sen), each point being the median of ${measure.bin} s; pairs belong to one life of
one process, and the first ${measure.warmUp.toFixed(0)} s of each life are left out (of what belongs
to no process, the first ${measure.filling.toFixed(0)} s of the run), as is everything after the last
change. In brackets is where
the slope is in nine of ten cases, given how much each point is like the one before it.</p>`;
}

/** Cells of the last column may be markup of this module. */
function table(header: readonly string[], rows: readonly (readonly (string | Markup)[])[]): string {
  const cell = (content: string | Markup): string =>
    `<td>${typeof content === 'string' ? escaped(content) : content.markup}</td>`;
  return [
    `<table><tr>${header.map((text) => `<th>${escaped(text)}</th>`).join('')}</tr>`,
    ...rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`),
    '</table>',
  ].join('\n');
}

interface Markup {
  readonly markup: string;
}

function outcome(text: Verdict['outcome']): Markup {
  return { markup: `<span class="${text}">${text}</span>` };
}
