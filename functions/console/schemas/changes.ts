/** Schemas of changes: a preview, and the act that carries its hash. */
import * as z from 'zod';
import { AskSchema } from './failures.ts';

const name = z.string().min(1).max(512);
const words = z.array(z.string().max(512)).min(1).max(200);

/** The wanted change of each route below `/changes/`. */
export const CHANGES = {
  cluster: z.strictObject({
    kind: z.literal('cluster'),
    action: z.enum(['drain', 'out', 'enable', 'forget', 'adopt']),
    cluster: name,
    device: name.optional(),
    owner: z
      .string()
      .max(400)
      .regex(/^[^/\s]+\/[^/\s]+$/, 'must be namespace/service')
      .optional(),
    uid: name.optional(),
  }),
  approve: z.strictObject({
    kind: z.literal('approve'),
    owner: name,
    keys: z.array(name).min(1).max(1_000).optional(),
    device: name.optional(),
  }),
  repair: z.strictObject({ kind: z.literal('repair'), device: name.optional() }),
  sync: z.strictObject({
    kind: z.literal('sync'),
    cluster: name,
    gateway: z
      .string()
      .max(400)
      .regex(/^[^/\s]+\/[^/\s]+$/, 'must be namespace/name'),
    device: name.optional(),
  }),
  'cancel-order': z.strictObject({ kind: z.literal('cancel-order'), id: name }),
  archive: z.strictObject({ kind: z.literal('archive'), words }),
  restore: z.strictObject({ kind: z.literal('restore'), words }),
  pause: z.strictObject({ kind: z.literal('pause'), job: name }),
  cancel: z.strictObject({ kind: z.literal('cancel'), job: name }),
  start: z.strictObject({ kind: z.literal('start'), job: name }),
  resume: z.strictObject({ kind: z.literal('resume'), job: name }),
} as const;
/** A name below `/changes/`. */
export type ChangeName = keyof typeof CHANGES;

/** In the order of the document. */
export const CHANGE_NAMES = Object.keys(CHANGES) as [ChangeName, ...ChangeName[]];

/** Connections that a change cuts, as the devices counted them at that time (RFC 3339). */
export const CutConnections = z.strictObject({
  connections: z.int().nonnegative(),
  at: z.iso.datetime(),
});
export type CutConnections = Readonly<z.infer<typeof CutConnections>>;

/**
 * What a change would do now. `hash` stands for all of it: the change is only made if the hash is
 * still the same, so that nobody confirms what they have not seen.
 */
export const ChangePreviewSchema = z
  .strictObject({
    kind: z.enum(CHANGE_NAMES),
    what: z.string(),
    objects: z.strictObject({ total: z.int(), list: z.array(z.string()) }),
    counts: z.record(z.string(), z.int()),
    effects: z.array(z.string()),
    /** Absent if it cuts none, if that is not known, or if you may not make the change. */
    cut: CutConnections.optional(),
    /** Confirm it with `force`. */
    risk: z.string().optional(),
    deed: z.string(),
    command: z.string(),
    undo: z.string().optional(),
    hash: z.string(),
  })
  .meta({ id: 'ChangePreview' });

/** How a person confirms a change. */
export const ConfirmationSchema = z.strictObject({
  hash: z.string().max(64),
  /** Any text that is unique to this click; a repeated request does nothing twice. */
  key: z.string().min(8).max(100),
  why: z.string().trim().min(1, 'give a reason, for the audit log').max(1_000),
  force: z.boolean().default(false),
});

/** A change that was made, or a run that was begun. */
export const ChangeResultSchema = z
  .strictObject({
    /** One sentence. */
    says: z.string(),
    /** The change that undoes it: preview it like any other; absent if nothing does. */
    undo: z.union(Object.values(CHANGES)).optional(),
    /** Of a run: the question that the function replay answers. */
    ask: AskSchema.optional(),
  })
  .meta({ id: 'ChangeResult' });

/** 409: nothing was done; the new preview shows the difference. */
export const MovedSchema = z
  .strictObject({
    error: z.strictObject({ code: z.string().optional(), message: z.string() }),
    preview: ChangePreviewSchema.optional(),
  })
  .meta({ id: 'Moved' });
