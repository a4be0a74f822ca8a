/** A stamp next to each bundle records its inputs. */
import { createHash, type Hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from './bundle.ts';
import { writeWhole } from './esbuild.ts';
import { packedConfig } from './pack.ts';

/** Changes in these files change the bundles. */
const BUILDERS = ['bundle.ts', 'esbuild.ts', 'launcher.mjs', 'pack.ts', 'stamp.ts'];

export interface Stamped {
  readonly root: string;
  readonly out: string;
  readonly target: Target;
  /** The configuration that is packed with it. */
  readonly config: string | undefined;
}

interface Stamp {
  readonly inputs: readonly string[];
  readonly hash: string;
}

const stampPath = ({ out, target }: Stamped): string => join(out, target.name, 'stamp.json');

function add(hash: Hash, path: string): void {
  hash.update(path);
  hash.update(existsSync(path) ? readFileSync(path) : 'absent');
}

/** The installed packages, which change with any package; the lock file if npm left no record. */
function installed(root: string): string {
  const note = join(root, 'node_modules', '.package-lock.json');
  return existsSync(note) ? note : join(root, 'package-lock.json');
}

function hashOf(stamped: Stamped, inputs: readonly string[]): string {
  const { root, out, config, target } = stamped;
  const hash = createHash('sha256');
  for (const input of inputs.filter((path) => !path.includes('node_modules/')))
    add(hash, join(root, input));
  for (const other of target.beside ?? []) add(hash, join(out, other, 'handler.mjs'));
  for (const file of BUILDERS) add(hash, join(import.meta.dirname, file));
  add(hash, installed(root));
  hash.update(
    JSON.stringify({
      config: config === undefined ? null : packedConfig(config),
      launcher: target.launcher !== undefined,
    }),
  );
  return hash.digest('hex');
}

function read(path: string): Stamp | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Stamp;
  } catch {
    return undefined;
  }
}

export function isFresh(stamped: Stamped): boolean {
  const { out, target } = stamped;
  const outputs = [
    target.outfile,
    `${target.outfile}.map`,
    ...(target.lambda ? [join(out, `${target.name}.zip`)] : []),
  ];
  const stamp = read(stampPath(stamped));
  return (
    stamp !== undefined &&
    outputs.every((path) => existsSync(path)) &&
    stamp.hash === hashOf(stamped, stamp.inputs)
  );
}

export function writeStamp(stamped: Stamped, inputs: readonly string[]): void {
  const own = inputs.filter((path) => !path.includes('node_modules/'));
  writeWhole(
    stampPath(stamped),
    JSON.stringify({ inputs: own, hash: hashOf(stamped, own) } satisfies Stamp),
  );
}
