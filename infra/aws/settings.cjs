/**
 * What the configuration decides about the stack: names, one settled queue for each cluster, the secrets that each function may read.
 * CommonJS, because that is what Serverless reads variables from.
 */
'use strict';

const { existsSync, readFileSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { parse } = require('yaml');

const root = resolve(__dirname, '../..');

function configPath(env) {
  if (env.SLUICE_CONFIG) return resolve(root, env.SLUICE_CONFIG);
  const own = join(root, 'sluice.yaml');
  return existsSync(own) ? own : join(__dirname, 'example.yaml');
}

/** `east-1` → `East1`, for logical ids. */
function pascal(id) {
  return id
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}

const SECRETS_MANAGER = /^secretsmanager:([^#]+)/;
const PARAMETER = /^ssm:\/?(.+)$/;

/** Secrets Manager adds six characters to the name of a secret. */
function secretArn(reference) {
  const id = SECRETS_MANAGER.exec(reference)?.[1];
  if (id?.startsWith('arn:')) return [id];
  if (id)
    return [
      {
        'Fn::Sub': `arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:\${AWS::AccountId}:secret:${id}-??????`,
      },
    ];
  const name = PARAMETER.exec(reference)?.[1];
  return name
    ? [
        {
          'Fn::Sub': `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter/${name}`,
        },
      ]
    : [];
}

function readRights(config, wanted) {
  const references = wanted.filter((value) => typeof value === 'string');
  const arns = [...new Set(references)].flatMap((reference) => secretArn(reference));
  const unreadable = references.find((reference) => reference.startsWith('file:'));
  if (unreadable && config.queue?.kind === 'sqs' && !config.queue.endpoint) {
    throw new Error(
      `${unreadable} cannot be read in AWS; put the secret into Secrets Manager or Parameter Store and refer to it with secretsmanager: or ssm:.`,
    );
  }
  const of = (service) => arns.filter((arn) => (arn['Fn::Sub'] ?? arn).includes(`:${service}:`));
  const statements = [
    { Effect: 'Allow', Action: ['secretsmanager:GetSecretValue'], Resource: of('secretsmanager') },
    { Effect: 'Allow', Action: ['ssm:GetParameter'], Resource: of('ssm') },
  ];
  return statements.filter((statement) => statement.Resource.length > 0);
}

/** Where BIG-IP is reached: `SLUICE_SUBNETS` and `SLUICE_SECURITY_GROUPS`, ids with commas between. */
function network(env) {
  const list = (value) =>
    (value ?? '')
      .split(',')
      .map((id) => id.trim())
      .filter(Boolean);
  const subnetIds = list(env.SLUICE_SUBNETS);
  const securityGroupIds = list(env.SLUICE_SECURITY_GROUPS);
  if (subnetIds.length === 0 && securityGroupIds.length === 0) return null;
  if (subnetIds.length === 0 || securityGroupIds.length === 0)
    throw new Error('Set both SLUICE_SUBNETS and SLUICE_SECURITY_GROUPS, or neither.');
  return { subnetIds, securityGroupIds };
}

/** The bucket and what lies in it; null where the store is not in AWS. */
function failureStore({ failures, queue }, path) {
  if (failures?.kind === 's3' && !failures.endpoint) {
    const prefix = failures.prefix ?? 'sluice';
    return { bucket: failures.bucket, objects: prefix === '' ? '*' : `${prefix}/*` };
  }
  if (queue?.kind === 'sqs' && !queue.endpoint && failures?.kind !== 's3') {
    throw new Error(
      `A directory does not outlive a Lambda function: set failures to kind: s3 with bucket and region in ${path}.`,
    );
  }
  return null;
}

function settings(env) {
  const path = configPath(env);
  const config = parse(readFileSync(path, 'utf8'));
  const prefix = config.queue?.prefix ?? 'sluice';
  const clusters = config.clusters.map(({ id }) => ({
    id,
    logical: pascal(id),
    queue: `${prefix}-settled-${id}.fifo`,
  }));
  const long = clusters.find(({ queue }) => queue.length > 80);
  if (long)
    throw new Error(
      `The queue name ${long.queue} is longer than the 80 characters SQS takes; shorten queue.prefix or the cluster's id in ${path}.`,
    );
  const device = readRights(
    config,
    config.devices.flatMap(({ password, tls }) => [password, tls?.ca]),
  );
  // Never signKey: a function that could read it could speak for the cluster.
  const keys = readRights(
    config,
    config.clusters.flatMap(({ verifyKeys }) => verifyKeys ?? []),
  );
  return {
    config,
    prefix,
    clusters,
    region: config.queue?.region ?? 'eu-central-1',
    vpc: network(env),
    readRights: { device, keys },
    failures: failureStore(config, path),
  };
}

module.exports = { settings };
