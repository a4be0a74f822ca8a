/** The change that a panel shows, as text in the URL. Pure. */
import type { ChangeBody } from '../api/answers.ts';

/** A replay begins with a selection that is previewed as a job. */
export interface ReplaySelection {
  readonly kind: 'replay';
  readonly filter: string;
}

/** What a panel is opened for. */
export type PanelRequest = ChangeBody | ReplaySelection;

const KINDS: Readonly<Record<PanelRequest['kind'], true>> = {
  cluster: true,
  approve: true,
  repair: true,
  sync: true,
  'cancel-order': true,
  archive: true,
  restore: true,
  pause: true,
  cancel: true,
  start: true,
  resume: true,
  replay: true,
};

/** For the URL. */
export function requestText(request: PanelRequest): string {
  return JSON.stringify(request);
}

/** Undefined if the text is no request. The API checks its fields. */
export function parseRequest(text: string | undefined): PanelRequest | undefined {
  if (text === undefined) return undefined;
  try {
    const request = JSON.parse(text) as PanelRequest | null;
    if (typeof request !== 'object' || request === null || !Object.hasOwn(KINDS, request.kind))
      return undefined;
    return request.kind === 'replay' && typeof request.filter !== 'string' ? undefined : request;
  } catch {
    return undefined;
  }
}

const TITLES: Readonly<Record<Exclude<PanelRequest['kind'], 'cluster'>, string>> = {
  approve: 'Approve what is held',
  repair: 'Repair drift',
  sync: 'Send again',
  'cancel-order': 'Cancel an order',
  archive: 'Archive failures',
  restore: 'Reopen failures',
  pause: 'Pause a job',
  cancel: 'Cancel a job',
  start: 'Start a replay',
  resume: 'Continue a replay',
  replay: 'Preview a replay',
};

const CLUSTER_TITLES = {
  drain: 'Drain a cluster',
  out: 'Take a cluster out',
  enable: 'Enable a cluster',
  forget: 'Forget a cluster',
  adopt: 'Adopt a cluster',
} as const;

/** The heading of the panel. */
export function requestTitle(request: PanelRequest): string {
  return request.kind === 'cluster'
    ? (CLUSTER_TITLES[request.action] ?? 'Change a cluster')
    : TITLES[request.kind];
}
