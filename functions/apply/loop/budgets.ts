/** Everything that the loop may do more than once, and how often. */

/** A limit with the reason for it. */
interface Budget {
  /** Maximum count; the loop stops or does something else once it is used up. */
  readonly limit: number;
  /** When the count starts again. */
  readonly per: 'run' | 'declare' | 'part' | 'fault';
  readonly why: string;
}

/** The table of all budgets. No other code of the loop repeats anything. */
export const BUDGETS = {
  rounds: {
    limit: 10,
    per: 'run',
    why: 'each round leaves out more changes; more rounds mean that another client undoes them',
  },
  parts: {
    limit: 7,
    per: 'part',
    why: 'six smaller declares lead from the largest size to the smallest',
  },
  races: {
    limit: 3,
    per: 'declare',
    why: 'reads again after a concurrent write or an unknown outcome; then the queue retries',
  },
  redeclares: {
    limit: 2,
    per: 'declare',
    why: 'AS3 reports success for additions that it skipped; a second declare makes them',
  },
  looks: {
    limit: 5,
    per: 'declare',
    why: 'a script that AS3 gave up on may finish within ten seconds',
  },
  drains: {
    limit: 6,
    per: 'run',
    why: 'a node that express drains is out within a second; otherwise its drain is declared',
  },
  samples: {
    limit: 3,
    per: 'fault',
    why: 'changes tried alone before an internal fault counts as independent of the changes',
  },
  retries: {
    limit: 5,
    per: 'run',
    why: 'quarantined changes refused again; one cause often affects all, so the others wait',
  },
} as const satisfies Readonly<Record<string, Budget>>;

/** Milliseconds. A smaller declare at once would undo what is outside of it when a script lands. */
export const LATE_LOOK_MS = 2_000;

/** Milliseconds between two readings of nodes that express is about to drain. */
export const DRAIN_LOOK_MS = 250;

/** What the loop counts. */
export type BudgetName = keyof typeof BUDGETS;

/** How much of each budget is used; samples are counted by the list of failed ones. */
export type Spent = Readonly<Record<Exclude<BudgetName, 'samples'>, number>>;

/** The counters at the start of a partition. */
export const NOTHING_SPENT: Spent = {
  rounds: 0,
  parts: 0,
  races: 0,
  redeclares: 0,
  looks: 0,
  drains: 0,
  retries: 0,
};

/** The counters after one more use of a budget. */
export function countUse(spent: Spent, name: keyof Spent): Spent {
  return { ...spent, [name]: spent[name] + 1 };
}

/** Whether more was spent than the table allows. */
export function isOverBudget(spent: Spent, name: keyof Spent): boolean {
  return spent[name] > BUDGETS[name].limit;
}

/** The same, with the budgets of this scope unused. */
export function resetBudgets(spent: Spent, scope: Budget['per']): Spent {
  const entries = Object.entries(spent) as [keyof Spent, number][];
  return Object.fromEntries(
    entries.map(([name, used]) => [name, BUDGETS[name].per === scope ? 0 : used]),
  ) as unknown as Spent;
}
