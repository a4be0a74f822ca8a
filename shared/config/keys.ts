/** The keys that the schema allows at a path, derived from its JSON Schema. */
import * as z from 'zod';
import { SluiceConfig } from './schema.ts';

interface Node {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: Node | boolean;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
}

function alternatives(node: Node): readonly Node[] {
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  return inner.length === 0 ? [node] : inner.flatMap(alternatives);
}

function step(node: Node, key: PropertyKey): readonly Node[] {
  const child = typeof key === 'number' ? node.items : node.properties?.[String(key)];
  return child === undefined ? [] : alternatives(child);
}

/** Keys allowed in the object at `path`; the union if there are several forms. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  const root = z.toJSONSchema(SluiceConfig, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
  }) as Node;
  let nodes: readonly Node[] = alternatives(root);
  for (const key of path) nodes = nodes.flatMap((node) => step(node, key));
  return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))];
}
