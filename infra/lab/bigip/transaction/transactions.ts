/** The open transactions of iControl REST: requests that wait to be carried out together. */
import type { LabRequest } from '../http-types.ts';

/** Requests that were collected so far. */
export interface Transaction {
  readonly id: number;
  readonly requests: readonly LabRequest[];
  /** mcpd's words; the transaction can only be dropped then. */
  readonly failed?: string;
}

/** Open transactions by id. */
export interface Transactions {
  /** Undefined if too many are open. */
  open(): Transaction | undefined;
  /** Undefined if it was not opened, or is gone. */
  get(id: number): Transaction | undefined;
  list(): readonly Transaction[];
  /** False if the transaction is full. */
  add(id: number, request: LabRequest): boolean;
  fail(id: number, words: string): void;
  remove(id: number): void;
  clear(): void;
}

/** Seconds after the last command. */
export const TIMEOUT_SECONDS = 120;
const MAX_OPEN = 100;
const MAX_REQUESTS = 500;

interface Held extends Transaction {
  readonly until: number;
}

/** `now`: milliseconds. A transaction that nobody commits expires. */
export function createTransactions(now: () => number): Transactions {
  const held = new Map<number, Held>();
  let last = 1_526_674_837_169_914;
  const expire = (): void => {
    for (const { id, until } of held.values()) if (until <= now()) held.delete(id);
  };
  const get = (id: number): Held | undefined => {
    expire();
    return held.get(id);
  };
  const put = (transaction: Transaction): Transaction => {
    held.set(transaction.id, { ...transaction, until: now() + TIMEOUT_SECONDS * 1000 });
    return transaction;
  };
  return {
    open(): Transaction | undefined {
      expire();
      return held.size < MAX_OPEN ? put({ id: (last += 1), requests: [] }) : undefined;
    },
    get,
    list(): readonly Transaction[] {
      expire();
      return [...held.values()];
    },
    add(id, request): boolean {
      const transaction = get(id);
      if (transaction === undefined || transaction.requests.length >= MAX_REQUESTS) return false;
      put({ ...transaction, requests: [...transaction.requests, request] });
      return true;
    },
    fail(id, words): void {
      const transaction = get(id);
      if (transaction !== undefined) put({ ...transaction, failed: words });
    },
    remove: (id) => void held.delete(id),
    clear: () => held.clear(),
  };
}
