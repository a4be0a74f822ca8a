/** Which errors stop a whole device, and what is reported about them. */
import { expect, test } from '@jest/globals';
import { knownOutage, OutOfTime } from '../../../functions/apply/outage.ts';
import { DeviceError } from '../../../shared/device/errors.ts';

const foreign = Object.assign(new Error('no such secret'), { name: 'ConfigError', code: 'CFG1' });

test.each<[string, unknown, object | undefined]>([
  [
    'an error of the device stays as it is',
    new DeviceError('BIP503', 'transient', 'busy'),
    { code: 'BIP503', fault: 'transient', message: 'busy' },
  ],
  [
    'a timeout of the function is not a fault of the device',
    new OutOfTime('bigip-1'),
    { code: 'BIP502', fault: 'transient' },
  ],
  [
    'an error of the configuration is a fault for this device, whichever bundle it comes from',
    foreign,
    { code: 'CFG1', fault: 'device', message: 'no such secret', response: '' },
  ],
  ['another error with a code is unknown', Object.assign(new Error('x'), { code: 'E' }), undefined],
  ['text is unknown', 'BIP503', undefined],
])('%s', (_, error, expected) => {
  const known = knownOutage(error);
  if (expected === undefined) expect(known).toBeUndefined();
  else expect(known).toMatchObject(expected);
});
