/** For each alert: series with which it fires at first, and ends. */

export interface Fired {
  /** Values before and after; counters grow, and then stay. */
  readonly series: readonly (readonly [series: string, bad: string, good: string])[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly summary: string;
}

const COUNTS = ['0+1x60', '60x60'] as const;

const gauge = (series: string, bad: number, good: number): Fired['series'][number] => [
  series,
  `${bad}x60`,
  `${good}x60`,
];

export const FIRED: Readonly<Record<string, Fired>> = {
  SluiceDown: {
    series: [['sluice_watch_build_info{version="1"}', '_x60', '1x60']],
    summary: 'No process of Sluice is scraped.',
  },
  SluiceNoLeader: {
    series: [gauge('sluice_watch_leader{job="east"}', 0, 1)],
    labels: { job: 'east' },
    summary: 'No watcher of east leads, so changes in its cluster are not sent.',
  },
  SluiceLeadershipRefused: {
    series: [gauge('sluice_watch_leadership_refused{instance="i"}', 1, 0)],
    labels: { instance: 'i' },
    summary: 'Another process with another Lease keeps i from leading (OWN306).',
  },
  SluiceStreamInterrupted: {
    series: [
      gauge('sluice_watch_stream_live{instance="i",kind="Pod"}', 0, 1),
      gauge('sluice_watch_stream_last_list_timestamp_seconds{instance="i",kind="Pod"}', 5, 5),
    ],
    labels: { instance: 'i', kind: 'Pod' },
    summary: 'The watcher i does not follow Pod.',
  },
  SluiceAccessDenied: {
    series: [
      ['sluice_watch_stream_lists_total{instance="i",kind="Pod",cause="denied"}', ...COUNTS],
    ],
    labels: { instance: 'i', kind: 'Pod', cause: 'denied' },
    summary: 'The API server refuses Pod to the watcher i.',
  },
  SluiceQueueErrors: {
    series: [
      [
        'sluice_watch_queue_errors_total{instance="i",queue="snapshots",operation="send"}',
        ...COUNTS,
      ],
    ],
    labels: { instance: 'i', queue: 'snapshots' },
    summary: 'Calls of queue snapshots fail in i.',
  },
  SluiceQueueUnreachable: {
    series: [gauge('sluice_queue_reachable{queue="slices"}', 0, 1)],
    labels: { queue: 'slices' },
    summary: 'Queue slices does not answer.',
  },
  SluiceQueueStuck: {
    series: [gauge('sluice_queue_oldest_seconds{queue="slices"}', 1000, 900)],
    labels: { queue: 'slices' },
    summary: 'A message waits in queue slices for 16m 40s.',
  },
  SluiceDeviceUnreachable: {
    series: [gauge('sluice_device_reachable{device="a"}', 0, 1)],
    labels: { device: 'a' },
    summary: 'a does not answer; changes for it wait.',
  },
  SluiceDeviceBusy: {
    series: [['sluice_device_busy_total{device="a"}', ...COUNTS]],
    labels: { device: 'a' },
    summary: 'Another client has held a for a quarter of an hour.',
  },
  SluiceDeclaresFail: {
    series: [['sluice_device_declares_total{device="a",outcome="unknown"}', ...COUNTS]],
    labels: { device: 'a' },
    summary: 'Declares on a fail again and again.',
  },
  SluiceDeclaresSlow: {
    series: [
      ['sluice_device_declare_seconds_bucket{device="a",le="60"}', '0x60', '0x60'],
      ['sluice_device_declare_seconds_bucket{device="a",le="120"}', ...COUNTS],
      ['sluice_device_declare_seconds_bucket{device="a",le="+Inf"}', ...COUNTS],
    ],
    labels: { device: 'a' },
    summary: 'A tenth of the declares on a take more than a minute.',
  },
  SluiceAuditMissing: {
    series: [gauge('sluice_device_audit_timestamp_seconds{device="a"}', 0, 6_000)],
    labels: { device: 'a' },
    summary: 'a has not been audited for half an hour.',
  },
  SluiceDrift: {
    series: [gauge('sluice_drift_findings{device="a",code="BIP451"}', 2, 0)],
    labels: { device: 'a' },
    summary: '2 objects on a differ from the declaration.',
  },
  SluiceStoreUnreachable: {
    series: [gauge('sluice_store_reachable', 0, 1)],
    summary: 'The failure store does not answer.',
  },
  SluiceFailuresOpen: {
    series: [gauge('sluice_failures{queue="slices",code="BIP421",state="open"}', 3, 0)],
    labels: { code: 'BIP421' },
    summary: '3 failures with BIP421 are open.',
  },
  SluiceFailuresQuarantined: {
    series: [gauge('sluice_failures{queue="slices",code="BIP421",state="quarantined"}', 3, 0)],
    labels: { code: 'BIP421' },
    summary: '3 failures with BIP421 failed again in a replay.',
  },
  SluiceReplayPaused: {
    series: [gauge('sluice_replay_jobs{state="paused"}', 1, 0)],
    summary: 'A replay job is paused.',
  },
  SluiceClusterSilent: {
    series: [gauge('sluice_cluster_silent{cluster="east",device="a"}', 1, 0)],
    labels: { cluster: 'east', device: 'a' },
    summary: 'Cluster east is silent on a.',
  },
  SluiceRemovalsHeld: {
    series: [gauge('sluice_cluster_held_removals{cluster="east",device="a"}', 4, 0)],
    labels: { cluster: 'east', device: 'a' },
    summary: '4 changes of east on a wait for an approval.',
  },
  SluicePathsRefused: {
    series: [gauge('sluice_paths{device="a",state="refused"}', 2, 0)],
    labels: { device: 'a' },
    summary: 'a refuses 2 entries of paths to pods.',
  },
  SluicePathMembersWait: {
    series: [gauge('sluice_path_waiting_members{device="a"}', 2, 0)],
    labels: { device: 'a' },
    summary: '2 new members on a wait for a path to their pod.',
  },
};
