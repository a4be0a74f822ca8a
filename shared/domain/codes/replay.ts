import type { CodeTable } from './entry.ts';

/** RPL7xx: the failure store and replay. */
export const REPLAY_CODES = {
  RPL700: {
    title: 'Failure store not usable',
    cause: 'The directory or bucket of the failures cannot be reached, read or written.',
    fix: 'Check the section failures of sluice.yaml, the rights of this process on it, and the free space. Dead letters wait in their queue meanwhile.',
    retryable: true,
  },
  RPL701: {
    title: 'Never ran',
    cause:
      'The queue moved the message to the dead letters by itself and no function left a record of a try: the function was killed or throttled before it could work on it.',
    fix: "Look at the function's concurrency, memory and start in its logs, then replay.",
    retryable: true,
  },
  RPL702: {
    title: 'No such failure or job',
    cause: 'The id is misspelt, or retention has ended for it.',
    fix: 'List what there is with "sluice failures list" or "sluice replay status".',
    retryable: false,
  },
  RPL703: {
    title: 'Not in this state',
    cause: 'The job or failure is in a state that the command does not fit.',
    fix: 'Look at its state with "sluice replay status" or "sluice failures show"; the message names what is possible.',
    retryable: false,
  },
  RPL704: {
    title: 'The job is run by another process',
    cause: 'Another process drives the job and renewed its lease less than a minute ago.',
    fix: 'Watch it with "sluice replay status". If that process is gone, resume a minute after its end.',
    retryable: true,
  },
  RPL705: {
    title: 'Nothing selected',
    cause: 'No failure fits the filter at its cut-off.',
    fix: 'Widen the filter; "sluice failures groups" shows what there is. Quarantined and archived failures have to be named by state.',
    retryable: false,
  },
  RPL706: {
    title: 'The event cannot be sent again',
    cause:
      'Its original bytes were too large to keep, its evidence is gone, or its sender was not allowed to speak for the cluster.',
    fix: 'Nothing has to be replayed: the next resync of the watcher sends the ingress anew.',
    retryable: false,
  },
  RPL707: {
    title: 'The canary failed',
    cause:
      'One of the first events of the job failed again or gave no result, so the rest was not sent.',
    fix: 'Read the results with "sluice replay status", correct the cause, then resume the job or cancel it.',
    retryable: false,
  },
  RPL708: {
    title: 'The job paused because a device gives no answer',
    cause: 'What a replay would do now cannot be known while the device is away.',
    fix: 'Bring the device back, then resume the job.',
    retryable: true,
  },
  RPL709: {
    title: 'Bundle not readable',
    cause:
      'The file is not a bundle written by "sluice failures export", or a line of it is damaged.',
    fix: 'Export it again; the message names the line.',
    retryable: false,
  },
  RPL710: {
    title: 'Written by another version',
    cause: 'The failure store holds a format that this Sluice does not know.',
    fix: 'Upgrade this Sluice to at least the version that wrote it.',
    retryable: false,
  },
  RPL711: {
    title: 'Failed again, quarantined',
    cause: 'The event was replayed and failed in the same way a second time.',
    fix: 'Correct what its code says. It is left out of further replays until one names state:quarantined, which lifts the quarantine.',
    retryable: false,
  },
  RPL712: {
    title: 'No result in time',
    cause:
      'The event was sent again, yet neither the device nor the dead letters showed a result within the time the job waits.',
    fix: 'Look at the queues with "sluice status": the functions may be stopped or behind. The failure stays open.',
    retryable: true,
  },
  RPL713: {
    title: 'Another job has the same failures',
    cause:
      "A replay job that is running now, somebody's or that of a policy, has failures of this one.",
    fix: 'Wait until that job has ended, or pause it; then resume this one.',
    retryable: true,
  },
  RPL714: {
    title: 'Failed again, tried once more later',
    cause:
      'A policy of failures.replay sent the event again and it failed in the same way; the policy still has turns for it.',
    fix: 'Nothing yet: a later turn tries it again, and after the last one it is quarantined. If the cause is known, correct it and replay by hand.',
    retryable: true,
  },
  RPL715: {
    title: 'Nobody knows who said it',
    cause:
      'The event came in a bundle, and its cluster lets only known senders or signed events through (clusters[].senders, verifyKeys). A sender that is written in a bundle proves nothing, and its bytes carry no signature by a key of that cluster.',
    fix: 'Replay it in the store that it was exported from, or study it in the lab: "npm run lab -- --like" with a copy of sluice.yaml sends it to simulated devices. With clusters[].verifyKeys, what the watchers sign can be replayed from a bundle too.',
    retryable: false,
  },
  RPL716: {
    title: 'Not a name of the failure store',
    cause:
      'Something was to be read or written under a name that leads out of the failure store, or through a symbolic link below it.',
    fix: 'Find out where the name comes from. Sluice makes its names itself, and no symbolic links in failures.path.',
    retryable: false,
  },
} as const satisfies CodeTable;
