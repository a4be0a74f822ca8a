/** Bundles every function, packs those for Lambda, and skips unchanged ones. */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle } from './esbuild.ts';
import { findConfig, pack, removePacked } from './pack.ts';
import { isFresh, isPacked, writePacked, writeStamp } from './stamp.ts';
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

const NO_ZIP = '--no-zip';

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
  /**
   * Whether to pack the functions for Lambda, which only a deployment and the queues of AWS need;
   * default: true.
   */
  readonly zip?: boolean;
  readonly say: (line: string) => void;
}

/** The functions to build, those that are packed beside them included. */
function selectTargets({ root, out, only = [] }: BuildOptions): readonly Target[] {
  const targets = findTargets(root, out);
  const stranger = only.find((name) => !targets.some((target) => target.name === name));
  if (stranger !== undefined)
    throw new Error(
      `There is no function ${stranger}; there are ${targets.map((target) => target.name).join(', ')}.`,
    );
  const wanted = targets.filter(({ name }) => only.length === 0 || only.includes(name));
  const names = new Set(wanted.flatMap(({ name, beside = [] }) => [name, ...beside]));
  return targets.filter(({ name }) => names.has(name));
}

/** All stale bundles in one run of esbuild, which parses the files that they share once. */
async function bundleStale(targets: readonly Target[], options: BuildOptions): Promise<void> {
  const { root, out, say } = options;
  const stale = targets.filter((target) => !isFresh({ root, out, target }));
  if (stale.length === 0) return;
  // Nobody may deploy or run an archive of the code before this one.
  for (const target of stale) removePacked(target, out);
  const built = await bundle(stale, root, out);
  for (const { target, inputs, kilobytes } of built) {
    writeStamp({ root, out, target }, inputs);
    say(`built ${target.name}: ${kilobytes} KB`);
  }
}

export async function build(options: BuildOptions): Promise<void> {
  const { root, out, zip = true, say } = options;
  const targets = selectTargets(options);
  const config = zip ? findConfig(root, options.config) : undefined;
  await bundleStale(targets, options);
  if (!zip) return;
  for (const target of targets.filter(({ lambda }) => lambda)) {
    const stamped = { root, out, target };
    if (isPacked(stamped, config)) continue;
    const { kilobytes } = pack(target, out, config);
    writePacked(stamped, config);
    say(`packed ${target.name}.zip: ${kilobytes} KB`);
  }
}

/** `npm run build`, `npm run build -- map apply`, or `npm run bundle`, which makes no archives. */
async function fromCommandLine(): Promise<void> {
  const root = resolve(import.meta.dirname, '../..');
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  const given = process.argv.slice(2);
  try {
    await build({
      root,
      out: join(root, 'dist'),
      config: process.env['SLUICE_CONFIG'],
      only: given.filter((word) => word !== NO_ZIP),
      zip: !given.includes(NO_ZIP),
      say,
    });
  } catch (error) {
    // esbuild has already printed the position.
    process.stderr.write(`build: ${errorMessage(error)}\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === import.meta.filename) await fromCommandLine();
