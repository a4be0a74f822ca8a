/** The verdicts on the servers of one kind of gateway pods, and their order. */
import type { CodedReason, ServerId, ServerSpec } from './model.ts';
import type { Listener, Verdict } from './port-mapping.ts';

/** The result of the rules for one server in one kind of gateway pods. */
export interface ServerEvaluation extends CodedReason {
  readonly id: ServerId;
  /** Absent if the server could not be read. */
  readonly spec: ServerSpec | undefined;
  readonly verdict: Verdict;
  /** Ports in the pod to which the gateway's number leads, listening or not. */
  readonly resolved: readonly number[];
  /** Ports on which Envoy listens for this server. */
  readonly open: readonly number[];
  /** The privileged port is the only obstacle: with another target port the server would listen. */
  readonly curable: boolean;
  /** There is a UDP listener for HTTP/3 in addition to the TCP one. */
  readonly http3: boolean;
  /** Its result under the old rules, if a newer rule refuses it. Only if it would listen. */
  readonly tolerated?: ServerEvaluation;
}

/**
 * The result for one kind of gateway pods: a verdict for each server, and the ports that Envoy
 * opens.
 */
export interface WorkloadEvaluation {
  readonly judgements: readonly ServerEvaluation[];
  readonly listeners: readonly Listener[];
}

/** Verdicts from best to worst: with several kinds of pods the best one counts for the server. */
const PREFERENCE: readonly Verdict[] = [
  'listening',
  'unreachable-bind',
  'no-route',
  'privileged-port',
  'no-service-port',
  'rejected',
  'not-selected',
];

/**
 * Best verdict first: it is sufficient that the server listens on one port or in some of the pods.
 */
export function compareVerdicts(a: Verdict, b: Verdict): number {
  return PREFERENCE.indexOf(a) - PREFERENCE.indexOf(b);
}
