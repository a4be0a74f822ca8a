/**
 * Schemas of the device's answers, limited to the fields that Sluice uses. Every answer is
 * validated here before it is used.
 */
import * as z from 'zod';
import type { As3Tenant } from '../as3/types.ts';
import { DeviceError } from '../../device/errors.ts';
import { liveShape } from './live-settings.ts';
import type { DeviceRequest, DeviceResponse } from './transport.ts';

/** The answer to a login: the token and its lifetime. */
export const Login = z.object({
  token: z.object({
    token: z.string().min(1),
    expirationMicros: z.number().optional(),
    lastUpdateMicros: z.number().optional(),
    /** Seconds. */
    timeout: z.number().optional(),
  }),
});
export type Login = Readonly<z.infer<typeof Login>>;

/** Statistics: one object with its entries. */
export const Stats = z
  .object({
    entries: z.record(
      z.string(),
      z.object({
        nestedStats: z
          .object({
            entries: z.record(z.string(), z.object({ description: z.string().optional() })),
          })
          .optional(),
      }),
    ),
  })
  .transform(({ entries }) => Object.values(entries)[0]?.nestedStats?.entries ?? {});

/** Version information of AS3. */
export const Info = z.object({ version: z.string().default('') });

/** The host name from `/mgmt/tm/sys/global-settings`. */
export const UnitName = z.object({ hostname: z.string().optional() });

/** A collection; the device omits `items` if there are none. */
export function itemsOf<T>(item: z.ZodType<T>): z.ZodType<readonly T[]> {
  return z.object({ items: z.array(item).default([]) }).transform(({ items }) => items);
}

/** A live virtual server. `destination` is `/Partition/address:port`, or `.port` for IPv6. */
export const Virtual = z.object({
  fullPath: z.string(),
  destination: z.string().default(''),
  ipProtocol: z.string().optional(),
  disabled: z.boolean().optional(),
  pool: z.string().optional(),
  ...liveShape('virtual'),
});
export type Virtual = Readonly<z.infer<typeof Virtual>>;

/** A live virtual address. */
export const VirtualAddress = z.object({ fullPath: z.string(), address: z.string().default('') });
export type VirtualAddress = Readonly<z.infer<typeof VirtualAddress>>;

const PLACED = {
  fullPath: z.string(),
  session: z.string().exactOptional(),
  state: z.string().exactOptional(),
  priorityGroup: z.number().exactOptional(),
  ratio: z.number().exactOptional(),
};
const Member = z.looseObject(PLACED);
/** A pool member as the device reports it. */
export type PlacedMember = Readonly<z.infer<typeof Member>>;

/** A live pool with its members (requested with `expandSubcollections`). */
export const Pool = z.object({
  fullPath: z.string(),
  ...liveShape('pool'),
  minActiveMembers: z.number().optional(),
  membersReference: z.object({ items: z.array(Member).default([]) }).optional(),
});
export type Pool = Readonly<z.infer<typeof Pool>>;

/** What is verified after each step, of thousands of objects: all other fields are left out. */
export const VerifiedVirtual = z.object({
  fullPath: z.string(),
  destination: z.string().default(''),
});
export const VerifiedPool = z.object({
  fullPath: z.string(),
  minActiveMembers: z.number().optional(),
  membersReference: z.object({ items: z.array(z.object(PLACED)).default([]) }).optional(),
});
export type VerifiedPool = Readonly<z.infer<typeof VerifiedPool>>;

/** A live node. `session` and `state` are the values to read of as3.md §5.5, not those to write. */
export const NodeItem = z.object({
  name: z.string(),
  address: z.string(),
  session: z.string().default(''),
  state: z.string().default(''),
  ratio: z.number().default(1),
  description: z.string().optional(),
});
export type NodeItem = Readonly<z.infer<typeof NodeItem>>;

/** The unparsed declaration of one partition. */
export function declarationOf(partition: string): z.ZodType<As3Tenant> {
  return z
    .object({ [partition]: z.looseObject({ class: z.literal('Tenant') }) })
    .transform((answer) => answer[partition]!);
}

/** A declare that continues asynchronously. */
export const Accepted = z.object({ id: z.string().min(1) });

/** Usually text; sometimes AS3 returns objects. */
const Words = z
  .unknown()
  .transform((words) =>
    words === undefined || typeof words === 'string' ? words : JSON.stringify(words),
  );

/** In a refusal of the whole request, tenants are a list. */
export const TenantResult = z.object({
  code: z.number(),
  message: z.string().default(''),
  response: Words.optional(),
  tenant: z.union([z.string(), z.array(z.string())]).optional(),
  /** Milliseconds; only a hint, so that a wrong one does not invalidate the result. */
  runTime: z.number().optional().catch(undefined),
  /** Lines of the script; only a hint. Absent if nothing changed. */
  lineCount: z.number().optional().catch(undefined),
});
export type TenantResult = Readonly<z.infer<typeof TenantResult>>;

/** Result of a declare: one result per tenant, or one message for the whole request. */
export const Outcome = z.object({
  results: z.array(TenantResult).optional(),
  code: z.number().optional(),
  message: Words.optional(),
  errors: z.array(Words).optional(),
});
export type Outcome = Readonly<z.infer<typeof Outcome>>;

/** Only running tasks are used. */
export const Tasks = itemsOf(
  z.object({ results: z.array(z.object({ message: z.string().optional() })).optional() }),
);

/** Only that it exists is used. */
export const LockObject = z.object({ name: z.string() });

/** The origin of an answer. */
export interface AnswerOrigin {
  readonly device: string;
  readonly request: Pick<DeviceRequest, 'method' | 'path' | 'kind'>;
}

/** Validates an answer. Throws BIP511 if it does not match the schema. */
export function readAs<T>(schema: z.ZodType<T>, asked: AnswerOrigin, answer: DeviceResponse): T {
  const result = schema.safeParse(answer.json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw wrongShape(
    asked,
    answer,
    issue && issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : undefined,
  );
}

/** Only a write has an unknown outcome; a login writes nothing. */
export function wrongShape(
  { device, request }: AnswerOrigin,
  answer: DeviceResponse,
  problem?: string,
): DeviceError {
  const { method, path, kind } = request;
  const fault = method === 'GET' || kind === 'login' ? 'transient' : 'ambiguous';
  const what = `${describe(answer)}${problem === undefined ? '' : ` (${problem})`}`;
  const message =
    `${device}: ${method} ${path.split('?')[0]} was answered with HTTP ${answer.status} ` +
    `and ${what}, which is not a valid answer to this call: ` +
    `${quote(answer, kind === 'login')}; check what listens at devices[].url`;
  return new DeviceError('BIP511', fault, message);
}

/** What an answer looks like, for messages, without quoting it: it may contain secrets. */
function describe({ text, json }: DeviceResponse): string {
  if (text === '') return 'nothing';
  if (json === undefined)
    return /^\s*</.test(text) ? 'a page' : /^\s*[[{]/.test(text) ? 'half a document' : 'a text';
  if (json === null) return 'null';
  if (Array.isArray(json)) return 'a list';
  return typeof json === 'object' ? 'an object' : `a ${typeof json}`;
}

/** Of an answer that could not be understood, for the log. */
const MAX_QUOTED_CHARACTERS = 200;

/** The answer to a login may contain a token, so only its keys are quoted. */
function quote({ text, json }: DeviceResponse, secret: boolean): string {
  const said =
    secret && typeof json === 'object' && json !== null
      ? `the keys ${Object.keys(json).join(', ') || '(none)'}`
      : text;
  return `"${said
    .slice(0, MAX_QUOTED_CHARACTERS)
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()}${said.length > MAX_QUOTED_CHARACTERS ? '…' : ''}"`;
}
