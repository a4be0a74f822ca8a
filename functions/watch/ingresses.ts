import type { IngressConfig } from '../../shared/config/schema.ts';
import type { IngressRef } from '../../shared/domain/ingress/snapshot.ts';

/** What the configuration says about one ingress, as far as the watcher cares; several entries may name the same Service. */
export interface WatchedIngress {
  readonly ref: IngressRef;
  /** `nodes` when any entry wants nodes. */
  readonly members: 'pods' | 'nodes';
  /** `manage` unless every entry says `observe`. */
  readonly servicePorts: 'manage' | 'observe';
  readonly writeStatus: boolean;
}

export function watchedIngresses(entries: readonly IngressConfig[], clusterId: string): readonly WatchedIngress[] {
  const byService = Map.groupBy(
    entries.filter((entry) => entry.cluster === clusterId),
    (entry) => entry.service,
  );
  return [...byService].map(([name, group]) => {
    const [namespace = '', service = ''] = name.split('/');
    return {
      ref: { namespace, service },
      members: group.some((entry) => entry.members === 'nodes') ? 'nodes' : 'pods',
      servicePorts: group.every((entry) => entry.servicePorts === 'observe') ? 'observe' : 'manage',
      writeStatus: group.some((entry) => entry.writeStatus),
    };
  });
}
