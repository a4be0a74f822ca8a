/** Which rights the code needs, and which ones the manifests grant to whom, and where. */
import { RBAC_RULES, type RbacRule } from '../../../shared/kubernetes/rbac.ts';
import type { Manifest } from './manifests.ts';

export interface Grant {
  /** `*`: in every namespace. */
  readonly namespace: string;
  readonly group: string;
  /** Including its subresource: `services/status`. */
  readonly resource: string;
  readonly verb: string;
}

export function sayGrant({ namespace, group, resource, verb }: Grant): string {
  return `${verb} ${resource}${group === '' ? '' : `.${group}`} in ${namespace}`;
}

const PLACE: Readonly<Record<RbacRule['scope'], string>> = {
  cluster: '*',
  ingress: 'istio-system',
  own: 'sluice-system',
};

/** What the code declares it needs, with gateways in istio-system; for a source of networks, the rest. */
export function grantsInCode(network?: RbacRule['network']): readonly Grant[] {
  return RBAC_RULES.filter((rule) => rule.network === network).flatMap(
    ({ group, resources, verbs, scope }) =>
      resources.flatMap((resource) =>
        verbs.map((verb) => ({ namespace: PLACE[scope], group, resource, verb })),
      ),
  );
}

/**
 * Follows every binding to its role; throws for a binding whose role does not exist, or to another
 * account.
 */
export function grantsOf(manifests: readonly Manifest[]): readonly Grant[] {
  const bindings = manifests.filter(
    ({ kind }) => kind === 'ClusterRoleBinding' || kind === 'RoleBinding',
  );
  return bindings.flatMap((binding) => {
    checkSubject(manifests, binding);
    return grantsIn(
      roleOf(manifests, binding),
      binding.kind === 'RoleBinding' ? (binding.metadata.namespace ?? '') : '*',
    );
  });
}

function checkSubject(
  manifests: readonly Manifest[],
  { kind, metadata, subjects = [] }: Manifest,
): void {
  const account = manifests.find((manifest) => manifest.kind === 'ServiceAccount')?.metadata;
  const wanted = [`ServiceAccount ${account?.namespace}/${account?.name}`];
  const bound = subjects.map((subject) => `${subject.kind} ${subject.namespace}/${subject.name}`);
  if (bound.join() !== wanted.join())
    throw new Error(
      `${kind} ${metadata.name} binds ${bound.join(', ')} instead of ${wanted.join()}`,
    );
}

function roleOf(manifests: readonly Manifest[], { kind, metadata, roleRef }: Manifest): Manifest {
  const inside = (role: Manifest): boolean =>
    role.kind === 'ClusterRole' || role.metadata.namespace === metadata.namespace;
  const role = manifests.find(
    (manifest) =>
      manifest.kind === roleRef?.kind &&
      manifest.metadata.name === roleRef.name &&
      inside(manifest),
  );
  if (role === undefined)
    throw new Error(
      `${kind} ${metadata.name} refers to ${roleRef?.kind} ${roleRef?.name}, which is not there`,
    );
  return role;
}

function grantsIn({ rules = [] }: Manifest, namespace: string): readonly Grant[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => ({ namespace, group, resource, verb }))),
    ),
  );
}

export function allows(grants: readonly Grant[], wanted: Grant): boolean {
  return grants.some(
    (grant) =>
      grant.group === wanted.group &&
      grant.resource === wanted.resource &&
      grant.verb === wanted.verb &&
      ['*', wanted.namespace].includes(grant.namespace),
  );
}
