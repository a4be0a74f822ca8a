/**
 * Requests the Services of the whole cluster while a server of the ingress needs them, and reports
 * if they cannot be read.
 */
import { ownerKey, type IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Recorder } from './event-recorder.ts';
import type { EventMessage, EventTarget } from './event-object.ts';
import { findTarget, serviceTarget } from './event-targets.ts';
import type { IngressView } from '../view/ingress-view.ts';
import type { ClusterCache } from '../cache/cluster-cache.ts';

/** The ingress, and the view that knows which Services of the mesh it needs. */
export interface MeshServiceAccessOptions {
  readonly cluster: string;
  readonly ref: IngressRef;
  /** Says which Services elsewhere the servers need. */
  readonly view: Pick<IngressView, 'meshServiceDemands'>;
  /** Starts and ends the stream of all Services. */
  readonly cache: Pick<ClusterCache, 'index' | 'mesh' | 'service'>;
  readonly recorder: Recorder;
}

/** Whether the needed Services are known, and the report if they cannot be read. */
export interface MeshServiceAccess {
  /**
   * False while a server waits for Services that are not listed yet, because it would look closed.
   */
  ready(): boolean;
  /** Reports a missing permission on the Gateways and the ingress Service while it persists. */
  report(): void;
}

/** Each call of `ready` renews or ends the request for the Services. */
export function createMeshServiceAccess({
  cluster,
  ref,
  view,
  cache,
  recorder,
}: MeshServiceAccessOptions): MeshServiceAccess {
  const owner = ownerKey(cluster, ref);
  const scope = `${ref.namespace}/${ref.service} mesh`;
  let told: readonly EventTarget[] = [];
  return {
    ready: () => {
      const wanted = view.meshServiceDemands().length > 0;
      cache.mesh.want(owner, wanted);
      return !wanted || cache.mesh.answered;
    },
    report: () => {
      const demands = cache.mesh.denied === undefined ? [] : view.meshServiceDemands();
      const service = cache.service(ref.namespace, ref.service);
      const gateways = demands.flatMap(
        ({ gateway, api }) => findTarget(cache.index, { kind: 'Gateway', api, key: gateway }) ?? [],
      );
      const targets =
        demands.length === 0 || service === undefined
          ? []
          : [serviceTarget(service.object.meta), ...gateways];
      for (const target of targets) recorder.report(target, scope, [denied(scope)]);
      const now = new Set(targets.map(({ uid }) => uid));
      for (const target of told) if (!now.has(target.uid)) recorder.report(target, scope, []);
      told = targets;
    },
  };
}

/** Names the effect of the missing permission, and the permission. */
function denied(scope: string): EventMessage {
  const message =
    'GW160: a server with tls.mode AUTO_PASSTHROUGH opens its port only ' +
    'if a Service matches its hosts. ' +
    'The watcher may not list the Services of the whole cluster, ' +
    'so the port counts as closed. ' +
    'Grant the service account of Sluice list and watch on services ' +
    '(ClusterRole sluice-cluster in infra/kubernetes/base).';
  return { subject: scope, type: 'Warning', reason: 'MeshServicesDenied', message };
}
