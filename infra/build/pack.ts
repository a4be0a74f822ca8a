/**
 * Packs bundles into archives for Lambda, byte for byte the same from the same input, so that an
 * unchanged function is not deployed again.
 */
import { strToU8, zipSync, type Zippable } from 'fflate';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { isMap, parseDocument } from 'yaml';
import type { BuildTarget } from './targets.ts';
import { linkAlone, writeWhole } from './esbuild.ts';

/** Zip times have no zone; these local components give the same bytes everywhere. */
const EPOCH = new Date(1980, 0, 1);
/**
 * Unix permissions 0644 in the upper half of the attributes of a zip entry: Lambda runs as another
 * user.
 */
const READABLE = 0o100644 << 16;
/** The system that made the entry, in the terms of zip; without it the permissions are ignored. */
const UNIX = 3;

/**
 * The configuration to deploy with the functions: `SLUICE_CONFIG`, or `sluice.yaml` of the
 * repository, or none.
 */
export function findConfig(root: string, named: string | undefined): string | undefined {
  if (named !== undefined && named !== '') {
    const path = resolve(root, named);
    if (!existsSync(path))
      throw new Error(
        `SLUICE_CONFIG names ${named}, which is not there. Correct the variable, or unset ` +
          'it to build without a configuration.',
      );
    return path;
  }
  const path = join(root, 'sluice.yaml');
  return existsSync(path) ? path : undefined;
}

/** The configuration that an archive contains. */
export interface PackedConfig {
  /** File name next to the function's handler. */
  readonly name: string;
  readonly content: string;
}

/**
 * Without a generation in the file, its modification time is used (`shared/config/load.ts`);
 * archives lose that time, so it is written into the file.
 */
export function packedConfig(path: string): PackedConfig {
  const name = extname(path) === '.json' ? 'sluice.config.json' : 'sluice.yaml';
  const content = readFileSync(path, 'utf8');
  const document = parseDocument(content);
  // A broken file is packed unchanged; loading it reports the error.
  if (document.errors.length > 0 || !isMap(document.contents) || document.has('generation'))
    return { name, content };
  document.set('generation', Math.floor(statSync(path).mtimeMs / 1000));
  return {
    name,
    content: name.endsWith('.json')
      ? `${JSON.stringify(document.toJSON(), null, 2)}\n`
      : document.toString(),
  };
}

/** Path of a function's archive. */
export const zipPath = (target: BuildTarget, out: string): string =>
  join(out, `${target.name}.zip`);

/** Deletes the archive of a function, if there is one. */
export function removePacked(target: BuildTarget, out: string): void {
  rmSync(zipPath(target, out), { force: true });
}

/**
 * Writes `<out>/<name>.zip` with the built code that the function can reach, its source maps, and a
 * `handler.mjs` at the top, which Lambda starts. Equal content gives equal bytes.
 */
export async function pack(
  target: BuildTarget,
  out: string,
  config: string | undefined,
): Promise<{ readonly kilobytes: number }> {
  const add = (content: Uint8Array): Zippable[string] => [
    content,
    { mtime: EPOCH, os: UNIX, attrs: READABLE, level: 9 },
  ];
  const files: Zippable = {
    'handler.mjs': add(strToU8(`export * from './${target.name}/handler.mjs';\n`)),
  };
  for (const { path, content } of await linkAlone([target.name, ...(target.beside ?? [])], out))
    files[path] = add(content);
  if (config !== undefined) {
    const { name, content } = packedConfig(config);
    files[name] = add(strToU8(content));
  }
  const zip = zipSync(files);
  writeWhole(zipPath(target, out), zip);
  return { kilobytes: Math.round(zip.length / 1024) };
}
