/** One role for each function, with what it needs and nothing else. */
'use strict';

const {
  arn,
  lambdaRole,
  logs,
  objects,
  seeQueues,
  sendTo,
  settledArn,
  store,
  useKey,
} = require('./rights.cjs');
const { readDeployment } = require('./deployment.ts');

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

/** Network interfaces cannot be named before they exist. */
const INTERFACES = {
  Effect: 'Allow',
  Action: [
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeSubnets',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
  ],
  Resource: ['*'],
};

/** Marks of messages that may have killed a process (decision 0036), and what waits for a device: both are taken away again. */
const MARKS = 'suspects/';
const WAITING = 'waiting/';
/** What repairs left, until a later repair leaves nothing. */
const REPAIRS = 'repairs/';
/** When clusters were last heard (decision 0063). */
const HEARD = 'heard/';
/** Failures without their events, and replay jobs. */
const INDEX = 'index/';
const JOBS = 'jobs/';
/** What apply and audit last saw of the devices, and map of the clusters. */
const VIEWS = 'views/';
const VERDICTS = 'verdicts/';
/** Which releases of the functions run, for doctor. */
const RELEASES = 'releases/';
/** What consoles asked, by which click people did what, and what they did: audit removes what is old. */
const ASKS = 'asks/';
const ACTS = 'acts/';
const AUDIT_LOG = 'audit/';

function toSettled(prefix) {
  return {
    Effect: 'Allow',
    Action: ['sqs:SendMessage', 'sqs:GetQueueUrl'],
    Resource: [settledArn(prefix)],
  };
}

/** Metrics need no evidence. With a console, audit answers its questions: doctor looks at all of the store. */
function storeOfAudit(stack) {
  const reads =
    stack.config.console === undefined
      ? [
          ...store(stack, ['GetObject'], HEARD),
          ...[INDEX, JOBS, WAITING, ASKS, ACTS].flatMap((under) =>
            objects(stack, ['GetObject'], under),
          ),
        ]
      : [
          ...store(stack, ['GetObject']),
          ...objects(stack, ['PutObject'], ASKS),
          ...stack.readRights.keys,
        ];
  return [
    ...reads,
    seeQueues(stack.prefix),
    // A newer view stays.
    ...objects(stack, ['GetObject', 'PutObject'], VIEWS),
    ...[ASKS, ACTS, AUDIT_LOG].flatMap((under) => objects(stack, ['DeleteObject'], under)),
    ...objects(stack, ['GetObject', 'DeleteObject'], REPAIRS),
  ];
}

const REPLAY_ROLE_ID = {
  Description: 'Role id of replay, for failures.replayers of sluice.yaml',
  Value: { 'Fn::GetAtt': ['ReplayRole', 'RoleId'] },
};

module.exports = async ({ resolveVariable }) => {
  const stack = readDeployment(process.env);
  const { key, prefix, readRights, vpc } = stack;
  const stage = await resolveVariable('sls:stage');
  const settled = toSettled(prefix);
  const device = [...readRights.device, ...(vpc === null ? [] : [INTERFACES])];
  const role = (statements) => lambdaRole([...statements, ...useKey(key)]);
  return {
    Resources: {
      MapRole: role([
        logs(`sluice-${stage}-map`),
        takeFrom('Snapshots'),
        sendTo(['Slices', 'Express', 'SnapshotsDead']),
        settled,
        ...store(stack, ['GetObject', 'PutObject', 'DeleteObject'], MARKS),
        ...objects(stack, ['GetObject', 'PutObject'], VERDICTS),
        ...objects(stack, ['GetObject', 'PutObject'], RELEASES),
        ...readRights.keys,
      ]),
      ApplyRole: role([
        logs(`sluice-${stage}-apply`),
        takeFrom('Slices'),
        sendTo(['Slices', 'SlicesDead']),
        settled,
        ...store(stack, ['GetObject', 'PutObject']),
        ...objects(stack, ['DeleteObject'], WAITING),
        ...objects(stack, ['DeleteObject'], MARKS),
        ...objects(stack, ['DeleteObject'], REPAIRS),
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
        ...readRights.keys,
        ...device,
      ]),
      AuditRole: role([
        logs(`sluice-${stage}-audit`),
        sendTo(['Slices']),
        settled,
        ...storeOfAudit(stack),
        ...device,
      ]),
    },
    // map lets nobody else send for a cluster whose senders are named: this belongs into failures.replayers.
    Outputs: { ReplayRoleId: REPLAY_ROLE_ID },
  };
};
