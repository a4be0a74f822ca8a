/**
 * Hosts of servers and VirtualServices: istio-port-mapping.md §2, `sanitizeServerHostNamespace`.
 */

/**
 * Replaces `./` by the namespace of the Gateway and removes `*` with its slash (any namespace), as
 * istiod does. If `*` of any namespace is listed, only `*` remains.
 */
export function sanitiseHosts(hosts: readonly string[], namespace: string): string[] {
  if (hosts.includes('*/*')) return ['*'];
  return hosts.map((host) => {
    if (host.startsWith('./')) return `${namespace}/${host.slice(2)}`;
    return host.startsWith('*/') ? host.slice(2) : host;
  });
}

/** Without the namespace: used for matching, and as the SNI of a filter chain. */
export function hostName(host: string): string {
  const slash = host.indexOf('/');
  return slash < 0 ? host : host.slice(slash + 1);
}

/** Undefined if any namespace may bind. */
export function hostNamespace(host: string): string | undefined {
  const slash = host.indexOf('/');
  return slash < 0 ? undefined : host.slice(0, slash);
}

/** `host.Name.Matches`: equal, or one is a wildcard that covers the other. */
export function hostsOverlap(a: string, b: string): boolean {
  const [wildA, wildB] = [a.startsWith('*'), b.startsWith('*')];
  if (wildA && wildB) return a.length < b.length ? b.endsWith(a.slice(1)) : a.endsWith(b.slice(1));
  if (wildA) return b.endsWith(a.slice(1));
  if (wildB) return a.endsWith(b.slice(1));
  return a === b;
}

/** Whether `host` equals `of` or is under it. */
export function isSubsetOf(host: string, of: string): boolean {
  if (of.startsWith('*')) return host.replace(/^\*/, '').endsWith(of.slice(1));
  return host === of;
}
