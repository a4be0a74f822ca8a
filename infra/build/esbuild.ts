/** One run of esbuild over all functions: shared chunks, and where the output goes. */
import { build as esbuild, type BuildOptions, type BuildResult, type OutputFile } from 'esbuild';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { cuts } from './cuts.ts';
import { buildPage, embedPage, type BuiltPage } from './page.ts';
import type { BuildTarget } from './targets.ts';

/** What a run of esbuild made. */
export interface Made {
  /** Input files relative to the root, sorted. */
  readonly inputs: readonly string[];
  /** Absolute paths of the written files. */
  readonly outputs: readonly string[];
  /** By function: its bundle and all shared files that it may import, as absolute paths. */
  readonly files: Readonly<Record<string, readonly string[]>>;
  /** Of the code. */
  readonly kilobytes: number;
}

type Result = BuildResult<{ metafile: true; write: false }>;

/** Folder of the files that bundles share, named by the hash of their content. */
const CHUNKS = 'shared';

/**
 * Some bundled packages are CommonJS and call require at startup. Only files that call it keep this
 * line: it costs each of them time to find its place.
 */
const REQUIRE =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/** What all runs of esbuild have in common. */
const FORMAT = {
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  chunkNames: `${CHUNKS}/[hash]`,
  platform: 'node',
  target: 'node22.21',
  format: 'esm',
  // Packages with only "main" besides a browser build would otherwise be treated as CommonJS, and
  // fail at cold start.
  mainFields: ['module', 'main'],
  // Not the names: esbuild would keep those that code can ask for by a call for each function.
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** Paths in a metafile are relative to the root. */
const keyOf = (file: string, root: string): string => relative(root, file).replaceAll('\\', '/');

/** Everything that can be reached from `first` over the imports of the given files. */
function reachable(
  files: Readonly<Record<string, { readonly imports: readonly { readonly path: string }[] }>>,
  first: string,
): readonly string[] {
  const found = new Set<string>();
  const next = [first];
  for (let path = next.pop(); path !== undefined; path = next.pop()) {
    const file = files[path];
    if (file === undefined || found.has(path)) continue;
    found.add(path);
    for (const imported of file.imports) next.push(imported.path);
  }
  return [...found].sort();
}

/** Throws if a forbidden package is in the bundle, or in what it imports. */
function refuseForbidden(
  target: BuildTarget,
  root: string,
  { metafile: { outputs } }: Result,
): void {
  const held = reachable(outputs, keyOf(target.outfile, root)).flatMap((path) =>
    Object.entries(outputs[path]?.inputs ?? {}).flatMap(([input, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [input] : [],
    ),
  );
  const found = target.forbidden.filter((name) =>
    held.some((input) => input.includes(`node_modules/${name}/`)),
  );
  if (found.length === 0) return;
  throw new Error(
    `The bundle of function ${target.name} holds ${found.join(' and ')}, which it must ` +
      `not; find the import with: npx esbuild ${target.entry} --bundle --platform=node ` +
      '--analyze=verbose',
  );
}

/** Atomic: concurrent readers see the old or the new file. */
export function writeWhole(path: string, content: string | Uint8Array, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, content, { mode });
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * Bundles all targets in one run, so that they share chunks. Nothing is written here: only complete
 * builds are.
 */
async function run(
  root: string,
  out: string,
  { targets, page }: { readonly targets: readonly BuildTarget[]; readonly page: BuiltPage },
): Promise<Result> {
  return esbuild({
    ...FORMAT,
    entryPoints: targets.map(({ entry, outfile }) => ({
      in: entry,
      out: relative(out, outfile).replace(/\.mjs$/, ''),
    })),
    outdir: out,
    absWorkingDir: root,
    banner: { js: REQUIRE },
    metafile: true,
    plugins: [...cuts, embedPage(root, page)],
    write: false,
  });
}

/** The line stays, so that source maps fit. */
function withoutUnusedRequire(file: OutputFile): Pick<OutputFile, 'path' | 'contents'> {
  if (!file.path.endsWith('.mjs') || !file.text.startsWith(REQUIRE)) return file;
  const code = file.text.slice(REQUIRE.length);
  return /\brequire\b/.test(code) ? file : { path: file.path, contents: Buffer.from(code) };
}

/** Like `path/file.mjs` in the folder of the build, or in an archive. */
interface LinkedFile {
  readonly path: string;
  readonly content: Uint8Array;
}

/**
 * The built code of some functions alone: each in one file, with what they share and what they
 * import later in others. A host's 40 shared files would take a cold start 15 ms.
 */
export async function linkAlone(
  names: readonly string[],
  out: string,
): Promise<readonly LinkedFile[]> {
  const { outputFiles } = await esbuild({
    ...FORMAT,
    entryPoints: names.map((name) => ({
      in: join(out, name, 'handler.mjs'),
      out: `${name}/handler`,
    })),
    outdir: out,
    absWorkingDir: out,
    write: false,
  });
  return outputFiles.map(({ path, contents }) => ({
    path: relative(out, path).replaceAll('\\', '/'),
    content: contents,
  }));
}

const kilobytesOf = (files: readonly Pick<OutputFile, 'path' | 'contents'>[]): number =>
  Math.round(
    files
      .filter(({ path }) => path.endsWith('.mjs'))
      .reduce((sum, { contents }) => sum + contents.length, 0) / 1024,
  );

/** A running process may still import chunks of the build that it was started from. */
const KEPT_MS = 24 * 3_600_000;

/**
 * Removes chunks that no bundle uses any more. Recent ones stay, because a running process may
 * still import them.
 */
function removeOldChunks(out: string, outputs: readonly string[]): void {
  const folder = join(out, CHUNKS);
  if (!existsSync(folder)) return;
  const present = new Set(outputs);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!present.has(path) && Date.now() - statSync(path).mtimeMs > KEPT_MS)
      rmSync(path, { force: true });
  }
}

/** Writes the bundles, and the code that they share into files of its own. */
export async function bundle(
  targets: readonly BuildTarget[],
  root: string,
  out: string,
): Promise<Made> {
  const page = await buildPage(root);
  const result = await run(root, out, { targets, page });
  for (const target of targets) refuseForbidden(target, root, result);
  // The chunks first, so that no bundle is there before what it imports.
  const made = result.outputFiles.map(withoutUnusedRequire);
  const order = made.toSorted(
    (a, b) => Number(b.path.includes(`/${CHUNKS}/`)) - Number(a.path.includes(`/${CHUNKS}/`)),
  );
  for (const file of order) writeWhole(file.path, file.contents);
  const launcher = readFileSync(join(import.meta.dirname, 'launcher.mjs'));
  const launchers = targets.flatMap((target) => target.launcher ?? []);
  for (const path of launchers) writeWhole(path, launcher, 0o755);
  const outputs = [...made.map(({ path }) => path), ...launchers];
  removeOldChunks(out, outputs);
  for (const path of launchers)
    rmSync(join(dirname(path), 'compile-cache'), { recursive: true, force: true });
  return {
    // Some are no files, but what replaces a part of a package.
    inputs: [...new Set([...Object.keys(result.metafile.inputs), ...page.inputs])]
      .filter((path) => existsSync(join(root, path)))
      .sort(),
    outputs,
    files: Object.fromEntries(
      targets.map(({ name, outfile }) => [
        name,
        reachable(result.metafile.outputs, keyOf(outfile, root)).map((path) => join(root, path)),
      ]),
    ),
    kilobytes: kilobytesOf(made),
  };
}
