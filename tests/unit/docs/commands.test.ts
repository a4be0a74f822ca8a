/** What pages tell people to type exists: commands with their options, scripts, files, keys of `sluice.yaml`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import Ajv from 'ajv';
import { Command } from 'commander';
import { parseAllDocuments } from 'yaml';
import { COMMANDS } from '../../../functions/cli/all-commands.ts';
import { root } from '../house/support.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'infra/lab/README.md',
  'docs/oracles.md',
  ...readdirSync(join(root, 'docs/operations')).map((name) => `docs/operations/${name}`),
];

const program = new Command('sluice').version('').helpCommand('help [command]');
for (const register of COMMANDS) register(program);

/** Blocks between fences, with their language; indented blocks have none. */
function blocksIn(page: string): readonly { readonly language: string; readonly text: string }[] {
  const fenced = [...page.matchAll(/^( *)```(\w*)\n([^]*?)^ *```$/gm)].map(
    ([, indent = '', language = '', text = '']) => ({
      language,
      text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
  const rest = page.replaceAll(/^( *)```[^]*?^ *```$/gm, '');
  const indented = [...rest.matchAll(/(?<=\n\n)(?: {4}[^\n]*\n)+/g)];
  return [...fenced, ...indented.map(([text]) => ({ language: '', text }))];
}

/** Command lines in blocks and in backquotes, without what follows in a pipe or as a comment. */
function linesIn(page: string): readonly string[] {
  const typed = blocksIn(page).flatMap(({ language, text }) =>
    language === 'yaml' ? [] : text.replaceAll('\\\n', ' ').split('\n'),
  );
  const said = [...page.replaceAll(/^ *```[^]*?^ *```$/gm, '').matchAll(/`([^`\n]+)`/g)];
  return [...typed, ...said.map(([, text = '']) => text)].map((line) =>
    line
      .replace(/\s#.*$/, '')
      .replace(/\s(?:\||&&|>)\s.*$/, '')
      .trim(),
  );
}

const LAUNCHED =
  /^(?:\$ |\| )?(?:sudo -u sluice \/opt\/sluice\/node \/opt\/sluice\/cli\/sluice\.mjs|kubectl [^|]*\/sluice\/cli\/sluice\.mjs|npm run (?:--silent )?sluice --|sluice) (.*)$/;

/** The arguments of `sluice` in a line, where `…` stands for any command; undefined if it is none of `sluice`. */
function wordsOf(line: string): readonly string[] | undefined {
  const [, rest] = LAUNCHED.exec(line) ?? [];
  return rest?.replace(/^…/, '').match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? undefined;
}

/** `pause|resume` stands for both. */
function unknownIn(words: readonly string[], from: Command = program): readonly string[] {
  const [first = '', ...rest] = words;
  if (first.startsWith('-') && from === program) return [];
  if (from.commands.length > 0 && /^[a-z][a-z|-]*$/.test(first))
    return first.split('|').flatMap((name) => {
      const found = from.commands.find((one) => one.name() === name);
      return found === undefined ? [`${from.name()} ${name}`] : unknownIn(rest, found);
    });
  const known = new Set(from.options.flatMap(({ short, long }) => [short, long]));
  known.add('--help').add('-h');
  return words
    .map((word) => word.split('=')[0]!)
    .filter((word) => /^--?[a-z]/.test(word) && !known.has(word))
    .map((word) => `${from.name()} ${word}`);
}

const scripts = new Set(
  Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts),
);

/** Paths of the repository; a copy that the page makes is none. */
function lostPathsIn(line: string): readonly string[] {
  return [...line.matchAll(/(?<=^|[\s=:@])(?:infra|docs|tests|functions|shared)\/[\w./@-]+/g)]
    .map(([path]) => path.replace(/\.$/, ''))
    .filter((path) => !path.includes('/mine') && !existsSync(join(root, path)));
}

type Schema = Readonly<Record<string, unknown>>;

/** A part of a configuration has not all that is required. */
function partial(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(partial);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { required: _required, ...rest } = schema as Schema;
  // Without what is required, several alternatives may fit.
  return Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key === 'oneOf' ? 'anyOf' : key, partial(value)]),
  );
}

const SCHEMA = JSON.parse(read('docs/reference/sluice.schema.json')) as Schema;
const isPart = new Ajv({ schemaId: 'auto', unknownFormats: 'ignore' }).compile(
  partial(SCHEMA) as object,
);
const KEYS = new Set(Object.keys(SCHEMA['properties'] as object));

/** Parts of `sluice.yaml` on a page that its schema refuses. */
function wrongPartsIn(page: string): readonly unknown[] {
  return blocksIn(page)
    .filter(({ language }) => language === 'yaml')
    .flatMap(({ text }) => parseAllDocuments(text))
    .map((document): unknown => document.toJS())
    .filter((part) => Object.keys(part ?? {}).some((key) => KEYS.has(key)))
    .flatMap((part) => (isPart(part) ? [] : [part, isPart.errors]));
}

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  test('names commands of sluice with options that they have', () => {
    expect(linesIn(text).flatMap((line) => unknownIn(wordsOf(line) ?? []))).toEqual([]);
  });

  test('names scripts and files that exist', () => {
    const named = linesIn(text).flatMap((line) =>
      [...line.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(([, name = '']) => name),
    );
    expect(named.filter((name) => !scripts.has(name))).toEqual([]);
    expect(linesIn(text).flatMap(lostPathsIn)).toEqual([]);
  });

  test('shows only keys and values that sluice.yaml may have', () => {
    expect(wrongPartsIn(text)).toEqual([]);
  });
});

test('what does not exist is found', () => {
  const page = `Type \`sluice failures lost\` and \`sluice up --never\`, or \`npm run lab -- x\`.

\`\`\`sh
sluice replay pause|stop JOB --why "a --b"
kubectl exec d -- /nodejs/bin/node /sluice/cli/sluice.mjs status --nothing | cat --x
kubectl apply -f infra/nowhere.yaml # comment
\`\`\`

\`\`\`yaml
queue: {kind: postgres, hosts: [a]}
\`\`\`
`;
  expect(linesIn(page).flatMap((line) => unknownIn(wordsOf(line) ?? []))).toEqual([
    'replay stop',
    'status --nothing',
    'failures lost',
    'up --never',
  ]);
  expect(linesIn(page).flatMap(lostPathsIn)).toEqual(['infra/nowhere.yaml']);
  expect(wrongPartsIn(page)).not.toEqual([]);
});
