/** A `sluice.yaml` that 0.1.0 accepted is still accepted, with the same meaning. */
import { describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../../shared/config/load.ts';
import { golden } from './files.ts';

describe('the configuration of 0.1.0', () => {
  test.each(['minimal', 'one-host', 'aws'])('%s.yaml', (name) => {
    const config = parseConfig(golden(`configuration/${name}.yaml`), name, 1);
    expect(config).toMatchObject(JSON.parse(golden(`configuration/${name}.json`)) as object);
  });
});
