/** A console that listens on loopback over a site of a test. */
import { create } from '../../../functions/console/main.ts';
import type { ConsoleOptions } from '../../../functions/console/main.ts';
import { answerAsk } from '../../../shared/failures/answer-ask.ts';
import type { Failures } from '../../../shared/failures/open.ts';
import { answerReplayAsk } from '../../../shared/operations/replay/answers.ts';
import type { AnswerContext } from '../../../shared/operations/replay/answers.ts';

export interface TestConsole {
  readonly url: string;
  close(): Promise<void>;
}

/** `world`: of the replays that are asked for. A fresh look finds nothing. */
export async function startConsole(
  options: Omit<ConsoleOptions, 'call' | 'who' | 'failures'> & { readonly failures: Failures },
  world: () => Omit<AnswerContext, 'asks'>,
): Promise<TestConsole> {
  const { asks } = options.failures;
  const { clock } = options.runtime;
  const listening = await create({
    ...options,
    who: 'ada',
    call: async (name, id) => {
      if (name === 'replay') void answerReplayAsk({ ...world(), asks }, id).catch(() => undefined);
      else
        void answerAsk({ asks, clock }, id, async () => ({
          state: 'done',
          answer: { findings: 0, failed: [] },
        }));
    },
  }).listen(0);
  return listening;
}
