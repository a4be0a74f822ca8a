import { Refused } from './answers.ts';

type Check = (value: string, method: string) => boolean;

const boolean: Check = (value) => value === 'true' || value === 'false';
const any: Check = () => true;
const whenGet =
  (check: Check): Check =>
  (value, method) =>
    method === 'GET' && check(value, method);

const PARAMETERS: Readonly<Record<string, Check>> = {
  async: (value, method) => boolean(value, method) && method !== 'GET',
  show: (value) => ['base', 'full', 'expanded'].includes(value),
  age: whenGet((value) => value === 'list' || (/^\d+$/.test(value) && Number(value) <= 15)),
  filterClass: whenGet(any),
  showHash: boolean,
  unchecked: boolean,
  unsafe: boolean,
  'controls.logLevel': any,
  'controls.trace': boolean,
  'controls.traceResponse': boolean,
  'controls.dryRun': boolean,
  'controls.userAgent': any,
};

/** Throws 400 for a parameter that AS3 does not know, or not with this method. */
export function checkQuery(query: URLSearchParams, method: string): void {
  for (const [name, value] of query) {
    const check = PARAMETERS[name];
    if (check === undefined)
      throw new Refused(400, `Bad Request: unrecognized URL query parameter "${name}"`);
    if (!check(value, method))
      throw new Refused(
        400,
        `Bad Request: invalid value "${value}" of URL query parameter "${name}" with ${method}`,
      );
  }
}
