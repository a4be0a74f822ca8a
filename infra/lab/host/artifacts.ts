import { unzipSync } from 'fflate';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Handler } from '../../../shared/queue/handler.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { errorMessage } from '../../../shared/telemetry/errors.ts';

/** The handler of a bundle, which may hold connections. */
export type HostedHandler = Handler & { close?(): Promise<void> };

/** The exports of every function's bundle. */
export interface FunctionModule {
  readonly create: (runtime: Runtime) => HostedHandler;
  readonly handler: Handler;
}

/** Imports a built handler file. */
export async function loadFunction(file: string): Promise<FunctionModule> {
  let module: Partial<FunctionModule>;
  try {
    module = (await import(pathToFileURL(file).href)) as Partial<FunctionModule>;
  } catch (error) {
    throw new Error(
      `The function ${file} cannot be loaded: ${errorMessage(error)}. Run "npm run build" first.`,
      { cause: error },
    );
  }
  const { create, handler } = module;
  if (typeof create === 'function' && typeof handler === 'function') return { create, handler };
  throw new Error(`The function ${file} does not export both create and handler.`);
}

/** An archive that was unpacked for one run. */
export interface Unpacked {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Unpacks a zip into an otherwise empty folder, as Lambda does. */
export async function unpackArtifact(zip: string): Promise<Unpacked> {
  const files = unzipSync(await readFile(zip));
  const folder = await mkdtemp(join(tmpdir(), 'sluice-function-'));
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
