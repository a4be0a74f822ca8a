/** The console behind an HTTP API, where the configuration has one; else nothing. */
'use strict';

const { lambdaRole, logs, objects, seeQueues, sendTo, store, useKey } = require('./rights.cjs');
const { readDeployment } = require('./deployment.ts');

/** A handful of people; a stranger who calls it costs at most this many requests in a second. */
const THROTTLE = { ThrottlingBurstLimit: 100, ThrottlingRateLimit: 50 };

/** It calls neither devices nor clusters, so it is in no VPC. */
const FUNCTION = {
  handler: 'handler.handler',
  description: 'Failures, replays, ports and clusters for people, in a browser',
  role: 'ConsoleRole',
  // It answers within ten seconds; the first call also starts it.
  timeout: 15,
  // Anybody can call it, so it takes no more than this from the concurrency of the account, which
  // apply and express need.
  reservedConcurrency: 20,
  package: { artifact: 'dist/console.zip' },
  environment: {
    SLUICE_REPLAY: { Ref: 'ReplayLambdaFunction' },
    SLUICE_AUDIT: { Ref: 'AuditLambdaFunction' },
  },
  events: [{ httpApi: '*' }],
};

/**
 * States of failures and jobs, questions, acts and the log; not what functions saw, nor evidence.
 * It removes orders that a person takes back, and acts that were not made.
 */
const WRITES = require('./console-writes.json');

const arnOf = (logical) => ({ 'Fn::GetAtt': [`${logical}LambdaFunction`, 'Arn'] });

function role(deployment, stage) {
  const { key, prefix, readRights } = deployment;
  return lambdaRole([
    logs(`sluice-${stage}-console`),
    ...store(deployment, ['GetObject']),
    ...WRITES.put.flatMap((under) => objects(deployment, ['PutObject'], under)),
    ...WRITES.delete.flatMap((under) => objects(deployment, ['DeleteObject'], under)),
    seeQueues(prefix),
    sendTo(['Slices']),
    {
      Effect: 'Allow',
      Action: ['lambda:InvokeFunction'],
      Resource: ['Replay', 'Audit'].map(arnOf),
    },
    ...readRights.console,
    ...useKey(key),
  ]);
}

module.exports = async ({ resolveVariable }) => {
  const deployment = readDeployment(process.env);
  if (deployment.config.console === undefined)
    return { functions: {}, resources: { Resources: {} } };
  const stage = await resolveVariable('sls:stage');
  return {
    functions: { console: FUNCTION },
    resources: {
      Resources: { ConsoleRole: role(deployment, stage) },
      extensions: { HttpApiStage: { Properties: { DefaultRouteSettings: THROTTLE } } },
      Outputs: {
        ConsoleOrigin: {
          Description: 'Origin of the HTTP API of the console, without a name of your own',
          Value: { 'Fn::GetAtt': ['HttpApi', 'ApiEndpoint'] },
        },
      },
    },
  };
};
