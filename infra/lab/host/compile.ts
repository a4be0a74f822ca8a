import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readTemplate, type Template } from './template.ts';
import { errorMessage } from '../../../shared/telemetry/errors.ts';

/** The name that the Serverless Framework gives the compiled template. */
export const TEMPLATE_FILE = 'cloudformation-template-update-stack.json';

const run = promisify(execFile);

/** What to compile. */
export interface CompileOptions {
  /** The repository; its artifacts must have been built. */
  readonly root: string;
  /** The configuration that selects the queues; if absent, as in `serverless.yml`. */
  readonly config?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Serverless prints its errors on standard output. */
function output(error: unknown): string {
  const said =
    typeof error === 'object' && error !== null && 'stdout' in error ? error.stdout : undefined;
  return typeof said === 'string' && said !== '' ? said : errorMessage(error);
}

/**
 * The output of `serverless package` for `serverless.yml`, in its own folder. Needs neither network
 * nor credentials.
 */
export async function compileTemplate(options: CompileOptions): Promise<Template> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-template-'));
  const bin = createRequire(join(options.root, 'package.json')).resolve(
    'serverless/bin/serverless',
  );
  const env = {
    ...process.env,
    ...options.env,
    ...(options.config === undefined ? {} : { SLUICE_CONFIG: options.config }),
    SLUICE_ARTIFACTS: 'keep',
  };
  try {
    await run(process.execPath, [bin, 'package', '--package', folder], { cwd: options.root, env });
    return await readTemplate(join(folder, TEMPLATE_FILE));
  } catch (error) {
    throw new Error(
      `"serverless package" failed; run "npm run package" to see it alone. ${output(error)}`,
      { cause: error },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
