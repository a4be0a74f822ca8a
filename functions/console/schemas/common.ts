/** Schemas that several rooms use. */
import * as z from 'zod';

/** Milliseconds since 1970. */
export const MillisSchema = z.number().meta({ description: 'Milliseconds since 1970' });

/** Why a request was not carried out. */
export const ProblemSchema = z
  .strictObject({
    error: z.strictObject({
      /** A code of docs/reference/codes.md, if there is one. */
      code: z.string().optional(),
      message: z.string(),
    }),
  })
  .meta({ id: 'Problem' });

/** A partition that is not known, with the reason. */
export const UnansweredSchema = z
  .strictObject({
    device: z.string(),
    partition: z.string().optional(),
    code: z.string().optional(),
    problem: z.string(),
  })
  .meta({ id: 'Unanswered' });

/** Words of a filter, as on the command line. */
export const FilterQuerySchema = z.strictObject({
  filter: z.string().max(2_000).default('').meta({
    description: 'Words as for "sluice failures list": code:BIP421 cluster:east since:2h',
  }),
});

/**
 * The version of a snapshot: of two revisions the one with the larger epoch is newer, then the one
 * with the larger counter.
 */
export const RevisionSchema = z
  .strictObject({ epoch: z.number(), counter: z.number() })
  .meta({ id: 'Revision' });
