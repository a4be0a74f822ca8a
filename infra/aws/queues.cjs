/** The queues, each working queue with its dead-letter queue, and the alarms on them. */
'use strict';

const { settings } = require('./settings.cjs');

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

function queue(name, visibility, redrive = {}) {
  return {
    Type: 'AWS::SQS::Queue',
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      QueueName: name,
      FifoQueue: true,
      DeduplicationScope: 'queue',
      MessageRetentionPeriod: RETENTION,
      VisibilityTimeout: visibility,
      MaximumMessageSize: 1_048_576,
      SqsManagedSseEnabled: true,
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

function work(prefix, each) {
  const { name, logical, visibility, parked } = each;
  const dead = `${logical}Dead`;
  return {
    [`${dead}Queue`]: queue(`${prefix}-${name}-dead.fifo`, parked ? PARK_VISIBILITY : 60),
    [`${logical}Queue`]: queue(`${prefix}-${name}.fifo`, visibility, {
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': [`${dead}Queue`, 'Arn'] },
        maxReceiveCount: MAX_RECEIVE_COUNT,
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

/** What the watcher of one cluster may do: send to one queue, take from one. */
function watcher(cluster) {
  return {
    Type: 'AWS::IAM::ManagedPolicy',
    Properties: {
      Description: `Queue rights of Sluice's watcher in cluster ${cluster.id}`,
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: ['sqs:SendMessage', 'sqs:GetQueueUrl'],
            Resource: [{ 'Fn::GetAtt': ['SnapshotsQueue', 'Arn'] }],
          },
          {
            Effect: 'Allow',
            Action: [
              'sqs:ReceiveMessage',
              'sqs:DeleteMessage',
              'sqs:ChangeMessageVisibility',
              'sqs:GetQueueUrl',
            ],
            Resource: [{ 'Fn::GetAtt': [`Settled${cluster.logical}Queue`, 'Arn'] }],
          },
        ],
      },
    },
  };
}

module.exports = () => {
  const { prefix, clusters } = settings(process.env);
  const resources = {
    AlarmTopic: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: 'Sluice alarms' } },
  };
  for (const each of WORK) Object.assign(resources, work(prefix, each));
  for (const cluster of clusters) {
    resources[`Settled${cluster.logical}Queue`] = queue(cluster.queue, 60);
    resources[`Watcher${cluster.logical}Policy`] = watcher(cluster);
  }
  return { Resources: resources };
};
