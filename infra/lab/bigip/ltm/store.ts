import type { CommonObjects } from './common.ts';
import { transact } from './draft.ts';
import type { Draft } from './draft.ts';
import { emptyConfig } from './model.ts';
import type { LtmConfig } from './model.ts';

/** The running configuration; the data path listens to its changes. */
export interface ConfigStore {
  readonly common: CommonObjects;
  current(): LtmConfig;
  /** One transaction; throws `McpError` and changes nothing when refused. */
  write(edit: (draft: Draft) => void): void;
  onChange(listener: (config: LtmConfig) => void): void;
}

/** `initial`: saved by an earlier start; default: an empty device. */
export function createConfigStore(common: CommonObjects, initial?: LtmConfig): ConfigStore {
  let config = initial ?? emptyConfig();
  let births = [...config.pools.values()]
    .flatMap((pool) => pool.members)
    .reduce((max, member) => Math.max(max, member.birth), 0);
  const listeners: ((config: LtmConfig) => void)[] = [];
  const birth = (): number => (births += 1);
  return {
    common,
    current: () => config,
    write(edit): void {
      config = transact(config, { common, birth }, edit);
      for (const listener of listeners) listener(config);
    },
    onChange(listener): void {
      listeners.push(listener);
    },
  };
}
