/** Alarms on the functions themselves and on what audit sees, and who hears of them. */
'use strict';

const { plainError, readDeployment } = require('./deployment.ts');

/** Timeouts in seconds, as in serverless.yml and console.cjs. */
const FUNCTIONS = { Map: 30, Apply: 120, Express: 30, Park: 30, Audit: 120, Replay: 240 };
/** Audit runs every ten minutes and replay every five, so each of these periods has a call of them. */
const SCHEDULE_PERIOD = 900;
const ON_SCHEDULE = new Set(['Audit', 'Replay']);

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

const metricOf = (MetricName, name) => ({
  Namespace: 'AWS/Lambda',
  MetricName,
  Dimensions: [{ Name: 'FunctionName', Value: { Ref: `${name}LambdaFunction` } }],
});

/**
 * A message that fails comes again, so a single error is no alarm; a quarter of an hour of them is.
 * A period without calls counts as one without errors.
 */
function errors(name) {
  const [time, periods] = ON_SCHEDULE.has(name)
    ? ['half an hour', { Period: SCHEDULE_PERIOD, EvaluationPeriods: 2 }]
    : ['15 minutes', { EvaluationPeriods: 3 }];
  return alarm(`calls of ${name.toLowerCase()} have failed for ${time}; its log says why.`, {
    ...metricOf('Errors', name),
    ...periods,
  });
}

/** One alarm for all functions, because a stack has room for 500 resources. */
function ofAll(description, functions, { metric, stat, term, join, threshold }) {
  const queries = functions.map(([name], i) => ({
    Id: `m${i}`,
    MetricStat: { Metric: metricOf(metric, name), Period: SCHEDULE_PERIOD, Stat: stat },
    ReturnData: false,
  }));
  const terms = functions.map(([, timeout], i) => term(`FILL(m${i}, 0)`, timeout));
  const {
    Statistic: _statistic,
    Period: _period,
    ...rest
  } = alarm(description, {
    EvaluationPeriods: 2,
    Threshold: threshold,
    Metrics: [{ Id: 'all', Expression: join(terms), ReturnData: true }, ...queries],
  }).Properties;
  return { Type: 'AWS::CloudWatch::Alarm', Properties: rest };
}

function ofFunctions(functions) {
  const all = Object.entries(functions);
  return {
    ...Object.fromEntries(all.map(([name]) => [`${name}ErrorsAlarm`, errors(name)])),
    ThrottlesAlarm: ofAll(
      'calls of functions have been throttled for half an hour; look at the concurrency of the account.',
      all,
      {
        metric: 'Throttles',
        stat: 'Sum',
        term: (value) => value,
        join: (terms) => terms.join('+'),
        threshold: 0,
      },
    ),
    DurationAlarm: ofAll(
      'calls of a function have taken more than 90 % of their time for half an hour; the dashboard shows which.',
      all,
      {
        metric: 'Duration',
        stat: 'Maximum',
        term: (value, timeout) => `${value}/${timeout * 10}`,
        join: (terms) => `MAX([${terms.join(',')}])`,
        threshold: 90,
      },
    ),
  };
}

/** Metrics that audit writes after each run, by the names that Prometheus has. */
function ofAudit(prefix) {
  const of = (MetricName, more) => ({
    Namespace: `Sluice/${prefix}`,
    MetricName,
    Statistic: 'Maximum',
    Period: SCHEDULE_PERIOD,
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
      ...ofFunctions(functions),
      ...ofAudit(prefix),
      ...subscription(process.env),
    },
  };
};
