/**
 * Processes a Lambda batch of a FIFO queue: groups run in parallel, messages of a group in order,
 * and only failed messages return to the queue. A message whose parsing or handling throws is given
 * up alone in the same call; other messages continue.
 */
import { errorCode, errorMessage, errorName } from '../telemetry/errors.ts';
import { isOutage } from './away.ts';
import { shorten } from '../domain/text/shorten.ts';
import { fromRecord } from './handler.ts';
import type { FunctionContext, Handler } from './handler.ts';
import { giveBack } from './lease.ts';
import type { Queue, QueueMessage } from './port.ts';
import type { Suspects } from './suspects.ts';
import { handleBatch } from './trial.ts';
import type { TrialSteps } from './trial.ts';

/** Handles messages of one group. Resolves with those to retry. Must be idempotent. */
export type GroupHandler = (
  group: string,
  messages: readonly QueueMessage[],
  context: FunctionContext,
) => Promise<readonly QueueMessage[]>;

/** The reason why a message is given up. */
export interface MessageVerdict {
  /** See docs/reference/codes.md. */
  readonly code: string;
  /** Complete sentences, at most 500 characters of them from the error. */
  readonly reason: string;
}

/** How a function handles the messages of its batches. */
export interface BatchWork {
  /** Gets all messages of a group at once, and each alone if that threw. */
  readonly handle: GroupHandler;
  /** Always handle the messages of a group one at a time. */
  readonly single?: boolean;
  /** Moves the message out of the queue with its bytes, without parsing it. */
  readonly giveUp: (
    message: QueueMessage,
    verdict: MessageVerdict,
    context: FunctionContext,
  ) => Promise<void>;
  /** The queue that delivered the messages. */
  readonly queue: () => Pick<Queue, 'changeVisibility' | 'delete'>;
  /** Tracks messages that may have crashed a process. */
  readonly suspects: Suspects;
  /** For the log; the batch goes on. */
  readonly onError: (group: string, error: unknown) => void;
}

/** Returns a Lambda handler that reports failed messages individually. */
export function handleGroups(work: BatchWork): Handler {
  return async (event, context) => {
    const bench: TrialSteps = {
      suspects: work.suspects,
      context,
      calm: async (messages) => {
        const groups = Map.groupBy(messages, (message) => message.group);
        return (
          await Promise.all(
            [...groups].map(([group, own]) => handleGroup(work, context, { group, messages: own })),
          )
        ).flat();
      },
      one: (message) => handleAlone(work, context, message),
      giveUp: (message, tries) => giveUp(work, context, message, deadly(message, tries)),
      behind: (message) => leaveBehind(work, context, message),
      // The host deletes it again, which has no effect.
      done: (message) =>
        work
          .queue()
          .delete(message.receipt)
          .catch(() => undefined),
    };
    const failed = await handleBatch(bench, event.Records.map(fromRecord));
    return { batchItemFailures: failed.map((message) => ({ itemIdentifier: message.id })) };
  };
}

/** For a message that was alone in the process each time that it died. */
function deadly({ receiveCount }: QueueMessage, tries: number): MessageVerdict {
  return {
    code: 'Q617',
    reason:
      `The process ended ${tries} times while this message was the only one it handled ` +
      `(received ${receiveCount} times), so the message is not parsed again. ` +
      'Check the memory and the timeout of the function, and find out who sent it; ' +
      'the next resync of a watcher sends the same content again.',
  };
}

/** Messages that must be handled in order. */
interface Group {
  readonly group: string;
  readonly messages: readonly QueueMessage[];
}

/** Resolves with the messages that go back to the queue. */
async function handleGroup(
  work: BatchWork,
  context: FunctionContext,
  { group, messages }: Group,
): Promise<readonly QueueMessage[]> {
  if (work.single === true || messages.length === 1) return oneByOne(work, context, { messages });
  try {
    return await work.handle(group, messages, context);
  } catch (error) {
    work.onError(group, error);
    // The messages were handled together, so the faulty one is unknown.
    return isOutage(error) ? messages : oneByOne(work, context, { messages });
  }
}

/** The queue holds it back while the message before it is hidden. */
async function leaveBehind(
  { queue, onError }: BatchWork,
  context: FunctionContext,
  message: QueueMessage,
): Promise<void> {
  await giveBack(queue(), context, message, 0).catch((error: unknown) =>
    onError(message.group, error),
  );
}

/** Messages behind one that is retried wait, to keep the order. */
async function oneByOne(
  work: BatchWork,
  context: FunctionContext,
  { messages }: Pick<Group, 'messages'>,
): Promise<readonly QueueMessage[]> {
  for (const [i, message] of messages.entries()) {
    if (await handleAlone(work, context, message)) continue;
    const behind = messages.slice(i + 1);
    for (const one of behind) await leaveBehind(work, context, one);
    return [message, ...behind];
  }
  return [];
}

/** False if the message must be retried. */
async function handleAlone(
  work: BatchWork,
  context: FunctionContext,
  message: QueueMessage,
): Promise<boolean> {
  try {
    return (await work.handle(message.group, [message], context)).length === 0;
  } catch (error) {
    work.onError(message.group, error);
    return isOutage(error) ? false : giveUp(work, context, message, verdictOf(error));
  }
}

/** False if it could not be moved: then it goes back to the queue, and is tried again. */
async function giveUp(
  work: BatchWork,
  context: FunctionContext,
  message: QueueMessage,
  verdict: MessageVerdict,
): Promise<boolean> {
  try {
    await work.giveUp(message, verdict, context);
    return true;
  } catch (error) {
    work.onError(message.group, error);
    return false;
  }
}

/** The reason quotes what a handler threw. */
const MAX_REASON_CHARACTERS = 500;

/** Keeps the code of errors that have one. */
export function verdictOf(error: unknown): MessageVerdict {
  const code = errorCode(error);
  const said = shorten(errorMessage(error), MAX_REASON_CHARACTERS);
  if (code === 'Q604') return { code, reason: said };
  return {
    code: 'Q616',
    reason:
      'Parsing or handling the message threw an error that Sluice does not recognise ' +
      `(${errorName(error)}: ${said}). Only this message was set aside. ` +
      'Check the log of the function, and report the error; ' +
      'if a newer Sluice fixes it, replay the message.',
  };
}
