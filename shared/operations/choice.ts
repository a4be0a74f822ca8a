/** What a person names in a question or an order, and has to name otherwise. */
export type ChoiceName = 'cluster' | 'device' | 'exposures' | 'uid';

/**
 * A choice is missing, or it cannot be. The message says what to choose from, and not how: that is
 * an option of a command, or a field of a form, and each face adds it.
 */
export class ChoiceError extends Error {
  readonly choices: readonly ChoiceName[];
  constructor(choices: readonly ChoiceName[], message: string) {
    super(message);
    this.choices = choices;
  }
}
