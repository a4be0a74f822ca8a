import type { Monitor } from '../ltm/model.ts';
import { plainOfMonitor } from '../ltm/plain.ts';
import type { MonitorClass as MonitorItem } from './schema.ts';

/**
 * AS3 writes the escapes of its strings unchanged; BIG-IP interprets `\r\n` in them as line ends.
 */
const SEND: Partial<Record<MonitorItem['monitorType'], readonly [send: string, receive: string]>> =
  {
    http: ['HEAD / HTTP/1.0\\r\\n\\r\\n', 'HTTP/1.'],
    https: ['HEAD / HTTP/1.0\\r\\n\\r\\n', 'HTTP/1.'],
    udp: ['default send string', ''],
  };

/** They send nothing, so AS3 drops what the declaration says about it. */
const SILENT: readonly MonitorItem['monitorType'][] = ['icmp', 'tcp-half-open'];

/** In the script, line ends are escapes. */
function escaped(text: string): string {
  return text.replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}

/**
 * With mcpd's defaults for what AS3 leaves out; texts are escaped as AS3 escapes them in its
 * script.
 */
export function renderMonitor(path: string, item: MonitorItem): Monitor {
  const [send, receive] = SEND[item.monitorType] ?? ['', ''];
  const type = item.monitorType === 'icmp' ? 'gateway-icmp' : item.monitorType;
  const silent = SILENT.includes(item.monitorType);
  const given = (text: string | undefined, fallback: string): string =>
    text === undefined ? fallback : text === 'none' || silent ? '' : escaped(text);
  return {
    path,
    type,
    interval: item.interval,
    timeout: item.timeout,
    timeUntilUp: item.timeUntilUp,
    upInterval: item.upInterval,
    targetAddress: item.targetAddress,
    targetPort: item.targetPort,
    send: given(item.send, send),
    receive: given(item.receive, receive),
    receiveDown: item.receiveDown,
    reverse: item.reverse,
    transparent: item.transparent,
    plain: plainOfMonitor(type),
    ...(item.remark === undefined ? {} : { description: item.remark }),
  };
}
