import { expect } from '@jest/globals';

/** Equality, in properties of which the counterexample is the message. */
export function expectEqual(actual: unknown, wanted: unknown): void {
  expect(actual).toEqual(wanted);
}
