/** What the configuration decides about the AWS stack. Refuses what could not run there. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseConfig } from '../../shared/config/load.ts';
import type { SluiceConfig } from '../../shared/config/schema.ts';

/** A cluster with its settled queue. */
export interface DeployedCluster {
  /** As in sluice.yaml. */
  readonly id: string;
  /** Part of logical ids, such as `East1`. */
  readonly logical: string;
  /** Name of its settled queue. */
  readonly queue: string;
}

/** An IAM statement. */
export interface Statement {
  readonly Effect: 'Allow';
  /** Single actions, never a pattern. */
  readonly Action: readonly string[];
  /** ARNs, or intrinsic functions of CloudFormation that yield one. */
  readonly Resource: readonly unknown[];
}

/** Subnets and security groups from which the functions reach BIG-IP. */
export interface Network {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
}

/** The bucket of the failure store, and the pattern of its objects. */
export interface FailureBucket {
  readonly bucket: string;
  /** For ARNs of objects, such as `sluice/*`; `*` without a prefix. */
  readonly objects: string;
}

/** Everything that the template takes from the configuration and the environment. */
export interface Deployment {
  /** The file that was read. */
  readonly path: string;
  readonly config: SluiceConfig;
  /** `queue.prefix`; all queue names begin with it. */
  readonly prefix: string;
  readonly clusters: readonly DeployedCluster[];
  /** `queue.region`, where the stack is to be; checked by {@link checkStage}. */
  readonly region: string;
  /** Null: the functions are in no VPC, so BIG-IP must have a public address. */
  readonly vpc: Network | null;
  /** ARN of the key that encrypts queues, bucket and secrets; null: keys of AWS. */
  readonly key: string | null;
  readonly readRights: {
    readonly device: readonly Statement[];
    readonly keys: readonly Statement[];
    /** Session key, client secret and tokens of the console. */
    readonly console: readonly Statement[];
  };
  /** Null if the store is not in AWS. */
  readonly failures: FailureBucket | null;
}

const ROOT = resolve(import.meta.dirname, '../..');
/** SQS's limit for the name of a queue. */
const MAX_QUEUE_NAME = 80;
/** The default stage; other stages need names of their own. */
const MAIN_STAGE = 'prod';
/** Its prefix, unless the configuration has another one. */
const MAIN_PREFIX = 'sluice';

/** `SLUICE_CONFIG`, or `sluice.yaml` of the repository. Throws if there is neither. */
export function deployedConfigPath(env: NodeJS.ProcessEnv, root: string): string {
  const named = env['SLUICE_CONFIG'];
  const path = named ? resolve(root, named) : join(root, 'sluice.yaml');
  if (existsSync(path)) return path;
  throw plainError(
    named
      ? `SLUICE_CONFIG names ${named}, which does not exist; correct the variable.`
      : 'There is no sluice.yaml to deploy; write one (infra/aws/example.yaml shows how), ' +
          'or name it in SLUICE_CONFIG.',
  );
}

/** `east-1` → `East1`. */
function logicalName(id: string): string {
  return id
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}

const SECRETS_MANAGER = /^secretsmanager:([^#]+)/;
const PARAMETER = /^ssm:\/?(.+)$/;

/** The resource of a secret in AWS. Secrets Manager adds six characters to the name. */
function secretArns(reference: string): readonly unknown[] {
  const arn = (rest: string): unknown => ({
    'Fn::Sub': `arn:\${AWS::Partition}:${rest}`,
  });
  const id = SECRETS_MANAGER.exec(reference)?.[1];
  if (id?.startsWith('arn:')) return [id];
  const here = '${AWS::Region}:${AWS::AccountId}';
  if (id) return [arn(`secretsmanager:${here}:secret:${id}-??????`)];
  const name = PARAMETER.exec(reference)?.[1];
  return name ? [arn(`ssm:${here}:parameter/${name}`)] : [];
}

/** The rights to read these secrets; whoever uses them has those to the key, too (rights.cjs). */
function readRights(references: readonly string[]): readonly Statement[] {
  const arns = [...new Set(references)].flatMap(secretArns);
  const of = (service: string): readonly unknown[] =>
    arns.filter((arn) => JSON.stringify(arn).includes(`:${service}:`));
  const allow = (Action: readonly string[], Resource: readonly unknown[]): readonly Statement[] =>
    Resource.length === 0 ? [] : [{ Effect: 'Allow', Action, Resource }];
  return [
    ...allow(['secretsmanager:GetSecretValue'], of('secretsmanager')),
    ...allow(['ssm:GetParameter'], of('ssm')),
  ];
}

/** `SLUICE_SUBNETS` and `SLUICE_SECURITY_GROUPS`: ids, separated by commas. */
function networkOf(env: NodeJS.ProcessEnv): Network | null {
  const list = (name: string): readonly string[] =>
    (env[name] ?? '')
      .split(',')
      .map((id) => id.trim())
      .filter((id) => id !== '');
  const subnetIds = list('SLUICE_SUBNETS');
  const securityGroupIds = list('SLUICE_SECURITY_GROUPS');
  if (subnetIds.length === 0 && securityGroupIds.length === 0) return null;
  if (subnetIds.length === 0 || securityGroupIds.length === 0)
    throw plainError('Set both SLUICE_SUBNETS and SLUICE_SECURITY_GROUPS, or neither.');
  return { subnetIds, securityGroupIds };
}

/** `SLUICE_KMS_KEY`: roles may use what it names, so it must be one key and no pattern. */
function keyOf({ SLUICE_KMS_KEY: key = '' }: NodeJS.ProcessEnv): string | null {
  if (key === '') return null;
  if (/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/.test(key)) return key;
  throw plainError(
    `SLUICE_KMS_KEY is ${JSON.stringify(key)}, which is not the ARN of a key; ` +
      'set it to arn:aws:kms:REGION:ACCOUNT:key/ID, because roles cannot name an alias.',
  );
}

/** The references to secrets by path in the configuration; `signKey` is read by watchers only. */
function secretsOf({ devices, clusters, console: login }: SluiceConfig): {
  readonly device: readonly (readonly [string, string])[];
  readonly keys: readonly (readonly [string, string])[];
  readonly console: readonly (readonly [string, string])[];
} {
  const oidc = login?.oidc;
  return {
    device: devices.flatMap(({ password, tls }, i) => [
      [`devices[${i}].password`, password] as const,
      ...(tls.ca === undefined ? [] : [[`devices[${i}].tls.ca`, tls.ca] as const]),
    ]),
    keys: clusters.flatMap(({ verifyKeys }, i) =>
      verifyKeys.map((reference, k) => [`clusters[${i}].verifyKeys[${k}]`, reference] as const),
    ),
    console: [
      ...(oidc === undefined
        ? []
        : [
            ['console.oidc.clientSecret', oidc.clientSecret] as const,
            ['console.oidc.sessionKey', oidc.sessionKey] as const,
          ]),
      ...(login?.tokens ?? []).map(
        ({ token }, i) => [`console.tokens[${i}].token`, token] as const,
      ),
    ],
  };
}

/** A queue server other than AWS runs the functions elsewhere, where AWS's limits do not apply. */
function isElsewhere({ queue }: SluiceConfig): boolean {
  return queue.kind === 'sqs' && queue.endpoint !== undefined;
}

/** Sentences about everything that Lambda functions cannot use. */
function problemsOf(config: SluiceConfig, clusters: readonly DeployedCluster[]): readonly string[] {
  const { queue, failures } = config;
  const long = clusters.filter(({ queue: name }) => name.length > MAX_QUEUE_NAME);
  const tooLong = long.map(
    ({ queue: name }) =>
      `The queue name ${name} is longer than the ${MAX_QUEUE_NAME} characters that SQS takes; ` +
      "shorten queue.prefix or the cluster's id.",
  );
  const alike = [...Map.groupBy(clusters, ({ logical }) => logical).values()].flatMap((same) =>
    same.length < 2
      ? []
      : `The clusters ${same.map(({ id }) => id).join(' and ')} have one name in CloudFormation, ` +
        'which takes no hyphens; rename one of them.',
  );
  if (isElsewhere(config)) return [...tooLong, ...alike];
  const { device, keys, console: login } = secretsOf(config);
  const unreadable = [...device, ...keys, ...login].flatMap(([path, reference]) => {
    const kind = /^(file|env):/.exec(reference)?.[1];
    if (kind === undefined) return [];
    return (
      `${path} is ${reference}, ${kind === 'file' ? 'a file' : 'a variable'} that the functions ` +
      'do not have in AWS; put the secret into Secrets Manager or Parameter Store and refer to ' +
      'it with secretsmanager: or ssm:.'
    );
  });
  return [
    ...(queue.kind === 'sqs'
      ? []
      : [
          `queue.kind is ${queue.kind}, which exists on one host only; use kind: sqs with a region.`,
        ]),
    ...(failures.kind === 's3'
      ? []
      : [
          'A directory does not outlive a Lambda function: ' +
            'set failures to kind: s3 with bucket and region.',
        ]),
    ...(failures.kind === 's3' && queue.kind === 'sqs' && failures.region !== queue.region
      ? [
          `failures.region is ${failures.region} and queue.region is ${queue.region}; ` +
            'one stack has both in one region, so make them equal.',
        ]
      : []),
    ...unreadable,
    ...tooLong,
    ...alike,
  ];
}

/** Throws one error with all sentences. */
function refuse(path: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw plainError(`${path} cannot be deployed to AWS:\n- ${problems.join('\n- ')}`);
}

/** An error without a stack, which Serverless would print. */
export function plainError(message: string): Error {
  const error = new Error(message);
  error.stack = message;
  return error;
}

/** Reads the configuration as the functions do. Throws if it is invalid or could not run in AWS. */
export function readDeployment(env: NodeJS.ProcessEnv, root = ROOT): Deployment {
  const path = deployedConfigPath(env, root);
  const config = parseConfig(readFileSync(path, 'utf8'), path, 0);
  const prefix = config.queue.kind === 'sqs' ? config.queue.prefix : 'sluice';
  const clusters = config.clusters.map(({ id }) => ({
    id,
    logical: logicalName(id),
    queue: `${prefix}-settled-${id}.fifo`,
  }));
  refuse(path, problemsOf(config, clusters));
  const { device, keys, console: login } = secretsOf(config);
  const rights = (references: typeof device): readonly Statement[] =>
    readRights(references.map(([, reference]) => reference));
  const { failures } = config;
  return {
    path,
    config,
    prefix,
    clusters,
    region: config.queue.kind === 'sqs' ? config.queue.region : 'eu-central-1',
    vpc: networkOf(env),
    key: keyOf(env),
    readRights: { device: rights(device), keys: rights(keys), console: rights(login) },
    failures:
      failures.kind === 's3' && failures.endpoint === undefined
        ? {
            bucket: failures.bucket,
            objects: failures.prefix === '' ? '*' : `${failures.prefix}/*`,
          }
        : null,
  };
}

/** Where the stack is to be. */
export interface DeployedStage {
  readonly region: string;
  readonly stage: string;
  /** By `--stage`; otherwise it is the default. */
  readonly isStageNamed: boolean;
}

const hasWord = (name: string, word: string): boolean => name.split(/[-.]/).includes(word);

/** The configuration of another stage would rename the queues of the default one. */
function strayPrefix(prefix: string, { stage, isStageNamed }: DeployedStage): readonly string[] {
  if (isStageNamed || prefix === MAIN_PREFIX || hasWord(prefix, stage)) return [];
  return [
    `queue.prefix is ${prefix} and no stage is named, so the queues of stage ${stage} would get ` +
      `that name; add --stage with the stage that it belongs to, --stage ${stage} if it is that one.`,
  ];
}

/**
 * Throws if region or stage of the deployment do not fit the configuration. Queues, bucket and
 * alarms have fixed names, so every stage needs its own.
 */
export function checkStage(
  { path, config, region, prefix, failures }: Deployment,
  deployed: DeployedStage,
): void {
  if (isElsewhere(config)) return;
  const { stage } = deployed;
  const own = (what: string, name: string): readonly string[] =>
    stage === MAIN_STAGE || hasWord(name, stage)
      ? []
      : [
          `Stage ${stage} would share ${what} ${name} with another stage; ` +
            `call it ${name}-${stage} in a configuration of its own.`,
        ];
  refuse(path, [
    ...(deployed.region === region
      ? []
      : [
          `queue.region is ${region}, but the region of the deployment is ${deployed.region}; ` +
            'leave out --region, or use a configuration for that region.',
        ]),
    ...strayPrefix(prefix, deployed),
    ...own('queue.prefix', prefix),
    ...(failures === null ? [] : own('failures.bucket', failures.bucket)),
  ]);
}
