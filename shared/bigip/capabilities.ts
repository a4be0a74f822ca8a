import type { Capabilities } from '../device/capabilities.ts';
import { EXPOSURE_LINES, firstStep, MAX_SCRIPT_LINES, scriptLinesOf } from './as3/steps.ts';

/** What BIG-IP with AS3 can do. Costs are lines of AS3's script. */
export const BIGIP: Capabilities = {
  declareSize: { most: MAX_SCRIPT_LINES, exposure: EXPOSURE_LINES, cost: scriptLinesOf },
  firstStep,
};
