/** Detects unrendered files of a Helm chart, which look like manifests. */

/** The start of a directive of Helm or Jinja. */
const DIRECTIVE = /\{\{|\{%/;
/** Constructs that only Helm uses; other programs use `{{ … }}` in text on purpose. */
const HELM =
  /\{\{-?\s*(\.(Values|Release|Chart|Capabilities|Files|Template)\b|(include|tpl|toYaml)\s)/;

/** Offset of a template directive in text that is not valid YAML. */
export function templateIn(text: string): number | undefined {
  const at = text.search(DIRECTIVE);
  return at < 0 ? undefined : at;
}

/**
 * The path of a value that Helm should have rendered. Data of ConfigMaps and Secrets may contain
 * anything.
 */
export function unrenderedIn(object: unknown): readonly string[] | undefined {
  const { kind } = object as { readonly kind?: unknown };
  return search(
    object,
    kind === 'ConfigMap' || kind === 'Secret' ? ['data', 'stringData', 'binaryData'] : [],
  );
}

/** Depth first. `except` applies to the keys of the outermost object only. */
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
