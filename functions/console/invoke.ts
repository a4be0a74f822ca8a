/** Calls functions on AWS. The only code that uses the interface of Lambda. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { AT_THE_BEGINNING, handlerOptions, withinTotal } from '../../shared/runtime/aws.ts';
import { errorMessage, errorName } from '../../shared/telemetry/errors.ts';
import type { Call } from './asking.ts';

/** Names of the functions that answer. */
export type Answerers = Readonly<Record<Parameters<Call>[0], string>>;

/** Milliseconds: a request has to end in under ten seconds, and waits for the answer, too. */
const SILENCE_MS = 1_500;
/**
 * For calling another function: the request of a person waits for it. The called function runs on
 * by itself.
 */
const TOTAL_MS = 2_500;

/** Resolves when AWS has accepted the call; the function runs later and on its own. */
export function createInvoke(names: Answerers): Call {
  const client = new LambdaClient({
    maxAttempts: 2,
    requestHandler: handlerOptions(SILENCE_MS, { service: 'lambda' }),
  });
  client.middlewareStack.add(withinTotal(TOTAL_MS), AT_THE_BEGINNING);
  return async (name, ask) => {
    const FunctionName = names[name];
    try {
      await client.send(
        new InvokeCommand({
          FunctionName,
          InvocationType: 'Event',
          Payload: JSON.stringify({ ask }),
        }),
      );
    } catch (error) {
      throw new Error(
        `${FunctionName} cannot be invoked (${errorName(error)}: ${errorMessage(error)}); ` +
          'check that it is deployed, and that the role of the console may invoke it',
        { cause: error },
      );
    }
  };
}
