/** Loads the tests with the mutated sources under them, as often as wanted, each time from scratch. */
import { globSync, readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { mutate, type Mutant } from './mutants.ts';
import type { CollectedTest } from './jest-globals.ts';

export const ROOT = resolve(import.meta.dirname, '../..');
const GLOBALS = new URL('jest-globals.ts', import.meta.url).href;

export interface Sources {
  readonly mutants: readonly Mutant[];
  /** By absolute path: JavaScript with every mutant in it. */
  readonly code: ReadonlyMap<string, string>;
}

function filesUnder(folder: string, pattern: string): readonly string[] {
  return globSync(`${folder}/${pattern}`, { cwd: ROOT }).sort();
}

/** Shapes of objects, which say what may be there and decide nothing: those who read and send them test them. */
const SHAPES = /\/(objects|snapshot|verdict)\.ts$/;

/** Mutates every file of a folder, in a fixed order, so that a mutant's number stays what it is while the files do. */
export function mutateFolder(folder: string): Sources {
  const mutants: Mutant[] = [];
  const code = new Map<string, string>();
  for (const file of filesUnder(folder, '**/*.ts').filter((name) => !SHAPES.test(name))) {
    const mutated = mutate(file, readFileSync(join(ROOT, file), 'utf8'), mutants.length + 1);
    mutants.push(...mutated.mutants);
    code.set(join(ROOT, file), stripTypeScriptTypes(mutated.source));
  }
  return { mutants, code };
}

export interface Loader {
  /** Imports all test files anew, and with them everything of the project that they import. */
  load(): Promise<readonly CollectedTest[]>;
}

const FRESH = 'fresh';
/** Of a property's runs one in so many: every mutant that the other tests let live has to pass them. */
const FEWER = 6;

/** Properties are tried with fewer and always the same examples. */
function fewerRuns(url: string): string | undefined {
  if (!url.includes('/tests/property/') || !url.includes('.test.ts')) return undefined;
  const source = readFileSync(fileURLToPath(url.split('?')[0] ?? url), 'utf8').replaceAll(/numRuns: (\d+)/g, (_, runs) => `numRuns: ${Math.ceil(Number(runs) / FEWER)}, seed: 1`);
  return stripTypeScriptTypes(source);
}

export function createLoader({ code }: Sources, folders: readonly string[]): Loader {
  let round = 0;
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier === '@jest/globals') return { url: `${GLOBALS}?${FRESH}=${round}`, shortCircuit: true };
      const found = next(specifier, context);
      const ours = found.url.startsWith('file:') && !found.url.includes('/node_modules/') && !found.url.includes('/tests/mutation/');
      return ours ? { ...found, url: `${found.url.split('?')[0]}?${FRESH}=${round}` } : found;
    },
    load: (url, context, next) => {
      const source = url.startsWith('file:') ? (code.get(fileURLToPath(url.split('?')[0] ?? url)) ?? fewerRuns(url)) : undefined;
      return source === undefined ? next(url, context) : { format: 'module', source, shortCircuit: true };
    },
  });
  const tests = folders.flatMap((folder) => filesUnder(folder, '**/*.test.ts'));
  return {
    load: async () => {
      round += 1;
      const globals = (await import(`${GLOBALS}?${FRESH}=${round}`)) as typeof import('./jest-globals.ts');
      const found: CollectedTest[] = [];
      for (const file of tests) {
        await import(pathToFileURL(join(ROOT, file)).href);
        found.push(...globals.takeTests().map((test) => ({ ...test, name: `${file}: ${test.name}` })));
      }
      return found;
    },
  };
}
