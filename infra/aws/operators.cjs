/** What people need: managed policies for the command line, and the names of what they work with. */
'use strict';

const { managedPolicy, objects, seeQueues, sendTo, store, useKey } = require('./rights.cjs');
const { readDeployment } = require('./deployment.ts');

function output(description, value) {
  return { Description: description, Value: value };
}

module.exports = () => {
  const deployment = readDeployment(process.env);
  const { key, prefix, readRights } = deployment;
  const view = [...store(deployment, ['GetObject']), seeQueues(prefix), ...useKey(key)];
  const operate = [
    ...view,
    ...objects(deployment, ['PutObject']),
    ...objects(deployment, ['DeleteObject'], 'waiting/'),
    sendTo(['Snapshots', 'Slices']),
  ];
  const administer = [...operate, ...readRights.device, ...readRights.keys];
  const policies = {
    ViewerPolicy: managedPolicy('Sluice: read failures and the state of the queues', view),
    OperatorPolicy: managedPolicy('Sluice: replay, approve, archive and send orders', operate),
    AdminPolicy: managedPolicy('Sluice: everything, with the secrets of the devices', administer),
  };
  const url = (logical) => output(`URL of the queue of ${logical}`, { Ref: `${logical}Queue` });
  return {
    Resources: policies,
    Outputs: {
      ViewerPolicyArn: output('For people who look at failures', { Ref: 'ViewerPolicy' }),
      OperatorPolicyArn: output('For people who replay and approve', { Ref: 'OperatorPolicy' }),
      AdminPolicyArn: output('For people who also read devices', { Ref: 'AdminPolicy' }),
      SnapshotsQueueUrl: url('Snapshots'),
      SlicesQueueUrl: url('Slices'),
      AlarmTopicArn: output('Subscribe whoever is on call', { Ref: 'AlarmTopic' }),
    },
  };
};
