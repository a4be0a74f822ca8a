/** One role for each function, with what it needs and nothing else. */
'use strict';

const { settings } = require('./settings.cjs');

const arn = (logical) => ({ 'Fn::GetAtt': [`${logical}Queue`, 'Arn'] });

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

/** The event source needs the first three as well as the handler does. */
function takeFrom(logical) {
  return {
    Effect: 'Allow',
    Action: [
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ChangeMessageVisibility',
      'sqs:GetQueueUrl',
    ],
    Resource: [arn(logical)],
  };
}

function sendTo(logicals) {
  return {
    Effect: 'Allow',
    Action: ['sqs:SendMessage', 'sqs:GetQueueUrl'],
    Resource: logicals.map(arn),
  };
}

/** Network interfaces cannot be named before they exist. */
const INTERFACES = {
  Effect: 'Allow',
  Action: [
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeSubnets',
  ],
  Resource: ['*'],
};

function role(statements) {
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

/** Without the list right, S3 answers 403 for an object that is not there; a condition on the prefix would do the same. */
function store({ failures }, actions, under = '') {
  if (failures === null) return [];
  const inBucket = (rest) => ({
    'Fn::Sub': `arn:\${AWS::Partition}:s3:::${failures.bucket}${rest}`,
  });
  return [
    {
      Effect: 'Allow',
      Action: actions.map((action) => `s3:${action}`),
      Resource: [inBucket(`/${failures.objects.replace(/\*$/, `${under}*`)}`)],
    },
    { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: [inBucket('')] },
  ];
}

/** Marks of messages that may have killed a process (decision 0036), and what waits for a device: both are taken away again. */
const MARKS = 'suspects/';
const WAITING = 'waiting/';
/** What repairs left, until a later repair leaves nothing. */
const REPAIRS = 'repairs/';

function remove({ failures }, under) {
  if (failures === null) return [];
  const objects = failures.objects.replace(/\*$/, `${under}*`);
  return [
    {
      Effect: 'Allow',
      Action: ['s3:DeleteObject'],
      Resource: [{ 'Fn::Sub': `arn:\${AWS::Partition}:s3:::${failures.bucket}/${objects}` }],
    },
  ];
}

module.exports = async ({ resolveVariable }) => {
  const stack = settings(process.env);
  const { clusters, readRights, vpc } = stack;
  const stage = await resolveVariable('sls:stage');
  const settled = clusters.map((cluster) => `Settled${cluster.logical}`);
  const device = [...readRights.device, ...(vpc === null ? [] : [INTERFACES])];
  return {
    Resources: {
      MapRole: role([
        logs(`sluice-${stage}-map`),
        takeFrom('Snapshots'),
        sendTo(['Slices', 'Express', 'SnapshotsDead', ...settled]),
        ...store(stack, ['GetObject', 'PutObject', 'DeleteObject'], MARKS),
        ...readRights.keys,
      ]),
      ApplyRole: role([
        logs(`sluice-${stage}-apply`),
        takeFrom('Slices'),
        sendTo(['Slices', 'SlicesDead', ...settled]),
        ...store(stack, ['GetObject', 'PutObject']),
        ...remove(stack, WAITING),
        ...remove(stack, MARKS),
        ...remove(stack, REPAIRS),
        ...device,
      ]),
      ExpressRole: role([logs(`sluice-${stage}-express`), takeFrom('Express'), ...device]),
      ParkRole: role([
        logs(`sluice-${stage}-park`),
        takeFrom('SnapshotsDead'),
        takeFrom('SlicesDead'),
        ...store(stack, ['GetObject', 'PutObject', 'DeleteObject']),
        ...readRights.keys,
      ]),
      ReplayRole: role([
        logs(`sluice-${stage}-replay`),
        sendTo(['Snapshots', 'Slices']),
        ...store(stack, ['GetObject', 'PutObject']),
        ...device,
      ]),
      AuditRole: role([logs(`sluice-${stage}-audit`), sendTo(['Slices', ...settled]), ...device]),
    },
    // map lets nobody else send for a cluster whose senders are named: this belongs into failures.replayers.
    Outputs: {
      ReplayRoleId: {
        Description: 'Role id of replay, for failures.replayers of sluice.yaml',
        Value: { 'Fn::GetAtt': ['ReplayRole', 'RoleId'] },
      },
    },
  };
};
