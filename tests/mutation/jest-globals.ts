/**
 * Replaces `@jest/globals` while mutants run: it only collects the tests, so that the caller can
 * run them one by one.
 */
import { expect } from 'expect';

export { expect };

export interface CollectedTest {
  readonly name: string;
  /** The test with its setup and teardown. */
  readonly body: () => Promise<void>;
}

type Step = () => unknown;

interface Scope {
  readonly name: string;
  readonly before: Step[];
  readonly after: Step[];
}

const newScope = (name: string): Scope => ({ name, before: [], after: [] });

let collected: CollectedTest[] = [];
let scopes: readonly Scope[] = [newScope('')];

/** The tests that were collected since the last call: those of one file. */
export function takeTests(): readonly CollectedTest[] {
  const taken = collected;
  collected = [];
  scopes = [newScope('')];
  return taken;
}

function group(name: string, body: () => void): void {
  const outer = scopes;
  scopes = [...outer, newScope(name)];
  body();
  scopes = outer;
}

export function beforeEach(step: Step): void {
  scopes.at(-1)?.before.push(step);
}

export function afterEach(step: Step): void {
  scopes.at(-1)?.after.push(step);
}

/** What follows the last test of a file is no test: the tests are run one by one. */
export function afterAll(_step: Step): void {}

function one(name: string, body: Step): void {
  const around = scopes;
  const whole = async (): Promise<void> => {
    try {
      for (const step of around.flatMap(({ before }) => before)) await step();
      await body();
    } finally {
      for (const step of around.toReversed().flatMap(({ after }) => after)) await step();
    }
  };
  collected.push({
    name: [...around.map((scope) => scope.name), name].filter((part) => part !== '').join(' › '),
    body: whole,
  });
}

type Each = (
  table: readonly unknown[],
) => (name: string, body: (...row: unknown[]) => unknown) => void;

const eachBy =
  (make: (name: string, body: () => unknown) => void): Each =>
  (table) =>
  (name, body) => {
    for (const [i, row] of table.entries())
      make(`${name} [${i}]`, () => (Array.isArray(row) ? body(...(row as unknown[])) : body(row)));
  };

/** As in Jest, skipped tests are not collected. */
const skip = (_name: string, _body: () => unknown): void => undefined;

export const describe = Object.assign(group, {
  skip,
  each: eachBy((name, body) => group(name, () => void body())),
});
export const test = Object.assign(one, { skip, each: eachBy(one) });
