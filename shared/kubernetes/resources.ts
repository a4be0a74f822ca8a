/** API resources of the core group that are read or written one by one, beside the watched kinds. */
import type { Resource } from './object.ts';

function coreResource(kind: string, plural: string): Resource {
  return { group: '', version: 'v1', plural, kind, namespaced: true };
}

/** Ingress gateway Services, whose ports and status are written. */
export const SERVICES = coreResource('Service', 'services');
/** Pods, which are read in other namespaces for Gateways that select none here. */
export const PODS = coreResource('Pod', 'pods');
/** Events, which are written on Gateways, Services and ConfigMaps. */
export const EVENTS = coreResource('Event', 'events');
