import type { CodedReason, ServerId, ServerSpec } from './model.ts';
import type { Listener, Verdict } from './port-mapping.ts';

/** What the rules say of one server in gateway pods that are alike. */
export interface ServerEvaluation extends CodedReason {
  readonly id: ServerId;
  /** Absent when the server could not be read. */
  readonly spec: ServerSpec | undefined;
  readonly verdict: Verdict;
  /** Ports in the pod that the gateway's number leads to, listening or not. */
  readonly resolved: readonly number[];
  /** Ports Envoy listens on for this server. */
  readonly open: readonly number[];
  /** Only the privileged port is in the way: with another target port the server would listen. */
  readonly curable: boolean;
  /** A UDP listener for HTTP/3 stands beside the TCP one. */
  readonly http3: boolean;
  /** What it would be, were it not for a rule that an earlier version did not have. Only where it would listen. */
  readonly tolerated?: ServerEvaluation;
}

export interface WorkloadEvaluation {
  readonly judgements: readonly ServerEvaluation[];
  readonly listeners: readonly Listener[];
}

const PREFERENCE: readonly Verdict[] = [
  'listening',
  'unreachable-bind',
  'no-route',
  'privileged-port',
  'no-service-port',
  'rejected',
  'not-selected',
];

/** The best verdict first: one port, or some of the pods, where the server listens is enough. */
export function compareVerdicts(a: Verdict, b: Verdict): number {
  return PREFERENCE.indexOf(a) - PREFERENCE.indexOf(b);
}
