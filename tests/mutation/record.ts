/**
 * What complete runs found, by target, with the hash of each source that they were made of: whole
 * runs take hours, so docs/reliability.md shows the last ones and says of which sources they are.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fate } from './protocol.ts';
import { stateOf, type Judged } from './report.ts';

/** Figures of one source. */
export interface SourceRecord {
  /** Of its content; see {@link hashOf}. */
  readonly hash: string;
  readonly mutants: number;
  readonly noticed: number;
  readonly explained: number;
}

/** A mutant that no test notices and nobody explained. */
export interface Survivor {
  readonly file: string;
  /** Its function. */
  readonly in: string;
  readonly code: string;
  readonly what: string;
  readonly fate: Fate;
}

/** One complete run of a target. */
export interface TargetRecord {
  readonly sources: Readonly<Record<string, SourceRecord>>;
  readonly open: readonly Survivor[];
}

/** By name of the target. */
export type MutationRecord = Readonly<Record<string, TargetRecord>>;

const FILE = 'tests/mutation/record.json';

/** The record of the repository at `root`. */
export function readRecord(root: string): MutationRecord {
  const file = join(root, FILE);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as MutationRecord) : {};
}

/**
 * Replaces the targets that were run; `isWhole` is false if only some of their sources were, each
 * with all of its mutants. Throws if the others have no record.
 */
export function writeRecord(root: string, judged: readonly Judged[], isWhole = true): void {
  const before = readRecord(root);
  const fresh = [...Map.groupBy(judged, ({ target }) => target)].map(([target, own]) => {
    const record = recordOf(own, (file) => hashOf(root, file));
    return [target, isWhole ? record : renewed(target, before[target], record)] as const;
  });
  const all = Object.entries({ ...before, ...Object.fromEntries(fresh) });
  const sorted = Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(join(root, FILE), `${JSON.stringify(sorted, null, 2)}\n`);
}

/** A record with some of its sources tried again. */
function renewed(
  target: string,
  before: TargetRecord | undefined,
  { sources, open }: TargetRecord,
): TargetRecord {
  if (before === undefined)
    throw new Error(`there is no record of ${target} yet: run all of it, without --only`);
  const others = before.open.filter(({ file }) => sources[file] === undefined);
  const all = Object.entries({ ...before.sources, ...sources });
  return {
    sources: Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    open: [...others, ...open].toSorted((a, b) => (a.file < b.file ? -1 : Number(a.file > b.file))),
  };
}

/** The record of one target, from all of its mutants. */
export function recordOf(judged: readonly Judged[], hash: (file: string) => string): TargetRecord {
  const count = (of: readonly Judged[], state: string): number =>
    of.filter((one) => stateOf(one) === state).length;
  const sources = [...Map.groupBy(judged, ({ file }) => file)].map(
    ([file, own]): readonly [string, SourceRecord] => [
      file,
      {
        hash: hash(file),
        mutants: own.length,
        noticed: count(own, 'noticed'),
        explained: count(own, 'explained'),
      },
    ],
  );
  const open = judged
    .filter((one) => stateOf(one) === 'open')
    .map(({ file, in: where, source: code, what, fate }) => ({
      file,
      in: where,
      code,
      what,
      fate,
    }));
  return { sources: Object.fromEntries(sources.toSorted(([a], [b]) => (a < b ? -1 : 1))), open };
}

/** The sources of the record that are not there any more as they were. */
export function changedSince(record: MutationRecord, root: string): readonly string[] {
  const sources = Object.values(record).flatMap((target) => Object.entries(target.sources));
  return sources.flatMap(([file, { hash }]) => (hashOf(root, file) === hash ? [] : [file]));
}

/** Twelve hexadecimal digits of SHA-256; none if the file does not exist. */
export function hashOf(root: string, file: string): string {
  const path = join(root, file);
  return existsSync(path)
    ? createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 12)
    : '';
}

/** Code in a cell of a table; two backticks around one that has some itself. */
function cell(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
  return line.includes('`') ? `\`\` ${line} \`\`` : `\`${line}\``;
}

/** The tables of docs/reliability.md. */
export function recordRows(record: MutationRecord): {
  readonly targets: readonly string[];
  readonly open: readonly string[];
} {
  const targets = Object.entries(record).map(([name, { sources, open }]) => {
    const sum = (key: 'mutants' | 'noticed' | 'explained'): number =>
      Object.values(sources).reduce((all, one) => all + one[key], 0);
    const [mutants, noticed, explained] = [sum('mutants'), sum('noticed'), sum('explained')];
    const rate = ((100 * noticed) / Math.max(1, mutants - explained)).toFixed(1);
    const figures = [Object.keys(sources).length, mutants, noticed, explained, open.length];
    return `| ${name} | ${figures.join(' | ')} | ${rate} % |`;
  });
  const open = Object.values(record).flatMap((target) =>
    target.open.map(
      ({ file, in: where, code, what, fate }) =>
        `| \`${file}\` | ${where} | ${cell(code)} | ${what.replaceAll('|', '\\|')} | ${fate} |`,
    ),
  );
  return { targets, open };
}
