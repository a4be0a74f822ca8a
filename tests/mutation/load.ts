/** Loads the tests with the mutated sources, as often as needed, each time from scratch. */
import { globSync, readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { join, matchesGlob, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { mutate, type Mutant } from './mutants.ts';
import type { CollectedTest } from './jest-globals.ts';
import type { Target } from './targets.ts';

export const ROOT = resolve(import.meta.dirname, '../..');
const GLOBALS = new URL('jest-globals.ts', import.meta.url).href;

export interface Sources {
  readonly mutants: readonly Mutant[];
  /** By absolute path: JavaScript that contains every mutant. */
  readonly code: ReadonlyMap<string, string>;
}

function filesOf(patterns: readonly string[], except: readonly string[] = []): readonly string[] {
  const found = patterns.flatMap((pattern) => globSync(pattern, { cwd: ROOT }));
  return [...new Set(found)]
    .filter((file) => !except.some((pattern) => matchesGlob(file, pattern)))
    .sort();
}

/**
 * Mutates every file of a target, in a fixed order, so that a mutant keeps its number as long as
 * the files stay the same.
 */
export function mutateTarget({ sources, except }: Target): Sources {
  const mutants: Mutant[] = [];
  const code = new Map<string, string>();
  for (const file of filesOf(sources, except)) {
    const mutated = mutate(file, readFileSync(join(ROOT, file), 'utf8'), mutants.length + 1);
    mutants.push(...mutated.mutants);
    code.set(join(ROOT, file), stripTypeScriptTypes(mutated.source));
  }
  return { mutants, code };
}

export interface LoadedTest extends CollectedTest {
  /** The test file, relative to the project. */
  readonly file: string;
}

export interface Loader {
  /**
   * Every test file that imports the source, directly or indirectly; all of them if no source is
   * given.
   */
  filesFor(source?: string): readonly string[];
  /** Imports test files again, including all modules of the project that they import. */
  load(files: readonly string[]): Promise<readonly LoadedTest[]>;
}

const FRESH = 'fresh';
/**
 * The divisor for the number of runs of a property, because every mutant that the other tests do
 * not notice has to pass them.
 */
const FEWER = 6;

const plain = (url: string): string => url.split('?')[0] ?? url;

/** The source of a property test, with fewer runs and a fixed seed. */
export function withFewerRuns(source: string): string {
  return source.replaceAll(
    /numRuns: ([\d_]+)/g,
    (_, runs: string) => `numRuns: ${Math.ceil(Number(runs.replaceAll('_', '')) / FEWER)}, seed: 1`,
  );
}

function propertyOf(url: string): string | undefined {
  if (!url.includes('/tests/property/') || !url.includes('.test.ts')) return undefined;
  return stripTypeScriptTypes(withFewerRuns(readFileSync(fileURLToPath(plain(url)), 'utf8')));
}

/** Import graph within the project. */
class Imports {
  readonly #importers = new Map<string, Set<string>>();

  note(importer: string, imported: string): void {
    const known = this.#importers.get(imported) ?? new Set();
    this.#importers.set(imported, known.add(importer));
  }

  allImporters(file: string): ReadonlySet<string> {
    const found = new Set([file]);
    for (const one of found)
      for (const importer of this.#importers.get(one) ?? []) found.add(importer);
    return found;
  }
}

export function createLoader({ code }: Sources, patterns: readonly string[]): Loader {
  let round = 0;
  const imports = new Imports();
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier === '@jest/globals')
        return { url: `${GLOBALS}?${FRESH}=${round}`, shortCircuit: true };
      const found = next(specifier, context);
      const ours =
        found.url.startsWith('file:') &&
        !found.url.includes('/node_modules/') &&
        !found.url.includes('/tests/mutation/');
      if (!ours) return found;
      if (context.parentURL !== undefined) imports.note(plain(context.parentURL), plain(found.url));
      return { ...found, url: `${plain(found.url)}?${FRESH}=${round}` };
    },
    load: (url, context, next) => {
      const source = url.startsWith('file:')
        ? (code.get(fileURLToPath(plain(url))) ?? propertyOf(url))
        : undefined;
      return source === undefined
        ? next(url, context)
        : { format: 'module', source, shortCircuit: true };
    },
  });
  const tests = filesOf(patterns);
  const urlOf = (file: string): string => pathToFileURL(join(ROOT, file)).href;
  return {
    filesFor: (source) => {
      if (source === undefined) return tests;
      const importers = imports.allImporters(urlOf(source));
      return tests.filter((file) => importers.has(urlOf(file)));
    },
    load: async (files) => {
      round += 1;
      const globals = (await import(
        `${GLOBALS}?${FRESH}=${round}`
      )) as typeof import('./jest-globals.ts');
      const found: LoadedTest[] = [];
      for (const file of files) {
        await import(urlOf(file));
        found.push(
          ...globals.takeTests().map((test) => ({ ...test, name: `${file}: ${test.name}`, file })),
        );
      }
      return found;
    },
  };
}
