/** A Lambda batch of a FIFO queue: groups side by side, messages of a group in order, and only what failed goes back. */
import { fromRecord } from './handler.ts';
import type { FunctionContext, Handler } from './handler.ts';
import type { QueueMessage } from './port.ts';

/** Handles one group; resolves with the messages that have to come again. What it throws brings the whole group again. */
export type GroupHandler = (group: string, messages: readonly QueueMessage[], context: FunctionContext) => Promise<readonly QueueMessage[]>;

export function handleGroups(handle: GroupHandler, onError: (group: string, error: unknown) => void): Handler {
  return async (event, context) => {
    const groups = Map.groupBy(event.Records.map(fromRecord), (message) => message.group);
    const failed = await Promise.all(
      [...groups].map(([group, messages]) =>
        handle(group, messages, context).catch((error: unknown) => {
          onError(group, error);
          return messages;
        }),
      ),
    );
    return { batchItemFailures: failed.flat().map((message) => ({ itemIdentifier: message.id })) };
  };
}
