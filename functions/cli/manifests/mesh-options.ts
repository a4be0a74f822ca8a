/** Mesh options from arguments, which take precedence over those of the configuration. */
import { MeshOptions } from '../../../shared/domain/istio/mesh.ts';

/** The names that `--mesh-option` accepts. */
const NAMES = Object.keys(MeshOptions.shape) as readonly (keyof MeshOptions)[];

/** Combines the configured mesh options with `name=value` arguments. */
export function meshOptions(
  configured: MeshOptions | undefined,
  words: readonly string[],
): MeshOptions {
  return MeshOptions.parse({ ...configured, ...Object.fromEntries(words.map(parse)) });
}

/**
 * The type of the option decides how its text is parsed: revision 130 is a name, statusPort 15021 a
 * number.
 */
function parse(word: string): readonly [string, unknown] {
  const at = word.indexOf('=');
  const [name, text] = at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
  const known = NAMES.find((one) => one === name);
  if (known === undefined)
    throw new Error(
      `--mesh-option ${word}: unknown mesh option "${name}"; known options: ${NAMES.join(', ')}`,
    );
  if (text === '') throw new Error(`--mesh-option ${word}: write it as ${name}=value`);
  const readings = [
    text,
    ...(/^(true|false|\d+)$/.test(text) ? [JSON.parse(text) as unknown] : []),
    text.split(',').map((part) => part.trim()),
  ];
  const results = readings.map((reading) => MeshOptions.shape[known].safeParse(reading));
  const found = results.find((result) => result.success);
  if (found?.success === true) return [name, found.data];
  throw new Error(`--mesh-option ${word}: ${wanted(known)}`);
}

/** What the option accepts, for the message about a wrong value. */
function wanted(name: keyof MeshOptions): string {
  if (name === 'statusPort') return 'must be a port, 1 to 65535';
  return Array.isArray(MeshOptions.parse({})[name])
    ? 'must be a comma-separated list'
    : 'must be true or false';
}
