/**
 * The output of `npm run package` keeps the promises, and runs where nothing else is installed.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { checkQueueRules, RULE_NAMES, type CompiledTemplate } from '../../infra/aws/rules.ts';
import { build, type BuildOptions } from '../../infra/build/bundle.ts';
import { packedConfig } from '../../infra/build/pack.ts';
import { unpackArtifact } from '../../infra/lab/host/artifacts.ts';
import { compileTemplate } from '../../infra/lab/host/compile.ts';
import { functionsOf, queuesOf, type Template } from '../../infra/lab/host/template.ts';
import { schemaProblems } from './cloudformation.ts';
import { ORIGIN_CODES } from '../../shared/domain/codes/ownership.ts';
import { FUNCTIONS } from '../../shared/queue/functions.ts';
import { METRICS } from '../../shared/telemetry/metrics.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const dist = join(root, 'dist');
/** park has two queues, apply a queue and a schedule, audit and replay a schedule, console an API. */
const DEPLOYED = new Set([...FUNCTIONS.map((each) => each.name), 'audit', 'replay', 'console']);
const EXAMPLE = join(root, 'infra', 'aws', 'example.yaml');

const CONSOLE = `console:
  url: https://sluice.example.com
  oidc:
    issuer: https://login.example.com
    clientId: sluice
    clientSecret: secretsmanager:sluice/console#secret
    sessionKey: ssm:/sluice/session
    roles: { viewer: [staff], operator: [network], admin: [platform] }
  tokens:
    - { name: ci, role: viewer, token: 'secretsmanager:sluice/ci#token' }
`;

let compiled: Template;
let template: CompiledTemplate;
/** The same with a console. */
let withConsole: CompiledTemplate;
let scratch: string;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'sluice-package-'));
  await build({ root, out: dist, only: [...DEPLOYED], say: () => undefined });
  compiled = await compileTemplate({ root, config: EXAMPLE });
  template = compiled;
  const config = join(scratch, 'console.yaml');
  writeFileSync(config, readFileSync(EXAMPLE, 'utf8') + CONSOLE);
  withConsole = await compileTemplate({ root, config });
}, 180_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Actions that a role allows. */
function rightsOf(role: string, of = template): readonly string[] {
  const policies = resource(role, of)['Policies'] as readonly {
    PolicyDocument: { Statement: readonly { Action: readonly string[] }[] };
  }[];
  return policies.flatMap(({ PolicyDocument }) =>
    PolicyDocument.Statement.flatMap((s) => s.Action),
  );
}

function resource(id: string, of = template): Readonly<Record<string, unknown>> {
  const found = of.Resources[id];
  if (found === undefined) throw new Error(`the template has no ${id}`);
  return found.Properties;
}

/** Absolute paths of all sources in the files of a function. */
function sourcesOf(name: string): readonly string[] {
  const { files } = JSON.parse(readFileSync(join(dist, 'stamp.json'), 'utf8')) as {
    files: Readonly<Record<string, readonly string[]>>;
  };
  return (files[name] ?? []).flatMap((file) => {
    const { sources } = JSON.parse(readFileSync(join(dist, `${file}.map`), 'utf8')) as {
      sources: readonly string[];
    };
    return sources.map((path) => resolve(dist, file, '..', path));
  });
}

/** The compiled template with one property changed; `undefined` removes it. */
function spoilt(id: string, path: readonly string[], value: unknown): CompiledTemplate {
  const copy = structuredClone(template) as unknown as {
    Resources: Record<string, { Properties: Record<string, unknown> }>;
  };
  const last = path.at(-1) ?? '';
  const owner = path
    .slice(0, -1)
    .reduce<Record<string, unknown>>(
      (inner, key) => inner[key] as Record<string, unknown>,
      copy.Resources[id]?.Properties ?? {},
    );
  if (value === undefined) delete owner[last];
  else owner[last] = value;
  return copy as unknown as CompiledTemplate;
}

const SOURCE = 'MapEventSourceMappingSQSSnapshotsQueue';

describe('promise 13: no queue setting loses or repeats events', () => {
  test('the template of serverless.yml breaks no rule, for every event source', () => {
    expect(checkQueueRules(template)).toEqual([]);
    expect(
      Object.values(template.Resources).filter((r) => r.Type === 'AWS::Lambda::EventSourceMapping'),
    ).toHaveLength(FUNCTIONS.length);
  });

  const FAILING: readonly (readonly [
    rule: string,
    id: string,
    path: readonly string[],
    value: unknown,
  ])[] = [
    ['dead-letter-queue', 'SnapshotsQueue', ['RedrivePolicy'], undefined],
    ['same-type', 'SnapshotsDeadQueue', ['FifoQueue'], false],
    ['retention', 'SnapshotsQueue', ['MessageRetentionPeriod'], 345_600],
    ['retention', 'SnapshotsDeadQueue', ['MessageRetentionPeriod'], 345_600],
    ['dead-retention', 'SnapshotsDeadQueue', ['MessageRetentionPeriod'], 345_600],
    ['max-receive-count', 'SnapshotsQueue', ['RedrivePolicy', 'maxReceiveCount'], 4],
    ['visibility', 'SnapshotsQueue', ['VisibilityTimeout'], 179],
    ['visibility', 'SlicesQueue', ['VisibilityTimeout'], 149],
    ['visibility', 'ExpressQueue', ['VisibilityTimeout'], 37],
    ['visibility', 'SlicesDeadQueue', ['VisibilityTimeout'], 179],
    ['partial-failures', SOURCE, ['FunctionResponseTypes'], undefined],
    ['maximum-concurrency', SOURCE, ['ScalingConfig'], undefined],
    ['reserved-concurrency', 'MapLambdaFunction', ['ReservedConcurrentExecutions'], 1],
    ['batch-size', SOURCE, ['BatchSize'], 100],
    ['batching-window', SOURCE, ['MaximumBatchingWindowInSeconds'], 5],
    ['alarm-news', 'SnapshotsDeadNewsAlarm', ['MetricName'], 'ApproximateNumberOfMessagesVisible'],
    ['alarm-news', 'ExpressDeadDepthAlarm', ['MetricName'], 'NumberOfMessagesReceived'],
    ['alarm-age', 'SnapshotsDeadAgeAlarm', ['AlarmActions'], []],
  ];

  test.each(FAILING)('%s is noticed when %s is changed at %j', (rule, id, path, value) => {
    expect(checkQueueRules(spoilt(id, path, value)).map((violation) => violation.rule)).toContain(
      rule,
    );
  });

  test('every rule has a fixture that breaks it', () => {
    expect([...new Set(FAILING.map(([rule]) => rule))].sort()).toEqual([...RULE_NAMES].sort());
  });
});

describe('the stack', () => {
  test('hosts elsewhere feed the functions as AWS does', () => {
    const deployed = functionsOf(compiled).map(
      ({ name, queue, batchSize, concurrency, timeout, visibilityMs }) => ({
        name,
        queue,
        batchSize,
        concurrency,
        timeout,
        visibilityMs,
      }),
    );
    expect(deployed).toEqual(FUNCTIONS);
  });

  test('has every queue, and one settled queue for each cluster', () => {
    expect(
      queuesOf(compiled)
        .map((queue) => queue.name)
        .sort(),
    ).toEqual([
      'sluice-express-dead.fifo',
      'sluice-express.fifo',
      'sluice-settled-east.fifo',
      'sluice-slices-dead.fifo',
      'sluice-slices.fifo',
      'sluice-snapshots-dead.fifo',
      'sluice-snapshots.fifo',
    ]);
  });

  interface Statement {
    readonly Action: readonly string[];
    readonly Resource: readonly unknown[];
  }
  function statements(role: string, of = template): readonly Statement[] {
    const policies = resource(role, of)['Policies'] as readonly {
      PolicyDocument: { Statement: readonly Statement[] };
    }[];
    return policies.flatMap((policy) => policy.PolicyDocument.Statement);
  }
  /** Queues, by the actions that a role allows on them. */
  function queuesFor(role: string, action: string): string[] {
    const arns = statements(role)
      .filter((s) => s.Action.includes(action))
      .flatMap((s) => s.Resource);
    return arns
      .map((arn) => {
        const { 'Fn::GetAtt': at, 'Fn::Sub': name } = arn as Record<string, string[] & string>;
        return at?.[0] ?? String(name).replace(/^.*:/, '');
      })
      .sort();
  }

  test('each function receives from its own queue only, and sends only to the queues of its results', () => {
    expect(queuesFor('MapRole', 'sqs:ReceiveMessage')).toEqual(['SnapshotsQueue']);
    expect(queuesFor('MapRole', 'sqs:SendMessage')).toEqual([
      'ExpressQueue',
      'SlicesQueue',
      'SnapshotsDeadQueue',
      'sluice-settled-*.fifo',
    ]);
    expect(queuesFor('ApplyRole', 'sqs:ReceiveMessage')).toEqual(['SlicesQueue']);
    // Its own queue too: changes that waited for a device return to it.
    expect(queuesFor('ApplyRole', 'sqs:SendMessage')).toEqual([
      'SlicesDeadQueue',
      'SlicesQueue',
      'sluice-settled-*.fifo',
    ]);
    expect(queuesFor('ExpressRole', 'sqs:ReceiveMessage')).toEqual(['ExpressQueue']);
    expect(queuesFor('ExpressRole', 'sqs:SendMessage')).toEqual([]);
    expect(queuesFor('ParkRole', 'sqs:ReceiveMessage')).toEqual([
      'SlicesDeadQueue',
      'SnapshotsDeadQueue',
    ]);
    expect(queuesFor('ParkRole', 'sqs:SendMessage')).toEqual([]);
    expect(queuesFor('AuditRole', 'sqs:ReceiveMessage')).toEqual([]);
    expect(queuesFor('AuditRole', 'sqs:SendMessage')).toEqual([
      'SlicesQueue',
      'sluice-settled-*.fifo',
    ]);
    expect(queuesFor('ReplayRole', 'sqs:ReceiveMessage')).toEqual([]);
    expect(queuesFor('ReplayRole', 'sqs:SendMessage')).toEqual(['SlicesQueue', 'SnapshotsQueue']);
  });

  test('the failure store is a private, encrypted bucket that outlives the stack, with limited access', () => {
    expect(template.Resources['FailuresBucket']).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BucketName: 'example-sluice-failures',
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
          ],
        },
      },
    });
    const { Rules: rules } = resource('FailuresBucket')['LifecycleConfiguration'] as {
      Rules: readonly Readonly<Record<string, unknown>>[];
    };
    // No rule expires current objects.
    expect(
      rules.flatMap((rule) => Object.keys(rule).filter((key) => key.includes('xpir'))),
    ).toEqual(['NoncurrentVersionExpiration', 'ExpiredObjectDeleteMarker']);
    const reach = (role: string): unknown =>
      statements(role)
        .filter((s) => s.Action.some((a) => a.startsWith('s3:')))
        .map((s) => [s.Action, s.Resource]);
    const objects = [{ 'Fn::Sub': 'arn:${AWS::Partition}:s3:::example-sluice-failures/sluice/*' }];
    const bucket = [
      ['s3:ListBucket'],
      [{ 'Fn::Sub': 'arn:${AWS::Partition}:s3:::example-sluice-failures' }],
    ];
    expect(reach('ParkRole')).toEqual([
      [['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], objects],
      bucket,
    ]);
    const below = (folder: string): readonly object[] => [
      { 'Fn::Sub': `arn:\${AWS::Partition}:s3:::example-sluice-failures/sluice/${folder}/*` },
    ];
    const waiting = [
      ['s3:DeleteObject'],
      [{ 'Fn::Sub': 'arn:${AWS::Partition}:s3:::example-sluice-failures/sluice/waiting/*' }],
    ];
    const marks = [
      { 'Fn::Sub': 'arn:${AWS::Partition}:s3:::example-sluice-failures/sluice/suspects/*' },
    ];
    const repairs = [
      { 'Fn::Sub': 'arn:${AWS::Partition}:s3:::example-sluice-failures/sluice/repairs/*' },
    ];
    expect(reach('ApplyRole')).toEqual([
      [['s3:GetObject', 's3:PutObject'], objects],
      bucket,
      waiting,
      [['s3:DeleteObject'], marks],
      [['s3:DeleteObject'], repairs],
    ]);
    expect(reach('MapRole')).toEqual([
      [['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], marks],
      bucket,
      [['s3:GetObject', 's3:PutObject'], below('verdicts')],
      [['s3:GetObject', 's3:PutObject'], below('releases')],
    ]);
    expect(reach('ReplayRole')).toEqual([[['s3:GetObject', 's3:PutObject'], objects], bucket]);
    const heard = [
      { 'Fn::Sub': 'arn:${AWS::Partition}:s3:::example-sluice-failures/sluice/heard/*' },
    ];
    expect(reach('AuditRole')).toEqual([
      [['s3:GetObject'], heard],
      bucket,
      // For metrics: failures without their events.
      [['s3:GetObject'], below('index')],
      [['s3:GetObject'], below('jobs')],
      [['s3:GetObject'], below('waiting')],
      [['s3:GetObject'], below('asks')],
      [['s3:GetObject'], below('acts')],
      [['s3:GetObject', 's3:PutObject'], below('views')],
      // What people left long ago.
      [['s3:DeleteObject'], below('asks')],
      [['s3:DeleteObject'], below('acts')],
      [['s3:DeleteObject'], below('audit')],
      [['s3:GetObject', 's3:DeleteObject'], below('repairs')],
    ]);
    expect(reach('ExpressRole')).toEqual([]);
  });

  const schedules = (of: CompiledTemplate): unknown[] =>
    Object.values(of.Resources)
      .filter((r) => r.Type === 'AWS::Events::Rule')
      .map((r) => [
        r.Properties['ScheduleExpression'],
        r.Properties['State'],
        (r.Properties['Targets'] as { Arn: { 'Fn::GetAtt': string[] } }[])[0]?.Arn['Fn::GetAtt'][0],
      ]);

  test('apply runs every minute, audit every ten, replay only with a policy, none with retries', () => {
    expect(schedules(template)).toEqual([
      ['rate(1 minute)', 'ENABLED', 'ApplyLambdaFunction'],
      ['rate(10 minutes)', 'ENABLED', 'AuditLambdaFunction'],
      ['rate(5 minutes)', 'DISABLED', 'ReplayLambdaFunction'],
    ]);
    const calls = Object.values(template.Resources).filter(
      (r) => r.Type === 'AWS::Lambda::EventInvokeConfig',
    );
    expect(calls.map((r) => r.Properties['MaximumRetryAttempts'])).toEqual([0, 0, 0]);
  });

  test('a policy of failures.replay wakes replay every five minutes', async () => {
    const config = join(scratch, 'policy.yaml');
    writeFileSync(
      config,
      `${readFileSync(EXAMPLE, 'utf8')}  replay:\n    - name: references\n      codes: [BIP424]\n`,
    );
    expect(schedules(await compileTemplate({ root, config }))).toContainEqual([
      'rate(5 minutes)',
      'ENABLED',
      'ReplayLambdaFunction',
    ]);
  });

  test('without console in the configuration, there is neither its function nor an API', () => {
    const ids = Object.keys(template.Resources);
    expect(ids.filter((id) => /console|httpapi/i.test(id))).toEqual([]);
  });

  test('with one, it is a function behind an HTTP API with a limit, in no VPC', async () => {
    const made = await compileTemplate({
      root,
      config: join(scratch, 'console.yaml'),
      env: { SLUICE_SUBNETS: 'subnet-1', SLUICE_SECURITY_GROUPS: 'sg-1' },
    });
    const vpc = Object.entries((made as CompiledTemplate).Resources).flatMap(([id, one]) =>
      one.Properties['VpcConfig'] === undefined ? [] : [id],
    );
    expect(vpc.sort()).toEqual(
      ['Apply', 'Audit', 'Express', 'Replay'].map((name) => `${name}LambdaFunction`),
    );
    expect(await schemaProblems(withConsole)).toEqual([]);
    expect(resource('ConsoleLambdaFunction', withConsole)).toMatchObject({
      Timeout: 15,
      ReservedConcurrentExecutions: 20,
      Environment: {
        Variables: {
          SLUICE_REPLAY: { Ref: 'ReplayLambdaFunction' },
          SLUICE_AUDIT: { Ref: 'AuditLambdaFunction' },
        },
      },
    });
    expect(resource('HttpApiRouteDefault', withConsole)['RouteKey']).toBe('$default');
    expect(resource('HttpApiStage', withConsole)['DefaultRouteSettings']).toEqual({
      ThrottlingBurstLimit: 100,
      ThrottlingRateLimit: 50,
    });
    expect(schedules(withConsole)).toContainEqual([
      'rate(1 minute)',
      'ENABLED',
      'ReplayLambdaFunction',
    ]);
  });

  test('the console reads the store and the queues, sends orders, and calls two functions; nothing else', () => {
    const reach = statements('ConsoleRole', withConsole).map(({ Action, Resource }) => [
      Action,
      Resource.map((one) =>
        JSON.stringify(one).replace(/^.*(:::|log-group:|secret:|parameter)/, ''),
      ),
    ]);
    const bucket = 'example-sluice-failures';
    const inStore = (under: string): string => `${bucket}/sluice/${under}*"}`;
    expect(reach).toEqual([
      [['logs:CreateLogStream', 'logs:PutLogEvents'], ['/aws/lambda/sluice-prod-console:*"}']],
      [['s3:GetObject'], [inStore('')]],
      [['s3:ListBucket'], [`${bucket}"}`]],
      // It writes nothing that functions saw, and no evidence.
      ...['index/', 'jobs/', 'asks/', 'acts/', 'audit/'].map((under) => [
        ['s3:PutObject'],
        [inStore(under)],
      ]),
      [['s3:DeleteObject'], [inStore('waiting/')]],
      [['s3:DeleteObject'], [inStore('acts/')]],
      [['sqs:GetQueueUrl', 'sqs:GetQueueAttributes'], expect.any(Array)],
      [['sqs:SendMessage', 'sqs:GetQueueUrl'], ['{"Fn::GetAtt":["SlicesQueue","Arn"]}']],
      [
        ['lambda:InvokeFunction'],
        ['Replay', 'Audit'].map((name) => `{"Fn::GetAtt":["${name}LambdaFunction","Arn"]}`),
      ],
      [['secretsmanager:GetSecretValue'], ['sluice/console-??????"}', 'sluice/ci-??????"}']],
      [['ssm:GetParameter'], ['/sluice/session"}']],
    ]);
    for (const role of ['ApplyRole', 'AuditRole', 'MapRole', 'ReplayRole', 'AdminPolicy'])
      expect(JSON.stringify(withConsole.Resources[role])).not.toContain('sluice/console');
  });

  test('outputs the role id of replay, which map needs', () => {
    expect(compiled.Outputs['ReplayRoleId']).toMatchObject({
      Value: { 'Fn::GetAtt': ['ReplayRole', 'RoleId'] },
    });
  });

  test('a failure store in a directory is refused, because Lambda would lose it', async () => {
    const config = join(scratch, 'directory.yaml');
    writeFileSync(config, readFileSync(EXAMPLE, 'utf8').replace(/^failures:[^]*$/m, ''));
    await expect(compileTemplate({ root, config })).rejects.toThrow(
      'set failures to kind: s3 with bucket and region',
    );
  });

  test('only functions that call devices may read secrets, and only those in the configuration', () => {
    const secrets = (role: string): string[] =>
      statements(role)
        .filter((s) => s.Action.some((a) => /^(secretsmanager|ssm):/.test(a)))
        .flatMap((s) => s.Resource)
        .map((r) => JSON.stringify(r));
    expect(secrets('MapRole')).toEqual([]);
    const referred = [
      expect.stringContaining('secret:sluice/bigip-??????'),
      expect.stringContaining('parameter/sluice/bigip/ca'),
    ];
    expect([
      secrets('ApplyRole'),
      secrets('ExpressRole'),
      secrets('AuditRole'),
      secrets('ReplayRole'),
    ]).toEqual([referred, referred, referred, referred]);
    expect(secrets('ParkRole')).toEqual([]);
  });

  test('map and park may read the public keys of the clusters, and no function the private ones', async () => {
    const config = join(scratch, 'keys.yaml');
    writeFileSync(
      config,
      readFileSync(EXAMPLE, 'utf8').replace(
        '  - id: east\n',
        '  - id: east\n    verifyKeys: [ssm:/sluice/east.pub]\n    signKey: secretsmanager:sluice/east-key\n',
      ),
    );
    const made = await compileTemplate({ root, config });
    for (const role of ['MapRole', 'ParkRole', 'ReplayRole', 'AdminPolicy'])
      expect(
        JSON.stringify((made.Resources[role] as { Properties: unknown }).Properties),
      ).toContain('parameter/sluice/east.pub');
    expect(JSON.stringify(made)).not.toContain('east-key');
    for (const role of ['ApplyRole', 'ExpressRole', 'AuditRole'])
      expect(JSON.stringify(made.Resources[role])).not.toContain('east.pub');
  });

  test('an event whose origin map refuses raises an alarm, whichever code the check gives', () => {
    const filter = resource('RefusedOriginFilter');
    expect(filter['LogGroupName']).toEqual({ Ref: 'MapLogGroup' });
    expect(resource('MapLogGroup')['LogGroupName']).toBe('/aws/lambda/sluice-prod-map');
    const checked = new Set(
      ['shared/queue/origin.ts', 'functions/map/content.ts'].flatMap(
        (file) => readFileSync(join(root, file), 'utf8').match(/OWN\d{3}/g) ?? [],
      ),
    );
    expect(new Set(checked)).toEqual(ORIGIN_CODES);
    expect(filter['FilterPattern']).toBe(
      `{ ${[...checked]
        .sort()
        .map((code) => `($.code = "${code}")`)
        .join(' || ')} }`,
    );
    const [metric] = filter['MetricTransformations'] as readonly {
      MetricName: string;
      MetricNamespace: string;
    }[];
    expect(resource('RefusedOriginAlarm')).toMatchObject({
      MetricName: metric?.MetricName,
      Namespace: metric?.MetricNamespace,
      Threshold: 0,
      AlarmActions: [{ Ref: 'AlarmTopic' }],
    });
  });

  test('each function has alarms on errors, throttles and a duration near its timeout', () => {
    const functions = Object.entries(withConsole.Resources).filter(
      ([, { Type }]) => Type === 'AWS::Lambda::Function',
    );
    expect(functions.length).toBeGreaterThan(5);
    const metrics = (alarm: string): string =>
      JSON.stringify(resource(alarm, withConsole)['Metrics']);
    for (const [id, { Properties }] of functions) {
      expect(
        resource(`${id.replace(/LambdaFunction$/, '')}ErrorsAlarm`, withConsole),
      ).toMatchObject({
        Dimensions: [{ Name: 'FunctionName', Value: { Ref: id } }],
        MetricName: 'Errors',
        Threshold: 0,
      });
      for (const alarm of ['ThrottlesAlarm', 'DurationAlarm'])
        expect(metrics(alarm)).toContain(`{"Ref":"${id}"}`);
      // Milliseconds as a percentage of the timeout in seconds.
      const index = /"Id":"m(\d+)"[^}]*"Value":\{"Ref":"ID"/.source.replace('ID', id);
      const [, at] = new RegExp(index).exec(metrics('DurationAlarm')) ?? [];
      expect(metrics('DurationAlarm')).toContain(
        `FILL(m${at}, 0)/${Number(Properties['Timeout']) * 10}`,
      );
    }
  });

  test('metrics of alarms and dashboard are those that the functions write', () => {
    const kept = new Map(METRICS.map((row) => [row.name, row.dimensions.map(String)]));
    const own = Object.values(template.Resources).filter(
      ({ Type, Properties }) =>
        Type === 'AWS::CloudWatch::Alarm' && String(Properties['MetricName']).startsWith('sluice_'),
    );
    expect(own).toHaveLength(4);
    for (const { Properties } of own) {
      expect(Properties['Namespace']).toBe('Sluice/sluice');
      expect(kept.get(String(Properties['MetricName']))).toContain('');
    }
    const body = JSON.parse(String(resource('Dashboard')['DashboardBody'])) as {
      widgets: readonly { properties: { metrics: readonly (readonly unknown[])[] } }[];
    };
    const shown = body.widgets.flatMap(({ properties }) => properties.metrics);
    const totals = shown.filter(([namespace]) => namespace === 'Sluice/sluice');
    expect(totals.length).toBeGreaterThan(5);
    for (const [, name] of totals) expect(kept.get(String(name))).toContain('');
    const searches = shown.flatMap(([first]) => {
      const { expression } = Object(first) as { expression?: string };
      return expression === undefined ? [] : [/,(\w+)} MetricName="(\w+)"/.exec(expression)];
    });
    expect(searches.length).toBeGreaterThan(2);
    for (const found of searches) expect(kept.get(found?.[2] ?? '')).toContain(found?.[1]);
  });

  test('an audit that does not run raises an alarm, because its metric is missing', () => {
    expect(resource('AuditMissingAlarm')).toMatchObject({
      Statistic: 'SampleCount',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      TreatMissingData: 'breaching',
    });
  });

  test('one alarm watches the settled queues of all clusters, and one their silence', () => {
    expect(resource('SettledAgeAlarm')).toMatchObject({
      MetricName: 'sluice_settled_oldest_seconds',
      Statistic: 'Maximum',
      Threshold: 900,
      AlarmActions: [{ Ref: 'AlarmTopic' }],
    });
    expect(resource('SilentClusterAlarm')).toMatchObject({
      MetricName: 'sluice_cluster_silent',
      Threshold: 0,
      AlarmActions: [{ Ref: 'AlarmTopic' }],
    });
  });

  test('alarms are mailed to the address of SLUICE_ALARM_EMAIL, which must be one', async () => {
    expect(template.Resources['AlarmSubscription']).toBeUndefined();
    const mailed = (email: string): Promise<Template> =>
      compileTemplate({ root, config: EXAMPLE, env: { SLUICE_ALARM_EMAIL: email } });
    expect((await mailed('ops@example.com')).Resources['AlarmSubscription']).toMatchObject({
      Properties: { Protocol: 'email', Endpoint: 'ops@example.com' },
    });
    await expect(mailed('ops')).rejects.toThrow('SLUICE_ALARM_EMAIL is "ops"');
  });

  test('a fault inside a device, which apply can only wait for, raises an alarm', () => {
    const filter = resource('InnerFaultFilter');
    expect(filter).toMatchObject({
      LogGroupName: { Ref: 'ApplyLogGroup' },
      FilterPattern: '{ ($.code = "BIP509") }',
    });
    expect(resource('ApplyLogGroup')['LogGroupName']).toBe('/aws/lambda/sluice-prod-apply');
    const [metric] = filter['MetricTransformations'] as readonly {
      MetricName: string;
      MetricNamespace: string;
    }[];
    expect(resource('InnerFaultAlarm')).toMatchObject({
      MetricName: metric?.MetricName,
      Namespace: metric?.MetricNamespace,
      Threshold: 0,
      AlarmActions: [{ Ref: 'AlarmTopic' }],
    });
  });

  test('a long outage of a device raises an alarm, although its changes leave the queue', () => {
    const filter = resource('WaitingDeviceFilter');
    expect(filter).toMatchObject({
      LogGroupName: { Ref: 'ApplyLogGroup' },
      FilterPattern: '{ ($.code = "BIP510") }',
    });
    const [metric] = filter['MetricTransformations'] as readonly {
      MetricName: string;
      MetricNamespace: string;
    }[];
    expect(resource('WaitingDeviceAlarm')).toMatchObject({
      MetricName: metric?.MetricName,
      Namespace: metric?.MetricNamespace,
      Threshold: 0,
      AlarmActions: [{ Ref: 'AlarmTopic' }],
    });
  });

  test('no role has a wildcard in its actions or resources', () => {
    const roles = Object.entries(withConsole.Resources)
      .filter(([, r]) => r.Type === 'AWS::IAM::Role')
      .map(([id]) => id);
    expect(roles.sort()).toEqual([
      'ApplyRole',
      'AuditRole',
      'ConsoleRole',
      'ExpressRole',
      'MapRole',
      'ParkRole',
      'ReplayRole',
    ]);
    for (const statement of roles.flatMap((role) => statements(role, withConsole))) {
      expect(statement.Action.filter((action) => action.includes('*'))).toEqual([]);
      expect(statement.Resource).not.toContain('*');
    }
  });

  test("the watcher's policy lets it send to one queue and take from one", () => {
    const policy = resource('WatcherEastPolicy')['PolicyDocument'] as {
      Statement: readonly Statement[];
    };
    const to = policy.Statement.map((s) => [
      s.Action.filter((a) => a !== 'sqs:GetQueueUrl'),
      s.Resource,
    ]);
    expect(to).toEqual([
      [['sqs:SendMessage'], [{ 'Fn::GetAtt': ['SnapshotsQueue', 'Arn'] }]],
      [
        ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'],
        [{ 'Fn::GetAtt': ['SettledEastQueue', 'Arn'] }],
      ],
    ]);
  });

  test('a key of the account encrypts queues and bucket, and whoever uses them may use it', async () => {
    const key = 'arn:aws:kms:eu-central-1:111122223333:key/1';
    const encrypted = await compileTemplate({
      root,
      config: EXAMPLE,
      env: { SLUICE_KMS_KEY: key },
    });
    expect(await schemaProblems(encrypted)).toEqual([]);
    const all = Object.entries(encrypted.Resources as CompiledTemplate['Resources']);
    const queues = all.filter(([, { Type }]) => Type === 'AWS::SQS::Queue');
    expect(queues.map(([, { Properties }]) => Properties['KmsMasterKeyId'])).toEqual(
      queues.map(() => key),
    );
    expect(encrypted.Resources['FailuresBucket']).toMatchObject({
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key } },
          ],
        },
      },
    });
    const users = all.filter(([, { Type }]) => /^AWS::IAM::(Role|ManagedPolicy)$/.test(Type));
    // Senders need a data key, receivers and readers decrypt.
    const use = '"Action":["kms:Decrypt","kms:GenerateDataKey"],"Resource":["' + key + '"]';
    const uses = ({ Properties }: { readonly Properties: unknown }): number =>
      JSON.stringify(Properties).split(use).length - 1;
    expect(users.map(([id, made]) => [id, uses(made)])).toEqual(users.map(([id]) => [id, 1]));
  });

  test('a secret in a file of this machine is refused, with the remedy', async () => {
    const config = join(scratch, 'file-secret.yaml');
    writeFileSync(
      config,
      readFileSync(EXAMPLE, 'utf8').replace(
        'secretsmanager:sluice/bigip#password',
        'file:/etc/sluice/password',
      ),
    );
    await expect(compileTemplate({ root, config })).rejects.toThrow(
      'put the secret into Secrets Manager',
    );
  });

  test('a configuration of another stage is refused without --stage, which Serverless fills in', async () => {
    const config = join(scratch, 'dev.yaml');
    writeFileSync(
      config,
      readFileSync(EXAMPLE, 'utf8').replace('kind: sqs', 'kind: sqs\n  prefix: sluice-dev'),
    );
    await expect(compileTemplate({ root, config })).rejects.toThrow('no stage is named');
  });

  test('a queue name that SQS would refuse is refused here', async () => {
    const config = join(scratch, 'long-name.yaml');
    writeFileSync(config, readFileSync(EXAMPLE, 'utf8').replaceAll(/\beast\b/g, 'e'.repeat(63)));
    await expect(compileTemplate({ root, config })).rejects.toThrow(
      'longer than the 80 characters',
    );
  });
});

describe('CloudFormation takes the template', () => {
  test('every resource, property and value fits the schemas that CloudFormation publishes', async () => {
    expect(await schemaProblems(template)).toEqual([]);
  });

  test.each<[string, readonly string[], unknown, string]>([
    ['SlicesQueue', ['VisibilityTimout'], 1, 'SlicesQueue.VisibilityTimout does not exist'],
    [
      'SlicesQueue',
      ['VisibilityTimeout'],
      'long',
      'SlicesQueue.VisibilityTimeout must be integer, not "long"',
    ],
    ['QueuePolicy', ['Queues'], undefined, 'QueuePolicy.Queues is required'],
    [
      'FailuresBucket',
      ['VersioningConfiguration', 'Status'],
      'On',
      'FailuresBucket.VersioningConfiguration.Status is On, which is none of Enabled, Suspended',
    ],
  ])('a mistake in %s at %j is detected', async (id, path, value, problem) => {
    expect(await schemaProblems(spoilt(id, path, value))).toEqual([problem]);
  });

  test('with 200 clusters, too: resources, outputs, bytes and roles are within its limits', async () => {
    const many = join(scratch, 'many.yaml');
    const clusters = Array.from({ length: 199 }, (_, i) => `  - id: cluster-${i}\n`).join('');
    writeFileSync(
      many,
      readFileSync(EXAMPLE, 'utf8').replace('  - id: east\n', `  - id: east\n${clusters}`) +
        CONSOLE,
    );
    const large = await compileTemplate({ root, config: many });
    expect(Object.keys(large.Resources).length).toBeLessThanOrEqual(500);
    expect(Object.keys(large.Outputs).length).toBeLessThanOrEqual(200);
    expect(Buffer.byteLength(JSON.stringify(large))).toBeLessThan(1_000_000);
    const roles = Object.values((large as CompiledTemplate).Resources).filter(
      ({ Type }) => Type === 'AWS::IAM::Role' || Type === 'AWS::IAM::ManagedPolicy',
    );
    // ARNs are about twice as long as the references to them.
    for (const { Type, Properties } of roles)
      expect(JSON.stringify(Properties).length * 2).toBeLessThan(
        Type === 'AWS::IAM::Role' ? 10_240 : 6_144 * 2,
      );
    expect(await schemaProblems(large)).toEqual([]);
  });

  test('queues, bucket and topic refuse connections without TLS', () => {
    const denied = (id: string): unknown =>
      (
        resource(id)['PolicyDocument'] as { Statement: readonly { Effect: string }[] }
      ).Statement.find(({ Effect }) => Effect === 'Deny');
    const withoutTls = { Bool: { 'aws:SecureTransport': 'false' } };
    for (const id of ['QueuePolicy', 'FailuresBucketPolicy', 'AlarmTopicPolicy'])
      expect(denied(id)).toMatchObject({ Principal: '*', Condition: withoutTls });
    const queues = Object.entries(template.Resources).filter(
      ([, r]) => r.Type === 'AWS::SQS::Queue',
    );
    expect(resource('QueuePolicy')['Queues']).toHaveLength(queues.length);
  });

  test('a first deployment that fails leaves nothing behind that blocks the second', () => {
    // The deployment bucket of Serverless is deleted with the stack.
    const kept = Object.entries(template.Resources).filter(
      ([id, { Type }]) =>
        (Type === 'AWS::SQS::Queue' || Type === 'AWS::S3::Bucket') &&
        id !== 'ServerlessDeploymentBucket',
    );
    expect(
      kept.map(([id, made]) => [id, (made as { DeletionPolicy?: string }).DeletionPolicy]),
    ).toEqual(kept.map(([id]) => [id, 'RetainExceptOnCreate']));
  });
});

/** IAM actions of the calls of the AWS SDK; those of a service have its prefix. */
const ACTIONS: Readonly<Record<string, string>> = {
  ReceiveMessage: 'sqs:ReceiveMessage',
  SendMessage: 'sqs:SendMessage',
  DeleteMessage: 'sqs:DeleteMessage',
  ChangeMessageVisibility: 'sqs:ChangeMessageVisibility',
  GetQueueUrl: 'sqs:GetQueueUrl',
  GetQueueAttributes: 'sqs:GetQueueAttributes',
  GetObject: 's3:GetObject',
  PutObject: 's3:PutObject',
  DeleteObject: 's3:DeleteObject',
  ListObjectsV2: 's3:ListBucket',
  GetSecretValue: 'secretsmanager:GetSecretValue',
  GetParameter: 'ssm:GetParameter',
  Invoke: 'lambda:InvokeFunction',
};

describe('rights and calls', () => {
  /** The calls in our own code in a bundle. */
  function callsOf(name: string): ReadonlySet<string> {
    const own = sourcesOf(name).filter(
      (path) => !path.includes('node_modules/') && existsSync(path),
    );
    const text = own.map((path) => readFileSync(path, 'utf8')).join('\n');
    return new Set(
      [...text.matchAll(/new (\w+)Command\(/g)].map(([, call = '']) => ACTIONS[call] ?? call),
    );
  }

  const TAKES = ['ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility'].map(
    (call) => `sqs:${call}`,
  );
  /** Calls of adapters that a function contains but does not make, so it has no right to them. */
  const NEVER_MADE: Readonly<Record<string, readonly string[]>> = {
    // The example has no verifyKeys; see the test of public keys.
    map: ['secretsmanager:GetSecretValue', 'ssm:GetParameter'],
    apply: [],
    express: ['sqs:SendMessage'],
    park: ['secretsmanager:GetSecretValue', 'sqs:SendMessage', 'ssm:GetParameter'],
    audit: TAKES,
    replay: ['s3:DeleteObject', 'sqs:GetQueueAttributes', ...TAKES],
    console: TAKES,
  };

  test.each([...DEPLOYED])(
    'of %s fit: no right without a call, no call without a right',
    (name) => {
      const role = `${name.charAt(0).toUpperCase()}${name.slice(1)}Role`;
      const rights = new Set(
        rightsOf(role, withConsole).filter((action) => !/^(logs|ec2):/.test(action)),
      );
      const calls = callsOf(name);
      expect([...rights].filter((action) => !calls.has(action))).toEqual([]);
      expect([...calls].filter((action) => !rights.has(action)).sort()).toEqual(
        [...(NEVER_MADE[name] ?? [])].sort(),
      );
    },
  );
});

/** A file, and the files that it imports before any of its code runs. */
function importedAtOnce(first: string): readonly string[] {
  const [imported, next] = [new Set<string>(), [first]];
  for (let file = next.pop(); file !== undefined; file = next.pop()) {
    if (imported.has(file)) continue;
    imported.add(file);
    // Dynamic imports have parentheses.
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import)"([^"]+)"/g))
      if (path.startsWith('.')) next.push(resolve(file, '..', path));
  }
  return [...imported];
}

/** The modules of Node that a process has after it imported a bundle. */
async function modulesOfNode(bundle: string): Promise<readonly string[]> {
  const code =
    `await import(${JSON.stringify(pathToFileURL(bundle).href)});` +
    "process.stdout.write(process.moduleLoadList.join('\\n')); process.exit(0)";
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code]);
  return stdout.split('\n').map((line) => line.replace(/^NativeModule /, ''));
}

describe('the artifacts', () => {
  test.each([...DEPLOYED])('%s.zip starts in a folder that has nothing else', async (name) => {
    const unpacked = await unpackArtifact(join(dist, `${name}.zip`));
    try {
      const url = pathToFileURL(join(unpacked.folder, 'handler.mjs')).href;
      const script = `const m = await import(${JSON.stringify(url)}); console.log(typeof m.handler, typeof m.create);`;
      const { stdout } = await run(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script],
        { cwd: unpacked.folder, env: {} },
      );
      expect(stdout.trim()).toBe('function function');
    } finally {
      await unpacked.remove();
    }
  });

  test.each(['map', 'apply'])(
    '%s.zip starts from a few files, which a cold start reads one by one',
    async (name) => {
      const unpacked = await unpackArtifact(join(dist, `${name}.zip`));
      try {
        const files = importedAtOnce(join(unpacked.folder, name, 'handler.mjs'));
        expect(files.length).toBeGreaterThan(1);
        expect(files.length).toBeLessThan(20);
      } finally {
        await unpacked.remove();
      }
    },
  );

  test('replay.zip contains the deployed map, for previews of snapshots', async () => {
    const unpacked = await unpackArtifact(join(dist, 'replay.zip'));
    try {
      const { sources } = JSON.parse(
        readFileSync(join(unpacked.folder, 'map', 'handler.mjs.map'), 'utf8'),
      ) as { sources: readonly string[] };
      expect(sources.some((path) => path.endsWith('functions/map/handler.ts'))).toBe(true);
      const { create } = (await import(
        pathToFileURL(join(unpacked.folder, 'map', 'handler.mjs')).href
      )) as { create: unknown };
      expect(typeof create).toBe('function');
    } finally {
      await unpacked.remove();
    }
  });

  test('a function without a configuration explains how to add one', async () => {
    const unpacked = await unpackArtifact(join(dist, 'map.zip'));
    try {
      for (const name of ['sluice.yaml', 'sluice.config.json'])
        rmSync(join(unpacked.folder, name), { force: true });
      const url = pathToFileURL(join(unpacked.folder, 'handler.mjs')).href;
      const script =
        `const m = await import(${JSON.stringify(url)}); await m.handler({ Records: [] }, ` +
        '{}).catch((e) => console.log(e.message));';
      const { stdout } = await run(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script],
        { cwd: unpacked.folder, env: {} },
      );
      expect(stdout).toContain('SLUICE_CONFIG=<your sluice.yaml> npm run package');
    } finally {
      await unpacked.remove();
    }
  });

  test.each([...DEPLOYED])('%s imports nothing that it does not need at once', async (name) => {
    const imported = importedAtOnce(join(dist, name, 'handler.mjs'));
    const sources = [...imported].flatMap(
      (file) => (JSON.parse(readFileSync(`${file}.map`, 'utf8')) as { sources: string[] }).sources,
    );
    expect(sources.length).toBeGreaterThan(50);
    expect(
      sources.filter((path) =>
        /node_modules\/(@aws-sdk|@smithy|undici|thread-stream|zod\/v4\/locales\/(?!en\.))/.test(
          path,
        ),
      ),
    ).toEqual([]);
    expect(
      (await modulesOfNode(join(dist, name, 'handler.mjs'))).filter((module) =>
        /^(http|https|tls|worker_threads|internal\/fs\/streams|internal\/deps\/undici\/undici)$/.test(
          module,
        ),
      ),
    ).toEqual([]);
  });

  test('map contains no device client', () => {
    const sources = sourcesOf('map');
    expect(sources.length).toBeGreaterThan(50);
    expect(sources.filter((source) => source.includes('node_modules/undici/'))).toEqual([]);
  });
});

describe('the build', () => {
  test('the watcher starts without fetch and WebSocket of Node, which it never uses', async () => {
    const loaded = await modulesOfNode(join(dist, 'watch', 'main.mjs'));
    expect(loaded).toContain('http');
    expect(loaded).not.toContain('internal/deps/undici/undici');
  });

  /** A tiny repository with one function. */
  function repository(name: string): string {
    const folder = join(scratch, name);
    cpSync(join(import.meta.dirname, '../fixtures/build'), folder, { recursive: true });
    return folder;
  }
  const builder = (
    folder: string,
    config?: string,
  ): { readonly said: string[]; run(more?: Partial<BuildOptions>): Promise<void> } => {
    const said: string[] = [];
    return {
      said,
      run: (more = {}) =>
        build({
          root: folder,
          out: join(folder, 'dist'),
          config,
          say: (line) => said.push(line),
          ...more,
        }),
    };
  };
  const changeAnswer = (folder: string, answer = 'other'): void =>
    writeFileSync(
      join(folder, 'functions', 'echo', 'answer.ts'),
      `export const answer: string = '${answer}';\n`,
    );

  test('the same sources give the same bytes, wherever they are', async () => {
    const [one, two] = [repository('one'), repository('two')];
    await builder(one).run();
    await builder(two).run();
    expect(
      readFileSync(join(one, 'dist', 'echo.zip')).equals(
        readFileSync(join(two, 'dist', 'echo.zip')),
      ),
    ).toBe(true);
  });

  /** A second function that contains all the code of echo. */
  function addTwin(folder: string): void {
    mkdirSync(join(folder, 'functions', 'twin'));
    writeFileSync(
      join(folder, 'functions', 'twin', 'handler.ts'),
      "export { create, handler } from '../echo/handler.ts';\n",
    );
  }

  test('an archive has the files that its function imports, and no others', async () => {
    const folder = repository('closure');
    addTwin(folder);
    writeFileSync(
      join(folder, 'functions', 'cli', 'main.ts'),
      "const { answer } = await import('./later.ts');\nprocess.stdout.write(answer);\n",
    );
    writeFileSync(
      join(folder, 'functions', 'cli', 'later.ts'),
      "export const answer = 'for cli alone';\n",
    );
    await builder(folder).run();
    const unpacked = await unpackArtifact(join(folder, 'dist', 'echo.zip'));
    try {
      const all = readdirSync(unpacked.folder, { recursive: true }) as string[];
      const code = all.filter((path) => path.endsWith('.mjs')).sort();
      expect(new Set(code.map((path) => path.replace(/[^/]+(?=\.mjs$)/, '*')))).toEqual(
        new Set(['*.mjs', 'echo/*.mjs']),
      );
      const text = code.map((path) => readFileSync(join(unpacked.folder, path), 'utf8')).join('');
      expect(text).toContain('"yes"');
      expect(text).not.toContain('for cli alone');
      for (const path of code.filter((each) => each !== 'handler.mjs'))
        expect(all).toContain(`${path}.map`);
      const { handler } = (await import(
        pathToFileURL(join(unpacked.folder, 'handler.mjs')).href
      )) as { handler: () => Promise<string> };
      expect(await handler()).toBe('yes');
    } finally {
      await unpacked.remove();
    }
  });

  test('bundles share their code, and find it', async () => {
    const folder = repository('shared');
    addTwin(folder);
    await builder(folder).run({ hostOnly: true });
    const load = (name: string): Promise<{ readonly create: unknown }> =>
      import(pathToFileURL(join(folder, 'dist', name, 'handler.mjs')).href) as Promise<{
        readonly create: unknown;
      }>;
    const [echo, twin] = [await load('echo'), await load('twin')];
    expect(typeof echo.create).toBe('function');
    expect(twin.create).toBe(echo.create);
    expect(readdirSync(join(folder, 'dist')).sort()).toEqual([
      'cli',
      'echo',
      'shared',
      'stamp.json',
      'twin',
    ]);
  });

  test('files that bundles shared in older builds are kept for a day, for running processes', async () => {
    const folder = repository('chunks');
    addTwin(folder);
    await builder(folder).run({ hostOnly: true });
    const chunks = (): readonly string[] => readdirSync(join(folder, 'dist', 'shared')).sort();
    const first = chunks();
    changeAnswer(folder);
    await builder(folder).run({ hostOnly: true });
    const both = chunks();
    expect(both).toEqual(expect.arrayContaining([...first]));
    expect(both.length).toBeGreaterThan(first.length);
    const old = new Date(Date.now() - 25 * 3_600_000);
    for (const name of both) utimesSync(join(folder, 'dist', 'shared', name), old, old);
    changeAnswer(folder, 'third');
    await builder(folder).run({ hostOnly: true });
    expect(chunks()).toHaveLength(first.length);
  });

  test('builds again only what changed', async () => {
    const folder = repository('again');
    addTwin(folder);
    const first = builder(folder);
    await first.run();
    const steps = (said: readonly string[]): readonly string[] =>
      said.map((line) => line.split(':')[0] ?? '');
    const packed = ['packed echo.zip', 'packed twin.zip'];
    expect(steps(first.said)).toEqual(['built cli, echo, twin', ...packed]);
    const second = builder(folder);
    await second.run();
    expect(second.said).toEqual([]);
    changeAnswer(folder);
    const third = builder(folder);
    await third.run();
    expect(steps(third.said)).toEqual(['built cli, echo, twin', ...packed]);
    writeFileSync(
      join(folder, 'functions', 'twin', 'handler.ts'),
      "export { create } from '../echo/handler.ts';\nexport const handler = undefined;\n",
    );
    const fourth = builder(folder);
    await fourth.run();
    expect(steps(fourth.said)).toEqual(['built cli, echo, twin', 'packed twin.zip']);
    rmSync(join(folder, 'dist', 'echo.zip'));
    const fifth = builder(folder);
    await fifth.run();
    expect(steps(fifth.said)).toEqual(['packed echo.zip']);
    rmSync(join(folder, 'dist', 'twin', 'handler.mjs'));
    const sixth = builder(folder);
    await sixth.run();
    expect(steps(sixth.said)).toEqual(['built cli, echo, twin']);
  });

  test('packs again when only the configuration changed', async () => {
    const folder = repository('other-config');
    writeFileSync(join(folder, 'my.yaml'), 'devices: []\ngeneration: 1\n');
    await builder(folder, 'my.yaml').run();
    writeFileSync(join(folder, 'my.yaml'), 'devices: []\ngeneration: 2\n');
    const again = builder(folder, 'my.yaml');
    await again.run();
    expect(again.said).toEqual([expect.stringMatching(/^packed echo\.zip: \d+ KB$/)]);
  });

  test('a build for a host leaves no archive of older code behind', async () => {
    const folder = repository('no-zip');
    const archive = join(folder, 'dist', 'echo.zip');
    await builder(folder).run({ hostOnly: true });
    expect(existsSync(archive)).toBe(false);
    await builder(folder).run();
    await builder(folder).run({ hostOnly: true });
    // Nothing changed, so the archive is up to date.
    expect(existsSync(archive)).toBe(true);
    changeAnswer(folder);
    await builder(folder).run({ hostOnly: true });
    expect(existsSync(archive)).toBe(false);
    await builder(folder).run();
    const unpacked = await unpackArtifact(archive);
    try {
      expect(readFileSync(join(unpacked.folder, 'echo', 'handler.mjs'), 'utf8')).toContain('other');
    } finally {
      await unpacked.remove();
    }
  });

  test('every script that runs bundles builds them first, with archives where they are used', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const first = (name: string): string | undefined => scripts[name]?.split(' && ')[0];
    for (const name of ['demo', 'lab', 'bench', 'sluice'])
      expect([name, first(name)]).toEqual([name, 'npm run --silent bundle']);
    expect(first('test')).toBe('npm run --silent build');
    expect(scripts['bundle']).toBe(`${scripts['build']} --host-only`);
  });

  test('packs the configuration, with its generation', async () => {
    const folder = repository('config');
    writeFileSync(join(folder, 'my.yaml'), 'devices: []\n');
    await builder(folder, 'my.yaml').run();
    const unpacked = await unpackArtifact(join(folder, 'dist', 'echo.zip'));
    try {
      expect(readdirSync(unpacked.folder).sort()).toEqual(['echo', 'handler.mjs', 'sluice.yaml']);
      const seconds = Math.floor(statSync(join(folder, 'my.yaml')).mtimeMs / 1000);
      expect(readFileSync(join(unpacked.folder, 'sluice.yaml'), 'utf8')).toBe(
        `devices: []\ngeneration: ${seconds}\n`,
      );
    } finally {
      await unpacked.remove();
    }
  });

  test('keeps a configured generation', () => {
    expect(packedConfig(EXAMPLE).content).toBe(readFileSync(EXAMPLE, 'utf8'));
  });

  test('a missing configuration file is an error, and nothing is built without it', async () => {
    await expect(builder(repository('missing'), 'nowhere.yaml').run()).rejects.toThrow(
      'SLUICE_CONFIG names nowhere.yaml',
    );
  });

  test('a package that must stay out of a bundle stops the build', async () => {
    const folder = repository('forbidden');
    cpSync(join(folder, 'functions', 'echo'), join(folder, 'functions', 'map'), {
      recursive: true,
    });
    cpSync(join(folder, 'client'), join(folder, 'node_modules', 'undici'), { recursive: true });
    writeFileSync(
      join(folder, 'functions', 'map', 'answer.ts'),
      "export { answer } from 'undici';\n",
    );
    await expect(builder(folder).run()).rejects.toThrow('The bundle of function map holds undici');
  });

  test('the command line program can be started by itself', async () => {
    const folder = repository('cli');
    await builder(folder).run();
    const path = join(folder, 'dist', 'cli', 'sluice.mjs');
    expect(readFileSync(path, 'utf8').startsWith('#!/usr/bin/env node\n')).toBe(true);
    expect(statSync(path).mode & 0o111).not.toBe(0);
    const { stdout } = await run(process.execPath, [path]);
    expect(stdout).toBe('echo yes\n');
  });

  test('the command line program keeps its compiled code until the next build', async () => {
    const folder = repository('compiled');
    const cache = join(folder, 'dist', 'cli', 'compile-cache');
    await builder(folder).run();
    expect(existsSync(cache)).toBe(false);
    await run(process.execPath, [join(folder, 'dist', 'cli', 'sluice.mjs')]);
    const kept = readdirSync(cache, { recursive: true, withFileTypes: true });
    expect(kept.some((entry) => entry.isFile())).toBe(true);
    changeAnswer(folder);
    await builder(folder).run();
    expect(existsSync(cache)).toBe(false);
  });

  test('leaves no compiled code in the folder of another user', async () => {
    const folder = repository('compiled-other');
    await builder(folder).run();
    const other = join(folder, 'other-user.mjs');
    writeFileSync(other, 'const uid = process.getuid();\nprocess.getuid = () => uid + 1;\n');
    const path = join(folder, 'dist', 'cli', 'sluice.mjs');
    const { stdout } = await run(process.execPath, ['--import', other, path]);
    expect(stdout).toBe('echo yes\n');
    expect(existsSync(join(folder, 'dist', 'cli', 'compile-cache'))).toBe(false);
  });

  test('reports a Node version that is too old in one sentence, before the program is linked', async () => {
    const folder = repository('cli-old');
    await builder(folder).run();
    const old = join(folder, 'old-node.mjs');
    writeFileSync(
      old,
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });\n",
    );
    const path = join(folder, 'dist', 'cli', 'sluice.mjs');
    await expect(run(process.execPath, ['--import', old, path])).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^sluice: Node 20\.20\.2 is too old; [^\n]+\n$/),
    });
  });
});
