/** Values for `serverless.yml`. */
'use strict';

const { settings } = require('./settings.cjs');

module.exports = () => {
  const { prefix, region, vpc } = settings(process.env);
  return { prefix, region, vpc };
};
