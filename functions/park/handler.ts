/**
 * park: moves messages from the dead-letter queues into the failure store. While the store is
 * unavailable, messages stay in their queue.
 */
import { codeLabel } from '../../shared/domain/codes/index.ts';
import { openFailures } from '../../shared/failures/open.ts';
import type { FailureRecord } from '../../shared/failures/port.ts';
import { suspectsOf } from '../../shared/failures/suspects.ts';
import { recordOfUnread } from '../../shared/failures/failure-record.ts';
import { handleGroups } from '../../shared/queue/batch.ts';
import type { Handler } from '../../shared/queue/handler.ts';
import { createKeyring } from '../../shared/queue/keyring.ts';
import type { WorkQueueName } from '../../shared/queue/port.ts';
import { lambdaEntry } from '../../shared/host/lambda.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';
import { createPruner } from './prune.ts';
import type { Pruned } from './prune.ts';
import { recordOfMessage } from './record-of-message.ts';

/** `close` closes the failure store. */
export type ParkHandler = Handler & { close(): Promise<void> };

/** Opens the failure store of the configuration on first use. */
export function create(runtime: Runtime): ParkHandler {
  const failures = openFailures(runtime.config.failures, runtime);
  return Object.assign(parkInto(runtime, failures), { close: () => failures.close() });
}

/** The Lambda entry point. */
export const handler = lambdaEntry(create);

/** For hosts and tests that already have an open store. */
export function parkInto(runtime: Runtime, failures: Pruned): Handler {
  const { store } = failures;
  const prune = createPruner(runtime, failures);
  const keys = createKeyring(runtime.secrets, runtime.clock);
  const suspects = {
    snapshots: suspectsOf(runtime, 'snapshots-dead'),
    slices: suspectsOf(runtime, 'slices-dead'),
  };
  return async (event, context) => {
    const queue = queueOf(event.Records[0]?.eventSourceARN ?? '');
    const record = async (sighting: FailureRecord): Promise<void> => {
      const head = await store.record(sighting);
      runtime.meter?.count('sluice_dead_letters_total', { queue, code: codeLabel(head.code) });
      runtime.log.info(
        {
          failure: head.id,
          code: head.code,
          owner: head.owner,
          device: head.device,
          exposure: head.exposure,
          state: head.state,
          count: head.count,
        },
        'parked',
      );
    };
    const handle = handleGroups({
      suspects: suspects[queue],
      single: true,
      handle: async (_group, messages) => {
        for (const message of messages)
          await record(await recordOfMessage(queue, message, { config: runtime.config, keys }));
        return [];
      },
      giveUp: (message, verdict) => record(recordOfUnread(queue, message, verdict)),
      queue: () => runtime.queues.queue(`${queue}-dead`),
      onError: (group, error) =>
        runtime.log.error(
          { queue, group, error: errorMessage(error) },
          'a dead letter could not be stored',
        ),
    });
    const answer = await handle(event, context);
    await prune();
    return answer;
  };
}

/** The physical queue name ends with the logical name, whatever its prefix. */
function queueOf(arn: string): WorkQueueName {
  const name = arn.slice(arn.lastIndexOf(':') + 1).replace(/\.fifo$/, '');
  if (name.endsWith('snapshots-dead')) return 'snapshots';
  if (name.endsWith('slices-dead')) return 'slices';
  throw new Error(
    `park received ${arn === '' ? 'a record without a queue' : name}; ` +
      'connect it only to the queues snapshots-dead and slices-dead',
  );
}
