/** The alarm on events of which map refuses the sender or the signature: somebody speaks for a cluster that is not his, or a key was changed on one side only. */
'use strict';

const { settings } = require('./settings.cjs');

/** Every code with which map refuses where an event comes from. */
const CODES = ['OWN320', 'OWN321', 'OWN322', 'OWN323', 'OWN324'];

module.exports = () => {
  const { prefix } = settings(process.env);
  const metric = { MetricNamespace: `Sluice/${prefix}`, MetricName: 'RefusedOrigins' };
  return {
    Resources: {
      RefusedOriginFilter: {
        Type: 'AWS::Logs::MetricFilter',
        Properties: {
          LogGroupName: { Ref: 'MapLogGroup' },
          // Its log lines are JSON; one refused event is one line.
          FilterPattern: `{ ${CODES.map((code) => `($.code = "${code}")`).join(' || ')} }`,
          MetricTransformations: [{ ...metric, MetricValue: '1', DefaultValue: 0 }],
        },
      },
      RefusedOriginAlarm: {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: {
          AlarmDescription: 'Sluice: an event was refused because its sender or signature is not that of its cluster; "sluice failures list" shows it with OWN320 to OWN324 and who sent it.',
          Namespace: metric.MetricNamespace,
          MetricName: metric.MetricName,
          Statistic: 'Sum',
          Period: 60,
          EvaluationPeriods: 1,
          Threshold: 0,
          ComparisonOperator: 'GreaterThanThreshold',
          TreatMissingData: 'notBreaching',
          AlarmActions: [{ Ref: 'AlarmTopic' }],
          OKActions: [{ Ref: 'AlarmTopic' }],
        },
      },
    },
  };
};
