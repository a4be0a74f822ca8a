import { expect, test } from '@jest/globals';
import { importsOf, sources } from './support.ts';

type Graph = ReadonlyMap<string, readonly string[]>;

/** Each circle of imports once, from the file where it is entered; by Tarjan's algorithm. */
function circlesIn(graph: Graph): readonly (readonly string[])[] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): number => {
    let low = order.size;
    order.set(file, low);
    const own = low;
    open.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next));
      else if (open.includes(next)) low = Math.min(low, lowest.get(next) ?? order.get(next) ?? 0);
    }
    lowest.set(file, low);
    if (low === own) {
      const circle = open.splice(open.indexOf(file));
      if (circle.length > 1 || graph.get(file)?.includes(file) === true) circles.push(circle);
    }
    return low;
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return circles;
}

test('no files import each other in a circle, not even for types', () => {
  const files = ['functions', 'shared'].flatMap(sources);
  const graph: Graph = new Map(
    files.map((file) => [file, importsOf(file).map(({ target }) => target)]),
  );
  expect(circlesIn(graph)).toEqual([]);
});

test('a circle of any length is found, also among other imports', () => {
  const graph: Graph = new Map([
    ['a', ['b', 'e']],
    ['b', ['c']],
    ['c', ['d', 'b']],
    ['d', ['a']],
    ['e', []],
    ['f', ['a']],
    ['g', ['g']],
  ]);
  expect(circlesIn(graph).map((circle) => circle.toSorted())).toEqual([
    ['a', 'b', 'c', 'd'],
    ['g'],
  ]);
});
