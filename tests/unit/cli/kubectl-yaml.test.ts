import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { documentsOf } from '../../../shared/operations/manifests/documents.ts';
import { flatten, problemOf } from '../../../shared/operations/manifests/kubernetes-shape.ts';
import { DOCUMENTS } from '../../fixtures/kubectl-yaml/documents.ts';

interface Answer {
  readonly objects: readonly unknown[];
  readonly error?: string;
}

const fixture = join(import.meta.dirname, '../../fixtures/kubectl-yaml/answers.json');
const answers = JSON.parse(readFileSync(fixture, 'utf8')) as Readonly<Record<string, Answer>>;

/** Read here although `kubectl` refuses it: nothing that it would apply is read differently. */
const READ_ANYWAY: readonly string[] = [
  'streams: only comments',
  'streams: nothing at all',
  'lists: a List in a List',
  'lists: an empty List',
  'JSON: objects between separators',
  'JSON: and YAML after it',
  'JSON: a list',
  'flow: a key over two lines',
  'tabs: before a bracket closes',
  'names: key that no integer holds',
  'kinds: items that are null',
  'braces: a number above all bounds',
];

/** Refused here although `kubectl` would read it, because it is never intended. */
const REFUSED_THOUGH: readonly string[] = [
  'lists: no apiVersion',
  'flow: a colon without a blank',
  'flow: a question mark',
  'flow: a dash alone',
];

/** Objects of the documents that can be read, Lists taken apart as `kubectl` prints them. */
function read(text: string): { readonly objects: readonly unknown[]; readonly problems: number } {
  const documents = documentsOf(text.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n'));
  const values = documents.flatMap((document) => ('value' in document ? [document.value] : []));
  const found = values.flatMap((value) => flatten(value)).map(({ object }) => object);
  const objects = found.filter((object) => problemOf(object) === undefined);
  return { objects, problems: documents.length - values.length + found.length - objects.length };
}

const cases = [...DOCUMENTS].map(([name, text]) => ({ name, text, ...answers[name]! }));
const isObject = ({ objects }: Answer): boolean => objects.length > 0;

describe('a document is read as kubectl reads it', () => {
  test('and the answer of kubectl is recorded for each', () => {
    expect(Object.keys(answers)).toEqual([...DOCUMENTS.keys()]);
    expect(DOCUMENTS.size).toBeGreaterThan(140);
  });

  const readable = cases.filter(
    ({ name, error }) => error === undefined && !REFUSED_THOUGH.includes(name),
  );
  test.each(readable)('$name', ({ text, objects }) => {
    const end = text.includes('...\n') && !text.includes('...\n---') ? 1 : 0;
    expect(read(text)).toEqual({ objects, problems: end });
  });
});

describe('what kubectl refuses is refused', () => {
  test('and so are a few documents that kubectl would read', () => {
    const more = cases.filter(({ name }) => REFUSED_THOUGH.includes(name));
    expect(more.map(({ name }) => name)).toEqual(REFUSED_THOUGH);
    for (const { text, error } of more) {
      expect(error).toBeUndefined();
      expect(read(text)).toEqual({ objects: [], problems: 1 });
    }
  });

  const syntax = cases.filter(
    ({ name, error }) => error !== undefined && !READ_ANYWAY.includes(name),
  );
  test.each(syntax)('$name', ({ text, objects }) => {
    const found = read(text);
    expect(found.problems).toBeGreaterThan(0);
    expect(found.objects).toEqual(expect.arrayContaining([...objects]));
  });

  test('except for some that are read to the objects that kubectl would go on with', () => {
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
