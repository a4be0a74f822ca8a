/** Values for `serverless.yml`. */
'use strict';

const { readDeployment } = require('./deployment.ts');

module.exports = () => {
  const { prefix, region, vpc, config } = readDeployment(process.env);
  // Without a policy nothing has to be woken.
  return { prefix, region, vpc, replays: (config.failures?.replay ?? []).length > 0 };
};
