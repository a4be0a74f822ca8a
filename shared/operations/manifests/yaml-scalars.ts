/**
 * The value of a plain YAML scalar in `kubectl`. Its parser (go-yaml, through sigs.k8s.io/yaml)
 * follows YAML 1.1 with parts of 1.2: `yes` and `y` are true, `010` is 8, `1_000` is 1000, `12:30`
 * is text. `tests/fixtures/kubectl-yaml` contains recorded results.
 */

/** The JSON value of a scalar. */
export type ScalarValue = string | number | boolean | null;

/** Words with a value of their own; all other words are text. */
const WORDS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ...spellings(true, ['y', 'yes', 'true', 'on']),
  ...spellings(false, ['n', 'no', 'false', 'off']),
  ...spellings(null, ['null']),
  ['~', null],
  ['', null],
]);

/** `yes`, `Yes` and `YES`, but not `yEs`. */
function spellings<T>(value: T, words: readonly string[]): readonly (readonly [string, T])[] {
  return words.flatMap((word) => {
    const capital = `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
    return [word, capital, word.toUpperCase()].map((one) => [one, value] as const);
  });
}

/** Infinity and not-a-number. */
const NOT_IN_JSON = /^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/;
/** Numbers with a fraction or an exponent, and whole ones that are too long for an integer. */
const DECIMAL = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
/** Hexadecimal, binary, octal (with or without the letter `o`), and decimal integers. */
const INTEGER = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]*|[1-9][0-9]*)$/;

/** The value of a plain scalar; throws for numbers that JSON does not support. */
export function plainValue(text: string): ScalarValue {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (NOT_IN_JSON.test(text)) throw new Error(`${text} is a number that JSON does not have`);
  return /^[-+.\d]/.test(text) ? (numberOf(text.replaceAll('_', '')) ?? text) : text;
}

/**
 * Undefined for text that is no number, such as a version or a date, and for integers beyond 64
 * bits in another base than ten.
 */
function numberOf(text: string): number | undefined {
  const [, sign, digits = ''] = INTEGER.exec(text) ?? [];
  if (sign !== undefined) {
    const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
    const value = Number(octal);
    if (/^0[xXbBoO]/.test(octal) && BigInt(octal) >= 2n ** 64n) return undefined;
    return Number.isNaN(value) ? undefined : sign === '-' && value !== 0 ? -value : value;
  }
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** The standard tags; each returns undefined for text that does not fit it. */
const TAGS: Readonly<Record<string, (text: string) => ScalarValue | undefined>> = {
  'tag:yaml.org,2002:str': (text) => text,
  'tag:yaml.org,2002:binary': (text) => {
    const digits = text.replaceAll('\n', '');
    const good = digits.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(digits);
    return good ? Buffer.from(digits, 'base64').toString('utf8') : undefined;
  },
  'tag:yaml.org,2002:int': (text) => ifNumber(text, Number.isInteger),
  'tag:yaml.org,2002:float': (text) => ifNumber(text, Number.isFinite),
  'tag:yaml.org,2002:bool': (text) => {
    const value = plainValue(text);
    return typeof value === 'boolean' ? value : undefined;
  },
  'tag:yaml.org,2002:timestamp': (text) =>
    /^\d{4}-\d{1,2}-\d{1,2}(([Tt]|[ \t]+)\d{1,2}:\d{2}:\d{2}(\.\d*)?\S*)?$/.test(text)
      ? text
      : undefined,
  'tag:yaml.org,2002:null': (text) => (plainValue(text) === null ? null : undefined),
};

/** The number, if the text is one and passes the test. */
function ifNumber(text: string, is: (value: number) => boolean): number | undefined {
  const value = plainValue(text);
  return typeof value === 'number' && is(value) ? value : undefined;
}

/** The value of a scalar with a tag, quoted or not. `kubectl` ignores application tags. */
export function taggedValue(tag: string, text: string): ScalarValue {
  const read = Object.hasOwn(TAGS, tag) ? TAGS[tag] : undefined;
  if (read === undefined) return text;
  const value = read(text);
  if (value === undefined)
    throw new Error(`"${text}" is no ${tag.replace('tag:yaml.org,2002:', '!!')}`);
  return value;
}

/**
 * A key as in JSON; undefined for null, which cannot be a key. `text` distinguishes `1000000` from
 * `1e6`.
 */
export function keyText(value: ScalarValue, text: string): string | undefined {
  if (value === null) return undefined;
  const isFloat = typeof value === 'number' && !INTEGER.test(text.replaceAll('_', ''));
  return isFloat ? shortFloat(value) : String(value);
}

/**
 * Formats a float as Go does: with an exponent of at least two digits from 1e6 on, and below
 * 0.0001.
 */
function shortFloat(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-4 && size < 1e6)) return String(value);
  return value.toExponential().replace(/e([-+])(\d)$/, 'e$10$2');
}
