/** The promises by number, with the tests that hold them. `docs/reliability.md` lists them. */

/** One promise to users. */
export interface Promised {
  readonly number: number;
  /** A sentence. */
  readonly name: string;
  /** Test files, relative to the repository. */
  readonly tests: readonly string[];
}

/** Relative to the repository. */
export const testFile = (name: string): string => `tests/promises/${name}.test.ts`;

const at = (...names: readonly string[]): readonly string[] => names.map(testFile);

export const PROMISES: readonly Promised[] = [
  { number: 1, name: 'Nothing is lost silently.', tests: at('model', 'rig') },
  {
    number: 2,
    name: 'It converges, whatever the order.',
    tests: at('model', 'order', 'every-order', 'moves', 'rig'),
  },
  {
    number: 3,
    name: 'Newer content is never rolled back.',
    tests: at('model', 'order', 'every-order', 'deferred-fences', 'stalls', 'rig'),
  },
  { number: 4, name: 'Repeating it changes nothing.', tests: at('model', 'order', 'resync') },
  {
    number: 5,
    name: 'No neighbour can disturb another.',
    tests: at('neighbours', 'fleet', 'hostile', 'bombs', 'killed', 'rig'),
  },
  {
    number: 6,
    name: 'Nothing is removed because of missing information.',
    tests: at('absence', 'moves', 'nodes', 'resync', 'rig'),
  },
  {
    number: 7,
    name: 'It writes only what is its own, and everything has one owner.',
    tests: at('model', 'order', 'every-order', 'plan-and-apply', 'rig'),
  },
  { number: 8, name: 'A dry run writes nothing.', tests: at('plan-and-apply', 'rig') },
  {
    number: 9,
    name: 'It does what was planned, or reports the difference.',
    tests: at('model', 'plan-and-apply', 'rig'),
  },
  {
    number: 10,
    name: 'Retries are few and spread over time.',
    tests: at('retries', 'outages', 'rig'),
  },
  { number: 11, name: 'A fix is never blocked by the fault that it fixes.', tests: at('fix') },
  { number: 12, name: 'Every dead letter explains itself.', tests: at('dead-letters') },
  {
    number: 13,
    name: 'No setting of a queue loses or repeats events.',
    tests: ['tests/e2e/package.test.ts'],
  },
  { number: 14, name: 'A replay is a job that can be stopped and resumed.', tests: at('replay') },
  { number: 15, name: 'An outage may last for weeks.', tests: at('outages', 'rig') },
  {
    number: 16,
    name: 'It may crash anywhere, and recovers.',
    tests: at('crash', 'faults', 'paths', 'watcher'),
  },
  {
    number: 17,
    name: 'A path to a pod is there before its member and goes after it.',
    tests: at('paths', 'paths-hostile', 'rig', 'rig-paths'),
  },
];
