import { describe, expect, test } from '@jest/globals';
import { approvalsFor } from '../../../functions/cli/commands/approve.ts';
import { sendOrders } from '../../../functions/cli/steering.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { createWorld } from '../../promises/support/world.ts';

const { owner } = slice(1, []);
const device = { url: 'https://192.0.2.1', username: 'u', password: 'env:P', partitions: ['k8s'] };
const config = SluiceConfig.parse({
  generation: 1,
  devices: [{ ...device, name: 'bigip-1' }, { ...device, name: 'bigip-2' }],
  clusters: [{ id: 'east' }],
  ingresses: [{ cluster: 'east', service: 'istio-system/istio-ingressgateway', devices: ['bigip-1'], virtualAddress: '172.16.100.195' }],
});

describe('sluice approve', () => {
  test('approves on every device, or on the one that is named', () => {
    expect(approvalsFor(config, owner, {}).map((a) => a.device)).toEqual(['bigip-1', 'bigip-2']);
    expect(approvalsFor(config, owner, { device: 'bigip-2', keys: ['10.0.0.1:80/tcp', '[2001:db8::1]:53/udp'] })).toEqual([{ action: 'approve', device: 'bigip-2', owner, keys: ['10.0.0.1:80/tcp', '[2001:db8::1]:53/udp'] }]);
  });

  test('says what is wrong with an owner, a key or a device, and what would be right', () => {
    expect(() => approvalsFor(config, 'west/a/b', {})).toThrow(`known are ${owner}`);
    expect(() => approvalsFor(config, owner, { keys: ['10.0.0.1:80'] })).toThrow('such as 172.16.100.195:32400/tcp');
    expect(() => approvalsFor(config, owner, { device: 'x' })).toThrow('bigip-1, bigip-2');
  });

  test('its message lets apply remove what is held', async () => {
    const world = createWorld();
    const many = [1, 2, 3, 4, 5].map((port) => exposure({ port, gateways: [`ns/gw-${port}`] }));
    await world.send(slice(1, many));
    await world.drain();
    await world.send(slice(2, []));
    await world.drain();
    expect(Object.keys(world.device.state().exposures)).toHaveLength(5);
    await sendOrders({ queues: world.queues, clock: world.clock, id: () => 'approval' }, approvalsFor(config, owner, { device: 'bigip-1' }));
    await world.drain();
    expect(world.device.state().exposures).toEqual({});
  });
});
