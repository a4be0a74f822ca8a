/** Draws one chart as SVG: axes with units, limits, and what disturbed the site meanwhile. */
import type { Life, Point } from './slope.ts';

/** Something that happened, in seconds since the start. */
export interface Mark {
  readonly from: number;
  readonly to: number;
  /** A line over the whole height: `part` with its name. Without one, it is in its row only. */
  readonly line?: 'kill' | 'day' | 'part';
  /** Of the strip below the curve. */
  readonly row?: Row;
  readonly name: string;
}

/** What was disturbed, from top to bottom of the strip. */
export const ROWS = ['device', 'Kubernetes', 'queue', 'process', 'clock'] as const;
export type Row = (typeof ROWS)[number];

export interface Drawing {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly { readonly name: string; readonly lives: readonly Life[] }[];
  /** Horizontal lines; those far above all values are written beside the title instead. */
  readonly limits: readonly Limit[];
  readonly marks: readonly Mark[];
  /** Seconds of the whole horizontal axis. */
  readonly seconds: number;
}

/** A limit of one series or of all. */
export interface Limit {
  readonly value: number;
  readonly of?: string;
}

const WIDTH = 900;
const HEIGHT = 350;
const ROW = 10;
const STRIP = ROWS.length * ROW + 6;
const PLOT = { left: 74, right: 16, top: 66, bottom: 44 + STRIP } as const;
/** A limit that would leave less than this share for the values is not drawn. */
const LIMIT_WITHIN = 2.5;
const TICKS = 5;

/** Legible on white and on black; told apart without their colour by their dashes. */
const LINES = [
  ['#1f77d0', ''],
  ['#e07b00', '6 3'],
  ['#2a9d5c', '2 3'],
  ['#b04fc4', '10 3 2 3'],
] as const;

export const STYLE = `
.soak{--ink:#1c1c1e;--soft:#6b6b70;--grid:#e2e2e6;--paper:#ffffff;--fault:#d9a400;--kill:#d03030;--day:#3f7fd9}
@media(prefers-color-scheme:dark){.soak{--ink:#f0f0f2;--soft:#a5a5ad;--grid:#38383e;--paper:#17171a;--fault:#e0b020;--kill:#ff6b6b;--day:#7fb0ff}}
svg.soak{font:12px system-ui,sans-serif;fill:var(--ink)}
.soak .paper{fill:var(--paper)}.soak .grid{stroke:var(--grid)}.soak .axis{stroke:var(--soft)}
.soak .row{font-size:9px;fill:var(--soft)}.soak .title{font-size:15px;font-weight:600}.soak .soft{fill:var(--soft)}
.soak .fault{fill:var(--fault)}.soak .kill{stroke:var(--kill);opacity:.75}
.soak .day{stroke:var(--day);stroke-dasharray:2 4}.soak .part{stroke:var(--soft);stroke-dasharray:1 3}
.soak .limit{stroke:var(--kill);stroke-width:1.5;stroke-dasharray:8 4}.soak .limit-name{fill:var(--kill)}
.soak .line{fill:none;stroke-width:1.6;stroke-linejoin:round}
`;

interface Scales {
  readonly x: (seconds: number) => number;
  readonly y: (value: number) => number;
  readonly top: number;
}

/** A whole document, which can also stand inside HTML. */
export function svgOf(drawing: Drawing): string {
  const { title, unit, seconds } = drawing;
  const most = highest(drawing);
  const near = drawing.limits.filter(({ value }) => value <= LIMIT_WITHIN * most);
  const top = niceTop(Math.max(most, ...near.map(({ value }) => value)));
  const scales: Scales = {
    top,
    x: (at) => PLOT.left + (at / seconds) * (WIDTH - PLOT.left - PLOT.right),
    y: (value) => HEIGHT - PLOT.bottom - (value / top) * (HEIGHT - PLOT.top - PLOT.bottom),
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="soak" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${HEIGHT}"/>`,
    `<text class="title" x="${PLOT.left}" y="20">${escaped(`${title}, ${unit}`)}</text>`,
    legend(
      drawing,
      drawing.limits.filter((limit) => !near.includes(limit)),
    ),
    ...drawing.marks.map((mark) => markOf(mark, scales)),
    ...strip(),
    horizontalAxis(seconds, scales),
    verticalAxis(scales),
    ...near.map((limit) => limitLine(limit, scales)),
    ...drawing.series.flatMap(({ lives }, index) =>
      lives.map((life) => lineOf(life, index, scales)),
    ),
    '</svg>',
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function highest({ series }: Drawing): number {
  return Math.max(0, ...series.flatMap(({ lives }) => lives.flat().map(({ y }) => y)));
}

/** The next 1, 2 or 5 times a power of ten that makes a readable axis. */
export function stepFor(range: number, ticks: number): number {
  const rough = range / ticks;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
}

function niceTop(highestValue: number): number {
  if (highestValue <= 0) return 1;
  const step = stepFor(highestValue * 1.05, TICKS);
  return Math.ceil((highestValue * 1.05) / step) * step;
}

function legend({ series }: Drawing, far: readonly Limit[]): string {
  const entries = series.map(({ name }, index) => {
    const x = PLOT.left + index * 190;
    const [colour, dash] = lineStyle(index);
    return (
      `<line x1="${x}" y1="38" x2="${x + 26}" y2="38" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/>` +
      `<text x="${x + 32}" y="42">${escaped(name)}</text>`
    );
  });
  const note =
    far.length === 0
      ? ''
      : `<text class="soft" x="${WIDTH - PLOT.right}" y="20" text-anchor="end">limit ${far.map(({ value }) => value).join(', ')}, far above</text>`;
  return [...entries, note].join('\n');
}

function lineStyle(index: number): readonly [string, string] {
  return LINES[index % LINES.length] ?? LINES[0];
}

function markOf(mark: Mark, scales: Scales): string {
  return inStrip(mark, scales) + overPlot(mark, scales);
}

function inStrip({ from, to, row, name }: Mark, { x }: Scales): string {
  if (row === undefined) return '';
  const y = HEIGHT - PLOT.bottom + 4 + ROWS.indexOf(row) * ROW;
  const width = Math.max(1.5, x(to) - x(from));
  return `<rect class="fault" x="${at(x(from))}" y="${y}" width="${at(width)}" height="${ROW - 3}"><title>${escaped(name)}</title></rect>`;
}

function overPlot({ from, line, name }: Mark, { x }: Scales): string {
  if (line === undefined) return '';
  const [top, bottom] = [PLOT.top, HEIGHT - PLOT.bottom];
  const drawn = `<line class="${line}" x1="${at(x(from))}" y1="${top}" x2="${at(x(from))}" y2="${bottom}"><title>${escaped(name)}</title></line>`;
  if (line !== 'part') return drawn;
  return `${drawn}<text class="soft" x="${at(x(from) + 3)}" y="${top - 4}" text-anchor="end">${escaped(name)}</text>`;
}

/** The names of its rows. */
function strip(): readonly string[] {
  return ROWS.map(
    (row, index) =>
      `<text class="row" x="${PLOT.left - 8}" y="${HEIGHT - PLOT.bottom + 11 + index * ROW}" text-anchor="end">${row}</text>`,
  );
}

function horizontalAxis(seconds: number, { x }: Scales): string {
  const inMinutes = seconds >= 180;
  const unit = inMinutes ? 60 : 1;
  const step = stepFor(seconds / unit, 10);
  const bottom = HEIGHT - PLOT.bottom + STRIP;
  const ticks = Array.from({ length: Math.floor(seconds / unit / step) + 1 }, (_, i) => i * step);
  return [
    ...[bottom - STRIP, bottom].map(
      (y) =>
        `<line class="axis" x1="${PLOT.left}" y1="${y}" x2="${WIDTH - PLOT.right}" y2="${y}"/>`,
    ),
    ...ticks.map(
      (tick) =>
        `<line class="axis" x1="${at(x(tick * unit))}" y1="${bottom}" x2="${at(x(tick * unit))}" y2="${bottom + 4}"/>` +
        `<text x="${at(x(tick * unit))}" y="${bottom + 17}" text-anchor="middle">${tick}</text>`,
    ),
    `<text class="soft" x="${(WIDTH + PLOT.left - PLOT.right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${inMinutes ? 'minutes' : 'seconds'} since the start</text>`,
  ].join('\n');
}

function verticalAxis({ y, top }: Scales): string {
  const step = stepFor(top, TICKS);
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step);
  return ticks
    .map(
      (tick) =>
        `<line class="grid" x1="${PLOT.left}" y1="${at(y(tick))}" x2="${WIDTH - PLOT.right}" y2="${at(y(tick))}"/>` +
        `<text x="${PLOT.left - 8}" y="${at(y(tick) + 4)}" text-anchor="end">${Number(tick.toPrecision(6))}</text>`,
    )
    .join('\n');
}

function limitLine({ value, of }: Limit, { y }: Scales): string {
  const name = of === undefined ? `limit ${value}` : `limit ${value}, ${of}`;
  return (
    `<line class="limit" x1="${PLOT.left}" y1="${at(y(value))}" x2="${WIDTH - PLOT.right}" y2="${at(y(value))}"/>` +
    `<text class="limit-name" x="${WIDTH - PLOT.right - 4}" y="${at(y(value) - 5)}" text-anchor="end">${escaped(name)}</text>`
  );
}

/** A single point is drawn as a dot. */
function lineOf(life: Life, index: number, scales: Scales): string {
  const [colour, dash] = lineStyle(index);
  const place = ({ x, y }: Point): string => `${at(scales.x(x))},${at(scales.y(y))}`;
  const [first] = life;
  if (first === undefined) return '';
  if (life.length === 1)
    return `<circle cx="${at(scales.x(first.x))}" cy="${at(scales.y(first.y))}" r="2" fill="${colour}"/>`;
  return `<polyline class="line" stroke="${colour}" stroke-dasharray="${dash}" points="${life.map(place).join(' ')}"/>`;
}

const at = (value: number): string => String(Math.round(value * 10) / 10);

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
