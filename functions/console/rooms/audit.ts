/** The room Audit: who changed what, when, why, and with which result. */
import * as z from 'zod';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { AuditPageSchema } from '../schemas/fleet.ts';

const cursor = z
  .string()
  .max(200)
  .regex(/^[\w.:-]+$/, 'must be the "next" of another page')
  .optional();

/** Entries of one export; later ones are in the next. */
const MAX_EXPORTED = 10_000;

/** The audit log in pages, and as an export with one JSON object in each line. */
export const AUDIT_ROUTES: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/audit',
    role: 'viewer',
    room: 'Audit',
    summary: 'A page of the audit log, newest first',
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(500).default(100),
      before: cursor,
    }),
    answer: AuditPageSchema,
    handle: ({ query: { limit, before } }, { context }) => context.audit.page(limit, before),
  }),
  route({
    method: 'get',
    path: '/api/v1/audit.jsonl',
    role: 'viewer',
    room: 'Audit',
    summary: 'The newest ten thousand entries as lines of JSON',
    answer: z.string(),
    lines: true,
    handle: async (_input, { context }) => {
      const { entries } = await context.audit.page(MAX_EXPORTED);
      return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    },
  }),
];
