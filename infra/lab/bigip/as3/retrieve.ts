import type { Device } from '../device.ts';
import type { Reply } from '../http-types.ts';
import { classOf, isObject } from '../json.ts';
import type { Json } from '../json.ts';
import { Refused } from './answers.ts';
import type { Frame } from './body.ts';
import { parseTenant } from './parse.ts';
import { currentOf, restricted, tenantsOf, withLockKeys } from './stored.ts';

/** Returns the stored declaration; needs no lock. */
export function retrieve(device: Device, { scope, query }: Frame): Reply {
  const age = query.get('age');
  if (age === 'list') return { status: 200, body: list(device) };
  const adc =
    age === null || age === '0'
      ? currentOf(device.condition.stored)
      : device.condition.stored.history[Number(age)];
  if (adc === undefined) return nothing(device, scope);
  const missing = scope.find((name) => !tenantsOf(adc).has(name));
  if (missing !== undefined)
    throw new Refused(404, `specified Tenant(s) '${missing}' not found in declaration`);
  const scoped = scope.length === 0 ? adc : restricted(adc, new Set(scope));
  const shown =
    query.get('show') === 'full' || query.get('show') === 'expanded' ? full(scoped) : scoped;
  const filter = query.get('filterClass');
  const filtered = filter === null ? shown : filterClass(shown, filter);
  return {
    status: 200,
    body: query.get('showHash') === 'true' ? withKeysOf(filtered, scoped) : filtered,
  };
}

/** An AS3 that never stored anything does not answer 204 for a tenant (as3.md §1.5). */
function nothing({ condition }: Device, scope: Frame['scope']): Reply {
  if (scope.length > 0 && condition.stored.history.length === 0)
    throw new Refused(404, 'declaration in specified path not found');
  return { status: 204 };
}

function list(device: Device): readonly Json[] {
  return device.condition.stored.history.map((entry, index) => ({
    age: index,
    id: entry['id'],
    date: (entry['controls'] as Json | undefined)?.['archiveTimestamp'],
    tenants: [...tenantsOf(entry).keys()],
  }));
}

function full(adc: Json): Json {
  return {
    ...adc,
    ...Object.fromEntries(
      [...tenantsOf(adc)].map(([name, tenant]) => [name, parseTenant(name, tenant).full]),
    ),
  };
}

/** The key belongs to the stored text, whichever part is shown. */
function withKeysOf(shown: Json, stored: Json): Json {
  const keys = tenantsOf(withLockKeys(stored));
  return {
    ...shown,
    ...Object.fromEntries(
      [...tenantsOf(shown)].map(([name, tenant]) => [
        name,
        { ...tenant, optimisticLockKey: keys.get(name)?.['optimisticLockKey'] },
      ]),
    ),
  };
}

function filterClass(value: Json, wanted: string): Json {
  const kept = Object.entries(value).flatMap(([key, child]): [string, unknown][] => {
    if (!isObject(child)) return key === 'class' || key === 'schemaVersion' ? [[key, child]] : [];
    if (classOf(child) === wanted) return [[key, child]];
    const inner = filterClass(child, wanted);
    return Object.keys(inner).some((name) => name !== 'class') ? [[key, inner]] : [];
  });
  return Object.fromEntries(kept);
}
