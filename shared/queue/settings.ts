/**
 * Checks whether the settings of an externally created queue can lose or duplicate events. Pure;
 * uses the same values as the stack.
 */
import { FUNCTIONS } from './functions.ts';
import { MAX_RECEIVE_COUNT, RETENTION_MS } from './limits.ts';
import { MAX_BODY_BYTES, type QueueName } from './port.ts';

/** The attributes of a queue that matter for delivery. */
export interface QueueSettings {
  readonly fifo: boolean;
  /** Milliseconds. */
  readonly visibilityMs: number;
  readonly retentionMs: number;
  /** The dead-letter queue on the server, and the number of receives before messages move there. */
  readonly redrive?: { readonly to: string; readonly after: number };
  /** `queue` or `messageGroup`; absent if the server does not report it. */
  readonly deduplication?: string;
  /** Bytes; absent if the server does not report it. */
  readonly maxMessageBytes?: number;
  /** At rest, by a key of SQS or of KMS; absent if the server does not report it. */
  readonly encrypted?: boolean;
}

/** The settings as read from a server. */
export interface SettingsRead {
  readonly settings: QueueSettings;
  /** Name of this queue's dead-letter queue on the server. */
  readonly deadName: string;
  /** The server's clock in its answer; milliseconds since 1970, with a resolution of one second. */
  readonly date?: number;
}

/** Reads the settings of externally created queues from their server. */
export interface SettingsReader {
  read(name: QueueName): Promise<SettingsRead>;
  close(): void;
}

/** Working queues of functions; each must have a dead-letter queue. */
const WITH_REDRIVE: ReadonlySet<string> = new Set(['snapshots', 'slices', 'express']);
/** With fewer, messages would go to the dead letters while a device is unreachable for minutes. */
const MIN_RECEIVES = 5;

const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;

/**
 * Returns one message for each wrong setting. `deadName`: name of the dead-letter queue of `name`
 * on the server.
 */
export function checkQueueSettings(
  name: QueueName,
  settings: QueueSettings,
  deadName: string,
): readonly string[] {
  const { fifo, visibilityMs, retentionMs, redrive, deduplication } = settings;
  const { maxMessageBytes = MAX_BODY_BYTES, encrypted = true } = settings;
  const needed = Math.max(
    0,
    ...FUNCTIONS.filter((f) => f.queue === name).map((f) => f.visibilityMs),
  );
  const problems: readonly (readonly [boolean, string])[] = [
    [
      !fifo,
      'it is not a FIFO queue, so events of one ingress can arrive out of order; recreate it as FIFO',
    ],
    [
      visibilityMs < needed,
      `its visibility timeout is ${seconds(visibilityMs)}, ` +
        `but its function needs ${seconds(needed)}; ` +
        'raise VisibilityTimeout, or two invocations may handle one event',
    ],
    [
      retentionMs < RETENTION_MS,
      `its retention period is ${seconds(retentionMs)}; ` +
        `set MessageRetentionPeriod to ${seconds(RETENTION_MS)} (14 days), ` +
        'or events are lost during a long outage',
    ],
    [
      deduplication === 'messageGroup',
      'it deduplicates by message group; set DeduplicationScope to queue',
    ],
    [
      maxMessageBytes < MAX_BODY_BYTES,
      `it takes messages of ${maxMessageBytes} bytes; set MaximumMessageSize to ` +
        `${MAX_BODY_BYTES}, or snapshots of many ports are refused`,
    ],
    [
      !encrypted,
      'it is not encrypted at rest; set SqsManagedSseEnabled, or KmsMasterKeyId for your own key',
    ],
    [
      WITH_REDRIVE.has(name) && redrive === undefined,
      'it has no dead-letter queue; ' +
        `set its RedrivePolicy to ${deadName}, ` +
        'or a message that crashes a function blocks its group for 14 days and is then lost',
    ],
    [
      redrive !== undefined && redrive.to !== deadName,
      `its RedrivePolicy names ${redrive?.to ?? ''}, which park does not read; set it to ${deadName}`,
    ],
    [
      redrive !== undefined && redrive.after < MIN_RECEIVES,
      `its maxReceiveCount is ${redrive?.after ?? 0}, ` +
        `and throttled calls count as receives; set it to ${MAX_RECEIVE_COUNT}`,
    ],
  ];
  return problems.flatMap(([bad, sentence]) => (bad ? [sentence] : []));
}
