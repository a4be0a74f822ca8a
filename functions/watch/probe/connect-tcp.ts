import { connect as open } from 'node:net';
import type { Connect } from './listener-probes.ts';

const PATIENCE_MS = 2_000;

/** Only a TCP handshake: with the PROXY protocol, any byte would be wrong. */
export const connectTcp: Connect = (address, port, signal) =>
  new Promise((resolve, reject) => {
    const socket = open({ host: address, port, timeout: PATIENCE_MS, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => {
      socket.destroy();
      reject(new Error(`no answer within ${PATIENCE_MS / 1_000} s`));
    });
    socket.once('error', reject);
  });
