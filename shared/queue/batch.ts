/** A Lambda batch of a FIFO queue: groups side by side, records of a group in order, and only what failed goes back. */
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';

export interface BatchContext {
  readonly functionVersion: string;
  getRemainingTimeInMillis(): number;
}

export type BatchHandler = (event: SQSEvent, context: BatchContext) => Promise<SQSBatchResponse>;

/** Handles one group; resolves with the records that have to come again. What it throws brings the whole group again. */
export type GroupHandler = (group: string, records: readonly SQSRecord[]) => Promise<readonly SQSRecord[]>;

export async function handleGroups(event: SQSEvent, handle: GroupHandler, onError: (group: string, error: unknown) => void): Promise<SQSBatchResponse> {
  const groups = Map.groupBy(event.Records, (record) => record.attributes.MessageGroupId ?? '');
  const failed = await Promise.all(
    [...groups].map(([group, records]) =>
      handle(group, records).catch((error: unknown) => {
        onError(group, error);
        return records;
      }),
    ),
  );
  return { batchItemFailures: failed.flat().map((record) => ({ itemIdentifier: record.messageId })) };
}

/** Role id of the sender (the part of `SenderId` before the colon); absent where the queue knows no senders. */
export function senderOf(record: SQSRecord): string | undefined {
  const [role] = (record.attributes.SenderId ?? '').split(':');
  return role === '' ? undefined : role;
}

export function receiveCountOf(record: SQSRecord): number {
  return Number(record.attributes.ApproximateReceiveCount) || 1;
}
