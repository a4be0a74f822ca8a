/** The manifests as objects: the files of a folder, or kubectl's output for an overlay. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { toolPath } from './tools.ts';

export const ROOT = resolve(import.meta.dirname, '../../..');
export const FOLDER = join(ROOT, 'infra/kubernetes');
export const OVERLAYS = ['aws', 'onprem', 'onprem-watch', 'replicas', 'servicemonitor'];

interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: {
      readonly configMapKeyRef?: { readonly name: string; readonly key: string };
    };
  }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources: {
    readonly requests: Readonly<Record<string, string>>;
    readonly limits: Readonly<Record<string, string>>;
  };
  readonly securityContext: object;
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

export interface PodSpec {
  readonly serviceAccountName: string;
  readonly securityContext: object;
  readonly containers: readonly Container[];
  readonly volumes: readonly {
    readonly name: string;
    readonly configMap?: {
      readonly name: string;
      readonly items: readonly { readonly key: string; readonly path: string }[];
    };
    readonly persistentVolumeClaim?: { readonly claimName: string };
    readonly secret?: object;
  }[];
  readonly [field: string]: unknown;
}

export interface DeploymentSpec {
  readonly replicas: number;
  readonly strategy: { readonly type: string; readonly rollingUpdate?: object };
  readonly selector: { readonly matchLabels: object };
  readonly template: { readonly metadata: { readonly labels: object }; readonly spec: PodSpec };
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: object;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly rules?: readonly PolicyRule[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly namespace: string;
  }[];
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly resources?: readonly string[];
}

export function parseManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS() as Manifest;
  });
}

/** The objects that a kustomization names, as they are in its files. */
export function readResources(folder: string): readonly Manifest[] {
  const { resources = [] } = parse(
    readFileSync(join(folder, 'kustomization.yaml'), 'utf8'),
  ) as Manifest;
  return resources
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => parseManifests(readFileSync(join(folder, name), 'utf8')));
}

/** Throws with kubectl's own message. */
export function kustomize(folder: string): readonly Manifest[] {
  return parseManifests(
    execFileSync(toolPath('kubectl'), ['kustomize', folder], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

export function one(manifests: readonly Manifest[], kind: string): Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind);
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(`expected one ${kind}, found ${found.length}`);
  return found[0];
}

const OF_WORKLOAD = ['Deployment', 'NetworkPolicy', 'PodDisruptionBudget', 'ServiceAccount'];

/** For each Deployment its objects, which have its name, and those that all share. */
export function workloads(manifests: readonly Manifest[]): readonly (readonly Manifest[])[] {
  return manifests
    .filter(({ kind }) => kind === 'Deployment')
    .map(({ metadata: { name } }) =>
      manifests.filter((each) => !OF_WORKLOAD.includes(each.kind) || each.metadata.name === name),
    );
}

export function deployment(manifests: readonly Manifest[]): DeploymentSpec {
  return one(manifests, 'Deployment').spec as unknown as DeploymentSpec;
}

export function container(manifests: readonly Manifest[]): Container {
  const { containers } = deployment(manifests).template.spec;
  const [only] = containers;
  if (only === undefined || containers.length > 1)
    throw new Error(`expected one container, found ${containers.length}`);
  return only;
}
