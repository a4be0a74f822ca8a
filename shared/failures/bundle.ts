/**
 * Failures in one file, one JSON line each, for another store or for the lab. The file is
 * untrusted.
 */
import * as z from 'zod';
import { Revision } from '../domain/revision.ts';
import { explainIssues } from '../queue/explain-issues.ts';
import { MAX_BODY_BYTES } from '../queue/port.ts';
import { errorMessage } from '../telemetry/errors.ts';
import { ReplayError } from './error.ts';
import { Evidence, FailureHead } from './port.ts';
import type { Failure } from './port.ts';

/** In the first line; another format is refused. */
const FORMAT = 'sluice.failures.v1';

/** Limits of a bundle. */
export interface BundleBounds {
  /** Of the whole file. */
  readonly bytes: number;
  /** Lines with a failure. */
  readonly failures: number;
}

/** Far above the failures of one bad night, and far below the memory of the reading process. */
export const BUNDLE_BOUNDS: BundleBounds = { bytes: 256 * 1024 * 1024, failures: 20_000 };

/** The first line: how many failures follow, so that a file that was cut is noticed. */
const Title = z.strictObject({
  format: z.literal(FORMAT),
  exported: z.iso.datetime(),
  failures: z.int(),
});

/** Longer than any name of Kubernetes or BIG-IP. */
const name = z.string().max(1_024);
/** Longer than any message that Sluice writes. */
const words = z.string().max(64 * 1_024);
/** Milliseconds, within the range of Date. */
const time = z.int().min(0).max(8.64e15);
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
/** As `failureId` creates it; it becomes part of a key. */
const id = z.string().regex(/^[0-9a-f]{16}$/, 'must be 16 hex digits');

const attempts = z
  .array(z.strictObject({ at: z.iso.datetime(), code: name, reason: words }))
  .max(1_000);
const plan = z
  .array(z.object({ owner: name, key: name, kind: name, code: name, reason: words }))
  .max(1_000);
const event = z.strictObject({
  ...Evidence.shape.event.shape,
  group: name,
  id: name,
  body: z.string().max(MAX_BODY_BYTES),
  sentAt: time,
  receiveCount: count,
  sender: name.optional(),
});
const details = z.strictObject({
  ...Evidence.shape,
  reason: words,
  attempts,
  functionVersion: name.optional(),
  traceparent: name.optional(),
  response: words.optional(),
  plan: plan.optional(),
  event,
});

/** A head within limits; `evidence` is accepted and ignored. */
const Line = z.strictObject({
  ...FailureHead.shape,
  id,
  code: name,
  sentence: words,
  owner: name.optional(),
  device: name.optional(),
  partition: name.optional(),
  exposure: name.optional(),
  gateways: z.array(name).max(10_000),
  revision: Revision.optional(),
  count: z.int().positive().max(Number.MAX_SAFE_INTEGER),
  first: time,
  last: time,
  changed: time,
  replays: z.array(name).max(1_000).optional(),
  note: words.optional(),
  seen: z.array(name).max(1_000),
  evidence: name,
  details,
});

/** Serialises failures with their evidence. Throws RPL709 if they exceed the limits. */
export function writeBundle(
  failures: readonly Failure[],
  now: number,
  bounds = BUNDLE_BOUNDS,
): string {
  const title = {
    format: FORMAT,
    exported: new Date(now).toISOString(),
    failures: failures.length,
  };
  const text = [title, ...failures].map((line) => `${JSON.stringify(line)}\n`).join('');
  if (failures.length > bounds.failures || Buffer.byteLength(text) > bounds.bytes) {
    throw new ReplayError(
      'RPL709',
      `A bundle cannot hold ${failures.length} failures (${limits(bounds)}); ` +
        'export them in parts with a filter such as cluster:east or since:2h.',
    );
  }
  return text;
}

function limits({ failures, bytes }: BundleBounds): string {
  return `${failures} failures, ${Math.floor(bytes / 1_048_576)} MiB`;
}

/** Reads the whole bundle, or throws without a partial result. */
export function readBundle(
  text: string,
  source: string,
  bounds = BUNDLE_BOUNDS,
): readonly Failure[] {
  if (Buffer.byteLength(text) > bounds.bytes) throw bundleTooLarge(source, bounds);
  const [first = '', ...rest] = text
    .split('\n', bounds.failures + 3)
    .filter((line) => line.trim() !== '');
  const { failures } = parse(Title, first, `${source}, line 1`);
  if (rest.length > bounds.failures) throw bundleTooLarge(source, bounds);
  const read = rest.map((line, i) => parse(Line, line, `${source}, line ${i + 2}`));
  if (read.length !== failures)
    throw new ReplayError(
      'RPL709',
      `${source} announces ${failures} failures but contains ${read.length}, so it is incomplete. Export it again.`,
    );
  return read;
}

/** The error for a bundle above the limits, with a way to export less. */
export function bundleTooLarge(source: string, bounds = BUNDLE_BOUNDS): ReplayError {
  return new ReplayError(
    'RPL709',
    `${source} exceeds the limits of a bundle (${limits(bounds)}). ` +
      'Export it in parts with a filter such as cluster:east or since:2h.',
  );
}

/** Throws RPL709 for a line that is not JSON, or not of this shape. */
function parse<T extends z.ZodType>(schema: T, line: string, where: string): z.infer<T> {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (error) {
    throw new ReplayError(
      'RPL709',
      `${where} is not JSON: ${errorMessage(error)}. Export it again with "sluice failures export".`,
      { cause: error },
    );
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new ReplayError(
    'RPL709',
    `${where} is not part of a failure bundle: ${explainIssues(parsed.error)}. ` +
      'Export it again with "sluice failures export".',
  );
}
