/** The queues, each working queue with its dead-letter queue, and the alarms on them. */
'use strict';

const { arn, managedPolicy, sendTo, useKey } = require('./rights.cjs');
const { readDeployment } = require('./deployment.ts');

const DAY = 86_400;
const RETENTION = 14 * DAY;
/** A net for crashes only: code decides on dead letters. Throttled invocations count too, so it is high. */
const MAX_RECEIVE_COUNT = 1000;

/**
 * Visibility in seconds, by the timeouts in serverless.yml: six times map's; a little more than apply's, which stops by itself at 75 % of
 * its time, and than that of express, whose events are worth nothing after a minute.
 */
const WORK = [
  { name: 'snapshots', logical: 'Snapshots', visibility: 180, parked: true },
  { name: 'slices', logical: 'Slices', visibility: 150, parked: true },
  // Its code makes no dead letters; whatever lands beside it made the function crash.
  { name: 'express', logical: 'Express', visibility: 40, parked: false },
];

/** Six times the timeout of park. */
const PARK_VISIBILITY = 180;

/** A queue survives the stack with its messages, but a first deployment that fails leaves none behind. */
function queue({ name, visibility, key, redrive = {} }) {
  return {
    Type: 'AWS::SQS::Queue',
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      QueueName: name,
      FifoQueue: true,
      DeduplicationScope: 'queue',
      MessageRetentionPeriod: RETENTION,
      VisibilityTimeout: visibility,
      MaximumMessageSize: 1_048_576,
      ...(key === null ? { SqsManagedSseEnabled: true } : { KmsMasterKeyId: key }),
      ...redrive,
    },
  };
}

function alarm({ logical, metric, threshold, description, statistic = 'Maximum' }) {
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmDescription: description,
      Namespace: 'AWS/SQS',
      MetricName: metric,
      Dimensions: [
        { Name: 'QueueName', Value: { 'Fn::GetAtt': [`${logical}Queue`, 'QueueName'] } },
      ],
      Statistic: statistic,
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: threshold,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: [{ Ref: 'AlarmTopic' }],
      OKActions: [{ Ref: 'AlarmTopic' }],
    },
  };
}

/** park empties its queues, so what counts there is that something came, and that it does not stay. */
function deadAlarms(prefix, { name, logical, parked }) {
  const dead = `${logical}Dead`;
  const physical = `${prefix}-${name}-dead.fifo`;
  if (parked) {
    return {
      [`${dead}NewsAlarm`]: alarm({
        logical: dead,
        metric: 'NumberOfMessagesReceived',
        statistic: 'Sum',
        threshold: 0,
        description: `Sluice: events of ${name} will not succeed by themselves; "sluice failures groups" says which, and why.`,
      }),
      [`${dead}AgeAlarm`]: alarm({
        logical: dead,
        metric: 'ApproximateAgeOfOldestMessage',
        threshold: 900,
        description: `Sluice: dead letters of ${name} have waited in ${physical} for more than 15 minutes; the log of park says why the failure store does not take them. They are lost after 14 days.`,
      }),
    };
  }
  return {
    [`${dead}DepthAlarm`]: alarm({
      logical: dead,
      metric: 'ApproximateNumberOfMessagesVisible',
      threshold: 0,
      description: `Sluice: the function ${name} crashed again and again over the events in ${physical}; its log says why.`,
    }),
    [`${dead}AgeAlarm`]: alarm({
      logical: dead,
      metric: 'ApproximateAgeOfOldestMessage',
      threshold: 10 * DAY,
      description: `Sluice: a dead letter of ${name} is lost in less than four days unless somebody takes it out of ${physical}.`,
    }),
  };
}

function work({ prefix, key }, each) {
  const { name, logical, visibility, parked } = each;
  const dead = `${logical}Dead`;
  return {
    [`${dead}Queue`]: queue({
      name: `${prefix}-${name}-dead.fifo`,
      visibility: parked ? PARK_VISIBILITY : 60,
      key,
    }),
    [`${logical}Queue`]: queue({
      name: `${prefix}-${name}.fifo`,
      visibility,
      key,
      redrive: {
        RedrivePolicy: {
          deadLetterTargetArn: { 'Fn::GetAtt': [`${dead}Queue`, 'Arn'] },
          maxReceiveCount: MAX_RECEIVE_COUNT,
        },
      },
    }),
    ...deadAlarms(prefix, each),
    [`${logical}AgeAlarm`]: alarm({
      logical,
      metric: 'ApproximateAgeOfOldestMessage',
      threshold: 900,
      description: `Sluice: ${name} has waited for more than 15 minutes; the function's log says why.`,
    }),
  };
}

/** Refuses everybody who does not use TLS. */
function onlyTls(action, resource) {
  return {
    Effect: 'Deny',
    Principal: '*',
    Action: action,
    Resource: resource,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
}

/** One policy for all queues, because a stack has room for 500 resources. */
function queuePolicy(logicals) {
  return {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: {
      Queues: logicals.map((logical) => ({ Ref: logical })),
      PolicyDocument: { Version: '2012-10-17', Statement: [onlyTls('sqs:*', '*')] },
    },
  };
}

/** A policy replaces that of AWS, so it also allows what alarms need. */
const TOPIC_POLICY = {
  Type: 'AWS::SNS::TopicPolicy',
  Properties: {
    Topics: [{ Ref: 'AlarmTopic' }],
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Action: 'sns:Publish',
          Resource: { Ref: 'AlarmTopic' },
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        },
        onlyTls('sns:Publish', { Ref: 'AlarmTopic' }),
      ],
    },
  },
};

/** What the watcher of one cluster may do: send to one queue, take from one. */
function watcher(cluster, key) {
  return managedPolicy(`Queue rights of Sluice's watcher in cluster ${cluster.id}`, [
    sendTo(['Snapshots']),
    {
      Effect: 'Allow',
      Action: [
        'sqs:ReceiveMessage',
        'sqs:DeleteMessage',
        'sqs:ChangeMessageVisibility',
        'sqs:GetQueueUrl',
      ],
      Resource: [arn(`Settled${cluster.logical}`)],
    },
    ...useKey(key),
  ]);
}

module.exports = () => {
  const deployment = readDeployment(process.env);
  const { clusters, key } = deployment;
  const resources = {
    AlarmTopic: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: 'Sluice alarms' } },
    AlarmTopicPolicy: TOPIC_POLICY,
  };
  for (const each of WORK) Object.assign(resources, work(deployment, each));
  for (const cluster of clusters) {
    resources[`Settled${cluster.logical}Queue`] = queue({
      name: cluster.queue,
      visibility: 60,
      key,
    });
    resources[`Watcher${cluster.logical}Policy`] = watcher(cluster, key);
  }
  const queues = Object.keys(resources).filter(
    (logical) => resources[logical].Type === 'AWS::SQS::Queue',
  );
  return { Resources: { ...resources, QueuePolicy: queuePolicy(queues) } };
};
