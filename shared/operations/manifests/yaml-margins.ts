/**
 * `kubectl` accepts continuation lines of quoted text and brackets at any column; YAML 1.2 and its
 * parser do not. Such lines are indented, which changes no value, because leading blanks on these
 * lines have no meaning.
 */
import { CST, Parser } from 'yaml';

/** Offsets in the text; `end` is exclusive. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Text in double or single quotes, which may contain line breaks. Sticky: matches only at
 * `lastIndex`.
 */
const QUOTED = /"[^"\\]*(?:\\[^][^"\\]*)*"|'[^']*(?:''[^']*)*'/y;
/** A token that is one complete quoted text. */
const CLOSED = new RegExp(`^(?:${QUOTED.source})$`);

/**
 * The text with the first such line corrected; undefined if there is none before `fault`, the
 * offset of the parser error.
 */
export function withMargin(text: string, fault: number): string | undefined {
  const span = firstSpan(text);
  if (span === undefined || span.start > fault) return undefined;
  const column = span.start - text.lastIndexOf('\n', span.start - 1);
  const moved = text.slice(span.start, span.end).replaceAll(/\n[ \t]*/g, `\n${' '.repeat(column)}`);
  const repaired = `${text.slice(0, span.start)}${moved}${text.slice(span.end)}`;
  return repaired === text ? undefined : repaired;
}

/** The first quoted text or bracket that the parser could not finish. */
function firstSpan(text: string): Span | undefined {
  for (const document of new Parser().parse(text)) {
    if (document.type !== 'document') continue;
    let found: Span | undefined;
    CST.visit(document, ({ key, value }) => {
      const broken = [key, value].find((token) => token && isBroken(token));
      if (!broken) return undefined;
      found = spanOf(text, broken);
      return CST.visit.BREAK;
    });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A scalar or collection that the parser could not finish. */
function isBroken(token: CST.Token): boolean {
  if (token.type === 'double-quoted-scalar' || token.type === 'single-quoted-scalar')
    return !CLOSED.test(token.source);
  return (
    token.type === 'flow-collection' &&
    !token.end.some(({ type }) => /^flow-(map|seq)-end$/.test(type))
  );
}

/** Its range up to the closing delimiter; undefined if it is not closed. */
function spanOf(text: string, { type, offset }: CST.Token): Span | undefined {
  const end = type === 'flow-collection' ? bracketEnd(text, offset) : quoteEnd(text, offset);
  return end === undefined ? undefined : { start: offset, end };
}

/** Offset after the closing quote. */
function quoteEnd(text: string, offset: number): number | undefined {
  QUOTED.lastIndex = offset;
  return QUOTED.test(text) ? QUOTED.lastIndex : undefined;
}

/** Offset after the closing bracket. A quote starts a string only where a value can start. */
function bracketEnd(text: string, offset: number): number | undefined {
  const next = /(?<=\s)#.*|\s+|[^]/g;
  next.lastIndex = offset;
  let begins = true;
  for (let depth = 0, match = next.exec(text); match !== null; match = next.exec(text)) {
    const [found] = match;
    if (found.startsWith('#') || found.trim() === '') continue;
    if (begins && (found === '"' || found === "'")) {
      const end = quoteEnd(text, match.index);
      if (end === undefined) return undefined;
      next.lastIndex = end;
    }
    depth += '[{'.includes(found) ? 1 : ']}'.includes(found) ? -1 : 0;
    if (depth === 0) return next.lastIndex;
    begins = '[{,:'.includes(found);
  }
  return undefined;
}
