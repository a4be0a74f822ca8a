/** Alarms on the functions themselves and on what audit sees, and who hears of them. */
'use strict';

const { plainError, readDeployment } = require('./deployment.ts');

/** Timeouts in seconds, as in serverless.yml and console.cjs. */
const FUNCTIONS = { Map: 30, Apply: 120, Express: 30, Park: 30, Audit: 120, Replay: 240 };
/** Audit runs every ten minutes, so each of these periods has one. */
const AUDIT_PERIOD = 900;

function alarm(description, properties) {
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmDescription: `Sluice: ${description}`,
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: [{ Ref: 'AlarmTopic' }],
      OKActions: [{ Ref: 'AlarmTopic' }],
      ...properties,
    },
  };
}

/** A message that fails comes again, so a single error is no alarm; a quarter of an hour of them is. */
function ofFunction([name, timeout]) {
  const of = (MetricName, more) => ({
    Namespace: 'AWS/Lambda',
    MetricName,
    Dimensions: [{ Name: 'FunctionName', Value: { Ref: `${name}LambdaFunction` } }],
    EvaluationPeriods: 3,
    ...more,
  });
  const low = name.toLowerCase();
  return {
    [`${name}ErrorsAlarm`]: alarm(
      `calls of ${low} have failed for 15 minutes; its log says why.`,
      of('Errors'),
    ),
    [`${name}ThrottlesAlarm`]: alarm(
      `calls of ${low} have been throttled for 15 minutes; look at the concurrency of the account.`,
      of('Throttles'),
    ),
    [`${name}DurationAlarm`]: alarm(
      `calls of ${low} take almost all of their ${timeout} s; look at what they wait for.`,
      of('Duration', { Statistic: 'Maximum', Threshold: timeout * 900 }),
    ),
  };
}

/** Metrics that audit writes after each run, by the names that Prometheus has. */
function ofAudit(prefix) {
  const of = (MetricName, more) => ({
    Namespace: `Sluice/${prefix}`,
    MetricName,
    Statistic: 'Maximum',
    Period: AUDIT_PERIOD,
    ...more,
  });
  return {
    AuditMissingAlarm: alarm(
      'no audit has ended for half an hour, so drift and silent clusters are not noticed; the log of audit says why.',
      of('sluice_store_reachable', {
        Statistic: 'SampleCount',
        Period: 1_800,
        Threshold: 1,
        ComparisonOperator: 'LessThanThreshold',
        TreatMissingData: 'breaching',
      }),
    ),
    SettledAgeAlarm: alarm(
      'a watcher does not take its results; "sluice status" says which queue waits.',
      of('sluice_settled_oldest_seconds', { Threshold: 900 }),
    ),
    SilentClusterAlarm: alarm(
      'a cluster was not heard for longer than clusters[].silentAfter; "sluice cluster list" says which. Look at its watcher and its queue.',
      of('sluice_cluster_silent'),
    ),
    StoreUnreachableAlarm: alarm(
      'audit cannot read the failure store; its log says why.',
      of('sluice_store_reachable', {
        Statistic: 'Minimum',
        Threshold: 1,
        ComparisonOperator: 'LessThanThreshold',
      }),
    ),
  };
}

/** `SLUICE_ALARM_EMAIL`: AWS sends a mail to it, which has to be confirmed. */
function subscription({ SLUICE_ALARM_EMAIL: email = '' }) {
  if (email === '') return {};
  if (!/^[^\s@,]+@[^\s@,]+$/.test(email))
    throw plainError(
      `SLUICE_ALARM_EMAIL is ${JSON.stringify(email)}, which is no e-mail address; set it to one, or leave it out.`,
    );
  return {
    AlarmSubscription: {
      Type: 'AWS::SNS::Subscription',
      Properties: { TopicArn: { Ref: 'AlarmTopic' }, Protocol: 'email', Endpoint: email },
    },
  };
}

module.exports = () => {
  const { prefix, config } = readDeployment(process.env);
  const functions = { ...FUNCTIONS, ...(config.console !== undefined && { Console: 15 }) };
  return {
    Resources: {
      ...Object.assign({}, ...Object.entries(functions).map(ofFunction)),
      ...ofAudit(prefix),
      ...subscription(process.env),
    },
  };
};
