/**
 * Checks the compiled AWS template for settings that AWS accepts but that would lose or duplicate
 * events.
 */

interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** The CloudFormation template that `serverless package` writes, as far as the rules read it. */
export interface CompiledTemplate {
  /** By logical id. */
  readonly Resources: Readonly<Record<string, Resource>>;
}

/** A resource that breaks a rule, with the reason for people. */
export interface Violation {
  /** One of {@link RULE_NAMES}. */
  readonly rule: string;
  /** Logical id of the event source. */
  readonly resource: string;
  /** What would go wrong, with the figures. */
  readonly reason: string;
}

/** An event source with its queue, function and dead-letter queue. */
interface Joined {
  readonly id: string;
  readonly source: Resource;
  readonly queueId: string;
  readonly queue: Resource;
  /** The function that the source calls. */
  readonly made: Resource;
  /** Undefined: the queue has none, or it is not in this template. */
  readonly dead: Resource | undefined;
  readonly deadId: string | undefined;
  readonly template: CompiledTemplate;
}

/** The reason why the rule is broken; undefined if it holds. */
type Rule = (joined: Joined) => string | undefined;

const DAY_SECONDS = 86_400;

/**
 * apply stops by itself at 75 % of its time and returns the rest, so it needs less than AWS's six
 * times. Events of express must be redelivered before they are a minute old.
 */
const VISIBILITY_FACTOR: Readonly<Record<string, number>> = {
  'apply.zip': 1.25,
  'express.zip': 1.25,
};

/** The value below this path; undefined if any part of it is missing. */
function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? (inner as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );
}

function text(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

const number = (resource: Resource | undefined, ...path: readonly string[]): number =>
  Number(at(resource?.Properties, ...path) ?? Number.NaN);
const target = (value: unknown): string => text(value, 'Fn::GetAtt', 0);

/** Name of the archive, such as `apply.zip`, which tells functions apart whatever their stage. */
function artifactOf(made: Resource): string {
  return text(made.Properties, 'Code', 'S3Key').split('/').at(-1) ?? '';
}

/** An alarm without an action tells nobody, so it does not count. */
function hasAlarm(
  template: CompiledTemplate,
  queueId: string | undefined,
  metric: string,
): boolean {
  return Object.values(template.Resources).some(
    ({ Type, Properties }) =>
      Type === 'AWS::CloudWatch::Alarm' &&
      Properties['MetricName'] === metric &&
      target(at(Properties, 'Dimensions', 0, 'Value')) === queueId &&
      Array.isArray(Properties['AlarmActions']) &&
      Properties['AlarmActions'].length > 0,
  );
}

function isDeadLetterQueue({ Resources }: CompiledTemplate, queueId: string): boolean {
  return Object.values(Resources).some(
    ({ Properties }) => target(at(Properties, 'RedrivePolicy', 'deadLetterTargetArn')) === queueId,
  );
}

/**
 * If a function empties the dead-letter queue, its depth is meaningless, and the alarm uses
 * received messages instead.
 */
function tellsNews({ template, deadId }: Joined): boolean {
  const emptied = Object.values(template.Resources).some(
    ({ Type, Properties }) =>
      Type === 'AWS::Lambda::EventSourceMapping' && target(Properties['EventSourceArn']) === deadId,
  );
  return hasAlarm(
    template,
    deadId,
    emptied ? 'NumberOfMessagesReceived' : 'ApproximateNumberOfMessagesVisible',
  );
}

/**
 * Rules for working queues only: a dead-letter queue has no dead-letter queue of its own, and its
 * alarms are checked with the working queue.
 */
const WORKING_ONLY: ReadonlySet<string> = new Set([
  'dead-letter-queue',
  'same-type',
  'dead-retention',
  'max-receive-count',
  'alarm-news',
  'alarm-age',
]);

const RULES: Readonly<Record<string, Rule>> = {
  'dead-letter-queue': ({ dead, queueId }) =>
    dead === undefined ? `${queueId} has no dead-letter queue in this template` : undefined,
  'same-type': ({ queue, dead, queueId }) =>
    queue.Properties['FifoQueue'] === true && dead?.Properties['FifoQueue'] === true
      ? undefined
      : `${queueId} and its dead-letter queue must both be FIFO`,
  retention: ({ queue, queueId }) =>
    number(queue, 'MessageRetentionPeriod') >= 14 * DAY_SECONDS
      ? undefined
      : `${queueId} keeps messages for less than 14 days`,
  'dead-retention': ({ queue, dead, queueId }) =>
    number(dead, 'MessageRetentionPeriod') >= number(queue, 'MessageRetentionPeriod')
      ? undefined
      : `the dead-letter queue of ${queueId} keeps messages for a shorter time than ${queueId}`,
  'max-receive-count': ({ queue, queueId }) =>
    number(queue, 'RedrivePolicy', 'maxReceiveCount') >= 5
      ? undefined
      : `${queueId} gives up after fewer than 5 receives, and throttled calls count`,
  visibility: ({ queue, made, queueId }) => {
    const factor = VISIBILITY_FACTOR[artifactOf(made)] ?? 6;
    const [visibility, timeout] = [number(queue, 'VisibilityTimeout'), number(made, 'Timeout')];
    return visibility >= factor * timeout
      ? undefined
      : `${queueId} hides messages for ${visibility} s; the function may take ${timeout} ` +
          `s, so ${factor * timeout} s are needed`;
  },
  'partial-failures': ({ source }) =>
    at(source.Properties, 'FunctionResponseTypes', 0) === 'ReportBatchItemFailures'
      ? undefined
      : 'one failed message would bring the whole batch again',
  'maximum-concurrency': ({ source }) =>
    number(source, 'ScalingConfig', 'MaximumConcurrency') >= 2
      ? undefined
      : 'without a limit, throttled calls count as receives and good messages are given up',
  'reserved-concurrency': ({ made }) =>
    at(made.Properties, 'ReservedConcurrentExecutions') === undefined
      ? undefined
      : 'the function reserves executions, so calls beyond them are throttled; limit the event source instead',
  'batch-size': ({ source }) => {
    const size = number(source, 'BatchSize');
    return size >= 1 && size <= 10 ? undefined : `FIFO queues give batches of 1 to 10, not ${size}`;
  },
  'batching-window': ({ source }) =>
    at(source.Properties, 'MaximumBatchingWindowInSeconds') === undefined
      ? undefined
      : 'FIFO event sources have no batching window',
  'alarm-news': (joined) =>
    tellsNews(joined)
      ? undefined
      : `nobody is told when ${joined.deadId ?? 'the dead-letter queue'} gets a message`,
  'alarm-age': ({ template, deadId }) =>
    hasAlarm(template, deadId, 'ApproximateAgeOfOldestMessage')
      ? undefined
      : `nobody is told before ${deadId ?? 'the dead-letter queue'} drops a message`,
};

/** Names of all rules; each has a fixture that breaks it. */
export const RULE_NAMES: readonly string[] = Object.keys(RULES);

/** An event source whose parts are elsewhere cannot be checked, which is a violation itself. */
function join(template: CompiledTemplate, id: string, source: Resource): Joined | Violation {
  const queueId = target(source.Properties['EventSourceArn']);
  const queue = template.Resources[queueId];
  const made = template.Resources[target(source.Properties['FunctionName'])];
  if (queue === undefined || made === undefined)
    return {
      rule: 'dead-letter-queue',
      resource: id,
      reason:
        'its queue or its function is not in this template, so nothing about it can be checked',
    };
  const deadId = target(at(queue.Properties, 'RedrivePolicy', 'deadLetterTargetArn')) || undefined;
  return {
    id,
    source,
    queueId,
    queue,
    made,
    deadId,
    dead: deadId === undefined ? undefined : template.Resources[deadId],
    template,
  };
}

/** Returns all violations in the template. */
export function checkQueueRules(template: CompiledTemplate): readonly Violation[] {
  const sources = Object.entries(template.Resources).filter(
    ([, resource]) => resource.Type === 'AWS::Lambda::EventSourceMapping',
  );
  return sources.flatMap(([id, source]): readonly Violation[] => {
    const joined = join(template, id, source);
    if ('rule' in joined) return [joined];
    const dead = isDeadLetterQueue(template, joined.queueId);
    return Object.entries(RULES).flatMap(([rule, check]) => {
      if (dead && WORKING_ONLY.has(rule)) return [];
      const reason = check(joined);
      return reason === undefined ? [] : [{ rule, resource: id, reason }];
    });
  });
}
