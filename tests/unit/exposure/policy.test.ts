import { describe, expect, test } from '@jest/globals';
import {
  forbiddenReferences,
  checkPolicy,
  PolicyConfig,
  RESERVED_PORTS,
  type PolicyQuestion,
} from '../../../shared/domain/exposure/settings/policy.ts';

const ASKED: PolicyQuestion = {
  namespace: 'team-a',
  port: 443,
  listener: 8443,
  address: '10.1.2.3',
  partition: 'k8s',
};

function judge(
  rules: readonly Record<string, unknown>[],
  asked: Partial<PolicyQuestion> = {},
): string | undefined {
  const refusal = checkPolicy(PolicyConfig.parse({ rules }), { ...ASKED, ...asked });
  return refusal && `${refusal.code} ${refusal.message}`;
}

describe('the policy', () => {
  test('without rules allows all but reserved ports and Common', () => {
    expect(judge([])).toBeUndefined();
    for (const port of RESERVED_PORTS) {
      expect(judge([], { port })).toMatch(/^GW134/);
      expect(judge([], { listener: port })).toMatch(/^GW134/);
    }
    expect(judge([{ name: 'all' }], { partition: 'Common' })).toMatch(
      /^GW131 policy rule "Common"/,
    );
  });

  test.each<[string, Record<string, unknown>, boolean]>([
    ['namespace', { namespaces: ['team-a'] }, true],
    ['namespace prefix', { namespaces: ['team-*'] }, true],
    ['other namespace', { namespaces: ['team', 'team-b'] }, false],
    ['port', { ports: [443] }, true],
    ['port as text', { ports: ['443'] }, true],
    ['port range', { ports: ['400-443'] }, true],
    ['other range', { ports: ['444-500'] }, false],
    ['address', { addresses: ['10.1.2.3'] }, true],
    ['CIDR', { addresses: ['10.1.0.0/16'] }, true],
    ['other CIDR', { addresses: ['10.2.0.0/16', '::/0'] }, false],
    ['partition', { partitions: ['k*'] }, true],
    ['other partition', { partitions: ['edge'] }, false],
    ['CIDR of the other family', { addresses: ['::/0'] }, false],
  ])('a rule by %s', (_, rule, allowed) => {
    expect(judge([{ name: 'r', ...rule }]) === undefined).toBe(allowed);
  });

  test('what is not an address matches no rule', () => {
    expect(judge([{ name: 'all' }], { address: 'auto' })).toMatch(/^GW133 no rule of the policy/);
  });

  test('the first rule that matches decides', () => {
    const refuse = { name: 'not here', allow: false, addresses: ['10.1.2.0/24'] };
    expect(judge([refuse, { name: 'all' }])).toBe(
      'GW133 policy rule "not here" refuses namespace team-a opening 10.1.2.3 port 443 in partition k8s',
    );
    expect(judge([{ name: 'all' }, refuse])).toBeUndefined();
  });

  test('references need a listed path or prefix', () => {
    const policy = PolicyConfig.parse({ references: ['/Common/one', '/Common/ours-*'] });
    expect(
      forbiddenReferences(policy, ['/Common/one', '/Common/one2', '/Common/ours-x', '/Common/our']),
    ).toEqual(['/Common/one2', '/Common/our']);
    expect(forbiddenReferences(PolicyConfig.parse({ references: ['*'] }), ['/any/thing'])).toEqual(
      [],
    );
  });
});
