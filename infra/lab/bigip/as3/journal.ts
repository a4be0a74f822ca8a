/** What each declare did, for people who count them. */
import type { Reply } from '../http-types.ts';
import { isObject } from '../json.ts';

/**
 * `changed`: the script had lines. `unchanged`: AS3 found no difference, so at most a constant of
 * the declaration is new. `refused`: anything else, such as a busy device or a wrong lock key.
 */
export type DeclareOutcome = 'changed' | 'unchanged' | 'refused';

/** One declare, from its POST to its result. */
export interface DeclareRecord {
  /** Milliseconds since 1970. */
  readonly began: number;
  /** Undefined while it runs. */
  ended: number | undefined;
  /** Length of the posted body. */
  readonly bytes: number;
  /** Posted virtual servers of all tenants. */
  readonly servers: number;
  /** Undefined while it runs. */
  outcome: DeclareOutcome | undefined;
}

/** All declares since the start, oldest first. */
export interface Journal {
  readonly records: readonly DeclareRecord[];
  /** Notes the start of a declare; the returned function notes its result. */
  begin(posted: Pick<DeclareRecord, 'bytes' | 'servers'>): (reply: Reply) => void;
}

/** `now`: milliseconds since 1970. */
export function createJournal(now: () => number): Journal {
  const records: DeclareRecord[] = [];
  return {
    records,
    begin(posted): (reply: Reply) => void {
      const record: DeclareRecord = {
        ...posted,
        began: now(),
        ended: undefined,
        outcome: undefined,
      };
      records.push(record);
      return (reply): void => {
        record.ended = now();
        record.outcome = outcomeOf(reply);
      };
    },
  };
}

function outcomeOf({ status, body }: Reply): DeclareOutcome {
  if (status !== 200 || !isObject(body) || !Array.isArray(body['results'])) return 'refused';
  const messages = (body['results'] as readonly unknown[]).map((result) =>
    isObject(result) ? result['message'] : undefined,
  );
  return messages.every((message) => message === 'no change') ? 'unchanged' : 'changed';
}
