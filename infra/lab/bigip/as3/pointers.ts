import { Invalid } from './parse.ts';
import type { Application, Tenant } from './parse.ts';
import type { Item, Pointer } from './schema.ts';

/** Where a pointer is written, which decides where AS3 looks for what it names. */
export interface PointerPlace {
  readonly tenant: Tenant;
  readonly application: Application;
  /** Path of the property that holds the pointer, for messages. */
  readonly path: string;
}

/**
 * Full path of the object that a pointer means; AS3 searches only the same application and
 * `Shared`.
 */
export function pointerPath(
  pointer: Pointer,
  wanted: readonly Item['class'][],
  place: PointerPlace,
): string {
  if (typeof pointer === 'string') return declaredAt(pointer, wanted, place);
  return 'bigip' in pointer ? pointer.bigip : declaredAt(pointer.use, wanted, place);
}

function declaredAt(text: string, wanted: readonly Item['class'][], place: PointerPlace): string {
  const here = `/${place.tenant.name}/${place.application.name}`;
  const full = text.startsWith('/') ? text : `${here}/${text}`;
  const [, tenant = '', application = '', item = ''] = full.split('/');
  if (
    tenant !== place.tenant.name ||
    (application !== place.application.name && application !== 'Shared')
  ) {
    throw new Invalid(
      place.path,
      'must contain path pointing into same Application (or /same-Tenant/Shared or /Common/Shared)',
    );
  }
  const holder =
    application === place.application.name
      ? place.application
      : place.tenant.applications.find((a) => a.name === application);
  const found = holder?.items.get(item);
  if (found === undefined || !wanted.includes(found.class)) {
    throw new Invalid(
      place.path,
      `contains path to non-existent object ${text} (wanted: ${wanted.join(' or ')})`,
    );
  }
  return full;
}

/** The object at `/tenant/application/name`; undefined if the tenant has none. */
export function itemAt(tenant: Tenant, path: string): Item | undefined {
  const [, , application, item = ''] = path.split('/');
  return tenant.applications.find((a) => a.name === application)?.items.get(item);
}
