/** Colour on a terminal. It only highlights, and adds no information. Pure. */

const BOLD = '1';
const RED = '31';
const GREEN = '32';
const YELLOW = '33';

const RULES: readonly (readonly [RegExp, string])[] = [
  // Column names are in capitals.
  [/^(?=.*[A-Z])[A-Z0-9 #/-]+$/, BOLD],
  [/^(?:BAD|-)(?= )/, RED],
  [/^(?:warn|~|!)(?= )/, YELLOW],
  [/^(?:ok|\+)(?= )/, GREEN],
];

/** `text` contains no control characters except line breaks. */
export function paint(text: string): string {
  return text.split('\n').map(paintLine).join('\n');
}

/** Colours the first words of a line that a rule matches. */
function paintLine(line: string): string {
  const [found] = RULES.flatMap(([pattern, colour]) => {
    const [words] = pattern.exec(line) ?? [];
    return words === undefined ? [] : [{ words, colour }];
  });
  if (found === undefined) return line;
  return `\u001B[${found.colour}m${found.words}\u001B[0m${line.slice(found.words.length)}`;
}
