/** One role for each function, with what it needs and nothing else. */
'use strict';

const { settings } = require('./settings.cjs');

const arn = (logical) => ({ 'Fn::GetAtt': [`${logical}Queue`, 'Arn'] });

function logs(name) {
  return {
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: [{ 'Fn::Sub': `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${name}:*` }],
  };
}

/** The event source needs the first three as well as the handler does. */
function takeFrom(logical) {
  return { Effect: 'Allow', Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility', 'sqs:GetQueueUrl'], Resource: [arn(logical)] };
}

function sendTo(logicals) {
  return { Effect: 'Allow', Action: ['sqs:SendMessage', 'sqs:GetQueueUrl'], Resource: logicals.map(arn) };
}

/** Network interfaces cannot be named before they exist. */
const INTERFACES = {
  Effect: 'Allow',
  Action: ['ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DeleteNetworkInterface', 'ec2:DescribeSubnets'],
  Resource: ['*'],
};

function role(statements) {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] },
      Policies: [{ PolicyName: 'sluice', PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
    },
  };
}

module.exports = async ({ resolveVariable }) => {
  const { clusters, readRights, vpc } = settings(process.env);
  const stage = await resolveVariable('sls:stage');
  const settled = clusters.map((cluster) => `Settled${cluster.logical}`);
  const device = [...readRights, ...(vpc === null ? [] : [INTERFACES])];
  return {
    Resources: {
      MapRole: role([logs(`sluice-${stage}-map`), takeFrom('Snapshots'), sendTo(['Slices', 'Express', 'SnapshotsDead', ...settled])]),
      ApplyRole: role([logs(`sluice-${stage}-apply`), takeFrom('Slices'), sendTo(['SlicesDead', ...settled]), ...device]),
      ExpressRole: role([logs(`sluice-${stage}-express`), takeFrom('Express'), ...device]),
    },
  };
};
