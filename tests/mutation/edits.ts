/**
 * Text edits at byte offsets, as the parser counts them. Edits of an outer expression enclose those
 * of an inner one.
 */
interface Edit {
  readonly at: number;
  /** The number of bytes to remove. */
  readonly until: number;
  readonly text: string;
  /** Outer prefixes come before inner ones, inner suffixes before outer ones. */
  readonly order: number;
}

export interface Edits {
  /** Encloses a range in text. Call it for outer ranges first. */
  wrap(start: number, end: number, around: readonly [string, string]): void;
  replace(start: number, end: number, text: string): void;
  apply(): string;
}

export function editsOf(source: string): Edits {
  const bytes = Buffer.from(source);
  const edits: Edit[] = [];
  let made = 0;
  const add = (at: number, until: number, text: string, order: number): void =>
    void edits.push({ at, until, text, order });
  return {
    wrap(start, end, [before, after]): void {
      made += 1;
      add(start, start, before, made);
      add(end, end, after, -made);
    },
    replace(start, end, text): void {
      made += 1;
      add(start, end, text, made);
    },
    apply(): string {
      let [out, at] = ['', 0];
      // Suffixes of ranges that end here come before prefixes of ranges that begin here.
      for (const edit of edits.toSorted((a, b) => a.at - b.at || a.order - b.order)) {
        out += bytes.toString('utf8', at, edit.at) + edit.text;
        at = Math.max(at, edit.until);
      }
      return out + bytes.toString('utf8', at);
    },
  };
}
