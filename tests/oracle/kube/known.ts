import type { Known } from '../judge.ts';

const VERSION =
  'The lab answers as 1.32; the text is new in 1.36. Code, reason and field are the same.';

/**
 * Why the lab is not as a real API server. `npm run oracle -- kube` fails if there are other
 * differences, or if one of these is gone.
 */
export const KNOWN: readonly Known[] = [
  {
    what: 'A Service whose name begins with a digit is created since 1.36',
    why: 'The lab refuses it as 1.32 does. Sluice creates no Services.',
    shows: /./,
    within: /^name-bad$/,
  },
  {
    what: 'How `null`, a number and a list are printed in `Invalid value: …`',
    why: VERSION,
    shows: /^body\.(message|details\.causes\[\d\]\.message): ".*Invalid value: (null|0|\[)/,
    within: /^(put-clusterip-changed|gw-|lease-)/,
  },
  {
    what: 'The causes for two ports with one number and protocol, of which the lab names one',
    why: 'The real message prints a structure of Go, and names the node port that both would share. Code and reason are the same.',
    shows: /^body\.(message|details\.causes\[\d\])/,
    within: /^same-port-twice$/,
  },
];
