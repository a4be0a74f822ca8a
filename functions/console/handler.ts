/**
 * The console on AWS: a Lambda behind an HTTP API. Hosts take `createConsole`, which listens by
 * itself.
 */
import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
import type { APIGatewayProxyResult, LambdaContext, LambdaEvent } from 'hono/aws-lambda';
import type { FunctionContext } from '../../shared/queue/handler.ts';
import { lambdaEntry } from '../../shared/host/lambda.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import type { Environment } from '../../shared/runtime/process.ts';
import { lazily } from '../../shared/runtime/lazy.ts';
import type { Call } from './asking.ts';
import { fitting } from './fitting.ts';
import type { Answerers } from './invoke.ts';
import { create as createConsole } from './main.ts';

export { createConsole };

/** Answers one request of an HTTP API, payload format 2.0. */
export type ConsoleHandler = (
  event: LambdaEvent,
  context: FunctionContext,
) => Promise<APIGatewayProxyResult>;

/** Throws without `console` in the configuration: nobody could prove who they are. */
export function create(runtime: Runtime, env: Environment = process.env): ConsoleHandler {
  if (runtime.config.console === undefined)
    throw new Error('sluice.yaml has no console, so this function lets nobody in; add it');
  const names = { replay: required(env, 'SLUICE_REPLAY'), audit: required(env, 'SLUICE_AUDIT') };
  const { fetch } = createConsole({
    runtime,
    call: callOver(names),
    who: 'nobody',
    role: 'viewer',
    live: 'polling',
  });
  const app = new Hono();
  app.all('*', async (c) => fitting(c.req.raw, await fetch(c.req.raw)));
  const answer = handle(app);
  return (event, context) => answer(event, context as unknown as LambdaContext);
}

/** A variable that the stack sets. Throws an error that names it if it is missing. */
function required(env: Environment, name: string): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  throw new Error(`${name} is not set; serverless.yml sets it to the name of the function`);
}

/** The client is loaded with the first question. */
function callOver(names: Answerers): Call {
  const invoke = lazily(async () => (await import('./invoke.ts')).createInvoke(names));
  return async (name, ask) => (await invoke.get())(name, ask);
}

/** The Lambda entry point. */
export const handler = lambdaEntry((runtime) => create(runtime));
