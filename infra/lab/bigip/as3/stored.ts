import { createHash } from 'node:crypto';
import { classOf, isObject, ofClass, without } from '../json.ts';
import type { Json } from '../json.ts';

/** What AS3 keeps of the declarations it was given: the whole device's, and a few before it. */
export interface Stored {
  readonly history: readonly Json[];
}

export const NOTHING: Stored = { history: [] };

/** AS3's key of the optimistic lock: it depends on the text of the tenant, key order included. */
export function lockKey(tenant: Json): string {
  const text = Buffer.from(JSON.stringify(without(tenant, 'optimisticLockKey'))).toString('base64');
  return createHash('sha256').update(text).digest('base64');
}

export function currentOf(stored: Stored): Json | undefined {
  const [latest] = stored.history;
  return latest !== undefined && ofClass(latest, 'Tenant').length > 0 ? latest : undefined;
}

export function tenantsOf(adc: Json | undefined): ReadonlyMap<string, Json> {
  return new Map(adc === undefined ? [] : ofClass(adc, 'Tenant'));
}

/** A tenant is empty for the store only if it has nothing but its class. */
export function isEmptyTenant(tenant: unknown): boolean {
  return (
    classOf(tenant) === 'Tenant' &&
    isObject(tenant) &&
    Object.keys(without(tenant, 'optimisticLockKey')).length === 1
  );
}

export interface Written {
  readonly adc: Json;
  /** Tenants whose declare went well; only these are stored. */
  readonly tenants: ReadonlyMap<string, Json>;
  readonly at: number;
  readonly limit: number;
}

export function store(stored: Stored, { adc, tenants, at, limit }: Written): Stored {
  const merged = new Map(tenantsOf(stored.history[0]));
  for (const [name, tenant] of tenants) {
    if (isEmptyTenant(tenant)) merged.delete(name);
    else merged.set(name, without(tenant, 'optimisticLockKey'));
  }
  const names = ofClass(adc, 'Tenant').map(([name]) => name);
  const entry: Json = {
    ...without(adc, ...names, 'controls', 'updateMode'),
    ...Object.fromEntries(merged),
    updateMode: 'selective',
    controls: { archiveTimestamp: new Date(at).toISOString() },
  };
  return { history: [entry, ...stored.history].slice(0, limit) };
}

/** The stored declaration with these tenants only. */
export function restricted(adc: Json, names: ReadonlySet<string>): Json {
  const others = ofClass(adc, 'Tenant')
    .map(([name]) => name)
    .filter((name) => !names.has(name));
  return without(adc, ...others);
}

export function withLockKeys(adc: Json): Json {
  const keyed = ofClass(adc, 'Tenant').map(([name, tenant]) => [
    name,
    { ...tenant, optimisticLockKey: lockKey(tenant) },
  ]);
  return { ...adc, ...Object.fromEntries(keyed) };
}
