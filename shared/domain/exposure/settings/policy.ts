/** Which virtual addresses, ports, partitions and references a namespace may request. */
import * as z from 'zod';
import { inCidr, parseCidr, parseIp } from '../../net/ip.ts';
import type { ExposureRefusal } from './layers.ts';

/** A port or a range of ports, with both ends. */
const PORTS = /^\d{1,5}(-\d{1,5})?$/;
const PORTS_EXPECTED = 'must be a port or a range such as 30000-32767';

/** A range from high to low would match nothing. */
function isRange(text: string): boolean {
  const [low, high] = endsOf(text);
  return low >= 1 && low <= high && high <= 65_535;
}

/** Both ends of a range; those of a single port are equal. */
function endsOf(ports: string): readonly [number, number] {
  const [low = 0, high = low] = ports.split('-').map(Number);
  return [low, high];
}

/** An entry that matches nothing would never allow, refuse or require anything. */
const NOT_EMPTY = 'must not be empty; leave it out to match all';

/** The exposures that an entry of the policy applies to. */
export const PolicyMatch = z.strictObject({
  namespaces: z
    .array(z.string())
    .min(1, NOT_EMPTY)
    .default(['*'])
    .describe('Namespaces of the gateways; a trailing `*` matches any suffix.'),
  /** `443` or `30000-32767`. */
  ports: z
    .array(
      z.union([
        z.int().min(1).max(65_535),
        z
          .string()
          .regex(PORTS, PORTS_EXPECTED)
          // A second message would be about the same.
          .refine((text) => !PORTS.test(text) || isRange(text), PORTS_EXPECTED),
      ]),
    )
    .min(1, NOT_EMPTY)
    .default(['1-65535'])
    .describe(
      'Virtual ports, `443` or `30000-32767`. To allow a reserved port, list it as a single port.',
    ),
  addresses: z
    .array(
      z
        .string()
        .refine(
          (text) => parseCidr(text) !== undefined,
          'must be an address or CIDR such as 10.0.0.0/8',
        ),
    )
    .min(1, NOT_EMPTY)
    .default(['0.0.0.0/0', '::/0'])
    .describe('Virtual addresses, as single addresses or CIDR.'),
  partitions: z
    .array(z.string())
    .min(1, NOT_EMPTY)
    .default(['*'])
    .describe('Partitions; a trailing `*` matches any suffix.'),
});
/** After parsing; lists that were left out match everything. */
export type PolicyMatch = z.infer<typeof PolicyMatch>;

/**
 * The first matching rule decides; if there are rules and none matches, the exposure is refused.
 */
export const PolicyRule = z.strictObject({
  name: z.string().min(1).describe('Name of the rule, included in every refusal.'),
  allow: z.boolean().default(true).describe('`false` refuses matching exposures.'),
  ...PolicyMatch.shape,
  internal: z
    .boolean()
    .optional()
    .describe(
      'The rule also allows internal ports, ' +
        'to which another Service of the gateway pods leads ' +
        'but the ingress Service does not. Default `false`.',
    ),
});
/** After parsing; `allow` is true unless it was set. */
export type PolicyRule = z.infer<typeof PolicyRule>;

/** Section `policy` of sluice.yaml. */
export const PolicyConfig = z.strictObject({
  /** Objects on the device that users may refer to; a trailing `*` matches any suffix. */
  references: z
    .array(z.string())
    .default([])
    .describe(
      'Objects on the device that settings may refer to; a trailing `*` matches any suffix.',
    ),
  rules: z
    .array(PolicyRule)
    .default([])
    .describe(
      'The first matching rule decides. ' +
        'If there are rules and none matches, the exposure is refused. ' +
        'Without rules, everything except reserved ports is allowed.',
    ),
});
/** After parsing; without rules everything but reserved ports is allowed. */
export type PolicyConfig = z.infer<typeof PolicyConfig>;

/**
 * Ports of Envoy, the agent and ztunnel in the gateway pod, which clients must not reach:
 * administration, metrics, health, DNS, and traffic of the mesh itself. Only a rule that lists one
 * as a single port allows it.
 */
export const RESERVED_PORTS: readonly number[] = [
  15_000, 15_001, 15_004, 15_006, 15_008, 15_020, 15_021, 15_053, 15_090,
];

/** The request, except the address. */
export interface PolicyMatter {
  /** Namespace of the gateway. */
  readonly namespace: string;
  /** Virtual port. */
  readonly port: number;
  /** Port in the pod. */
  readonly listener: number;
  readonly partition: string;
}

/** An exposure's settings with its address, to be checked against the policy. */
export interface PolicyQuestion extends PolicyMatter {
  /** One that cannot be parsed, such as `auto(web)`, matches no rule. */
  readonly address: string;
}

/** A trailing `*` matches any suffix. */
export function matchesPattern(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : pattern === text;
}

/** Ranges include both ends. */
function hasPort(ports: PolicyMatch['ports'], port: number): boolean {
  return ports.some((entry) => {
    const [low, high] = endsOf(String(entry));
    return low <= port && port <= high;
  });
}

/** Whether a rule matches, if the address does. */
export function matchesMatter(
  rule: Pick<PolicyMatch, 'namespaces' | 'ports' | 'partitions'>,
  { namespace, partition, port }: PolicyMatter,
): boolean {
  return (
    rule.namespaces.some((pattern) => matchesPattern(pattern, namespace)) &&
    rule.partitions.some((pattern) => matchesPattern(pattern, partition)) &&
    hasPort(rule.ports, port)
  );
}

/** Whether the rule allows the question. An address that cannot be parsed matches no rule. */
function matches(rule: PolicyRule, question: PolicyQuestion): boolean {
  const ip = parseIp(question.address);
  return (
    matchesMatter(rule, question) &&
    rule.addresses.some((text) => {
      const cidr = parseCidr(text);
      return ip !== undefined && cidr !== undefined && inCidr(ip, cidr);
    })
  );
}

/** Refuses a port of Envoy or Istio unless the rule lists it as a single port. */
export function reservedProblem(
  rule: PolicyRule | undefined,
  question: PolicyMatter,
): ExposureRefusal | undefined {
  const named = (port: number): boolean =>
    rule?.ports.some((entry) => String(entry) === String(port)) ?? false;
  const port = [question.port, question.listener].find(
    (candidate) => RESERVED_PORTS.includes(candidate) && !named(question.port),
  );
  if (port === undefined) return undefined;
  return {
    code: 'GW134',
    message:
      `policy rule "reserved ports": Envoy and Istio use port ${port}; ` +
      `use another port, or list ${question.port} as a single port in a rule that allows it`,
  };
}

/** Refusals that no rule can override. */
export function partitionProblem(partition: string): ExposureRefusal | undefined {
  return partition === 'Common'
    ? {
        code: 'GW131',
        message:
          'policy rule "Common": Sluice never writes to partition Common; choose another partition',
      }
    : undefined;
}

/** The refusal, or undefined if it is allowed. */
export function checkPolicy(
  policy: PolicyConfig,
  question: PolicyQuestion,
): ExposureRefusal | undefined {
  const { namespace, address, port, partition } = question;
  const common = partitionProblem(partition);
  if (common !== undefined) return common;
  const rule = policy.rules.find((candidate) => matches(candidate, question));
  const what = `namespace ${namespace} opening ${address} port ${port} in partition ${partition}`;
  if (rule === undefined && policy.rules.length > 0)
    return { code: 'GW133', message: `no rule of the policy allows ${what}` };
  if (rule?.allow === false)
    return { code: 'GW133', message: `policy rule "${rule.name}" refuses ${what}` };
  return reservedProblem(rule, question);
}

/**
 * Whether a rule allows internal ports there. For an unassigned address, any rule that matches the
 * rest decides.
 */
export function allowsInternal(policy: PolicyConfig, question: PolicyQuestion): boolean {
  const isKnown = parseIp(question.address) !== undefined;
  const rule = policy.rules.find((candidate) =>
    isKnown ? matches(candidate, question) : matchesMatter(candidate, question),
  );
  return rule?.allow === true && rule.internal === true;
}

/** The `paths` that the policy does not list. */
export function forbiddenReferences(
  policy: PolicyConfig,
  paths: readonly string[],
): readonly string[] {
  return paths.filter(
    (path) => !policy.references.some((pattern) => matchesPattern(pattern, path)),
  );
}
