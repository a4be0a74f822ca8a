/** Files of figures: of another product, or of another run of this one. */
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';

const MAX_BYTES = 256 * 1_024;
const MAX_FIGURES = 500;

const Value = z.number().nonnegative().max(1e9);

/** Figures by `row.figure`, in the unit of the figure; a pair is a range. */
export const PeerFile = z.strictObject({
  /** Heading of the column. */
  name: z
    .string()
    .min(1)
    .max(40)
    .regex(/^[\x20-\x7e]+$/, 'has a character that is not printable ASCII'),
  /** Where the figures are from, and how they were measured. */
  about: z.string().max(1_000).optional(),
  figures: z
    .record(
      z
        .string()
        .max(80)
        .regex(/^[a-z0-9-]+\.[a-z0-9-]+$/),
      z.union([Value, z.tuple([Value, Value])]),
    )
    .refine(
      (figures) => Object.keys(figures).length <= MAX_FIGURES,
      `has more than ${MAX_FIGURES} figures`,
    ),
});

export type PeerFile = z.infer<typeof PeerFile>;

/** Throws an error with one sentence if the file is not readable, too large or not of this shape. */
export function readPeer(file: string): PeerFile {
  const { size } = statSync(file);
  if (size > MAX_BYTES) throw new Error(`--peer ${file}: is larger than ${MAX_BYTES / 1_024} KiB`);
  const parsed = PeerFile.safeParse(jsonOf(file));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue?.path.join('.') ?? '';
  throw new Error(`--peer ${file}: ${at === '' ? '' : `${at}: `}${issue?.message ?? 'is invalid'}`);
}

function jsonOf(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (error) {
    throw new Error(`--peer ${file}: is no JSON`, { cause: error });
  }
}
