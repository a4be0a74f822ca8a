/** Codes about the queue and about messages that cannot be read or handled. */
import type { CodeTable } from './entry.ts';

/** Q6xx: the queue. */
export const QUEUE_CODES = {
  // The queue server.
  Q601: {
    title: 'Queue unreachable',
    cause:
      'The queue server did not answer in time, refused the connection, or returned an error. ' +
      'With the file queue, the file cannot be opened or written.',
    fix:
      'Check queue.endpoint and queue.region, or queue.host and queue.port, the network path and the state of the service. With ' +
      'the file queue, check its path, permissions and free space. Nothing is lost; Sluice ' +
      'retries.',
    retryable: true,
  },
  Q602: {
    title: 'Queue access denied',
    cause:
      'The credentials are missing, expired or wrong, or the role lacks a permission on this ' +
      'queue.',
    fix:
      'Grant the role the permission that the message names on this queue, or correct the ' +
      'credentials of the process.',
    retryable: true,
  },
  Q603: {
    title: 'No such queue',
    cause:
      'The server has no queue with this name. The stack is not deployed there, or ' +
      'queue.prefix, queue.region or the cluster id is wrong.',
    fix:
      'Deploy the queues (each configured cluster has its own settled queue), or correct ' +
      'queue.prefix and queue.region.',
    retryable: true,
  },
  Q604: {
    title: 'Message too large',
    cause:
      'One ingress has so many pods, gateways and routes that its event does not fit into one ' +
      'message, even compressed.',
    fix:
      'Split the ingress: give some of its Gateways a separate Service and gateway pods, with a ' +
      'separate selector.',
    retryable: false,
  },
  Q605: {
    title: 'Message no longer held',
    cause:
      'The visibility timeout ended before the message was processed, so another receiver may ' +
      'have it; or the message was deleted already.',
    fix:
      'Nothing to do the first time. If it repeats, set the visibility timeout of the queue ' +
      'longer than the timeout of the function.',
    retryable: true,
  },
  Q606: {
    title: 'Queue was moved',
    cause:
      '"sluice store move" has carried the messages of this file into a database. A process that ' +
      'used the file again would work beside the new place.',
    fix:
      'Use the configuration with the new place. To go back, delete the file whose name ends with ' +
      '.moved beside the queue file, and never run both.',
    retryable: false,
  },
  // The content of a message. map and apply move it to the dead letters with its bytes.
  Q610: {
    title: 'Not JSON',
    cause:
      'Something other than a watcher or function of Sluice sent the message, or the message ' +
      'was damaged in transit.',
    fix:
      'Find the sender (the record names it if the queue reports senders) and revoke its ' +
      'permission to send.',
    retryable: false,
  },
  Q611: {
    title: 'Not a Sluice CloudEvent',
    cause:
      'The message is JSON, but an attribute that CloudEvents 1.0 or Sluice requires is missing ' +
      'or malformed. The reason names it.',
    fix: 'Find the sender and correct it, or revoke its permission to send.',
    retryable: false,
  },
  Q612: {
    title: 'Unknown event type or version',
    cause:
      'The type does not belong on this queue, or the sender uses a newer version of it than ' +
      'the receiver supports.',
    fix: 'Update the older side (functions before watchers), then replay the event.',
    retryable: false,
  },
  Q613: {
    title: 'Event data does not match its schema',
    cause:
      'The data does not match the schema of its type. The reason names the path and what was ' +
      'expected there.',
    fix:
      'Update the watcher or the functions, whichever is older, or correct the sender; then ' +
      'replay the event.',
    retryable: false,
  },
  Q614: {
    title: 'Event data cannot be decompressed',
    cause: 'The compressed data is damaged, is not gzip, or expands to more than 16 MiB.',
    fix: 'Find the sender and correct it. A watcher sends the ingress again by itself.',
    retryable: false,
  },
  Q615: {
    title: 'Message exceeds parsing limits',
    cause:
      'The message is nested deeper, or holds more values, than any event of Sluice. Parsing it ' +
      'would use memory that other messages need, so it was not parsed.',
    fix:
      'Find the sender (the record names it if the queue reports senders) and revoke its ' +
      'permission to send.',
    retryable: false,
  },
  // Handling went wrong, although the content can be read.
  Q616: {
    title: 'Handling failed with an unknown error',
    cause:
      'Parsing or handling this message threw an error that Sluice does not recognise. Either ' +
      'Sluice has a bug, or the message was crafted to cause the error. The other messages were ' +
      'processed.',
    fix:
      'Check the log of the function, and report the error. If the sender is yours, replay the ' +
      'message with a newer Sluice; otherwise revoke its permission to send.',
    retryable: false,
  },
  Q617: {
    title: 'Process ended while handling the message',
    cause:
      'The process ended three times (out of memory, timeout or crash) while this message was ' +
      'the only one it handled.',
    fix:
      'Check the memory, timeout and log of the function. Find the sender and revoke its ' +
      'permission to send. Sluice does not parse the message again. A watcher sends the ingress ' +
      'again by itself; give an order again.',
    retryable: false,
  },
} as const satisfies CodeTable;
