import { MeshOptions } from '../../shared/domain/ingress/mesh.ts';

/** Mesh options from `name=value` words on top of the configured ones. */
export function meshOptions(configured: MeshOptions | undefined, words: readonly string[]): MeshOptions {
  const given = Object.fromEntries(words.map(parse));
  const result = MeshOptions.safeParse({ ...configured, ...given });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`--mesh-option: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}; known are ${Object.keys(MeshOptions.shape).join(', ')}`);
}

function parse(word: string): [string, unknown] {
  const [name = '', ...rest] = word.split('=');
  const value = rest.join('=');
  if (value === '') throw new Error(`--mesh-option ${word}: write it as name=value`);
  if (/^(true|false|\d+)$/.test(value)) return [name, JSON.parse(value)];
  return [name, name === 'defaultVirtualServiceExportTo' ? value.split(',') : value];
}
