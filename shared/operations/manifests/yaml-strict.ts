/**
 * What `kubectl`'s parser (go-yaml) refuses and the `yaml` package accepts: tabs as indentation,
 * some escapes, names of anchors, and indicators in flow collections.
 */
import {
  isAlias,
  isCollection,
  isScalar,
  visit,
  type Document,
  type Node,
  type Scalar,
} from 'yaml';

/** Why `kubectl` would refuse the document, and where. */
export interface YamlRefusal {
  readonly message: string;
  /** In the text. */
  readonly offset: number;
}

/** The first thing in the document that `kubectl` would refuse. */
export function refusedIn(document: Document, text: string): YamlRefusal | undefined {
  let found: YamlRefusal | undefined;
  const covered: Span[] = [];
  visit(document, {
    Node: (_, node, path) => {
      const isFlow = isInFlow(path);
      found = nodeRefusal(node, text, isFlow);
      if (found !== undefined) return visit.BREAK;
      // Blank lines after block text belong to it.
      if (!isFlow) covered.push(...spanOf(node, text));
      return undefined;
    },
    Pair: (_, { key, value }, path) => {
      const isEmpty = value === null || (isScalar(value) && (value.source ?? '') === '');
      if (!isEmpty || !isScalar(key) || !isInFlow(path)) return undefined;
      const end = key.range?.[1] ?? 0;
      if (!/^:[,[\]{}]/.test(text.slice(end, end + 2))) return undefined;
      found = { message: 'a blank is missing after the colon, or quotes', offset: end };
      return visit.BREAK;
    },
  });
  return found ?? tabRefusal(text, covered);
}

/** Whether the node is inside brackets or braces, where stricter rules apply. */
function isInFlow(path: readonly unknown[]): boolean {
  return path.some((one) => isCollection(one) && one.flow === true);
}

/** Checks the name of an anchor, escapes in double quotes, and indicators in plain text. */
function nodeRefusal(node: Node, text: string, isFlow: boolean): YamlRefusal | undefined {
  const [start = 0, end = 0] = node.range ?? [];
  const name = isAlias(node) ? node.source : node.anchor;
  if (name !== undefined && !/^[A-Za-z0-9_-]+$/.test(name))
    return {
      message: `"${name}" cannot name an anchor: only letters, digits, - and _ can`,
      offset: start,
    };
  if (!isScalar(node)) return undefined;
  if (node.type === 'QUOTE_DOUBLE') return escapeRefusal(text.slice(start, end), start);
  return isFlow && node.type === 'PLAIN' ? indicatorRefusal(node.source ?? '', start) : undefined;
}

/**
 * `kubectl` reads these characters as indicators in brackets; the `yaml` package reads them as
 * text.
 */
function indicatorRefusal(source: string, offset: number): YamlRefusal | undefined {
  if (!source.startsWith(':') && !source.includes('?')) return undefined;
  return {
    message:
      'text in brackets cannot start with a colon or contain a question mark; put it in quotes',
    offset,
  };
}

/** Escapes of JSON that YAML 1.1 lacks, and halves of surrogate pairs. */
function escapeRefusal(quoted: string, start: number): YamlRefusal | undefined {
  for (const { 0: escape, index } of quoted.matchAll(/\\(?:u.{4}|U.{8}|[^])/g)) {
    const offset = start + index;
    if (escape === '\\/') return { message: '"\\/" is an escape of JSON, not of YAML', offset };
    const code = /^\\[uU]/.test(escape) ? Number.parseInt(escape.slice(2), 16) : 0;
    if (code >= 0xd800 && code <= 0xdfff)
      return { message: `"${escape}" is half a character; write it as \\U and 8 digits`, offset };
  }
  return undefined;
}

/** Offsets in the text; `end` is exclusive. */
interface Span {
  readonly start: number;
  readonly end: number;
  /** Tabs count as indentation up to this number of blanks. */
  readonly indent: number;
}

/** Text in which a line may start with a tab. */
function spanOf(node: Node, text: string): readonly Span[] {
  const [start = 0, , end = 0] = node.range ?? [];
  if (isCollection(node)) return node.flow === true ? [{ start, end, indent: -1 }] : [];
  if (!isScalar(node)) return [];
  return [{ start, end: node.range?.[1] ?? 0, indent: indentOf(node, text, start) }];
}

/** Unquoted text goes on to the right of where its line starts. */
function indentOf({ type }: Scalar, text: string, start: number): number {
  if (type !== 'PLAIN') return -1;
  const line = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  return /^ */.exec(line)?.[0].length ?? 0;
}

/** Spans are in the order of the document. */
function tabRefusal(text: string, spans: readonly Span[]): YamlRefusal | undefined {
  let next = 0;
  for (const { index, 1: blanks = '' } of text.matchAll(/^( *)\t/gm)) {
    const offset = index + blanks.length;
    while ((spans[next]?.end ?? Infinity) <= offset) next += 1;
    const span = spans[next];
    const isInside = span !== undefined && span.start < offset && blanks.length > span.indent;
    if (!isInside) return { message: 'a tab cannot indent a line; use blanks', offset };
  }
  return undefined;
}
