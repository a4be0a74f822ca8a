/** The queues, batch sizes and limits of each function. */
import type { FedQueueName } from './port.ts';

/** Event source settings of a function; times in milliseconds. */
export interface FunctionSettings {
  readonly name: string;
  readonly queue: FedQueueName;
  /** Messages of one call, at most. */
  readonly batchSize: number;
  /** Calls at the same time, at most. */
  readonly concurrency: number;
  /** Milliseconds of one call. */
  readonly timeout: number;
  /** How long received messages are hidden from other receivers. */
  readonly visibilityMs: number;
}

/**
 * For hosts other than Lambda. A test compares these values with the template compiled from
 * `serverless.yml`.
 */
export const FUNCTIONS: readonly FunctionSettings[] = [
  {
    name: 'map',
    queue: 'snapshots',
    batchSize: 10,
    concurrency: 4,
    timeout: 30_000,
    visibilityMs: 180_000,
  },
  {
    name: 'apply',
    queue: 'slices',
    batchSize: 10,
    concurrency: 4,
    timeout: 120_000,
    visibilityMs: 150_000,
  },
  {
    name: 'express',
    queue: 'express',
    batchSize: 10,
    concurrency: 4,
    timeout: 30_000,
    visibilityMs: 40_000,
  },
  {
    name: 'park',
    queue: 'snapshots-dead',
    batchSize: 10,
    concurrency: 2,
    timeout: 30_000,
    visibilityMs: 180_000,
  },
  {
    name: 'park',
    queue: 'slices-dead',
    batchSize: 10,
    concurrency: 2,
    timeout: 30_000,
    visibilityMs: 180_000,
  },
];
