/** The answer to a check of the setup, whose shape the API leaves open. Pure. */

/** One finding. */
export interface FindingRow {
  readonly id: string;
  readonly what: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly says: string;
  readonly remedy?: string;
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** What is no finding is left out; the worst come first. */
export function parseFindings(
  answer: Readonly<Record<string, unknown>> | undefined,
): readonly FindingRow[] {
  const list = answer?.['findings'];
  if (!Array.isArray(list)) return [];
  const order: readonly FindingRow['state'][] = ['fail', 'warn', 'ok'];
  return (list as readonly unknown[])
    .flatMap((one): readonly FindingRow[] => {
      const { id, what, state, says, remedy } = (one ?? {}) as Readonly<Record<string, unknown>>;
      const known = order.find((each) => each === state);
      if (known === undefined || !isText(id) || !isText(what) || !isText(says)) return [];
      return [{ id, what, state: known, says, ...(isText(remedy) && { remedy }) }];
    })
    .toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
}
