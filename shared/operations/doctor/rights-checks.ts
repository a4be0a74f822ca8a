/**
 * Whether the account of a kubeconfig has the rights of the shipped roles, each where they grant
 * it.
 */
import type { CniSource } from '../../domain/paths/network-config.ts';
import { RBAC_RULES, type RbacRule } from '../../kubernetes/rbac.ts';
import type { Access } from '../../kubernetes/index.ts';
import { badFinding, okFinding } from './finding.ts';
import type { DoctorFinding } from './finding.ts';

/** `may` asks the API server with a SelfSubjectAccessReview. */
export interface RightsInput {
  readonly may: (access: Access) => Promise<boolean>;
  /** Namespaces of the ingresses, and whether Sluice adds ports to Services there. */
  readonly ingresses: ReadonlyMap<string, { readonly manages: boolean }>;
  readonly leaseNamespace: string;
  /** Whose objects are read for the paths to pods; undefined: nobody's. */
  readonly network?: CniSource | undefined;
}

/** Permissions that are granted together, and what it means if one is missing. */
interface Group {
  readonly place: string;
  /** Absent: the whole cluster. */
  readonly namespace?: string;
  readonly rules: readonly RbacRule[];
  readonly state: 'warn' | 'fail';
  readonly remedy: string;
}

/** The end of most remedies. */
const OF_ROLE = 'the roles in infra/kubernetes/base have it';

/** One finding for each group of permissions, with the missing ones. */
export async function rightsChecks(input: RightsInput): Promise<readonly DoctorFinding[]> {
  return Promise.all(groupsOf(input).map((group) => checkGroup(input, group)));
}

/**
 * As the shipped roles are divided: the cluster, each namespace with an ingress, and the namespace
 * of the Lease. Missing optional permissions are only a warning.
 */
function groupsOf({ ingresses, leaseNamespace, network }: RightsInput): readonly Group[] {
  const of = (scope: RbacRule['scope']): readonly RbacRule[] =>
    RBAC_RULES.filter((rule) => rule.scope === scope && rule.network === undefined);
  const cluster = of('cluster');
  const grant = `grant it to this account; ${OF_ROLE}`;
  return [
    {
      place: 'rights in the cluster',
      rules: cluster.filter(({ optional }) => optional !== true),
      state: 'fail',
      remedy: grant,
    },
    {
      place: 'optional rights in the cluster',
      rules: cluster.filter(({ optional }) => optional === true),
      state: 'warn',
      remedy: grant,
    },
    ...networkGroups(network),
    ...[...ingresses].map(([namespace, { manages }]): Group => ({
      place: `rights in ${namespace}`,
      namespace,
      rules: of('ingress').filter((rule) => manages || rule.manages !== true),
      state: 'fail',
      remedy: `grant it to this account in ${namespace}; ${OF_ROLE}`,
    })),
    {
      place: `rights in ${leaseNamespace}`,
      namespace: leaseNamespace,
      rules: of('own'),
      state: 'fail',
      remedy:
        `grant it to this account in ${leaseNamespace}, ` +
        `or name the namespace of the Lease with --lease-namespace; ${OF_ROLE}`,
    },
  ];
}

/** Without it, each pod gets a route of its own. */
function networkGroups(network: CniSource | undefined): readonly Group[] {
  if (network === undefined) return [];
  return [
    {
      place: `rights for network.from: ${network}`,
      rules: RBAC_RULES.filter((rule) => rule.network === network),
      state: 'warn',
      remedy:
        `grant it to this account, or use network.from: host; ` +
        `infra/kubernetes/components/network-${network} has it`,
    },
  ];
}

/** Asks for all permissions of the group and lists those that are missing. */
async function checkGroup(
  { may }: RightsInput,
  { place, namespace, rules, state, remedy }: Group,
): Promise<DoctorFinding> {
  const checked = { id: 'rights', what: place };
  const missing = (await Promise.all(rules.map((rule) => missingOf(rule, namespace, may)))).flat();
  return missing.length === 0
    ? okFinding(checked, 'as the shipped roles grant them')
    : badFinding(checked, `missing: ${missing.join('; ')}`, { state, remedy });
}

/** For instance `list, watch nodes (node addresses as members)`, for each resource. */
async function missingOf(
  { group, resources, verbs, why }: RbacRule,
  namespace: string | undefined,
  may: RightsInput['may'],
): Promise<readonly string[]> {
  const found = resources.map(async (resource) => {
    const answers = verbs.map(async (verb) =>
      (await may({ group, resource, verb, namespace })) ? [] : [verb],
    );
    const refused = (await Promise.all(answers)).flat();
    const name = group === '' ? resource : `${resource}.${group}`;
    return refused.length === 0 ? [] : [`${refused.join(', ')} ${name} (${why})`];
  });
  return (await Promise.all(found)).flat();
}
