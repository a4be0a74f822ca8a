import type { Device } from '../device.ts';
import type { LtmConfig, Member, Virtual } from '../ltm/model.ts';
import type { Ssl } from '../ssl.ts';
import type { Health, MemberTraffic, Traffic, VirtualTraffic } from '../traffic.ts';
import { createMembers, told } from './members.ts';
import { obstacleTo } from './paths.ts';
import { createPicker } from './pick.ts';
import type { Picker } from './pick.ts';
import { listenUdp } from './udp.ts';
import { listenTcp } from './virtual.ts';
import type { Listener } from './virtual.ts';

const NONE = { current: 0, total: 0 };

/** Listeners and monitors that follow the configuration. */
export function createTraffic(device: Device): Traffic {
  return device.settings.dataPath ? liveTraffic(device) : quietTraffic(device);
}

/**
 * Without a data path nothing is probed: monitored members count as up unless set otherwise, or
 * unless no path leads to them.
 */
function quietTraffic(device: Device): Traffic {
  const monitored = (member: Member): Health =>
    obstacleTo(device, member) === undefined ? 'up' : 'down';
  return {
    member: (pool, member) => ({
      health:
        told(device, member) ??
        ((member.monitor ?? device.store.current().pools.get(pool)?.monitor) === undefined
          ? 'unchecked'
          : monitored(member)),
      monitors: [],
      connections: NONE,
    }),
    virtual: () => ({ connections: NONE, error: undefined }),
    refresh: () => undefined,
    close: () => Promise.resolve(),
  };
}

interface Open {
  readonly listener: Listener;
  readonly at: string;
}

/** Listeners that accept no more connections, but may have some. */
interface Ending {
  add(listener: Listener): void;
  /** Ends their connections. */
  close(): Promise<void>;
}

function createEnding(): Ending {
  const all = new Map<Listener, Promise<void>>();
  return {
    add(listener): void {
      all.set(
        listener,
        listener.stop().then(() => void all.delete(listener)),
      );
    },
    async close(): Promise<void> {
      for (const listener of all.keys()) listener.cut();
      await Promise.all(all.values());
    },
  };
}

function liveTraffic(device: Device): Traffic {
  const members = createMembers(device);
  const picker = createPicker(device, members);
  const open = new Map<string, Open>();
  let closed = false;
  let dirty = false;
  const ending = createEnding();
  const sweep = (config: LtmConfig): void => {
    for (const [path, one] of open) {
      const virtual = config.virtuals.get(path);
      const isThere = virtual !== undefined && one.at === placeOf(virtual);
      if (isThere && serves(device, config, virtual)) continue;
      // A disabled virtual server lets its connections end; a deleted or standby one cuts them.
      if (!isThere || device.condition.standby) one.listener.cut();
      ending.add(one.listener);
      open.delete(path);
    }
  };
  const flush = (): void => {
    if (closed || !dirty) return;
    dirty = false;
    const config = device.store.current();
    members.refresh(config);
    sweep(config);
    for (const virtual of config.virtuals.values()) {
      const known = open.get(virtual.path);
      if (known !== undefined) known.listener.update(virtual);
      else if (serves(device, config, virtual))
        open.set(virtual.path, {
          listener: start(virtual, picker, device.ssl),
          at: placeOf(virtual),
        });
    }
  };
  return {
    member(pool, member): MemberTraffic {
      flush();
      return members.of(pool, member);
    },
    virtual(virtual): VirtualTraffic {
      flush();
      return open.get(virtual.path)?.listener.traffic() ?? { connections: NONE, error: undefined };
    },
    // A script changes many objects in sequence; the data path is updated once.
    refresh(): void {
      dirty = true;
      queueMicrotask(flush);
    },
    async close(): Promise<void> {
      closed = true;
      members.close();
      for (const { listener } of open.values()) ending.add(listener);
      open.clear();
      await ending.close();
    },
  };
}

function placeOf({ address, port, protocol }: Virtual): string {
  return `${address}:${port}/${protocol}`;
}

function serves(device: Device, config: LtmConfig, virtual: Virtual): boolean {
  return (
    virtual.enabled &&
    !device.condition.standby &&
    config.virtualAddresses.get(virtual.virtualAddress)?.enabled !== false
  );
}

function start(virtual: Virtual, picker: Picker, ssl: Ssl): Listener {
  return virtual.protocol === 'udp' ? listenUdp(virtual, picker) : listenTcp(virtual, picker, ssl);
}
