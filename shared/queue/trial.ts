/**
 * Handles a batch with suspects: first all other messages, then suspects one at a time, and last
 * those that crashed a process before.
 */
import { runAlone, runAmongOthers } from './gate.ts';
import type { FunctionContext } from './handler.ts';
import type { QueueMessage } from './port.ts';
import { MAX_TRIES, type Suspects } from './suspects.ts';

/** The steps of one batch, in the order of the file's description. */
export interface TrialSteps {
  readonly suspects: Suspects;
  readonly context: FunctionContext;
  /** Handles groups without suspects in parallel; resolves with the messages to retry. */
  readonly calm: (messages: readonly QueueMessage[]) => Promise<readonly QueueMessage[]>;
  /** False if the message must be retried. */
  readonly one: (message: QueueMessage) => Promise<boolean>;
  /** Makes it a dead letter without parsing it; false if that failed. */
  readonly giveUp: (message: QueueMessage, tries: number) => Promise<boolean>;
  /** Returns a message that waits for an earlier one of its group. */
  readonly behind: (message: QueueMessage) => Promise<void>;
  /** Deletes finished messages, because the process may crash before it can report them. */
  readonly done: (message: QueueMessage) => Promise<void>;
}

/** Resolves with the messages to retry. */
export async function handleBatch(
  bench: TrialSteps,
  messages: readonly QueueMessage[],
): Promise<readonly QueueMessage[]> {
  const { suspects } = bench;
  const suspicious = new Set(
    messages.filter((message) => suspects.isSuspect(message)).map(({ group }) => group),
  );
  const calm = messages.filter(({ group }) => !suspicious.has(group));
  const failed = [...(calm.length === 0 ? [] : await runAmongOthers(() => bench.calm(calm)))];
  const over = calm.filter((message) => !failed.includes(message));
  if (suspicious.size > 0)
    failed.push(
      ...(await tryAll(bench, {
        messages: messages.filter(({ group }) => suspicious.has(group)),
        over,
      })),
    );
  suspects.gaveBack(failed);
  return failed;
}

/** A suspect with the number of processes that ended while it was handled alone. */
interface Accused {
  readonly message: QueueMessage;
  readonly tries: number;
}

/**
 * Revisions and order times decide which event is newer, not the order of handling. Messages that
 * crashed a process can therefore move to the end.
 */
async function tryAll(
  bench: TrialSteps,
  {
    messages,
    over: before,
  }: { readonly messages: readonly QueueMessage[]; readonly over: readonly QueueMessage[] },
): Promise<readonly QueueMessage[]> {
  const accused: Accused[] = [];
  for (const message of messages)
    accused.push({
      message,
      tries: bench.suspects.isSuspect(message) ? await bench.suspects.tries(message) : 0,
    });
  const failed: QueueMessage[] = [];
  const over = [...before];
  // What keeps one of a group from being done now, such as a device that is away, keeps the others.
  const stuck = new Set<string>();
  for (const one of accused.toSorted((a, b) => a.tries - b.tries)) {
    if (stuck.has(one.message.group)) {
      await bench.behind(one.message);
      failed.push(one.message);
      continue;
    }
    // The next message may crash the process again, and then nothing would report the finished
    // ones.
    if (one.tries > 0) for (const message of over.splice(0)) await bench.done(message);
    if (await settle(bench, one)) over.push(one.message);
    else {
      failed.push(one.message);
      stuck.add(one.message.group);
    }
  }
  return failed;
}

/**
 * Handles a suspect. After MAX_TRIES crashes it is given up without another try. True if the
 * message is done with.
 */
async function settle(bench: TrialSteps, { message, tries }: Accused): Promise<boolean> {
  const { suspects, context } = bench;
  if (tries >= MAX_TRIES) {
    const gone = await bench.giveUp(message, tries);
    if (gone) await suspects.end(message);
    return gone;
  }
  // Leave enough time to finish cleanly.
  const ms = context.getRemainingTimeInMillis() / 4;
  return (
    (await runAlone(() => onTrial(bench, message, tries), { clock: suspects.clock, ms })) ?? false
  );
}

/**
 * Handles the suspect with its count raised before and removed after: if the process dies in
 * between, the count stays.
 */
async function onTrial(
  { suspects, one }: TrialSteps,
  message: QueueMessage,
  tries: number,
): Promise<boolean> {
  await suspects.begin(message, tries + 1);
  const over = await one(message);
  await suspects.end(message);
  return over;
}
