/** Text in a field whose applied value is in the address. Pure. */

/** What a person types, and what was applied while it was typed. */
export interface Typed {
  readonly text: string;
  readonly over: string;
}

/** Of a field that shows what is typed, until something else is applied. */
export function shownText(typed: Typed | undefined, applied: string): string {
  return typed?.over === applied ? typed.text : applied;
}

/** Whether the field shows what is not applied; spaces at its ends say nothing. */
export function isUnapplied(typed: Typed | undefined, applied: string): boolean {
  return shownText(typed, applied).trim() !== applied;
}

/** Once the text is applied. A space at its end stays, because the next word follows. */
export function appliedText(text: string): Typed {
  return { text, over: text.trim() };
}
