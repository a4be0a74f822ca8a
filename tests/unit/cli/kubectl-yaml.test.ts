import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { documentsOf } from '../../../functions/cli/manifests/documents.ts';
import { DOCUMENTS } from '../../fixtures/kubectl-yaml/documents.ts';

interface Answer {
  readonly objects: readonly unknown[];
  readonly error?: string;
}

const fixture = join(import.meta.dirname, '../../fixtures/kubectl-yaml/answers.json');
const answers = JSON.parse(readFileSync(fixture, 'utf8')) as Readonly<Record<string, Answer>>;

/** Read here although `kubectl` refuses it: nothing that it would apply is read differently. */
const READ_ANYWAY: readonly string[] = [
  'quotes: escaped slash',
  'quotes: escaped surrogates',
  'collections: tab in an empty line',
  'streams: only comments',
  'streams: nothing at all',
  'lists: a List in a List',
  'lists: an empty List',
  'lists: a top-level sequence',
  'JSON: objects between separators',
  'JSON: and YAML after it',
  'JSON: that is YAML',
  'JSON: with a trailing comma',
  'JSON: a list',
];

/** Objects of the documents that can be read, Lists taken apart as `kubectl` prints them. */
function read(text: string): { readonly objects: readonly unknown[]; readonly problems: number } {
  const documents = documentsOf(text.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n'));
  const values = documents.flatMap((document) => ('value' in document ? [document.value] : []));
  return { objects: values.flatMap(itemsOf), problems: documents.length - values.length };
}

function itemsOf(value: unknown): readonly unknown[] {
  const { kind, items, apiVersion } = value as Record<string, unknown>;
  if (!Array.isArray(items) || typeof kind !== 'string') return [value];
  const each = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  return items.map((item: object) => ({ ...each, ...item }));
}

const cases = [...DOCUMENTS].map(([name, text]) => ({ name, text, ...answers[name]! }));
const isObject = ({ objects }: Answer): boolean => objects.length > 0;

describe('a document is read as kubectl reads it', () => {
  test('and each has its recorded answer', () => {
    expect(Object.keys(answers)).toEqual([...DOCUMENTS.keys()]);
    expect(DOCUMENTS.size).toBeGreaterThan(140);
  });

  test.each(cases.filter(({ error }) => error === undefined))('$name', ({ text, objects }) => {
    const end = text.includes('...\n') && !text.includes('...\n---') ? 1 : 0;
    expect(read(text)).toEqual({ objects, problems: end });
  });
});

describe('what kubectl refuses is refused', () => {
  const syntax = cases.filter(
    ({ name, error }) =>
      error !== undefined && !/unable to decode/.test(error) && !READ_ANYWAY.includes(name),
  );
  test.each(syntax)('$name', ({ text, objects }) => {
    const found = read(text);
    expect(found.problems).toBeGreaterThan(0);
    expect(found.objects).toEqual(expect.arrayContaining([...objects]));
  });

  test('but for what is read anyway, to the same objects where it would go on', () => {
    const anyway = cases.filter(({ name }) => READ_ANYWAY.includes(name));
    expect(anyway.map(({ name }) => name)).toEqual(READ_ANYWAY);
    for (const { text, objects, ...answer } of anyway) {
      const found = read(text);
      expect(answer.error).toBeDefined();
      expect(found.problems).toBe(0);
      if (isObject({ objects }))
        expect(found.objects).toEqual(expect.arrayContaining([...objects]));
    }
  });
});
