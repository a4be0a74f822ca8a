/**
 * Commands of the running lab: faults of the BIG-IP and of the Kubernetes API, and adding and
 * removing pods. Each command is a line from a terminal or a pipe.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { INNER_NAMES, type InnerName, type LabBigip } from '../bigip/index.ts';
import type { LabCluster } from '../cluster/index.ts';
import { type ApiDesk, createApiDesk, resourceNames } from './api-desk.ts';
import { createFaultDesk, type FaultDesk, WRONG_ANSWERS, type WrongAnswer } from './fault-desk.ts';
import { createHolds } from './holds.ts';
import { deviceRows, deviceTable } from '../demo/device.ts';
import { table } from '../demo/say.ts';
import type { LabKubernetes } from '../kubernetes/index.ts';

/** The parts that commands act on. */
export interface Landscape {
  readonly bigip: Pick<LabBigip, 'faults' | 'view'>;
  readonly cluster: Pick<LabCluster, 'pods' | 'addPod' | 'removePod'>;
  readonly kubernetes: Pick<LabKubernetes, 'faults'>;
}

/** Takes one line at a time. */
export interface LabConsole {
  /** Executes one line and prints the result; never throws. */
  run(line: string): void;
}

type Lines = readonly string[];
interface Command {
  readonly usage: string;
  readonly does: string;
  readonly run: (words: Lines) => Lines;
}

/** Thrown for an invalid line; the message gives the valid form. */
class Misread extends Error {}

const WORKLOAD = 'istio-ingressgateway';
/** Describes this process, on Linux only; another file in tests. */
const STAT = '/proc/self/stat';

function amount(word: string | undefined, usual: number, least = 1): number {
  const number = word === undefined ? usual : Number(word);
  if (Number.isInteger(number) && number >= least && number <= 600_000) return number;
  throw new Misread(`"${word}" is not a whole number from ${least} to 600000`);
}

function onOff(word = ''): boolean {
  if (word === 'on' || word === 'off') return word === 'on';
  throw new Misread(`"${word}" is neither on nor off`);
}

/** A call of AS3: its path, or the end of its path. */
function innerName(word = ''): InnerName {
  const name =
    INNER_NAMES.find((one) => one === word) ??
    INNER_NAMES.find((one) => word !== '' && one.endsWith(`/${word}`));
  if (name === undefined)
    throw new Misread(`"${word}" is no call that AS3 makes; say one of ${INNER_NAMES.join(' ')}`);
  return name;
}

function innerFault(desk: FaultDesk, [call, status, times, touching]: Lines): Lines {
  const often = amount(times, 1, 0) || Number.POSITIVE_INFINITY;
  return [
    desk.inner({
      call: innerName(call),
      status: amount(status, 500, 400),
      times: often,
      ...(touching !== undefined && { touching }),
    }),
  ];
}

function wrongAnswer(word: string): WrongAnswer {
  const known = WRONG_ANSWERS.find((one) => one === word);
  if (known === undefined) throw new Misread(`"${word}" is none of ${WRONG_ANSWERS.join(', ')}`);
  return known;
}

function resourceName(word = ''): string {
  if (resourceNames.includes(word)) return word;
  const like = resourceNames.filter((name) => word !== '' && name.startsWith(word));
  throw new Misread(
    `"${word}" is no resource of the Kubernetes API; say for example ` +
      (like.length > 0 ? like : ['services', 'gateways.networking.istio.io']).join(' or '),
  );
}

function apiCommands(desk: ApiDesk): readonly Command[] {
  const one = (sentence: string): Lines => [sentence];
  return [
    {
      usage: 'api cut',
      does: 'every watch of the Kubernetes API is cut',
      run: () => one(desk.cut()),
    },
    {
      usage: 'api silence',
      does: 'every watch stays open but silent',
      run: () => one(desk.silence()),
    },
    { usage: 'api compact', does: 'the history is forgotten: 410', run: () => one(desk.compact()) },
    {
      usage: 'api deny RESOURCE [SECONDS]',
      does: 'list and watch of it get 403',
      run: ([word, n]) => one(desk.deny(resourceName(word), amount(n, 20))),
    },
    {
      usage: 'api down [SECONDS]',
      does: 'the Kubernetes API closes every connection',
      run: ([n]) => one(desk.down(amount(n, 20))),
    },
    {
      usage: 'api slow [MILLISECONDS]',
      does: 'every answer is delayed that long; 0 ends it',
      run: ([n]) => one(desk.slow(amount(n, 3000, 0))),
    },
  ];
}

/** Faults of the whole device: slow, busy or unreachable. */
function absenceCommands(desk: FaultDesk): readonly Command[] {
  const one = (sentence: string): Lines => [sentence];
  return [
    {
      usage: 'busy [SECONDS]',
      does: 'another client holds the lock of AS3',
      run: ([n]) => one(desk.busy(amount(n, 30))),
    },
    {
      usage: 'down [SECONDS]',
      does: 'the management closes every connection',
      run: ([n]) => one(desk.down(amount(n, 20))),
    },
    {
      usage: 'restart [SECONDS]',
      does: 'the management restarts, which takes that long',
      run: ([n]) => one(desk.restart(amount(n, 10))),
    },
    {
      usage: 'slow [MILLISECONDS]',
      does: 'every request is delayed that long; 0 ends it',
      run: ([n]) => one(desk.slow(amount(n, 3000, 0))),
    },
  ];
}

/** Faults of single responses. */
function answerCommands(desk: FaultDesk): readonly Command[] {
  const one = (sentence: string): Lines => [sentence];
  return [
    {
      usage: 'lose [N]',
      does: 'the next N answers to a declare are lost, although it was executed',
      run: ([n]) => one(desk.lose(amount(n, 1))),
    },
    {
      usage: 'inner CALL [STATUS] [N] [OBJECT]',
      does:
        "one of AS3's own calls, such as sys/provision or cli/script, fails in the next N " +
        'declares (0: in all) that change OBJECT',
      run: (words) => innerFault(desk, words),
    },
    {
      usage: 'drip [MILLISECONDS]',
      does: 'every answer is sent byte by byte, with that delay between bytes; 0 ends it',
      run: ([n]) => one(desk.drip(amount(n, 2000, 0))),
    },
    {
      usage: 'endless [N]',
      does: 'the next N answers never end',
      run: ([n]) => one(desk.endless(amount(n, 1))),
    },
    {
      usage: 'break [BYTES]',
      does: 'the answer to the next declare is cut after so many bytes, although it was executed',
      run: ([n]) => one(desk.breakOff(amount(n, 20, 0))),
    },
    {
      usage: `wrong [${WRONG_ANSWERS.join('|')}]`,
      does: 'the next answer is a 200 with that content',
      run: ([word]) => one(desk.wrong(wrongAnswer(word ?? 'null'))),
    },
  ];
}

/** The device works, but is in another state than expected. */
function stateCommands(desk: FaultDesk): readonly Command[] {
  const one = (sentence: string): Lines => [sentence];
  return [
    {
      usage: 'standby [on|off]',
      does: 'the unit becomes standby, or active again',
      run: ([word]) => one(desk.standby(onOff(word ?? 'on'))),
    },
    {
      usage: 'as3 off|on',
      does: 'AS3 is missing, or installed again',
      run: ([word]) => one(desk.as3(onOff(word))),
    },
    { usage: 'expire-tokens', does: 'every session ends', run: () => one(desk.expireTokens()) },
    {
      usage: 'forget-task',
      does: 'running and finished tasks are unknown, as after a failover',
      run: () => one(desk.forgetTask()),
    },
  ];
}

type Print = (lines: Lines) => void;

function podLines(cluster: Landscape['cluster']): Lines {
  return cluster
    .pods(WORKLOAD)
    .map(
      ({ metadata, status }) =>
        `${metadata.name} ` +
        `(${status?.podIP ?? 'no address'})${metadata.deletionTimestamp === undefined ? '' : ', terminating'}`,
    );
}

function addPod(cluster: Landscape['cluster']): Lines {
  const name = cluster.addPod(WORKLOAD);
  return podLines(cluster)
    .filter((line) => line.startsWith(name))
    .map((line) => `Pod ${line} is there.`);
}

function removePod(cluster: Landscape['cluster'], word: string | undefined, print: Print): Lines {
  const staying = cluster
    .pods(WORKLOAD)
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name);
  const found = staying.filter((name) => word !== undefined && word !== '' && name.endsWith(word));
  const [name] = found;
  if (name === undefined || found.length > 1)
    throw new Misread(
      `which gateway pod? Name one of ${staying.join(', ') || '(there is none)'}; the end of its name is enough`,
    );
  cluster.removePod(name).then(
    () => print([`Pod ${name} is gone.`]),
    (error: unknown) => print([`Pod ${name} could not be removed: ${String(error)}`]),
  );
  return [`Pod ${name} is Terminating: it still answers, and should get nothing new.`];
}

function podCommands(cluster: Landscape['cluster'], print: Print): readonly Command[] {
  return [
    { usage: 'pod add', does: 'one more gateway pod', run: () => addPod(cluster) },
    {
      usage: 'pod remove NAME',
      does: 'a gateway pod terminates',
      run: ([word]) => removePod(cluster, word, print),
    },
  ];
}

function picture({ bigip, cluster }: Landscape, desk: FaultDesk, api: ApiDesk): Lines {
  const conditions = desk.conditions();
  return [
    `BIG-IP: ${bigip.view().role}${conditions.length === 0 ? ', no fault' : `; ${conditions.join('; ')}`}`,
    ...deviceTable(deviceRows(bigip)),
    `gateway pods: ${podLines(cluster).join(', ') || 'none'}`,
    `Kubernetes API: ${api.conditions().join('; ') || 'no fault'}`,
  ];
}

function overview(commands: readonly Command[]): Lines {
  return table(commands.map(({ usage, does }) => [usage, does]));
}

/** The command that the line starts with, and the rest of the line. */
function find(
  commands: readonly Command[],
  line: string,
): { readonly command: Command; readonly rest: Lines } | undefined {
  const words = line.trim().split(/\s+/);
  for (const command of commands) {
    const name = command.usage.split(' ').filter((word) => /^[a-z0-9-]+$/.test(word));
    if (name.every((part, i) => words[i] === part))
      return { command, rest: words.slice(name.length) };
  }
  return undefined;
}

/** `print`: takes the lines of one answer. */
export function createConsole(lab: Landscape, clock: Clock, print: Print): LabConsole {
  const announce = (sentence: string): void => print([sentence]);
  const desk = createFaultDesk(lab.bigip, clock, announce);
  const api = createApiDesk(lab.kubernetes, createHolds(clock, announce));
  const commands: readonly Command[] = [
    { usage: 'help', does: 'this', run: () => overview(commands) },
    {
      usage: 'status',
      does: 'the BIG-IP with its virtual servers and faults; the gateway pods; faults of the Kubernetes API',
      run: () => picture(lab, desk, api),
    },
    ...absenceCommands(desk),
    ...answerCommands(desk),
    ...stateCommands(desk),
    ...apiCommands(api),
    { usage: 'clear', does: 'ends every fault', run: () => [desk.clear(), api.clear()] },
    ...podCommands(lab.cluster, print),
  ];
  return {
    run(line): void {
      if (line.trim() === '') return;
      const found = find(commands, line);
      try {
        print(
          found === undefined
            ? [`"${line.trim()}" is no command; "help" lists them.`]
            : found.command.run(found.rest),
        );
      } catch (error) {
        const usage =
          error instanceof Misread && found !== undefined ? ` (${found.command.usage})` : '';
        print([`${error instanceof Error ? error.message : String(error)}${usage}`]);
      }
    },
  };
}

/**
 * The kernel stops a background job that reads from its terminal; the lab would then stop serving.
 * False where the kernel does not say (macOS).
 */
function inBackground(stat: string): boolean {
  if (!process.stdin.isTTY || !existsSync(stat)) return false;
  // Fields after the name in brackets: state, ppid, pgrp, session, tty, and the terminal's
  // foreground group.
  const [, , group, , , foreground] = readFileSync(stat, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return group !== foreground;
}

/** Reads lines until the input ends. The end of the input does not stop the lab. */
export function listenTo(input: Readable, console: LabConsole, stat = STAT): void {
  const lines = createInterface({ input, terminal: false });
  lines.on('line', (line) => console.run(line));
  const follow = (): void => void (inBackground(stat) ? lines.pause() : lines.resume());
  process.on('SIGCONT', follow);
  input.on('error', () => lines.close());
  lines.on('close', () => process.off('SIGCONT', follow));
  follow();
}
