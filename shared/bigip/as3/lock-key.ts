import { createHash } from 'node:crypto';
import type { As3Tenant } from './types.ts';

/**
 * The key that AS3 gives a tenant once it is stored: it depends on the text as posted, key order
 * included, without the key that was posted with it (as3.md §9.4).
 */
export function lockKeyOf(tenant: As3Tenant): string {
  const { optimisticLockKey: _posted, ...stored } = tenant;
  const text = Buffer.from(JSON.stringify(stored)).toString('base64');
  return createHash('sha256').update(text).digest('base64');
}
