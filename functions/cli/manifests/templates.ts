/** Files of a Helm chart that nobody rendered: they look like manifests and say nothing yet. */

const DIRECTIVE = /\{\{|\{%/;
/** What only Helm writes; other programs leave `{{ … }}` in the text of objects on purpose. */
const HELM =
  /\{\{-?\s*(\.(Values|Release|Chart|Capabilities|Files|Template)\b|(include|tpl|toYaml)\s)/;

/** Where a text that cannot be read as YAML holds a template's directive: its offset. */
export function templateIn(text: string): number | undefined {
  const at = text.search(DIRECTIVE);
  return at < 0 ? undefined : at;
}

/** The path to a value that Helm should have filled in. The data of ConfigMaps and Secrets may hold whatever it likes. */
export function unrenderedIn(object: unknown): readonly string[] | undefined {
  const { kind } = object as { readonly kind?: unknown };
  return search(
    object,
    kind === 'ConfigMap' || kind === 'Secret' ? ['data', 'stringData', 'binaryData'] : [],
  );
}

function search(value: unknown, except: readonly string[]): readonly string[] | undefined {
  if (typeof value === 'string') return HELM.test(value) ? [] : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    if (except.includes(key)) continue;
    const path = HELM.test(key) ? [] : search(inner, []);
    if (path !== undefined) return [key, ...path];
  }
  return undefined;
}
