import type { Difference } from '../judge.ts';

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

function shown(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}

/** Every value in which two answers, as JSON, differ. */
export function compare(where: string, real: unknown, lab: unknown): readonly Difference[] {
  return unequal('', real, lab).map((what) => ({ what, where }));
}

function unequal(path: string, real: unknown, lab: unknown): readonly string[] {
  const [theirs, ours] = [fieldsOf(real), fieldsOf(lab)];
  if (theirs === undefined || ours === undefined || Array.isArray(real) !== Array.isArray(lab))
    return JSON.stringify(real) === JSON.stringify(lab)
      ? []
      : [`${path}: ${shown(real)}, lab ${shown(lab)}`];
  const keys = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])];
  const inner = (key: string): string =>
    Array.isArray(real) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
  return keys.flatMap((key) => unequal(inner(key), theirs[key], ours[key]));
}
