/** Values for `serverless.yml`. */
'use strict';

const { readDeployment } = require('./deployment.ts');

module.exports = () => {
  const { prefix, region, vpc, config } = readDeployment(process.env);
  const hasConsole = config.console !== undefined;
  return {
    prefix,
    region,
    vpc,
    // Without a policy and without a console, nothing has to be woken.
    replays: hasConsole || config.failures.replay.length > 0,
    // A job of the console continues where the last run stopped.
    replayRate: hasConsole ? 'rate(1 minute)' : 'rate(5 minutes)',
  };
};
