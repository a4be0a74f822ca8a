import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { checkStage, readDeployment } from '../../../infra/aws/deployment.ts';

const EXAMPLE = readFileSync(
  resolve(import.meta.dirname, '../../../infra/aws/example.yaml'),
  'utf8',
);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-deployment-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The message of the error that `call` throws; undefined if it throws none. */
function refusal(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    return error instanceof Error ? error.message.replaceAll(`${folder}/`, '') : String(error);
  }
  return undefined;
}

function deployed(
  text: string,
  env: Readonly<Record<string, string>> = {},
): ReturnType<typeof readDeployment> {
  const path = join(folder, 'sluice.yaml');
  writeFileSync(path, text);
  return readDeployment({ SLUICE_CONFIG: path, ...env }, folder);
}

const changed = (from: string | RegExp, to: string): string => {
  const text = EXAMPLE.replace(from, to);
  if (text === EXAMPLE) throw new Error(`the example has no ${String(from)}`);
  return text;
};

describe('a deployment to AWS is refused before anything is packaged, if', () => {
  test.each<[string, string, RegExp]>([
    ['the file is broken', 'devices: [', /^sluice\.yaml: .* at line 1/],
    ['a key is misspelt', changed('queue:', 'kueue:'), /kueue/],
    [
      'the queue is a file',
      changed('kind: sqs\n  region: eu-central-1', 'kind: sqlite'),
      /queue\.kind is sqlite, which exists on one host only; use kind: sqs/,
    ],
    [
      'the failure store is a folder',
      changed(/failures:[^]*$/, ''),
      /set failures to kind: s3 with bucket and region/,
    ],
    [
      'a secret is in a file',
      changed('secretsmanager:sluice/bigip#password', 'file:/etc/password'),
      /devices\[0\]\.password is file:\/etc\/password, a file that the functions do not have in AWS; put the secret into Secrets Manager/,
    ],
    [
      'a secret is in a variable',
      changed('ssm:/sluice/bigip/ca', 'env:CA'),
      /devices\[0\]\.tls\.ca is env:CA, a variable that the functions do not have/,
    ],
    [
      'a public key is in a file',
      changed('- id: east', '- id: east\n    verifyKeys: [file:east.pub]'),
      /clusters\[0\]\.verifyKeys\[0\] is file:east\.pub/,
    ],
    [
      'a secret of the console is in a variable',
      `${EXAMPLE}console:\n  url: https://sluice.example.com\n  tokens:\n    - { name: ci, role: viewer, token: 'env:TOKEN' }\n`,
      /console\.tokens\[0\]\.token is env:TOKEN, a variable that the functions do not have/,
    ],
    [
      'queue and bucket are in two regions',
      changed(/region: eu-central-1\s*$/, 'region: eu-west-1'),
      /failures\.region is eu-west-1 and queue\.region is eu-central-1/,
    ],
    [
      'two clusters have the same name in CloudFormation',
      changed('- id: east', '- id: east-1\n  - id: east1').replace(
        'cluster: east',
        'cluster: east1',
      ),
      /The clusters east-1 and east1 have one name in CloudFormation/,
    ],
    [
      'the name of a queue is too long',
      EXAMPLE.replaceAll(/\beast\b/g, 'e'.repeat(63)),
      /longer than the 80 characters that SQS takes/,
    ],
  ])('%s', (_, text, sentence) => {
    expect(refusal(() => deployed(text))).toMatch(sentence);
  });

  test('there is no configuration, instead of deploying the example', () => {
    const empty = mkdtempSync(join(folder, 'empty-'));
    expect(refusal(() => readDeployment({}, empty))).toMatch(/^There is no sluice\.yaml to deploy/);
    expect(refusal(() => readDeployment({ SLUICE_CONFIG: 'nowhere.yaml' }, empty))).toBe(
      'SLUICE_CONFIG names nowhere.yaml, which does not exist; correct the variable.',
    );
  });

  test('only one of subnets and security groups is set', () => {
    expect(refusal(() => deployed(EXAMPLE, { SLUICE_SUBNETS: 'subnet-1' }))).toMatch(
      /^Set both SLUICE_SUBNETS and SLUICE_SECURITY_GROUPS/,
    );
  });

  test('several things are wrong: all are named at once', () => {
    const text = changed('kind: sqs\n  region: eu-central-1', 'kind: sqlite').replace(
      'secretsmanager:sluice/bigip#password',
      'env:PW',
    );
    expect(refusal(() => deployed(text))?.split('\n')).toEqual([
      'sluice.yaml cannot be deployed to AWS:',
      expect.stringContaining('queue.kind is sqlite'),
      expect.stringContaining('devices[0].password is env:PW'),
    ]);
  });
});

describe('region and stage', () => {
  const check = (
    text: string,
    region: string,
    stage: string,
    isStageNamed = true,
  ): string | undefined =>
    refusal(() => checkStage(deployed(text), { region, stage, isStageNamed }));

  test('of the configuration and the main stage are deployed', () => {
    expect(check(EXAMPLE, 'eu-central-1', 'prod')).toBeUndefined();
  });

  test('another region is refused', () => {
    expect(check(EXAMPLE, 'us-east-1', 'prod')).toMatch(
      /queue\.region is eu-central-1, but the region of the deployment is us-east-1/,
    );
  });

  test('another stage needs queues and a bucket of its own', () => {
    const own = EXAMPLE.replace('kind: sqs', 'kind: sqs\n  prefix: sluice-dev').replace(
      'example-sluice-failures',
      'example-sluice-dev',
    );
    expect(check(own, 'eu-central-1', 'dev')).toBeUndefined();
    expect(check(EXAMPLE, 'eu-central-1', 'dev')?.split('\n').slice(1)).toEqual([
      '- Stage dev would share queue.prefix sluice with another stage; call it ' +
        'sluice-dev in a configuration of its own.',
      '- Stage dev would share failures.bucket example-sluice-failures with another ' +
        'stage; call it example-sluice-failures-dev in a configuration of its own.',
    ]);
  });

  test.each([
    ['sluice-dev', false, /^- queue\.prefix is sluice-dev and no stage is named.*--stage prod if /],
    ['acme', false, /^- queue\.prefix is acme and no stage is named/],
    ['sluice-dev', true, undefined],
    ['sluice-prod', false, undefined],
    ['sluice', false, undefined],
  ])('do not rename queues by accident: prefix %s, with --stage: %s', (prefix, named, said) => {
    const own = EXAMPLE.replace('kind: sqs', `kind: sqs\n  prefix: ${prefix}`);
    const told = check(own, 'eu-central-1', 'prod', named)?.split('\n').slice(1);
    expect(told).toEqual(said && [expect.stringMatching(said)]);
  });

  test('of a queue server elsewhere do not matter', () => {
    const text = changed('kind: sqs\n', 'kind: sqs\n  endpoint: http://127.0.0.1:1\n');
    expect(check(text, 'us-east-1', 'dev')).toBeUndefined();
  });
});

test.each(['*', 'arn:aws:kms:*:*:key/*', 'alias/sluice', 'arn:aws:kms:eu-central-1:1:alias/x'])(
  '%s is refused as the key whose use the roles allow',
  (key) => {
    expect(refusal(() => deployed(EXAMPLE, { SLUICE_KMS_KEY: key }))).toMatch(
      /^SLUICE_KMS_KEY is ".*", which is not the ARN of a key; set it to arn:aws:kms:/,
    );
  },
);
