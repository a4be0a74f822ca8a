import { expect, test } from '@jest/globals';
import { newTraceparent, traceFields } from '../../../shared/queue/trace.ts';

const ID = '0af76519-16cd-43dd-8448-eb211c80319c';

test('a new trace is a W3C traceparent, and its id is what logs show', () => {
  const traceparent = newTraceparent(() => ID);
  expect(traceparent).toBe('00-0af7651916cd43dd8448eb211c80319c-0af7651916cd43dd-01');
  expect(traceFields({ traceparent })).toEqual({ traceId: '0af7651916cd43dd8448eb211c80319c' });
});

test.each(['e-1', ID, `${ID}-${ID}`])('is well formed whatever the ids look like: %s', (id) => {
  expect(newTraceparent(() => id)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});

test.each([undefined, '', '00-xyz', `00-${'G'.repeat(32)}-0-01`, `\u001B[31m00-`])(
  'a log line has no trace if the event has none that is well formed: %j',
  (traceparent) => {
    expect(traceFields({ traceparent })).toEqual({});
  },
);
