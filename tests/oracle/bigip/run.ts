/** One run of the questions at one device, in a partition that is gone afterwards. */
import * as z from 'zod';
import type { Session } from '../../../shared/bigip/rest/session.ts';
import { errorMessage } from '../../../shared/telemetry/errors.ts';
import { sendTo } from './client.ts';
import { askAll } from './question.ts';
import type { Answers, Question } from './question.ts';
import { QUESTIONS } from './questions/index.ts';
import { findLeft, freeDomain, makeScratch, PREFIX, removeScratch } from './scratch.ts';

/** What a run is going to do. */
export interface Plan {
  readonly partition: string;
  /** Id of the route domain that it creates. */
  readonly domain: number;
  /** Partitions of earlier runs, which it removes first. */
  readonly left: readonly string[];
  readonly version: string;
}

const Version = z.object({
  entries: z.record(
    z.string(),
    z.object({
      nestedStats: z.object({
        entries: z.object({ Version: z.object({ description: z.string() }) }),
      }),
    }),
  ),
});

/** Reads only. */
export async function planRun(session: Session, random: () => number): Promise<Plan> {
  const partition = `${PREFIX}${Math.floor(random() * 36 ** 6)
    .toString(36)
    .padStart(6, '0')}`;
  const send = sendTo(session, partition);
  const { entries } = Version.parse((await send('GET', 'sys/version')).body);
  return {
    partition,
    domain: await freeDomain(send, random),
    left: await findLeft(send),
    version: Object.values(entries)[0]?.nestedStats.entries.Version.description ?? 'unknown',
  };
}

/** Rejects if the device went away, or if something of the partition is left; both are named. */
export async function run(
  session: Session,
  { partition, domain, left: before }: Plan,
  tell?: (question: Question) => void,
): Promise<Answers> {
  for (const name of before) await removeScratch(sendTo(session, name), name);
  const send = sendTo(session, partition);
  let answers: Answers;
  try {
    answers = await askAll(await makeScratch(send, { partition, domain }), QUESTIONS, tell);
  } catch (error) {
    const left = await removeScratch(send, partition).then(() => '', errorMessage);
    throw left === ''
      ? error
      : new Error(`${errorMessage(error)}; then: ${left}`, { cause: error });
  }
  await removeScratch(send, partition);
  return answers;
}
