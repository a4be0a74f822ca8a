/** Reads `sluice.yaml`, strictly, and reports all problems at once. */
import { readFile, stat } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { checkConfig } from './checks.ts';
import { ConfigError, formatConfigError } from './error.ts';
import { describeErrorCode, errorCode, errorMessage } from '../telemetry/errors.ts';
import { problemsFrom } from './problems.ts';
import { SluiceConfig } from './schema.ts';

export { ConfigError } from './error.ts';
export type { ConfigProblem } from './error.ts';

/**
 * The first line contains the position; the others would quote the file, including secrets. So
 * would a name after these words, where a password begins with `!` or `*`.
 */
function withoutQuotes(message: string): string {
  const [line = ''] = message.split('\n');
  return line
    .replace(/:$/, '')
    .replace(/^(Unresolved (?:tag|alias[^:]*)): .*?(?= at line|$)/, '$1');
}

/**
 * Throws GW100 for syntax errors, duplicate keys and warnings of the parser. Aliases are limited,
 * because they can make a small file huge.
 */
function readYaml(text: string, source: string): unknown {
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true, merge: false });
  const faults = [...document.errors, ...document.warnings].map(({ message }) => ({
    path: '',
    message: withoutQuotes(message),
  }));
  if (faults.length > 0) throw new ConfigError('GW100', source, faults);
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    const message = withoutQuotes(formatConfigError(error));
    throw new ConfigError('GW100', source, [{ path: '', message }]);
  }
}

/** `generation` applies if the text has none. JSON is valid YAML. */
export function parseConfig(text: string, source: string, generation: number): SluiceConfig {
  const input = readYaml(text, source);
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new ConfigError('GW101', source, [
      {
        path: '',
        message:
          'must be a map with devices, clusters and ingresses; see docs/reference/configuration.md',
      },
    ]);
  }
  const parsed = SluiceConfig.safeParse({ generation, ...input });
  if (!parsed.success) throw new ConfigError('GW101', source, problemsFrom(parsed.error, input));
  const problems = checkConfig(parsed.data);
  if (problems.length > 0) throw new ConfigError('GW101', source, problems);
  return parsed.data;
}

/** Deployments set the generation explicitly, because archives reset file times. */
async function generationOf(path: string, env: NodeJS.ProcessEnv): Promise<number> {
  const named = env['SLUICE_GENERATION'];
  if (named === undefined || named === '') return Math.floor((await stat(path)).mtimeMs / 1000);
  if (/^\d{1,15}$/.test(named)) return Number(named);
  throw new ConfigError('GW100', path, [
    {
      path: '',
      message: `environment variable SLUICE_GENERATION must be a whole number, not "${named}"`,
    },
  ]);
}

/**
 * Reads and validates a file. Throws a ConfigError: GW100 if it cannot be read, GW101 with all
 * problems if it is invalid.
 */
export async function loadConfig(path: string, env: NodeJS.ProcessEnv): Promise<SluiceConfig> {
  let text: string;
  let generation: number;
  try {
    [text, generation] = await Promise.all([readFile(path, 'utf8'), generationOf(path, env)]);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(
      'GW100',
      path,
      [
        {
          path: '',
          message: `cannot be read (${describeErrorCode(errorCode(error) ?? errorMessage(error))})`,
        },
      ],
      { cause: error },
    );
  }
  return parseConfig(text, path, generation);
}
