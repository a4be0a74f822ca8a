/** What is built: a bundle for each function. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A function and the files that are built for it. */
export interface BuildTarget {
  readonly name: string;
  /** Source file, below the root. */
  readonly entry: string;
  /** Where its bundle is written. */
  readonly outfile: string;
  /** Packed for Lambda as `<name>.zip`. */
  readonly lambda: boolean;
  /** A process with its own launcher, which refuses a Node version that is too old. */
  readonly launcher?: string;
  /**
   * Other functions that are packed with it, because it calls them without importing them.
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

/** A function for Lambda, which is packed with `handler.mjs`. */
function handlerTarget(name: string, entry: string, out: string): BuildTarget {
  return {
    name,
    entry,
    outfile: join(out, name, 'handler.mjs'),
    lambda: true,
    forbidden: FORBIDDEN[name] ?? [],
    ...(BESIDE[name] === undefined ? {} : { beside: BESIDE[name] }),
  };
}

/** A process on a host. The command line has a launcher, which checks the version of Node first. */
function processTarget(name: string, entry: string, out: string): BuildTarget {
  return {
    name,
    entry,
    outfile: join(out, name, 'main.mjs'),
    lambda: false,
    forbidden: FORBIDDEN[name] ?? [],
    ...(name === 'cli' ? { launcher: join(out, name, 'sluice.mjs') } : {}),
  };
}

/** Every folder with a `handler.ts` (Lambda) or a `main.ts` (process). */
export function findTargets(root: string, out: string): readonly BuildTarget[] {
  const functions = join(root, 'functions');
  const names = existsSync(functions) ? readdirSync(functions).sort() : [];
  return names.flatMap((name): BuildTarget[] => {
    const handler = join(functions, name, 'handler.ts');
    if (existsSync(handler)) return [handlerTarget(name, handler, out)];
    const main = join(functions, name, 'main.ts');
    return existsSync(main) ? [processTarget(name, main, out)] : [];
  });
}
