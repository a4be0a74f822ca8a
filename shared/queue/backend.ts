/** What a kind of queue has to say for itself. Nothing outside `shared/queue` asks which kind is configured. */
import type { Clock } from '../runtime/clock.ts';
import type { Queues } from './port.ts';
import type { SettingsReader } from './settings.ts';
import type { SqsCredentials } from './sqs/client.ts';

export interface OpenQueuesOptions {
  readonly clock: Clock;
  /** A new unique id. */
  readonly id: () => string;
  /** SQS only; absent: the SDK's own chain. */
  readonly credentials?: SqsCredentials;
}

/** The configured queues before they are opened. */
export interface QueueBackend {
  open(options: OpenQueuesOptions): Queues;
  /** True where only processes of this host can write, so that an event that names no sender needs no proof of its origin. */
  readonly isLocal: boolean;
  /** The file that holds the queues, for those of one host. */
  readonly file?: string;
  /** Where people read how old the oldest message is; absent where `depth` tells it. */
  readonly oldestElsewhere?: string;
  /** Reads how the queues are set up; absent where Sluice sets them up itself. */
  readonly readSettings?: () => SettingsReader;
}
