/** Manifests, and what they would do: kept while the page is open, also when another room is shown. */
import { signal } from '@preact/signals';
import { PASTED, tooLong } from '../logic/pasted.ts';
import type { PastedText } from '../logic/pasted.ts';
import type { Answers } from './answers.ts';
import { ApiProblem, post } from './client.ts';

/** The text of the field. */
export const pasted = signal('');
/** Files that were dropped or chosen. */
export const files = signal<readonly PastedText[]>([]);

/** A plan that is being made, or was made. */
export interface Planning {
  readonly isAsking: boolean;
  readonly answer?: Answers['plan'];
  /** Documents that are left out of it. */
  readonly problems?: readonly string[];
  readonly notes?: readonly string[];
  /** Why there is none, in lines. */
  readonly refusal?: string;
}

/** Of the present texts: a change of them forgets it. */
export const planning = signal<Planning>({ isAsking: false });

function forget(refusal?: string): void {
  planning.value = { isAsking: false, ...(refusal !== undefined && { refusal }) };
}

/** What somebody typed. */
export function setPasted(text: string): void {
  pasted.value = text;
  forget();
}

/** Replaces files of the same name. */
export async function addFiles(given: readonly File[]): Promise<void> {
  const names = new Set(given.map(({ name }) => name));
  const kept = files.value.filter(({ name }) => !names.has(name));
  const excess = tooLong([...kept.map(({ text }) => text.length), ...given.map((one) => one.size)]);
  if (excess !== undefined) return forget(excess);
  const read = await Promise.all(given.map(readFile));
  files.value = [...kept, ...read.filter((one) => typeof one !== 'string')];
  forget(read.find((one) => typeof one === 'string'));
}

/** A sentence if it is no text. */
async function readFile(file: File): Promise<PastedText | string> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
    return { name: file.name, text };
  } catch (error) {
    return error instanceof TypeError
      ? `${file.name} is not UTF-8 text; save it as UTF-8.`
      : `${file.name} cannot be read: ${(error as Error).message}`;
  }
}

/** `name` of one of them. */
export function removeFile(name: string): void {
  files.value = files.value.filter((one) => one.name !== name);
  forget();
}

/** Files, and what is in the field unless it is blank. */
function texts(): readonly PastedText[] {
  const text = pasted.value;
  return [...files.value, ...(text.trim() === '' ? [] : [{ name: PASTED, text }])];
}

/** A release that is gone has other files. */
const UNLOADED = 'The part of the page that reads manifests does not load. Load the page again.';

/** `cluster`: undefined if there is only one. */
export async function planManifests(cluster: string | undefined): Promise<void> {
  const given = texts();
  const excess = tooLong(given.map(({ text }) => text.length));
  if (excess !== undefined) return forget(excess);
  const mine: Planning = { isAsking: true };
  planning.value = mine;
  const made = await planOf(given, cluster).catch((error: unknown): Planning => ({
    isAsking: false,
    refusal: (error as Error).message,
  }));
  // Of a text that changed meanwhile, it would be wrong.
  if (planning.value === mine) planning.value = made;
}

/**
 * Reads the manifests in the browser and asks for the plan. The parser is loaded with the first
 * use, because YAML is large. Throws an ApiProblem with the sentence to show.
 */
async function planOf(
  given: readonly PastedText[],
  cluster: string | undefined,
): Promise<Planning> {
  const { readPasted } = await import('../logic/manifests.ts').catch(() => {
    throw new ApiProblem(0, { message: UNLOADED });
  });
  const { text, notes, problems } = readPasted(given);
  const answer = await post('plan', 'plan', { manifests: text, ...(cluster && { cluster }) });
  return { isAsking: false, answer, notes, problems };
}
