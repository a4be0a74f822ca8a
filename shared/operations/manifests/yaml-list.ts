/**
 * Parses a long List, as `kubectl get … -A -o yaml` prints it, item by item: the parser needs a
 * hundred times the memory of the text, too much for a whole cluster in one piece.
 */
import { readYaml, YamlProblem, type KeyPlace, type YamlDocument } from './yaml-values.ts';

/** Characters. Shorter documents are parsed in one piece, which supports anchors across items. */
const MIN_SPLIT_CHARACTERS = 256 * 1024;
/**
 * Characters of a document that cannot be parsed in pieces, which takes some gigabytes of memory.
 */
const MAX_DOCUMENT_CHARACTERS = 24 * 1024 * 1024;

/** One item of the List with its dash, which is a YAML document with a list of one element. */
interface Item {
  readonly text: string;
  /** Number of lines before it. */
  readonly before: number;
}

/**
 * Returns undefined for an empty document. Throws a {@link YamlProblem} if the text is neither a
 * List nor small enough.
 */
export function readYamlInPieces(text: string): YamlDocument | undefined {
  const list = text.length < MIN_SPLIT_CHARACTERS ? undefined : readList(text);
  if (list !== undefined) return list;
  if (text.length > MAX_DOCUMENT_CHARACTERS)
    throw new YamlProblem(
      `is a YAML document of ${Math.round(text.length / 1024 / 1024)} MiB; split it, or give it as JSON`,
      1,
    );
  return readYaml(text);
}

/** Undefined if the text is not a List that can be parsed item by item. */
function readList(text: string): YamlDocument | undefined {
  const parts = partsOf(text);
  if (parts === undefined) return undefined;
  try {
    const frame = readYaml(parts.frame);
    const twice: KeyPlace[] = [];
    const values = parts.items.map(({ text: one, before }) => {
      const document = readYaml(one);
      twice.push(...(document?.twice ?? []).map((key) => ({ ...key, line: before + key.line })));
      return (document?.value as unknown[] | undefined)?.[0];
    });
    // Line numbers are needed rarely, so the item is parsed again.
    const lineOf: YamlDocument['lineOf'] = ([key, i, ...rest]) => {
      const item = key === 'items' && typeof i === 'number' ? parts.items[i] : undefined;
      return item === undefined
        ? 1
        : item.before + (readYaml(item.text)?.lineOf([0, ...rest]) ?? 1);
    };
    return { value: { ...(frame?.value as object), items: values }, lineOf, twice };
  } catch (error) {
    // An anchor of another item, or an error that is located better in one piece.
    if (error instanceof YamlProblem) return undefined;
    throw error;
  }
}

/** The items of a List whose dashes are at the left margin, and the document without them. */
function partsOf(
  text: string,
): { readonly frame: string; readonly items: readonly Item[] } | undefined {
  const [heading, another] = text.matchAll(/^items:[ \t]*\n(?=- )/gm);
  if (heading === undefined || another !== undefined) return undefined;
  const start = heading.index + heading[0].length;
  const behind = /^[^\s#-]/gm;
  behind.lastIndex = start;
  const end = behind.exec(text)?.index ?? text.length;
  const items: Item[] = [];
  let before = text.slice(0, start).split('\n').length - 1;
  for (const item of text.slice(start, end).split(/^(?=- )/m)) {
    items.push({ text: item, before });
    before += item.split('\n').length - 1;
  }
  return { frame: `${text.slice(0, heading.index)}items: []\n${text.slice(end)}`, items };
}
