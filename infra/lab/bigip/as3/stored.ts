import { createHash } from 'node:crypto';
import { classOf, isObject, ofClass, withoutKeys } from '../json.ts';
import type { Json } from '../json.ts';

/** AS3's stored declarations: that of the whole device, and a few earlier ones. */
export interface Stored {
  readonly history: readonly Json[];
}

/** A device on which nobody used AS3 yet. */
export const NOTHING: Stored = { history: [] };

/** AS3's optimistic lock key, which depends on the text of the tenant including key order. */
export function lockKey(tenant: Json): string {
  const text = Buffer.from(JSON.stringify(withoutKeys(tenant, 'optimisticLockKey'))).toString(
    'base64',
  );
  return createHash('sha256').update(text).digest('base64');
}

/** The newest declaration; undefined if it has no tenant. */
export function currentOf(stored: Stored): Json | undefined {
  const [latest] = stored.history;
  return latest !== undefined && ofClass(latest, 'Tenant').length > 0 ? latest : undefined;
}

/** Tenants by name, in the order of the declaration. */
export function tenantsOf(adc: Json | undefined): ReadonlyMap<string, Json> {
  return new Map(adc === undefined ? [] : ofClass(adc, 'Tenant'));
}

/** The store treats a tenant as empty only if it has nothing but its class. */
export function isEmptyTenant(tenant: unknown): boolean {
  return (
    classOf(tenant) === 'Tenant' &&
    isObject(tenant) &&
    Object.keys(withoutKeys(tenant, 'optimisticLockKey')).length === 1
  );
}

/** A declare that ended, with what is to be stored of it. */
export interface Written {
  readonly adc: Json;
  /** Successful tenants; only these are stored. */
  readonly tenants: ReadonlyMap<string, Json>;
  readonly at: number;
  readonly limit: number;
}

/**
 * Merges the successful tenants into the newest declaration. `limit`: declarations that are kept.
 */
export function store(stored: Stored, { adc, tenants, at, limit }: Written): Stored {
  const merged = new Map(tenantsOf(stored.history[0]));
  for (const [name, tenant] of tenants) {
    if (isEmptyTenant(tenant)) merged.delete(name);
    else merged.set(name, withoutKeys(tenant, 'optimisticLockKey'));
  }
  const names = ofClass(adc, 'Tenant').map(([name]) => name);
  const entry: Json = {
    ...withoutKeys(adc, ...names, 'controls', 'updateMode'),
    ...Object.fromEntries(merged),
    updateMode: 'selective',
    controls: {
      ...(isObject(adc['controls']) && adc['controls']),
      archiveTimestamp: new Date(at).toISOString(),
    },
  };
  return { history: [entry, ...stored.history].slice(0, limit) };
}

/** The stored declaration restricted to these tenants. */
export function restricted(adc: Json, names: ReadonlySet<string>): Json {
  const others = ofClass(adc, 'Tenant')
    .map(([name]) => name)
    .filter((name) => !names.has(name));
  return withoutKeys(adc, ...others);
}

/** With the `optimisticLockKey` of each tenant, as AS3 adds it for `showHash`. */
export function withLockKeys(adc: Json): Json {
  const keyed = ofClass(adc, 'Tenant').map(([name, tenant]) => [
    name,
    { ...tenant, optimisticLockKey: lockKey(tenant) },
  ]);
  return { ...adc, ...Object.fromEntries(keyed) };
}
