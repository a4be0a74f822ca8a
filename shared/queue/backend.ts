/**
 * The capabilities of a kind of queue. Code outside `shared/queue` does not check which kind is
 * configured.
 */
import type { PostgresServer } from '../config/postgres.ts';
import type { Secrets } from '../config/secrets.ts';
import type { Clock } from '../runtime/clock.ts';
import type { QueueDepth, Queues } from './port.ts';
import type { SettingsReader } from './settings.ts';
import type { SqsCredentials } from './sqs/client.ts';

/** What a backend needs besides its configuration. */
export interface OpenQueuesOptions {
  readonly clock: Clock;
  /** A new unique id. */
  readonly id: () => string;
  /** For the password and the CA of PostgreSQL. */
  readonly secrets: Pick<Secrets, 'resolve'>;
  /** SQS only. Default: the credential chain of the SDK. */
  readonly credentials?: SqsCredentials;
}

/** The configured queues before they are opened. */
export interface QueueBackend {
  open(options: OpenQueuesOptions): Queues;
  /**
   * True if only processes of this host can write, so that an event without a sender needs no proof
   * of origin.
   */
  readonly isLocal: boolean;
  /** File of the queues, for local queues. */
  readonly file?: string;
  /**
   * What to tell of queues that opening would create, without doing so; undefined if they exist.
   * Throws Q601 if they could not be created. Absent for servers.
   */
  readonly depthBefore?: () => QueueDepth | undefined;
  /** The database of the queues, for those that are in one. */
  readonly server?: PostgresServer;
  /** Where the age of the oldest message can be read; absent if `depth` reports it. */
  readonly oldestElsewhere?: string;
  /** Reads the settings of the queues; absent if Sluice sets them up itself. */
  readonly readSettings?: () => SettingsReader;
}
