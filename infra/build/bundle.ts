/** Bundles every function, packs those for Lambda, and skips unchanged ones. */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle } from './esbuild.ts';
import { findConfig, pack } from './pack.ts';
import { isFresh, writeStamp } from './stamp.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';

export interface Target {
  readonly name: string;
  readonly entry: string;
  readonly outfile: string;
  /** Packed for Lambda as `<name>.zip`. */
  readonly lambda: boolean;
  /** A process with its own launcher, which refuses a Node version that is too old. */
  readonly launcher?: string;
  /**
   * Other functions whose bundles are packed with it as `<name>/handler.mjs`, because it calls them
   * without importing them.
   */
  readonly beside?: readonly string[];
  /** Packages or folders that must not be in this bundle. */
  readonly forbidden: readonly string[];
}

/**
 * Only the access code of the Kubernetes client is used; the models of all kinds would take memory
 * for the lifetime of the process.
 */
const MODELS = '@kubernetes/client-node/dist/gen/models';
/**
 * map connects to no device, so it must not contain the client (half of the bundle, and of the cold
 * start).
 */
const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
  map: ['undici', '@kubernetes/client-node'],
  apply: ['@kubernetes/client-node'],
  watch: [MODELS],
  cli: [MODELS],
};

/** Replay previews use the deployed map. */
const BESIDE: Readonly<Record<string, readonly string[]>> = { replay: ['map'] };

/** Every folder with a `handler.ts` (Lambda) or a `main.ts` (process). */
export function findTargets(root: string, out: string): readonly Target[] {
  const functions = join(root, 'functions');
  const names = existsSync(functions) ? readdirSync(functions).sort() : [];
  return names.flatMap((name): Target[] => {
    const forbidden = FORBIDDEN[name] ?? [];
    const handler = join(functions, name, 'handler.ts');
    if (existsSync(handler))
      return [
        {
          name,
          entry: handler,
          outfile: join(out, name, 'handler.mjs'),
          lambda: true,
          forbidden,
          ...(BESIDE[name] === undefined ? {} : { beside: BESIDE[name] }),
        },
      ];
    const main = join(functions, name, 'main.ts');
    if (!existsSync(main)) return [];
    const cli = name === 'cli';
    return [
      {
        name,
        entry: main,
        outfile: join(out, name, 'main.mjs'),
        lambda: false,
        ...(cli ? { launcher: join(out, name, 'sluice.mjs') } : {}),
        forbidden,
      },
    ];
  });
}

export interface BuildOptions {
  readonly root: string;
  readonly out: string;
  /** `SLUICE_CONFIG` */
  readonly config?: string | undefined;
  /** Names of the functions to build; default: all. */
  readonly only?: readonly string[];
  readonly say: (line: string) => void;
}

async function buildOne(target: Target, { root, out, config, say }: BuildOptions): Promise<void> {
  const file = target.lambda ? findConfig(root, config) : undefined;
  const stamp = { root, out, target, config: file };
  if (isFresh(stamp)) return;
  const built = await bundle(target, root);
  const packed = target.lambda ? pack(target, out, file) : undefined;
  writeStamp(stamp, built.inputs);
  const zip = packed === undefined ? '' : `, ${target.name}.zip ${packed.kilobytes} KB`;
  say(`built ${target.name}: ${built.kilobytes} KB${zip}`);
}

export async function build(options: BuildOptions): Promise<void> {
  const { root, out, only = [] } = options;
  const targets = findTargets(root, out);
  const stranger = only.find((name) => !targets.some((target) => target.name === name));
  if (stranger !== undefined)
    throw new Error(
      `There is no function ${stranger}; there are ${targets.map((target) => target.name).join(', ')}.`,
    );
  const wanted = targets.filter(({ name }) => only.length === 0 || only.includes(name));
  const names = new Set(wanted.flatMap(({ name, beside = [] }) => [name, ...beside]));
  // Sorted, so that a bundle packed with another one is built before it.
  for (const target of targets
    .filter(({ name }) => names.has(name))
    .sort((a, b) => (a.beside?.length ?? 0) - (b.beside?.length ?? 0)))
    await buildOne(target, options);
}

/** `npm run build`, or `npm run build -- map apply`. */
async function fromCommandLine(): Promise<void> {
  const root = resolve(import.meta.dirname, '../..');
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  try {
    await build({
      root,
      out: join(root, 'dist'),
      config: process.env['SLUICE_CONFIG'],
      only: process.argv.slice(2),
      say,
    });
  } catch (error) {
    // esbuild has already printed the position.
    process.stderr.write(`build: ${errorMessage(error)}\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === import.meta.filename) await fromCommandLine();
