import { nameOf, partitionOf } from './model.ts';

/** `~T~A~pool` in a URL is `/T/A/pool`; a bare name is in /Common. */
export function fromUrl(segment: string): string {
  const decoded = decodeURIComponent(segment);
  return decoded.startsWith('~') ? decoded.replaceAll('~', '/') : `/Common/${decoded}`;
}

/** A full path as part of a URL: `~k8s~app~pool`. */
export function toUrl(path: string): string {
  return path.replaceAll('/', '~');
}

/** Full path of a body's `name` and `partition` (and `subPath`). */
export function fromBody(name: string, partition: unknown, subPath?: unknown): string {
  if (name.startsWith('/')) return name;
  const folder = typeof subPath === 'string' && subPath !== '' ? `/${subPath}` : '';
  return `/${typeof partition === 'string' ? partition : 'Common'}${folder}/${name}`;
}

/** `net/route` is `tm:net:route:route`, to which `state` or `collectionstate` is added. */
export function kindOf(collection: string): string {
  return `tm:${collection.replaceAll('/', ':')}:${collection.split('/').at(-1) ?? ''}`;
}

/** A link to anything below `/mgmt/tm`. */
export function linkTo(path: string): string {
  return `https://localhost/mgmt/tm/${path}?ver=17.1.1`;
}

/** What every answer of iControl REST about an object has in common. */
export interface ItemIdentity {
  readonly kind: string;
  readonly name: string;
  readonly partition: string;
  readonly subPath?: string;
  readonly fullPath: string;
  readonly generation: number;
  readonly selfLink: string;
}

/** Of an object of LTM. `generation` is fixed, because the lab counts none. */
export function itemIdentity(kind: string, collection: string, path: string): ItemIdentity {
  return identityOf(`tm:ltm:${kind}`, `ltm/${collection}`, path);
}

/** The properties that every object has; `collection` is `net/route`. */
export function identityOf(kind: string, collection: string, path: string): ItemIdentity {
  const folders = path.split('/').slice(2, -1).join('/');
  return {
    kind,
    name: nameOf(path),
    partition: partitionOf(path),
    ...(folders === '' ? {} : { subPath: folders }),
    fullPath: path,
    generation: 1,
    selfLink: linkTo(`${collection}/${toUrl(path)}`),
  };
}
