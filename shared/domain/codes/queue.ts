import type { CodeTable } from './entry.ts';

/** Q6xx: the queue. */
export const QUEUE_CODES = {
  Q601: {
    title: 'Queue unreachable',
    cause:
      'The queue server did not answer in time, refused the connection, or answered with an error of its own; for the file queue: the file cannot be opened or written.',
    fix: 'Check queue.endpoint and queue.region, the network way and the state of the service; for the file queue its path, rights and free space. Nothing is lost: it is tried again.',
    retryable: true,
  },
  Q602: {
    title: 'Queue access refused',
    cause:
      'The credentials are missing, expired or wrong, or the role may not do this on this queue.',
    fix: "Give the role the right that the message names on this queue, or correct the process's credentials.",
    retryable: true,
  },
  Q603: {
    title: 'No such queue',
    cause:
      'The server has no queue of this name: the stack is not deployed there, or queue.prefix, queue.region or the cluster id differs.',
    fix: 'Deploy the queues (each cluster of the configuration has its own settled queue), or correct queue.prefix and queue.region.',
    retryable: true,
  },
  Q604: {
    title: 'Message too large',
    cause:
      'One ingress carries so many pods, gateways and routes that its event does not fit into one message even packed.',
    fix: 'Split the ingress: give some of its gateways a Service and gateway pods of their own, with their own selector.',
    retryable: false,
  },
  Q605: {
    title: 'Message no longer held',
    cause:
      'The time for which the message was hidden ended before it was finished, so another receiver may have it; or it was deleted already.',
    fix: 'Nothing to do once; when it repeats, make the visibility of the queue longer than the timeout of the function.',
    retryable: true,
  },
  Q610: {
    title: 'Not JSON',
    cause:
      'Something other than a watcher or a function of Sluice sent to the queue, or the message was damaged on the way.',
    fix: 'Find the sender (the record names it where the queue knows it) and take away its right to send.',
    retryable: false,
  },
  Q611: {
    title: 'Not a CloudEvent of Sluice',
    cause:
      'The message is JSON, but an attribute that CloudEvents 1.0 or Sluice requires is missing or malformed; the reason names it.',
    fix: 'Find the sender and correct it, or take away its right to send.',
    retryable: false,
  },
  Q612: {
    title: 'Unknown event type or version',
    cause:
      'The type does not belong on this queue, or one side speaks a newer version of it than the other reads.',
    fix: 'Update the older side (functions before watchers), then replay.',
    retryable: false,
  },
  Q613: {
    title: 'Event data does not fit',
    cause:
      'The data breaks the schema of its type; the reason names the path and what was expected there.',
    fix: 'Update the older of watcher and functions, or correct the sender; then replay.',
    retryable: false,
  },
  Q614: {
    title: 'Event data cannot be unpacked',
    cause: 'The packed data is damaged, packed in another way than gzip, or grows beyond 16 MiB.',
    fix: 'Find the sender and correct it; a watcher sends the ingress again by itself.',
    retryable: false,
  },
  Q615: {
    title: 'More than may be read',
    cause:
      'The message is nested deeper, or holds more values, than any event of Sluice does: reading it would cost memory that the others need. It was not read.',
    fix: 'Find the sender (the record names it where the queue knows it) and take away its right to send.',
    retryable: false,
  },
  Q616: {
    title: 'Handling threw',
    cause:
      'Reading or handling this one message threw an error that Sluice does not know: a fault of Sluice, or a message that was made for it. The others went on.',
    fix: 'Look at the log of the function, and report it. Where the sender is yours, replay it with a newer Sluice; else take away its right to send.',
    retryable: false,
  },
  Q617: {
    title: 'Killed its process',
    cause:
      'The process ended three times, by memory, time or a crash, while it worked on this one message and nothing else.',
    fix: "Look at the function's memory, time and log; find the sender and take away its right to send. Nobody reads the message any more; a watcher sends the ingress again by itself, an order has to be given again.",
    retryable: false,
  },
} as const satisfies CodeTable;
