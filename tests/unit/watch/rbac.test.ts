import { expect, test } from '@jest/globals';
import { watchedKinds } from '../../../functions/watch/cache/kinds.ts';
import { RBAC_RULES } from '../../../shared/kubernetes/rbac.ts';

const KINDS = new Set(
  (['auto', 'calico', 'cilium'] as const).flatMap((from) => watchedKinds({ mode: 'routes', from })),
);

test.each([...KINDS].map((kind) => [`${kind.plural}.${kind.group}`, kind] as const))(
  '%s may be read where it is watched',
  (_, kind) => {
    const rule = RBAC_RULES.find(
      ({ group, resources, verbs }) =>
        group === kind.group && resources.includes(kind.plural) && verbs.includes('watch'),
    );
    expect(rule?.verbs).toEqual(['get', 'list', 'watch']);
    expect(rule?.scope).toBe(kind.local ? 'ingress' : 'cluster');
  },
);

test.each([
  ['none', 'auto', []],
  ['routes', 'auto', []],
  ['routes', 'host', []],
  ['vxlan', 'auto', []],
  ['vxlan', 'cilium', ['ciliumnodes']],
  ['routes', 'calico', ['blockaffinities']],
  ['routes', 'cilium', ['ciliumnodes']],
] as const)('objects of CNIs are read with mode: %s and from: %s as asked', (mode, from, names) => {
  const usual = watchedKinds({ mode: 'none', from: 'auto' });
  const more = watchedKinds({ mode, from }).filter((kind) => !usual.includes(kind));
  expect(more.map(({ plural }) => plural)).toEqual(names);
});

test('neither Secrets nor exec nor any wildcard is asked for', () => {
  const asked = RBAC_RULES.flatMap(({ group, resources, verbs }) => [
    group,
    ...resources,
    ...verbs,
  ]);
  expect(
    asked.filter((word) => /secret|exec|portforward|\*|delete|escalate|impersonate/.test(word)),
  ).toEqual([]);
});

test('nothing is written to a Gateway', () => {
  const writing = RBAC_RULES.filter(({ verbs }) =>
    verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)),
  );
  expect(writing.flatMap(({ resources }) => resources).sort()).toEqual([
    'events',
    'leases',
    'services',
    'services/status',
  ]);
});
