import { expect, test } from '@jest/globals';
import { parseConfig } from '../../../shared/config/load.ts';
import { partsToMove } from '../../../shared/operations/store/parts.ts';

const SQLITE = 'queue: {kind: sqlite, path: a/q}';
const SQS = 'queue: {kind: sqs, region: eu-west-1}';
const POSTGRES = 'queue: {kind: postgres, host: /tmp}';
const FS = 'failures: {kind: fs, path: a/f}';
const S3 = 'failures: {kind: s3, bucket: sluice, region: eu-west-1}';
const TABLE = 'failures: {kind: postgres, host: /tmp}';

const side = (file: string, lines: readonly string[], cluster = '{id: west}') => ({
  file,
  config: parseConfig(
    `devices: [{name: b, url: https://192.0.2.1, username: a, password: env:P, partitions: [k8s]}]
clusters: [${cluster}]
ingresses: [{cluster: west, service: istio-system/gw, devices: [b]}]
${lines.join('\n')}`,
    file,
    1,
  ),
});

const parts = (old: readonly string[], next: readonly string[], cluster?: string): string => {
  const { moving, staying } = partsToMove(side('old.yaml', old), side('new.yaml', next, cluster));
  return [
    ...moving.map(({ part }) => `${part} moves`),
    ...staying.map(({ part }) => `${part} stays`),
  ].join();
};

test.each([
  [[SQLITE, FS], [POSTGRES, TABLE], 'queue moves,failures moves'],
  [[SQLITE, FS], [POSTGRES, FS], 'queue moves,failures stays'],
  [[POSTGRES, FS], [POSTGRES, TABLE], 'failures moves,queue stays'],
  [[SQLITE, S3], [POSTGRES, S3], 'queue moves,failures stays'],
  [[SQLITE, FS], ['queue: {kind: sqlite, path: ./a/../a/q}', TABLE], 'failures moves,queue stays'],
])('what differs moves: %j to %j', (old, next, expected) => {
  expect(parts(old, next)).toBe(expected);
});

test.each([
  [
    [SQLITE, FS],
    [SQLITE, FS],
    /old\.yaml and new\.yaml name the same queue and the same failure store/,
  ],
  [[POSTGRES, TABLE], [POSTGRES, TABLE], /nothing to move/],
  [
    [SQS, FS],
    [POSTGRES, TABLE],
    /^queue\.kind: sqs in old\.yaml, postgres in new\.yaml: only SQLite.*Let the old queue run empty/,
  ],
  [[SQLITE, FS], [SQS, FS], /^queue\.kind: sqlite in old\.yaml, sqs in new\.yaml: only SQLite/],
  [[POSTGRES, TABLE], [SQLITE, FS], /^queue\.kind: postgres in old\.yaml, sqlite in new\.yaml/],
  [
    [SQLITE, S3],
    [POSTGRES, TABLE],
    /^failures\.kind: s3 in old\.yaml, postgres in new\.yaml.*sluice failures export/,
  ],
  [
    [SQLITE, FS],
    ['queue: {kind: sqlite, path: b/q}', TABLE],
    /^queue\.kind: sqlite in old\.yaml, sqlite in new\.yaml/,
  ],
])('what cannot move is refused with its place and a remedy: %j to %j', (old, next, said) => {
  expect(() => parts(old, next)).toThrow(said);
});

test('senders of a cluster must include the role that carries its messages', () => {
  const strict = '{id: west, senders: [sluice_west]}';
  const moved = (next: readonly string[]) => () => parts([SQLITE, FS], next, strict);
  expect(moved([POSTGRES, TABLE])).toThrow(
    /^new\.yaml: clusters\[\]\.senders of west does not name sluice.*add it to failures\.replayers$/,
  );
  expect(moved([POSTGRES, 'failures: {kind: fs, path: a/f, replayers: [sluice]}'])()).toBe(
    'queue moves,failures stays',
  );
});
