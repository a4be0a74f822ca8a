/** API resources of the core group that are read or written one by one, beside the watched kinds. */
import type { Resource } from './object.ts';

function coreResource(kind: string, plural: string): Resource {
  return { group: '', version: 'v1', plural, kind, namespaced: true };
}

export const SERVICES = coreResource('Service', 'services');
export const PODS = coreResource('Pod', 'pods');
export const EVENTS = coreResource('Event', 'events');
