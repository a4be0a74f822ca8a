import { expect, test } from '@jest/globals';
import { WATCHED_KINDS } from '../../../functions/watch/cache/kinds.ts';
import { RBAC_RULES } from '../../../shared/kubernetes/rbac.ts';

test.each(WATCHED_KINDS.map((kind) => [`${kind.plural}.${kind.group}`, kind] as const))(
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
