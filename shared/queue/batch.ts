/**
 * A Lambda batch of a FIFO queue: groups side by side, messages of a group in order, and only what failed goes back. Each message is
 * judged by itself: one whose reading or handling throws is given up alone, in the same call, and its neighbours go on.
 */
import { errorCode, errorMessage, errorName } from '../telemetry/errors.ts';
import { isAway } from './away.ts';
import { shorten } from '../domain/text/bounded.ts';
import { fromRecord } from './handler.ts';
import type { FunctionContext, Handler } from './handler.ts';
import type { Queue, QueueMessage } from './port.ts';
import type { Suspects } from './suspects.ts';
import { handleBatch } from './trial.ts';
import type { Bench } from './trial.ts';

/** Handles messages of one group; resolves with those that have to come again. Must bear that what it did is done once more. */
export type GroupHandler = (
  group: string,
  messages: readonly QueueMessage[],
  context: FunctionContext,
) => Promise<readonly QueueMessage[]>;

/** Why a message is given up. */
export interface Verdict {
  readonly code: string;
  readonly reason: string;
}

export interface BatchWork {
  readonly handle: GroupHandler;
  /** The messages of a group are handled one at a time in any case. */
  readonly single?: boolean;
  /** Takes the message out of the way with its bytes, without reading it. */
  readonly giveUp: (
    message: QueueMessage,
    verdict: Verdict,
    context: FunctionContext,
  ) => Promise<void>;
  /** Where the messages come from. */
  readonly queue: () => Pick<Queue, 'changeVisibility' | 'delete'>;
  /** Who may have killed a process. */
  readonly suspects: Suspects;
  readonly onError: (group: string, error: unknown) => void;
}

export function handleGroups(work: BatchWork): Handler {
  return async (event, context) => {
    const bench: Bench = {
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
      // Whoever runs the function deletes it once more, which does nothing.
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

function deadly({ receiveCount }: QueueMessage, tries: number): Verdict {
  return {
    code: 'Q617',
    reason: `The process ended ${tries} times while this message was the only one it handled (received ${receiveCount} times), so the message is not parsed again. Check the memory and the timeout of the function, and find out who sent it; the next resync of a watcher sends the same content again.`,
  };
}

interface Group {
  readonly group: string;
  readonly messages: readonly QueueMessage[];
}

async function handleGroup(
  work: BatchWork,
  context: FunctionContext,
  { group, messages }: Group,
): Promise<readonly QueueMessage[]> {
  if (work.single === true || messages.length === 1)
    return oneByOne(work, context, { group, messages });
  try {
    return await work.handle(group, messages, context);
  } catch (error) {
    work.onError(group, error);
    // Together nobody knows who it was.
    return isAway(error) ? messages : oneByOne(work, context, { group, messages });
  }
}

/** Behind one that has to come again the others wait, so that the order stays. */
async function oneByOne(
  work: BatchWork,
  context: FunctionContext,
  { group, messages }: Group,
): Promise<readonly QueueMessage[]> {
  for (const [i, message] of messages.entries()) {
    if (await handleAlone(work, context, message)) continue;
    const behind = messages.slice(i + 1);
    // The queue holds them back as long as the one before them is hidden.
    for (const { receipt } of behind)
      await work
        .queue()
        .changeVisibility(receipt, 0)
        .catch((error: unknown) => work.onError(group, error));
    return [message, ...behind];
  }
  return [];
}

/** False: it has to come again. */
async function handleAlone(
  work: BatchWork,
  context: FunctionContext,
  message: QueueMessage,
): Promise<boolean> {
  try {
    return (await work.handle(message.group, [message], context)).length === 0;
  } catch (error) {
    work.onError(message.group, error);
    return isAway(error) ? false : giveUp(work, context, message, verdictOf(error));
  }
}

async function giveUp(
  work: BatchWork,
  context: FunctionContext,
  message: QueueMessage,
  verdict: Verdict,
): Promise<boolean> {
  try {
    await work.giveUp(message, verdict, context);
    return true;
  } catch (error) {
    work.onError(message.group, error);
    return false;
  }
}

const LONGEST = 500;

/** What has a code of its own keeps it. */
export function verdictOf(error: unknown): Verdict {
  const code = errorCode(error);
  const said = shorten(errorMessage(error), LONGEST);
  if (code === 'Q604') return { code, reason: said };
  return {
    code: 'Q616',
    reason: `Parsing or handling the message threw an error that Sluice does not recognise (${errorName(error)}: ${said}). Only this message was set aside. Check the log of the function, and report the error; if a newer Sluice fixes it, replay the message.`,
  };
}
