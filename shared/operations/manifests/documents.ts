/**
 * Splits a file into documents that are parsed separately, so that an unreadable one does not
 * affect the others.
 */
import { shorten } from '../../domain/text/shorten.ts';
import { templateIn, unrenderedIn } from './templates.ts';
import { readYamlInPieces } from './yaml-list.ts';
import { YamlProblem, type YamlDocument } from './yaml-values.ts';

/** Lines count from 1 in the file. */
export interface ReadDocument {
  readonly value: unknown;
  /** Line where the value at the path starts. */
  lineOf(path: readonly (string | number)[]): number;
  /** Duplicate keys of a map. */
  readonly twice: readonly { readonly key: string; readonly line: number }[];
}

/** A value, or the reason why it cannot be read: a syntax error, or an unrendered template. */
export type FileDocument =
  | ReadDocument
  | { readonly problem: string; readonly line: number }
  | { readonly template: true; readonly line: number };

/** JSON text is parsed as JSON, which is many times faster than YAML for a whole cluster. */
export function documentsOf(text: string): readonly FileDocument[] {
  const json = /^\s*[[{]/.test(text) ? parsedJson(text) : undefined;
  if (json !== undefined)
    return (Array.isArray(json) ? (json as unknown[]) : [json]).map((value, i) =>
      jsonDocument(value, text, 1, Array.isArray(json) ? [i] : []),
    );
  const documents = chunksOf(text).flatMap(readChunk);
  const [first, ...others] = documents;
  if (first === undefined || !('value' in first) || !/^\s*\{/.test(text)) return documents;
  // Because of its first character, kubectl reads the file as JSON.
  const wrong = wrongJsonIn(text);
  return wrong === undefined ? documents : [wrong, ...others];
}

/** Undefined for text that is not JSON. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // YAML may also start with a bracket, and its parser reports a better error position.
    return undefined;
  }
}

/** The first object of a text that starts with a brace, if it is not JSON. */
function wrongJsonIn(text: string): FileDocument | undefined {
  const [first] = objectSpans(text).spans;
  const piece = first === undefined ? text : text.slice(first.start, first.end);
  try {
    JSON.parse(piece);
    return undefined;
  } catch (error) {
    const [, line = '1'] = /\(line (\d+) /.exec((error as Error).message) ?? [];
    const before = text.slice(0, first?.start ?? 0).split('\n').length - 1;
    return {
      problem:
        'starts with a brace, so kubectl expects JSON and refuses this YAML; ' +
        'give it as JSON, or put a line --- before it',
      line: before + Number(line),
    };
  }
}

/**
 * `at` is the path of the value in the text, for texts that contain several values. JSON.parse does
 * not report duplicate keys.
 */
function jsonDocument(
  value: unknown,
  text: string,
  line: number,
  at: readonly (string | number)[],
): FileDocument {
  return { value, lineOf: linesOf(text, line, at), twice: [] };
}

/**
 * Line numbers are needed rarely, so the text is parsed again instead of keeping the parser's
 * positions.
 */
function linesOf(
  text: string,
  line: number,
  at: readonly (string | number)[],
): ReadDocument['lineOf'] {
  let again: YamlDocument | undefined | 'too long';
  return (path) => {
    again ??= readAgain(text);
    return again === 'too long' ? line : line - 1 + (again?.lineOf([...at, ...path]) ?? 1);
  };
}

/** JSON may be longer than the YAML parser accepts. */
function readAgain(text: string): YamlDocument | undefined | 'too long' {
  try {
    return readYamlInPieces(text);
  } catch (error) {
    if (error instanceof YamlProblem) return 'too long';
    throw error;
  }
}

/** One part of a file between separators. */
interface Chunk {
  readonly text: string;
  /** Line of its first content. */
  readonly line: number;
  /** Text after the separator on its line, where only a comment is allowed. */
  readonly behind: string | undefined;
}

/** Splits a file as `kubectl` does before parsing: at lines that start with `---`. */
function chunksOf(text: string): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let line = 1;
  for (const part of text.split(/^(?=---)/m)) {
    const [, behind = ''] = /^---(.*)/.exec(part) ?? [];
    const wrong = part.startsWith('---') && !/^\s*(#.*)?$/.test(behind);
    // The line of the separator stays as an empty line, so that line numbers are correct.
    const body = part.startsWith('---') ? part.replace(/^.*/, '') : part;
    chunks.push({
      text: body.replace(/^(\n?)\uFEFF/, '$1'),
      line,
      behind: wrong ? behind.trim() : undefined,
    });
    line += part.split('\n').length - 1;
  }
  return chunks;
}

/** One part between separators. Text after the end mark `...` is an error, as for kubectl. */
function readChunk({ text, line, behind }: Chunk): readonly FileDocument[] {
  const end = /^\.\.\.(?=\s|$)/m.exec(text)?.index ?? text.length;
  const [first, rest] = [text.slice(0, end), text.slice(end + '...'.length)];
  const problems: FileDocument[] = [];
  if (behind !== undefined)
    problems.push({
      problem: `"${shorten(behind, 40)}" stands behind ---, where only a comment may; kubectl reads no such document`,
      line,
    });
  const [more] = /^(?!\s*(#|$)).*/m.exec(rest) ?? [];
  if (more !== undefined)
    problems.push({
      problem: 'a second document begins after "..." without ---; kubectl does not read it',
      line: line + text.slice(0, text.indexOf(more, end)).split('\n').length - 1,
    });
  return [...(behind === undefined ? readOne(first, line) : []), ...problems];
}

/**
 * JSON if it looks like it, else YAML. An invalid document that contains Helm directives is
 * reported as a template.
 */
function readOne(text: string, line: number): readonly FileDocument[] {
  const objects = /^\s*\{/.test(text) ? jsonObjects(text, line) : undefined;
  if (objects !== undefined) return objects;
  const lineAt = (offset: number): number => line + text.slice(0, offset).split('\n').length - 1;
  try {
    const document = readYamlInPieces(text);
    if (document === undefined) return [];
    const { value, twice } = document;
    // As for kubectl, nothing.
    if (value === null) return [];
    const lineOf = linesOf(text, line, []);
    const unrendered = unrenderedIn(value);
    if (unrendered !== undefined) return [{ template: true, line: lineOf(unrendered) }];
    return [{ value, lineOf, twice: twice.map((one) => ({ ...one, line: line - 1 + one.line })) }];
  } catch (error) {
    if (!(error instanceof YamlProblem)) throw error;
    const template = templateIn(text);
    if (template !== undefined) return [{ template: true, line: lineAt(template) }];
    return [{ problem: error.message, line: line - 1 + error.line }];
  }
}

/** Offsets in the text; `end` is exclusive. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * A sequence of JSON objects, as several calls of `kubectl get -o json` print them; undefined if it
 * is not JSON.
 */
function jsonObjects(text: string, line: number): readonly FileDocument[] | undefined {
  const lineAt = (offset: number): number => line + text.slice(0, offset).split('\n').length - 1;
  const { spans, more } = objectSpans(text);
  const found: FileDocument[] = [];
  for (const { start, end } of spans) {
    const piece = text.slice(start, end);
    const value = parsedJson(piece);
    if (value === undefined) return undefined;
    found.push(jsonDocument(value, piece, lineAt(start), []));
  }
  if (found.length > 0 && more !== undefined)
    found.push({ problem: 'more text stands behind the JSON object', line: lineAt(more) });
  return found.length === 0 ? undefined : found;
}

/** Ranges of the objects; `more` is where other text starts, or an object that does not end. */
function objectSpans(text: string): { readonly spans: readonly Span[]; readonly more?: number } {
  const spans: Span[] = [];
  let [depth, start] = [0, 0];
  for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\[^][^"\\]*)*"|[{}]|[^\s]/g)) {
    if (depth === 0) start = index;
    if (depth === 0 && token !== '{') return { spans, more: index };
    depth += token === '{' ? 1 : token === '}' ? -1 : 0;
    if (depth === 0) spans.push({ start, end: index + 1 });
  }
  return depth === 0 ? { spans } : { spans, more: start };
}
