/**
 * Pasted manifests as the JSON that the API plans: YAML is read here, because the time it takes has
 * no bound that a server could keep. Loaded when it is needed. Pure.
 */
import { collectManifests } from '../../../../shared/operations/manifests/collect.ts';
import { plannedText } from '../../../../shared/operations/manifests/planned-text.ts';
import type { PastedText } from './pasted.ts';

/** What was read, and what was not. */
export interface ReadTexts {
  /** For the API. */
  readonly text: string;
  readonly notes: readonly string[];
  /** `file:line: message` of what is left out. */
  readonly problems: readonly string[];
}

/** Throws an explanation if nothing can be planned. */
export function readPasted(texts: readonly PastedText[]): ReadTexts {
  const { objects, notes, problems } = collectManifests(
    texts.map(({ name, text }) => ({
      name,
      found: false,
      read: () => text.replaceAll(/\r\n?/g, '\n'),
    })),
    // As kubectl does, and the API.
    { namespace: 'default', same: { remedy: 'leave one of the two out' } },
  );
  return { text: plannedText(objects), notes, problems };
}
