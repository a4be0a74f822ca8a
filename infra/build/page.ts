/**
 * Builds the page of the console: a script, a style sheet and an icon with hashed names, and the
 * document that names them. They become part of the bundle of the console, so that a host and
 * Lambda serve them without files beside it.
 */
import { build as esbuild, type Metafile, type Plugin } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, extname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { PageFile } from '../../functions/console/page/files.ts';

const FOLDER = 'functions/console/page';
const SCRIPT = 'main.js';
const ICON = join(FOLDER, 'icon.svg');

/** The page with the files that it was made from, relative to the root and sorted. */
export interface BuiltPage {
  readonly files: readonly PageFile[];
  readonly inputs: readonly string[];
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

function fileOf(name: string, content: string | Uint8Array): PageFile {
  const gzip = gzipSync(content, { level: 9 }).toString('base64');
  return { name, type: TYPES[extname(name)] ?? 'application/octet-stream', gzip };
}

function hashed(stem: string, content: string | Uint8Array): PageFile {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
  const extension = extname(stem);
  return fileOf(`${stem.slice(0, -extension.length)}-${hash}${extension}`, content);
}

/** `early`: scripts that the first one imports. */
interface Names {
  readonly js: string;
  readonly early: readonly string[];
  readonly css: string;
  readonly icon: string;
}

/** Nothing in it is inline, so the content security policy needs no exception. */
function documentOf(names: Names): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sluice</title>
<link rel="icon" href="/assets/${names.icon}" type="image/svg+xml">
<link rel="stylesheet" href="/assets/${names.css}">
${names.early.map((name) => `<link rel="modulepreload" href="/assets/${name}">\n`).join('')}<script type="module" src="/assets/${names.js}"></script>
</head>
<body>
<div id="page"></div>
<noscript>The console needs JavaScript. The command "sluice status" shows the same.</noscript>
</body>
</html>
`;
}

/** Throws if esbuild fails. Without the folder of the page, nothing is built. */
export async function buildPage(root: string): Promise<BuiltPage> {
  if (!existsSync(join(root, FOLDER, 'main.tsx'))) return { files: [], inputs: [] };
  const { outputFiles, metafile } = await esbuild({
    entryPoints: [join(root, FOLDER, 'main.tsx'), join(root, FOLDER, 'style/all.css')],
    outdir: join(root, 'page'),
    // What is imported when it is needed has a file of its own.
    splitting: true,
    chunkNames: '[name]-[hash]',
    absWorkingDir: root,
    bundle: true,
    platform: 'browser',
    target: ['chrome120', 'firefox121', 'safari17'],
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  const outputs = outputFiles.map(({ path, contents }) => ({ name: basename(path), contents }));
  const contentOf = (name: string): Uint8Array =>
    outputs.find((output) => output.name === name)?.contents ?? new Uint8Array();
  const js = hashed('console.js', contentOf(SCRIPT));
  const css = hashed('console.css', contentOf('all.css'));
  const icon = hashed('icon.svg', readFileSync(join(root, ICON)));
  // They have hashed names already, because other scripts name them.
  const chunks = outputs.filter(({ name }) => name.endsWith('.js') && name !== SCRIPT);
  const text = documentOf({
    js: js.name,
    early: importedBy(metafile),
    css: css.name,
    icon: icon.name,
  });
  return {
    files: [
      fileOf('index.html', text),
      js,
      css,
      icon,
      ...chunks.map(({ name, contents }) => fileOf(name, contents)),
    ],
    inputs: [...Object.keys(metafile.inputs), ICON].sort(),
  };
}

/** The scripts without which the first one does not start. */
function importedBy({ outputs }: Metafile): readonly string[] {
  const [, first] = Object.entries(outputs).find(([path]) => basename(path) === SCRIPT) ?? [];
  return (first?.imports ?? [])
    .filter(({ kind }) => kind === 'import-statement')
    .map(({ path }) => basename(path));
}

/** Puts the files of the page into the bundle of the console. */
export function embedPage(root: string, { files }: BuiltPage): Plugin {
  const module = join(FOLDER, 'files.ts');
  return {
    name: 'embed-page',
    setup: (build) => {
      build.onLoad({ filter: /[\\/]files\.ts$/ }, ({ path }) =>
        relative(root, path) === module
          ? { contents: `export const PAGE_FILES = ${JSON.stringify(files)};`, loader: 'js' }
          : undefined,
      );
    },
  };
}
