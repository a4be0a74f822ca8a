/** Values for `serverless.yml`. */
'use strict';

const { settings } = require('./settings.cjs');

module.exports = () => {
  const { prefix, region, vpc, config } = settings(process.env);
  // Without a policy nothing has to be woken.
  return { prefix, region, vpc, replays: (config.failures?.replay ?? []).length > 0 };
};
