/** Creates the record of a message, after checking whether its claimed origin can be trusted. */
import type { SluiceConfig } from '../../shared/config/schema.ts';
import type { FailureRecord } from '../../shared/failures/port.ts';
import {
  claimIn,
  readFoundDeadLetter,
  failureRecord,
} from '../../shared/failures/failure-record.ts';
import type { Keyring } from '../../shared/queue/keyring.ts';
import type { QueueMessage, WorkQueueName } from '../../shared/queue/port.ts';
import { proofOfReceived } from '../../shared/queue/proof.ts';

/** Converts a message to a failure record, after checking its origin. */
export async function recordOfMessage(
  queue: WorkQueueName,
  message: QueueMessage,
  rules: { readonly config: SluiceConfig; readonly keys: Keyring },
): Promise<FailureRecord> {
  const found = readFoundDeadLetter(queue, message);
  const claim = claimIn(found, message);
  const proof = claim && (await proofOfReceived(claim.body, claim.sender, rules));
  return failureRecord(queue, found, { config: rules.config, message, ...(proof && { proof }) });
}
