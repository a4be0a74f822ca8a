/**
 * Converts a YAML document to the JSON values that `kubectl` would send, with merge keys and
 * aliases expanded.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Alias,
  type Document,
  type Node,
  type Pair,
  type Scalar,
  type YAMLError,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { withMargin } from './yaml-margins.ts';
import { refusedIn } from './yaml-strict.ts';
import { keyText, plainValue, taggedValue, type ScalarValue } from './yaml-scalars.ts';

/** Why a document cannot be read, and its line, counted from 1. */
export class YamlProblem extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/** One document with the lines of its values, for messages. */
export interface YamlDocument {
  readonly value: unknown;
  /** Line, counted from 1, where the value at the path starts. */
  lineOf(path: readonly (string | number)[]): number;
  /** Duplicate keys of a map; the last one is used. */
  readonly twice: readonly KeyPlace[];
}

/** A duplicate key and its line, counted from 1. */
export interface KeyPlace {
  readonly key: string;
  readonly line: number;
}

/** An error that `kubectl` tolerates: `[1, 2]#comment`. */
const TOLERATED = /Comments must be separated/;
/** Maximum number of corrections per document; each costs a parse. */
const MAX_REPAIRS = 50;
// eslint-disable-next-line no-control-regex -- those are what it looks for
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u0084\u0086-\u009F\uFEFF\uFFFE\uFFFF]/;

/** Undefined for an empty document. Throws YamlProblem for documents that `kubectl` refuses. */
export function readYaml(text: string): YamlDocument | undefined {
  try {
    return repairedAndRead(withPlainBreaks(text));
  } catch (error) {
    // Parser and converter are recursive.
    if (error instanceof RangeError) throw new YamlProblem('is nested too deeply', 1);
    throw error;
  }
}

/** YAML 1.1 treats three Unicode characters as line breaks, and allows no control characters. */
function withPlainBreaks(text: string): string {
  const control = CONTROL.exec(text);
  if (control !== null)
    throw new YamlProblem(
      'holds a control character, which YAML does not take',
      text.slice(0, control.index).split('\n').length,
    );
  return text.replaceAll(/[\u0085\u2028\u2029]/g, '\n');
}

/** Parses the text; after an error that kubectl tolerates, repairs that place and parses again. */
function repairedAndRead(text: string): YamlDocument | undefined {
  for (let [current, repairs] = [text, 0]; ; repairs += 1) {
    const lines = new LineCounter();
    const document = parsed(current, lines);
    const [problem] = document.errors.filter(({ message }) => !TOLERATED.test(message));
    const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line);
    if (problem === undefined) {
      const refused = refusedIn(document, current);
      if (refused !== undefined) throw new YamlProblem(refused.message, lineAt(refused.offset));
      return valueOf(document, lineAt);
    }
    const repaired = repairs < MAX_REPAIRS ? withoutProblem(current, problem) : undefined;
    if (repaired === undefined)
      throw new YamlProblem(firstLine(problem.message), lineAt(problem.pos[0]));
    current = repaired;
  }
}

/**
 * Repairs one place, or returns undefined if `kubectl` would refuse it too. An escaped single quote
 * in double quotes is accepted by go-yaml.
 */
function withoutProblem(text: string, { code, pos }: YAMLError): string | undefined {
  const [at] = pos;
  if (code === 'BAD_DQ_ESCAPE' && text.startsWith("\\'", at))
    return `${text.slice(0, at)}${text.slice(at + 1)}`;
  return withMargin(text, at);
}

/** The value of a parsed document; undefined if it has only comments or blanks. */
function valueOf(document: Document, lineAt: (offset: number) => number): YamlDocument | undefined {
  const { contents } = document;
  if (contents === null) return undefined;
  const reader = new Reader(lineAt);
  const value = reader.value(contents);
  return { value, lineOf: (path) => lineAt(startOf(document, path)), twice: reader.twice };
}

/**
 * Parses without resolving types, merge keys or duplicates: these follow the rules of `kubectl`,
 * which `Reader` applies.
 */
function parsed(text: string, lineCounter: LineCounter): Document {
  return parseDocument(text, {
    version: '1.1',
    schema: 'failsafe',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
    lineCounter,
  });
}

/** Messages of the parser may have several lines, of which the first is the sentence. */
function firstLine(message: string): string {
  return message.split('\n', 1)[0]?.trimEnd() ?? '';
}

/** Offset of the node at the path, or of the document if there is no such node. */
function startOf(document: Document, path: readonly (string | number)[]): number {
  const node = document.getIn(path, true) as Node | undefined;
  return node?.range?.[0] ?? document.contents?.range?.[0] ?? 0;
}

/**
 * The limit of go-yaml: up to 400,000 values, almost all may come from aliases; from 4,000,000 on,
 * a tenth.
 */
function excessive(values: number, aliased: number): boolean {
  if (values <= 100 || aliased <= 100) return false;
  const [few, many] = [400_000, 4_000_000];
  const over = (Math.min(Math.max(values, few), many) - few) / (many - few);
  return aliased / values > 0.99 - 0.89 * over;
}

/**
 * Converts the nodes of one document to JSON values, as `kubectl` does. Throws YamlProblem with the
 * line of the node.
 */
class Reader {
  /** Duplicate keys, in the order of the document. */
  readonly twice: KeyPlace[] = [];
  readonly #lineAt: (offset: number) => number;
  /** Nodes by anchor; a later anchor with the same name replaces the earlier one. */
  readonly #anchors = new Map<string, Node>();
  /** Maps and lists whose conversion has begun and not ended: an alias of one of them would never end. */
  readonly #open = new Set<Node>();
  /** Number of converted nodes, those of aliases included. */
  #values = 0;
  /** Number of those that were converted as part of an alias. */
  #aliased = 0;
  /** Depth of nested aliases; above 0, the node was already converted at its anchor. */
  #aliases = 0;

  constructor(lineAt: (offset: number) => number) {
    this.#lineAt = lineAt;
  }

  #fail(node: Node, message: string): never {
    throw new YamlProblem(message, this.#lineAt(node.range?.[0] ?? 0));
  }

  /**
   * The value of a node, as kubectl reads it. Aliases are counted each time they are used, so that
   * a small file cannot become a huge value.
   */
  value(node: Node): unknown {
    this.#values += 1;
    if (this.#aliases > 0) this.#aliased += 1;
    if (excessive(this.#values, this.#aliased))
      this.#fail(node, 'its aliases would make it grow out of all proportion');
    if (isAlias(node)) return this.#alias(node);
    const { anchor } = node;
    if (anchor !== undefined && this.#aliases === 0) this.#anchors.set(anchor, node);
    if (isScalar(node)) return this.#scalar(node);
    this.#open.add(node);
    const value = isMap(node) ? this.#map(node) : this.#sequence(node);
    this.#open.delete(node);
    return value;
  }

  /** The node of the anchor, which must come before the alias and must not contain it. */
  #target(node: Alias): Node {
    const target = this.#anchors.get(node.source);
    if (target === undefined) this.#fail(node, `nothing before it is named &${node.source}`);
    if (this.#open.has(target)) this.#fail(node, `*${node.source} contains itself`);
    return target;
  }

  /** Converted again for each alias, because the results must not share objects. */
  #alias(node: Alias): unknown {
    const target = this.#target(node);
    this.#aliases += 1;
    const value = this.value(target);
    this.#aliases -= 1;
    return value;
  }

  /**
   * A tag decides the type; without one, only plain text is interpreted, and quoted text stays
   * text.
   */
  #scalar(node: Scalar): ScalarValue {
    const text = node.source ?? '';
    try {
      if (node.tag !== undefined) return taggedValue(node.tag, text);
      return node.type === 'PLAIN' || node.type === undefined ? plainValue(text) : text;
    } catch (error) {
      return this.#fail(node, (error as Error).message);
    }
  }

  /** An item may be a single pair, which is short for a map with one entry. */
  #sequence(node: YAMLSeq): unknown[] {
    return node.items.map((item) =>
      isPairNode(item) ? this.#pairs([item]) : this.value(item as Node),
    );
  }

  #map(node: YAMLMap): object {
    return this.#pairs(node.items as readonly Pair<Node, Node | null>[]);
  }

  /** In document order: later entries win, including merge keys. */
  #pairs(pairs: readonly Pair<Node, Node | null>[]): object {
    const object: Record<string, unknown> = {};
    const said = new Set<string>();
    for (const { key, value } of pairs) {
      if (isMergeKey(key)) {
        for (const [name, merged] of this.#merged(key, value)) assign(object, name, merged);
        continue;
      }
      const name = this.#key(key);
      if (said.has(name) && this.#aliases === 0)
        this.twice.push({ key: name, line: this.#lineAt(key.range?.[0] ?? 0) });
      said.add(name);
      assign(object, name, value === null ? null : this.value(value));
    }
    return object;
  }

  /** JSON has only text as keys, so numbers and booleans are converted. */
  #key(key: Node): string {
    const value = this.value(key);
    if (typeof value === 'object' && value !== null)
      this.#fail(key, 'a map or a list cannot be a key');
    const text = isScalar(key) ? (key.source ?? '') : '';
    return keyText(value as ScalarValue, text) ?? this.#fail(key, 'null cannot be a key');
  }

  /** Of several merged maps the first one wins, so they are assigned in reverse order. */
  #merged(key: Node, value: Node | null): readonly (readonly [string, unknown])[] {
    const sources = isSeq(value) ? (value.items as Node[]).toReversed() : [value];
    return sources.flatMap((source) => {
      const map = isAlias(source) ? this.#target(source) : source;
      if (source === null || !isMap(map)) this.#fail(source ?? key, '<< wants a map, or maps');
      return Object.entries(this.value(source) as object);
    });
  }
}

/** The parser represents a single pair in a list without a map around it. */
function isPairNode(item: unknown): item is Pair<Node, Node | null> {
  return typeof item === 'object' && item !== null && 'key' in item && !('items' in item);
}

/** A quoted `"<<"` is a normal key. */
function isMergeKey(key: Node): boolean {
  if (!isScalar(key) || key.source !== '<<') return false;
  return key.tag === undefined ? key.type === 'PLAIN' : key.tag === 'tag:yaml.org,2002:merge';
}

/** Treats `__proto__` as a normal key. */
function assign(object: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(object, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
