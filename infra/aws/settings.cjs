/** For the CommonJS files that Serverless reads: `deployment.ts` has the settings of the stack. */
'use strict';

const { readDeployment } = require('./deployment.ts');

module.exports = { settings: (env) => readDeployment(env) };
