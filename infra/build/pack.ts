import { zipSync, type Zippable } from 'fflate';
import { existsSync, readFileSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import type { Target } from './bundle.ts';
import { writeWhole } from './esbuild.ts';

/** Zip times have no zone: these local parts are the same bytes everywhere. */
const EPOCH = new Date(1980, 0, 1);
const READABLE = 0o100644 << 16;
const UNIX = 3;

/** The configuration that is deployed with the functions: `SLUICE_CONFIG`, else `sluice.yaml` of the repository, else none. */
export function findConfig(root: string, named: string | undefined): string | undefined {
  if (named !== undefined && named !== '') {
    const path = resolve(root, named);
    if (!existsSync(path)) throw new Error(`SLUICE_CONFIG names ${named}, which is not there. Correct the variable, or unset it to build without a configuration.`);
    return path;
  }
  const path = join(root, 'sluice.yaml');
  return existsSync(path) ? path : undefined;
}

/** The name under which the function finds it next to its handler. */
function configName(path: string): string {
  return extname(path) === '.json' ? 'sluice.config.json' : 'sluice.yaml';
}

/** Writes `<out>/<name>.zip`: the same content gives the same bytes. */
export function pack(target: Target, out: string, config: string | undefined): { readonly kilobytes: number } {
  const add = (path: string): Zippable[string] => [readFileSync(path), { mtime: EPOCH, os: UNIX, attrs: READABLE, level: 9 }];
  const handler = basename(target.outfile);
  const files: Zippable = { [handler]: add(target.outfile), [`${handler}.map`]: add(`${target.outfile}.map`) };
  if (config !== undefined) files[configName(config)] = add(config);
  const zip = zipSync(files);
  writeWhole(join(out, `${target.name}.zip`), zip);
  return { kilobytes: Math.round(zip.length / 1024) };
}
