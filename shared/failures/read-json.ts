/** Undefined if the text is no JSON: what another version wrote counts as absent. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
