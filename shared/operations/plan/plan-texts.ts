/** What manifests would change, by what was last seen of the devices; no device is asked. */
import { excessOf } from '../../domain/json-bounds.ts';
import { MeshOptions } from '../../domain/istio/mesh.ts';
import type { ServerReport } from '../../domain/istio/port-mapping.ts';
import { normaliseObjects } from '../../kubernetes/objects/index.ts';
import { chooseCluster } from '../clusters/clusters.ts';
import type { OperationContext } from '../context.ts';
import { deviceFromViews } from '../devices/seen-partitions.ts';
import { ignoredLines } from '../manifests/ignored.ts';
import { flatten, inNamespace, problemOf } from '../manifests/kubernetes-shape.ts';
import type { Listed } from '../manifests/kubernetes-shape.ts';
import { refuseSame } from '../manifests/same-object.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import { planObjects, summarise } from './plan.ts';
import type { ObjectPlan, DevicePlanEntry, PlanSummary } from './plan.ts';

/** Manifests of one cluster. */
export interface TextQuestion {
  readonly manifests: string;
  /** Default: the only one. */
  readonly cluster?: string | undefined;
}

/** The answer to a developer. */
export interface TextPlan {
  readonly cluster: string;
  /** RFC 3339: the oldest of the views; absent if there is no device. */
  readonly at?: string;
  readonly counts: PlanSummary;
  /** What changes, or would change if it were possible. */
  readonly changes: readonly DevicePlanEntry[];
  readonly notExposed: readonly ServerReport[];
  /** Ingress Services that are not among the manifests; their exposures stay as they are. */
  readonly absent: readonly string[];
  readonly warnings: readonly PlanWarning[];
  readonly notes: readonly string[];
}

/** What somebody should know about an object, such as an annotation that has no effect. */
export interface PlanWarning {
  /** `Kind namespace/name`. */
  readonly object: string;
  readonly code: string;
  readonly message: string;
}

const UNSEEN =
  'Whether referenced iRules and profiles exist, and which addresses others hold, only the device knows.';

/** Throws an explanation if nothing can be planned. */
export async function planTexts(
  context: Pick<OperationContext, 'runtime' | 'views' | 'readPartitions'>,
  { manifests, cluster: wanted }: TextQuestion,
): Promise<TextPlan> {
  const { runtime, views, readPartitions } = context;
  const cluster = chooseCluster(runtime.config, wanted);
  const { objects, ignored } = normaliseObjects([...objectsIn(manifests)]);
  const plan = await planObjects(runtime, {
    objects,
    clusterId: cluster.id,
    mesh: MeshOptions.parse({ ...cluster.mesh }),
    ask: false,
    seen: deviceFromViews(views),
  });
  const seen = (await readPartitions(runtime.config.devices))
    .flatMap((one) => ('state' in one ? (one.at ?? []) : []))
    .toSorted();
  return {
    cluster: cluster.id,
    ...(seen[0] !== undefined && { at: seen[0] }),
    counts: summarise(plan.changes),
    changes: plan.changes.filter(({ kind }) => kind !== 'unchanged'),
    notExposed: plan.ingresses.flatMap(({ built }) =>
      built.servers.filter(({ verdict }) => verdict !== 'listening'),
    ),
    absent: plan.absent,
    warnings: warningsOf(plan),
    notes: [...ignoredLines(ignored).map((line) => `ignored: ${line}`), ...notesOf(plan), UNSEEN],
  };
}

/** The cost of a request depends on these. A Kubernetes object has about ten levels. */
const BOUNDS = { depth: 64, values: 20_000 };

/**
 * Objects, Lists or an array of them. Only JSON, because the time that YAML takes has no useful
 * bound, and other requests would wait.
 */
function objectsIn(text: string): readonly unknown[] {
  const excess = excessOf(text, BOUNDS);
  if (excess !== undefined) throw new Error(`manifests: ${excess}; plan fewer objects at a time`);
  const found = flatten({ kind: 'List', apiVersion: 'v1', items: [parsed(text)].flat() }).map(
    ({ object, path }) => {
      const problem = problemOf(object);
      const place = ['manifests', ...path.slice(1), ...(problem?.path ?? [])].join('.');
      if (problem !== undefined) throw new Error(`${place}: ${problem.message}`);
      return { object: inNamespace(object as Listed, 'default'), place: () => place };
    },
  );
  refuseSame(found, 'leave one of the two out');
  return found.map(({ object }) => object);
}

/** The manifests as JSON. Throws an error that says how to make JSON from YAML. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(
      `manifests: must be JSON (${errorMessage(error)}); ` +
        'make it with kubectl create -f FILE --dry-run=client -o json',
      { cause: error },
    );
  }
}

/**
 * Notes of all ingresses, without the object at the beginning of each sentence, which has a column
 * of its own.
 */
function warningsOf({ ingresses }: ObjectPlan): readonly PlanWarning[] {
  return ingresses.flatMap(({ built }) =>
    built.notes.map(({ object, message, code }) => ({
      object,
      code,
      message: message.startsWith(`${object}: `) ? message.slice(object.length + 2) : message,
    })),
  );
}

/** Members that the manifests do not tell. */
function notesOf({ ingresses }: ObjectPlan): readonly string[] {
  return ingresses.flatMap(({ blind, ref: { namespace, service } }) =>
    blind ? [`no pool members for Service ${namespace}/${service}; the cluster fills them in`] : [],
  );
}
