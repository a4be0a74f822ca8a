/** The rows of the speed table, in order. */
import type { Row } from './figures.ts';
import { burst, burstSlow } from './rows/burst.ts';
import { outage, restart } from './rows/outage.ts';
import { pods } from './rows/pods.ts';
import { newPort, newPortEachSecond } from './rows/ports.ts';
import { rest } from './rows/rest.ts';

export const ROWS: readonly Row[] = [
  newPort,
  newPortEachSecond,
  ...pods,
  burst,
  burstSlow,
  outage,
  restart,
  rest,
];
