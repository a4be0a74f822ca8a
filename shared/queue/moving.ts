/** Which queues can be moved, and how. */
import { resolve } from 'node:path';
import type { QueueConfig } from '../config/queue.ts';
import type { Movable } from '../postgres/moving.ts';
import { postgresLocation } from '../postgres/options.ts';
import { postgresArrival } from './postgres/arrival.ts';
import { leaveSqlite } from './sqlite/leaving.ts';
import type { MovedMessage } from './sqlite/leaving.ts';

/** Only files know that nobody uses them, and only tables take messages with their ids. */
export function movableQueue(config: QueueConfig): Movable<MovedMessage> {
  switch (config.kind) {
    case 'sqlite': {
      const path = resolve(config.path);
      return { where: path, place: path, leave: () => leaveSqlite(path) };
    }
    case 'postgres': {
      const where = postgresLocation(config);
      return { where, place: where, arrive: postgresArrival(config) };
    }
    case 'sqs': {
      const { region, endpoint = 'AWS', prefix } = config;
      const where = `SQS, ${endpoint}, ${region}, prefix ${prefix}`;
      return { where, place: where };
    }
  }
}
