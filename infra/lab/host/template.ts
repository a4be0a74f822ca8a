/** Reads what the host needs from the compiled CloudFormation template. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import * as z from 'zod';
import type { FedQueueName } from '../../../shared/queue/port.ts';
import type { FunctionSettings } from '../../../shared/queue/functions.ts';
import type { QueueDefinition } from './sqs.ts';

const GetAtt = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) });

const QueueResource = z.object({
  Type: z.literal('AWS::SQS::Queue'),
  Properties: z.object({
    QueueName: z.string(),
    VisibilityTimeout: z.int(),
    MessageRetentionPeriod: z.int(),
    RedrivePolicy: z.object({ deadLetterTargetArn: GetAtt, maxReceiveCount: z.int() }).optional(),
  }),
});
const FunctionResource = z.object({
  Type: z.literal('AWS::Lambda::Function'),
  Properties: z.object({
    FunctionName: z.string(),
    Handler: z.string(),
    Timeout: z.int(),
    Code: z.object({ S3Key: z.string() }),
  }),
});
const SourceResource = z.object({
  Type: z.literal('AWS::Lambda::EventSourceMapping'),
  Properties: z.object({
    BatchSize: z.int(),
    EventSourceArn: GetAtt,
    FunctionName: GetAtt,
    FunctionResponseTypes: z.array(z.string()).optional(),
    ScalingConfig: z.object({ MaximumConcurrency: z.int() }).optional(),
  }),
});
const Resource = z.looseObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
});

/** Unknown fields are kept; the host checks what it uses. */
export const Template = z.object({
  Resources: z.record(z.string(), Resource),
  Outputs: z.record(z.string(), z.unknown()).default({}),
});
export type Template = z.infer<typeof Template>;

/** A function with its event source, as deployed. */
export interface HostedSettings extends FunctionSettings {
  readonly reportFailures: boolean;
  /** Name of the zip. */
  readonly artifact: string;
  /** File and export, such as `handler.handler`. */
  readonly handler: string;
}

/** Lambda's default for an event source without a limit. */
const UNLIMITED_CONCURRENCY = 1_000;

/** Rejects with the path of a part that is not as expected. */
export async function readTemplate(path: string): Promise<Template> {
  return Template.parse(JSON.parse(await readFile(path, 'utf8')));
}

function get<T>(template: Template, id: string, schema: z.ZodType<T>): T {
  const found = schema.safeParse(template.Resources[id]);
  if (found.success) return found.data;
  throw new Error(
    `The template has no ${id} that the host can use: ${z.prettifyError(found.error)}`,
  );
}

function all<T>(template: Template, schema: z.ZodType<T>, type: string): readonly T[] {
  return Object.entries(template.Resources).flatMap(([id, resource]) =>
    resource.Type === type ? [get(template, id, schema)] : [],
  );
}

/** All queues, with their times in seconds. */
export function queuesOf(template: Template): readonly QueueDefinition[] {
  return all(template, QueueResource, 'AWS::SQS::Queue').map(({ Properties: queue }) => ({
    name: queue.QueueName,
    visibilitySeconds: queue.VisibilityTimeout,
    retentionSeconds: queue.MessageRetentionPeriod,
    ...(queue.RedrivePolicy === undefined
      ? {}
      : {
          redrive: {
            deadLetterQueue: get(
              template,
              queue.RedrivePolicy.deadLetterTargetArn['Fn::GetAtt'][0],
              QueueResource,
            ).Properties.QueueName,
            maxReceiveCount: queue.RedrivePolicy.maxReceiveCount,
          },
        }),
  }));
}

const FED: readonly FedQueueName[] = [
  'snapshots',
  'slices',
  'express',
  'snapshots-dead',
  'slices-dead',
];

function workQueue(physical: string): FedQueueName {
  const found = FED.find((name) => physical.endsWith(`-${name}.fifo`));
  if (found !== undefined) return found;
  throw new Error(`The event source ${physical} is none of Sluice's working queues.`);
}

/** The functions that read from queues, with batch size and concurrency. */
export function functionsOf(template: Template): readonly HostedSettings[] {
  return all(template, SourceResource, 'AWS::Lambda::EventSourceMapping').map(
    ({ Properties: source }) => {
      const { Properties: made } = get(
        template,
        source.FunctionName['Fn::GetAtt'][0],
        FunctionResource,
      );
      const { Properties: queue } = get(
        template,
        source.EventSourceArn['Fn::GetAtt'][0],
        QueueResource,
      );
      const artifact = basename(made.Code.S3Key);
      return {
        name: artifact.replace(/\.zip$/, ''),
        queue: workQueue(queue.QueueName),
        batchSize: source.BatchSize,
        concurrency: source.ScalingConfig?.MaximumConcurrency ?? UNLIMITED_CONCURRENCY,
        timeout: made.Timeout * 1000,
        visibilityMs: queue.VisibilityTimeout * 1000,
        reportFailures: source.FunctionResponseTypes?.includes('ReportBatchItemFailures') ?? false,
        artifact,
        handler: made.Handler,
      };
    },
  );
}
