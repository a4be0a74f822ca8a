/** The room Audit: who changed what, when, why, and with which result. */
import * as z from 'zod';
import { Lines, route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { AuditPageSchema } from '../schemas/fleet.ts';

const cursor = z
  .string()
  .max(200)
  .regex(/^[\w.:-]+$/, 'must be the "next" of another page')
  .optional();

/** Entries of one export. S3 answers about so many within the time of a request. */
const EXPORTED = 2_000;

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
    summary: 'Entries as lines of JSON, newest first; the header X-Sluice-Next leads to older ones',
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(EXPORTED).default(EXPORTED),
      before: cursor,
    }),
    answer: z.string(),
    lines: true,
    handle: async ({ query: { limit, before } }, { context }) => {
      const { entries, next } = await context.audit.page(limit, before);
      return new Lines(entries, next);
    },
  }),
];
