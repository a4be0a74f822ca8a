/** What BIG-IP can do, and what a declare costs there. */
import type { Capabilities } from '../device/capabilities.ts';
import { applicationName, devicePaths } from './as3/names.ts';
import { renderTenant, wrapTenants } from './as3/render.ts';
import {
  EXPOSURE_LINES,
  firstStep,
  MAX_SCRIPT_LINES,
  SCRIPT_LIMIT_MS,
  scriptLinesOf,
} from './as3/steps.ts';

/** What BIG-IP with AS3 can do. Costs are lines of AS3's script. */
export const BIGIP: Capabilities = {
  declareSize: {
    most: MAX_SCRIPT_LINES,
    giveUpMs: SCRIPT_LIMIT_MS,
    exposure: EXPOSURE_LINES,
    cost: scriptLinesOf,
  },
  firstStep,
  nameOf: applicationName,
  pathOf: (partition, where) => devicePaths(partition, where).virtual,
  bytesOf: (state) => Buffer.byteLength(JSON.stringify(renderTenant(state, { shareNodes: false }))),
  bodyOf: (states, { save }) =>
    wrapTenants(
      Object.fromEntries(
        [...states].map(([name, state]) => [name, renderTenant(state, { shareNodes: false })]),
      ),
      save,
    ),
};
