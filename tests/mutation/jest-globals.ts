/** Stands in for `@jest/globals` while mutants run: it only collects the tests, for somebody else to run one by one. */
import { expect } from 'expect';

export { expect };

export interface CollectedTest {
  readonly name: string;
  readonly body: () => unknown;
}

export let collected: CollectedTest[] = [];
let names: readonly string[] = [];

/** What was collected since the last call. */
export function takeTests(): readonly CollectedTest[] {
  const taken = collected;
  collected = [];
  return taken;
}

export function describe(name: string, body: () => void): void {
  names = [...names, name];
  body();
  names = names.slice(0, -1);
}

function one(name: string, body: () => unknown): void {
  collected.push({ name: [...names, name].join(' › '), body });
}

function each(table: readonly unknown[]): (name: string, body: (...row: unknown[]) => unknown) => void {
  return (name, body) => {
    for (const [i, row] of table.entries()) one(`${name} [${i}]`, () => (Array.isArray(row) ? body(...(row as unknown[])) : body(row)));
  };
}

export const test = Object.assign(one, { each });
