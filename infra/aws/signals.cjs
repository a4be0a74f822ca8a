/** Alarms on what only the log tells: each counts the lines of one function that carry certain codes. */
'use strict';

const { readDeployment } = require('./deployment.ts');

const SIGNALS = [
  {
    name: 'RefusedOrigin',
    log: 'MapLogGroup',
    /** Every code with which map refuses where an event comes from. */
    codes: ['OWN320', 'OWN321', 'OWN322', 'OWN323', 'OWN324'],
    period: 60,
    description:
      'Sluice: an event was refused because its sender or signature is not that of its cluster; "sluice failures list" shows it with OWN320 to OWN324 and who sent it.',
  },
  {
    name: 'InnerFault',
    log: 'ApplyLogGroup',
    codes: ['BIP509'],
    /** apply tries once a minute at least, so that the alarm stands as long as the fault. */
    period: 300,
    description:
      "Sluice: a call inside a BIG-IP fails, so that nothing or not everything can be declared on it; apply's log names device, call and status with BIP509.",
  },
  {
    name: 'WaitingDevice',
    log: 'ApplyLogGroup',
    codes: ['BIP510'],
    /** apply asks every minute, so that the alarm stands as long as the device is away. */
    period: 300,
    description:
      'Sluice: a device is away, and what is for it waits in the failure store; "sluice waiting list" says what, since when and why.',
  },
];

/** Log lines are JSON; one finding is one line. */
function filter({ log, codes }, metric) {
  return {
    Type: 'AWS::Logs::MetricFilter',
    Properties: {
      LogGroupName: { Ref: log },
      FilterPattern: `{ ${codes.map((code) => `($.code = "${code}")`).join(' || ')} }`,
      MetricTransformations: [{ ...metric, MetricValue: '1', DefaultValue: 0 }],
    },
  };
}

function alarm({ description, period }, { MetricNamespace: Namespace, MetricName }) {
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmDescription: description,
      Namespace,
      MetricName,
      Statistic: 'Sum',
      Period: period,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: [{ Ref: 'AlarmTopic' }],
      OKActions: [{ Ref: 'AlarmTopic' }],
    },
  };
}

module.exports = () => {
  const { prefix } = readDeployment(process.env);
  const resources = SIGNALS.flatMap((signal) => {
    const metric = { MetricNamespace: `Sluice/${prefix}`, MetricName: `${signal.name}s` };
    return [
      [`${signal.name}Filter`, filter(signal, metric)],
      [`${signal.name}Alarm`, alarm(signal, metric)],
    ];
  });
  return { Resources: Object.fromEntries(resources) };
};
