/** The text in which the console takes manifests to plan them. Pure. */

/** Characters: a thousand ports, which take a second to plan. */
export const MAX_PLANNED_CHARACTERS = 100 * 1_024;

/** Throws an explanation if there is nothing to plan, or too much. */
export function plannedText(objects: readonly unknown[]): string {
  if (objects.length === 0) throw new Error('There is no Kubernetes object in it.');
  const text = JSON.stringify(objects);
  if (text.length <= MAX_PLANNED_CHARACTERS) return text;
  const kib = (characters: number): number => Math.ceil(characters / 1_024);
  throw new Error(
    `These objects are ${kib(text.length)} KiB as JSON; one plan takes ` +
      `${kib(MAX_PLANNED_CHARACTERS)} KiB. Leave out kinds that make no port, Pods, Nodes, status ` +
      'and metadata.managedFields, or plan them in the shell.',
  );
}
