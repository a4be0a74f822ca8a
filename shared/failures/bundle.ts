/** Failures in one file, a line of JSON each, for somebody else's store or for study in the lab. */
import * as z from 'zod';
import { explainIssues } from '../queue/issues.ts';
import { errorMessage } from '../telemetry/errors.ts';
import { ReplayError } from './error.ts';
import { Evidence, Head } from './port.ts';
import type { Failure } from './port.ts';

const FORMAT = 'sluice.failures.v1';

const Title = z.strictObject({ format: z.literal(FORMAT), exported: z.iso.datetime(), failures: z.int() });
const Line = z.strictObject({ ...Head.shape, details: Evidence });

export function writeBundle(failures: readonly Failure[], now: number): string {
  const title = { format: FORMAT, exported: new Date(now).toISOString(), failures: failures.length };
  return [title, ...failures].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** All of it or nothing. */
export function readBundle(text: string, source: string): readonly Failure[] {
  const [first = '', ...rest] = text.split('\n').filter((line) => line.trim() !== '');
  const { failures } = parse(Title, first, `${source}, line 1`);
  const read = rest.map((line, i) => parse(Line, line, `${source}, line ${i + 2}`));
  if (read.length !== failures) throw new ReplayError('RPL709', `${source} announces ${failures} failures and holds ${read.length}; it is not complete. Export it again.`);
  return read;
}

function parse<T extends z.ZodType>(schema: T, line: string, where: string): z.infer<T> {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (error) {
    throw new ReplayError('RPL709', `${where} is not JSON: ${errorMessage(error)}. Export it again with "sluice failures export".`, { cause: error });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new ReplayError('RPL709', `${where} is not of a bundle of failures: ${explainIssues(parsed.error)}. Export it again with "sluice failures export".`);
}
