/** IAM statements that several roles and policies have in common. */
'use strict';

/** What messages and objects under a key of the account need; nothing for keys of AWS. */
function useKey(key) {
  if (key === null) return [];
  return [{ Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: [key] }];
}

const QUEUES = ['Snapshots', 'SnapshotsDead', 'Slices', 'SlicesDead', 'Express', 'ExpressDead'];
const arn = (logical) => ({ 'Fn::GetAtt': [`${logical}Queue`, 'Arn'] });

/** By name, because a role has room for about 100 queues, and a stack may have 200 clusters. */
function settledArn(prefix) {
  return {
    'Fn::Sub': `arn:\${AWS::Partition}:sqs:\${AWS::Region}:\${AWS::AccountId}:${prefix}-settled-*.fifo`,
  };
}

function sendTo(logicals) {
  return {
    Effect: 'Allow',
    Action: ['sqs:SendMessage', 'sqs:GetQueueUrl'],
    Resource: logicals.map(arn),
  };
}

/** Actions on the objects of the failure store, or on those below a prefix. */
function objects({ failures }, actions, under = '') {
  if (failures === null) return [];
  const pattern = failures.objects.replace(/\*$/, `${under}*`);
  return [
    {
      Effect: 'Allow',
      Action: actions.map((action) => `s3:${action}`),
      Resource: [{ 'Fn::Sub': `arn:\${AWS::Partition}:s3:::${failures.bucket}/${pattern}` }],
    },
  ];
}

/** Without the list right, S3 answers 403 for an object that does not exist; a condition on the prefix would do the same. */
function store(deployment, actions, under = '') {
  const { failures } = deployment;
  if (failures === null) return [];
  return [
    ...objects(deployment, actions, under),
    {
      Effect: 'Allow',
      Action: ['s3:ListBucket'],
      Resource: [{ 'Fn::Sub': `arn:\${AWS::Partition}:s3:::${failures.bucket}` }],
    },
  ];
}

function logs(name) {
  return {
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: [
      {
        'Fn::Sub': `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${name}:*`,
      },
    ],
  };
}

function lambdaRole(statements) {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'lambda.amazonaws.com' },
            Action: 'sts:AssumeRole',
          },
        ],
      },
      Policies: [
        { PolicyName: 'sluice', PolicyDocument: { Version: '2012-10-17', Statement: statements } },
      ],
    },
  };
}

/** Depths and settings of all queues. */
function seeQueues(prefix) {
  return {
    Effect: 'Allow',
    Action: ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes'],
    Resource: [...QUEUES.map(arn), settledArn(prefix)],
  };
}

function managedPolicy(description, statements) {
  return {
    Type: 'AWS::IAM::ManagedPolicy',
    Properties: {
      Description: description,
      PolicyDocument: { Version: '2012-10-17', Statement: statements },
    },
  };
}

module.exports = {
  arn,
  lambdaRole,
  logs,
  managedPolicy,
  objects,
  seeQueues,
  sendTo,
  settledArn,
  store,
  useKey,
};
