import { build as esbuild, type Metafile, type Plugin } from 'esbuild';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Target } from './bundle.ts';

export interface Bundle {
  /** Files it was made of, relative to the root, sorted. */
  readonly inputs: readonly string[];
  readonly kilobytes: number;
}

/** Some packages inside are CommonJS and call require at start. */
const REQUIRE = "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/** Its modules only define things, but its package.json does not say so: the models of every kind there is would come along, and stay in memory. */
const PURE = '@kubernetes/client-node';

const dropUnused: Plugin = {
  name: 'drop-unused',
  setup: (build) => {
    build.onResolve({ filter: new RegExp(`^(\\.|${PURE}$)`) }, async ({ path, pluginData, ...from }) => {
      if (pluginData === PURE || !(path === PURE || from.importer.includes(`node_modules/${PURE}/`))) return undefined;
      const resolved = await build.resolve(path, { ...from, pluginData: PURE });
      return resolved.errors.length > 0 ? undefined : { path: resolved.path, namespace: resolved.namespace, external: resolved.external, sideEffects: false };
    });
  },
};

/** Throws when a package got in that must stay out. */
function refuseForbidden(target: Target, metafile: Metafile): void {
  const held = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs).flatMap(([input, { bytesInOutput }]) => (bytesInOutput > 0 ? [input] : [])));
  const found = target.forbidden.filter((name) => held.some((input) => input.includes(`node_modules/${name}/`)));
  if (found.length === 0) return;
  throw new Error(`The bundle of function ${target.name} holds ${found.join(' and ')}, which it must not; find the import with: npx esbuild ${target.entry} --bundle --platform=node --analyze=verbose`);
}

/** Readers at the same time see the old file or the new one, never half of one. */
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

export async function bundle(target: Target, root: string): Promise<Bundle> {
  const result = await esbuild({
    entryPoints: [target.entry],
    outfile: target.outfile,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node22.19',
    format: 'esm',
    // Packages that offer only "main" besides a browser build would otherwise be taken as CommonJS, and die at cold start.
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
    minify: true,
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    plugins: [dropUnused],
    write: false,
    logLevel: 'warning',
  });
  refuseForbidden(target, result.metafile);
  for (const file of result.outputFiles) writeWhole(file.path, file.contents);
  if (target.launcher !== undefined) writeWhole(target.launcher, readFileSync(join(import.meta.dirname, 'launcher.mjs')), 0o755);
  const bytes = result.outputFiles.find((file) => file.path === target.outfile)?.contents.length ?? 0;
  return { inputs: Object.keys(result.metafile.inputs).sort(), kilobytes: Math.round(bytes / 1024) };
}
