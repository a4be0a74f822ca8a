/** The keys that the schema allows at a path, derived from its JSON Schema. */
import * as z from 'zod';
import { SluiceConfig } from './schema.ts';

/** The parts of a JSON Schema that matter here. */
interface Node {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: Node | boolean;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
}

/** The forms that a value may have; unions inside unions are flattened. */
function alternatives(node: Node): readonly Node[] {
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  return inner.length === 0 ? [node] : inner.flatMap(alternatives);
}

/** The schemas one level below. A number in the path selects the items of a list. */
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
