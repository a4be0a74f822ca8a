import { said } from './client.ts';
import type { Answer } from './client.ts';
import type { Part, Scratch } from './scratch.ts';

/** One thing that only a device knows. */
export interface Question {
  readonly id: string;
  readonly asks: string;
  readonly needs?: readonly Part[];
  /** One line; names of the run may be in it. */
  ask(scratch: Scratch): Promise<string>;
}

/** The answer to each question, by its id, in words that do not depend on the run. */
export type Answers = ReadonlyMap<string, string>;

/** One after the other; `tell` hears the question that comes next. */
export async function askAll(
  scratch: Scratch,
  questions: readonly Question[],
  tell: (question: Question) => void = () => undefined,
): Promise<Answers> {
  const answers = new Map<string, string>();
  for (const question of questions) {
    tell(question);
    const missing = question.needs?.find((part) => scratch.refused.has(part));
    const text =
      missing === undefined
        ? await question.ask(scratch)
        : `not asked, because the device refused what it needs (${missing}): ${scratch.refused.get(missing)}`;
    answers.set(question.id, withoutRun(text, scratch));
  }
  return answers;
}

/** Names of the partition, its route domain and transactions differ from run to run. */
function withoutRun(text: string, { partition, domain }: Scratch): string {
  return text
    .replaceAll(partition, 'P')
    .replaceAll(new RegExp(`%${domain}\\b`, 'g'), '%RD')
    .replaceAll(/\b\d{10,}\b/g, 'N')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** What one property of an accepted answer says, else the refusal. */
export function shown(answer: Answer, ...properties: readonly string[]): string {
  if (answer.status >= 400) return said(answer);
  return properties.map((property) => `${property} ${textOf(answer.body[property])}`).join(', ');
}

export function textOf(value: unknown): string {
  if (value === undefined) return '(none)';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * The largest size that is taken and comes back whole. `tryOne` resolves with undefined then, else
 * with what happened.
 */
export async function largest(
  sizes: readonly number[],
  tryOne: (size: number) => Promise<string | undefined>,
): Promise<string> {
  let taken = 0;
  for (const size of sizes) {
    const trouble = await tryOne(size);
    if (trouble !== undefined) return `${taken} taken; ${size}: ${trouble}`;
    taken = size;
  }
  return `${taken} taken, the largest that was tried`;
}

/** What became of a text that was written, for {@link largest}. */
export function whole(answer: Answer, sent: string, came: unknown): string | undefined {
  if (answer.status >= 400) return said(answer);
  if (came === sent) return undefined;
  return `came back with ${typeof came === 'string' ? `${came.length} characters` : textOf(came)}`;
}
