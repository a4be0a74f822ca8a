import type { Reply } from '../http-types.ts';
import type { Json } from '../json.ts';

/** A request that AS3 refuses as a whole, without results per tenant. */
export class Refused extends Error {
  readonly status: number;
  readonly errors: readonly string[];

  constructor(status: number, message: string, errors: readonly string[] = []) {
    super(message);
    this.name = 'Refused';
    this.status = status;
    this.errors = errors;
  }
}

/** What a refused declaration was about, as far as it could be read. */
export interface Concerned {
  readonly tenants: readonly string[];
  readonly declarationId: string | undefined;
}

/** AS3's body of a refusal. The id of the declaration is only in answers that list errors. */
export function refusedBody(refused: Refused, { tenants, declarationId }: Concerned): Json {
  return {
    code: refused.status,
    ...(refused.errors.length === 0
      ? {}
      : { errors: refused.errors, declarationFullId: declarationId ?? '' }),
    message: refused.message,
    host: 'localhost',
    ...(tenants.length === 0 ? {} : { tenant: tenants }),
    ...(declarationId === undefined ? {} : { declarationId }),
  };
}

/** One row of `results`: what AS3 says about a tenant. `runTime` is in milliseconds. */
export interface TenantResult {
  readonly code: number;
  readonly message: string;
  readonly tenant: string;
  readonly host: string;
  readonly runTime: number;
  readonly declarationId?: string;
  readonly lineCount?: number;
  readonly response?: string;
  readonly dryRun?: true;
}

/**
 * One status for all tenants, or 207 if they differ. A failed call inside the device is 400 only in
 * the result.
 */
export function statusOf(results: readonly TenantResult[]): number {
  const codes = new Set(results.map(({ code }) => (code === 400 ? 422 : code)));
  const [first = 200] = codes;
  return codes.size > 1 ? 207 : first;
}

/** Notes the tenants of a reply, for the record of writes. */
export function tenantReply(reply: Reply, tenants: readonly string[]): Reply {
  return { ...reply, tenant: tenants.length === 0 ? undefined : tenants.join(',') };
}

/** AS3's message while another declare holds the lock, sent with status 503. */
export const BUSY =
  'Error: Configuration operation in progress on device localhost, please try again in 2 minutes';
