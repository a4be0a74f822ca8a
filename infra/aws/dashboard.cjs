/** A CloudWatch dashboard with the state of Sluice on one page. */
'use strict';

const { readDeployment } = require('./deployment.ts');

const WIDTH = 12;
const HEIGHT = 6;

/** `metrics` as CloudWatch writes them: namespace, name, dimensions, options. */
function widget(title, metrics, { stat = 'Maximum', period = 300 } = {}) {
  return { title, metrics, stat, period };
}

function widgets(prefix, stage) {
  const own = (name, ...rest) => [`Sluice/${prefix}`, name, ...rest];
  const found = (name, label, stat) => [
    {
      expression: `SEARCH('{"Sluice/${prefix}",${label}} MetricName="${name}"', '${stat}')`,
      label: '',
    },
  ];
  const age = (queue) => [
    'AWS/SQS',
    'ApproximateAgeOfOldestMessage',
    'QueueName',
    `${prefix}-${queue}.fifo`,
  ];
  const calls = (metric) =>
    ['map', 'apply', 'express', 'park', 'audit', 'replay'].map((name) => [
      'AWS/Lambda',
      metric,
      'FunctionName',
      `sluice-${stage}-${name}`,
    ]);
  return [
    widget('Devices: 1 if all work', [own('sluice_device_reachable')], { stat: 'Minimum' }),
    widget('Declares by outcome', [found('sluice_device_declares_total', 'outcome', 'Sum')]),
    widget('Seconds of a declare', [
      own('sluice_device_declare_seconds', { stat: 'p50' }),
      own('sluice_device_declare_seconds', { stat: 'p99' }),
    ]),
    widget('Open failures by code', [found('sluice_failures', 'code', 'Maximum')]),
    widget('Oldest message in seconds', [
      ...['snapshots', 'slices', 'express', 'snapshots-dead', 'slices-dead'].map(age),
      own('sluice_settled_oldest_seconds'),
    ]),
    widget('Dead letters', [own('sluice_dead_letters_total')], { stat: 'Sum' }),
    widget('Silent clusters, held removals and drift', [
      own('sluice_cluster_silent'),
      own('sluice_cluster_held_removals'),
      own('sluice_drift_findings'),
    ]),
    widget('Replay jobs', [found('sluice_replay_jobs', 'state', 'Maximum')]),
    widget('Paths', [found('sluice_paths', 'state', 'Maximum')]),
    widget('Changes that wait for a device', [own('sluice_device_waiting_changes')]),
    widget('Errors of functions', calls('Errors'), { stat: 'Sum' }),
    widget('Duration of functions in milliseconds', calls('Duration')),
  ];
}

/** The body of the dashboard, as CloudWatch reads it. */
function body(prefix, stage, region) {
  return {
    widgets: widgets(prefix, stage).map(({ title, metrics, stat, period }, i) => ({
      type: 'metric',
      x: (i % 2) * WIDTH,
      y: Math.floor(i / 2) * HEIGHT,
      width: WIDTH,
      height: HEIGHT,
      properties: { title, region, view: 'timeSeries', stat, period, metrics },
    })),
  };
}

module.exports = async ({ resolveVariable }) => {
  const { prefix, region } = readDeployment(process.env);
  const stage = await resolveVariable('sls:stage');
  return {
    Resources: {
      Dashboard: {
        Type: 'AWS::CloudWatch::Dashboard',
        Properties: {
          DashboardName: prefix,
          DashboardBody: JSON.stringify(body(prefix, stage, region)),
        },
      },
    },
    Outputs: {
      DashboardName: {
        Description: 'The CloudWatch dashboard',
        Value: { Ref: 'Dashboard' },
      },
    },
  };
};
