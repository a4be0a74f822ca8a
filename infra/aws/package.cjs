/**
 * Serverless plugin: packs the functions with the configuration that the template is made from, so
 * that the two always fit, and refuses a region or stage that does not fit the configuration.
 */
'use strict';

const { join, relative, resolve } = require('node:path');
const { checkStage, readDeployment } = require('./deployment.ts');

const root = resolve(__dirname, '../..');

/** Serverless calls this with `new`. */
module.exports = function SluicePackage(serverless, options, { log }) {
  // Now, because Serverless adds the default later.
  const isStageNamed = options.stage !== undefined;
  const prepare = async () => {
    const deployment = readDeployment(process.env);
    const { region, stage } = serverless.service.provider;
    checkStage(deployment, { region, stage, isStageNamed });
    const { config, path } = deployment;
    log.notice(
      `Sluice: ${relative(root, path)}, ${config.clusters.length} cluster(s), ` +
        `${config.devices.length} device(s), region ${region}, stage ${stage}`,
    );
    // Whoever compiles only the template has the functions already.
    if (process.env.SLUICE_ARTIFACTS === 'keep') return;
    // Bundling waits at its top level, so it cannot be required.
    const { build } = await import('../build/bundle.ts');
    await build({ root, out: join(root, 'dist'), config: path, say: (line) => log.notice(line) });
  };
  this.hooks = { 'before:package:initialize': prepare };
};
