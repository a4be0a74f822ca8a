/** `npm run package` runs this first, because Serverless repeats an error for every variable. */
import { relative, resolve } from 'node:path';
import { readDeployment } from './deployment.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';

try {
  const { path } = readDeployment(process.env);
  process.stdout.write(`reading ${relative(resolve(import.meta.dirname, '../..'), path)}\n`);
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
}
