/** Codes about stored failures and about replaying them. */
import type { CodeTable } from './entry.ts';

/** RPL7xx: the failure store and replay. */
export const REPLAY_CODES = {
  RPL700: {
    title: 'Failure store not available',
    cause: 'The directory or bucket of the failure store cannot be reached, read or written.',
    fix:
      'Check the section failures of sluice.yaml, the permissions of this process, and the free ' +
      'space. Until then, dead letters wait in their queue, and a cluster whose newest events are ' +
      'only recorded there is not drained for its silence.',
    retryable: true,
  },
  RPL701: {
    title: 'Never processed',
    cause:
      'The queue moved the message to the dead letters, and no function recorded an attempt. ' +
      'The function was killed or throttled before it could handle the message.',
    fix:
      'Check the concurrency, memory and startup of the function in its logs, then replay the ' +
      'message.',
    retryable: true,
  },
  RPL702: {
    title: 'No such failure or job',
    cause: 'The id is misspelt, or the retention period has ended.',
    fix: 'List the existing ids with "sluice failures list" or "sluice replay status".',
    retryable: false,
  },
  RPL703: {
    title: 'Wrong state for this command',
    cause: 'The command does not apply to a job or failure in this state.',
    fix:
      'Check the state with "sluice replay status" or "sluice failures show"; the message names ' +
      'the commands that apply.',
    retryable: false,
  },
  RPL704: {
    title: 'The job runs in another process',
    cause: 'Another process runs the job and renewed its lease less than a minute ago.',
    fix:
      'Follow the job with "sluice replay status". If that process has ended, resume the job ' +
      'one minute later.',
    retryable: true,
  },
  RPL705: {
    title: 'Nothing selected',
    cause: 'No failure matches the filter at its cut-off time.',
    fix:
      'Widen the filter; "sluice failures groups" shows the existing failures. To select ' +
      'quarantined or archived failures, name the state in the filter.',
    retryable: false,
  },
  RPL706: {
    title: 'The event cannot be sent again',
    cause:
      'The original bytes were too large to keep, the evidence is missing, or the sender was ' +
      'not allowed to speak for the cluster.',
    fix: 'Nothing to do: the next resync of the watcher sends the ingress again.',
    retryable: false,
  },
  RPL707: {
    title: 'The canary failed',
    cause:
      'One of the first events of the job failed again or had no result, so the job did not ' +
      'send the rest.',
    fix:
      'Read the results with "sluice replay status", correct the cause, then resume or cancel ' +
      'the job.',
    retryable: false,
  },
  RPL708: {
    title: 'The job is paused because a device or a key cannot be read',
    cause:
      'While a device, or a key in clusters[].verifyKeys, cannot be read, Sluice cannot ' +
      'determine what the replay would change.',
    fix: 'Repair what the reason names, then resume the job.',
    retryable: true,
  },
  RPL709: {
    title: 'Bundle cannot be read',
    cause: '"sluice failures export" did not write this file, or one of its lines is damaged.',
    fix: 'Export the bundle again; the message names the damaged line.',
    retryable: false,
  },
  RPL710: {
    title: 'Unknown format version',
    cause: 'The failure store has a format that this version of Sluice does not know.',
    fix: 'Upgrade this Sluice to at least the version that wrote the store.',
    retryable: false,
  },
  RPL711: {
    title: 'Failed again, quarantined',
    cause: 'The event was replayed and failed in the same way a second time.',
    fix:
      'Correct the cause that its code describes. Replays leave the event out until a filter ' +
      'names state:quarantined, which lifts the quarantine.',
    retryable: false,
  },
  RPL712: {
    title: 'No result in time',
    cause:
      'The event was sent again, but neither the device nor the dead letters showed a result ' +
      'within the time that the job waits.',
    fix:
      'Check the queues with "sluice status": the functions may be stopped or behind. The ' +
      'failure stays open.',
    retryable: true,
  },
  RPL713: {
    title: 'Another job includes the same failures',
    cause:
      'A running replay job, started by a person or a policy, includes some of the same failures.',
    fix: 'Wait until that job has ended, or pause it; then resume this job.',
    retryable: true,
  },
  RPL714: {
    title: 'Failed again, will be retried',
    cause:
      'A policy in failures.replay sent the event again and it failed in the same way. The ' +
      'policy has attempts left for it.',
    fix:
      'Nothing to do yet: the policy tries again later, and quarantines the event after the ' +
      'last attempt. If you know the cause, correct it and replay the event by hand.',
    retryable: true,
  },
  RPL715: {
    title: 'Origin cannot be proven',
    cause:
      'The event came in a bundle, and its cluster accepts only known senders or signed events ' +
      '(clusters[].senders, verifyKeys). The sender recorded in a bundle proves nothing, and ' +
      'the bytes have no signature by a key of that cluster.',
    fix:
      'Replay the event in the store that it was exported from. To study it, use the lab: "npm ' +
      'run lab -- --like" with a copy of sluice.yaml sends it to simulated devices. With ' +
      'clusters[].verifyKeys, signed events can also be replayed from a bundle.',
    retryable: false,
  },
  RPL716: {
    title: 'Invalid name in the failure store',
    cause:
      'A read or write used a name that leads out of the failure store, or a symbolic link ' +
      'inside it.',
    fix:
      'Remove symbolic links from failures.path; Sluice creates none there. If there is none, find ' +
      'out who sent the request: Sluice generates its names itself.',
    retryable: false,
  },
  RPL717: {
    title: 'Failure store continues from an older state',
    cause:
      'The database of the failure store is another one than before, or has another history: a ' +
      'standby took over, or a backup was restored. The newest changes may be missing.',
    fix:
      'Compare with what was asked for in the time that the message names: "sluice cluster list" ' +
      'and "sluice plan" show what is in effect. Give missing orders, approvals and replays ' +
      'again. Ports need nothing: the watchers send the present state.',
    retryable: false,
  },
  RPL718: {
    title: 'Failure store was moved',
    cause:
      '"sluice store move" has carried the content of this directory into a database. A process ' +
      'that used the directory again would work beside the new place.',
    fix:
      'Use the configuration with the new place. To go back, delete the file .moved in the ' +
      'directory, and never run both.',
    retryable: false,
  },
} as const satisfies CodeTable;
