/** The smallest parts: foreign text, ages, badges, notices. */
import { useSignal } from '@preact/signals';
import { Fragment } from 'preact';
import type { ComponentChildren, VNode } from 'preact';
import { visible, visibleLines } from '../../../../shared/telemetry/visible.ts';
import { now } from '../api/clock.ts';
import type { Counted } from '../logic/jobs.ts';
import { hrefOf } from '../logic/place.ts';
import { ago, clockTime, millisOf } from '../logic/times.ts';
import type { Tone } from '../logic/tones.ts';
import { Icon } from './icons.tsx';
import type { IconName } from './icons.tsx';

/** Text from elsewhere: it cannot reorder, hide or break what stands beside it. */
export function Words({ text }: { readonly text: string }): VNode {
  return <bdi>{visible(text)}</bdi>;
}

/** An address, a name or an id. */
export function Name({ text }: { readonly text: string }): VNode {
  return <bdi class="name">{visible(text)}</bdi>;
}

/** Text from elsewhere with its lines. */
export function Block({ text }: { readonly text: string }): VNode {
  return (
    <pre class="block" dir="auto" tabIndex={0}>
      {visibleLines(text)}
    </pre>
  );
}

/** How long ago; the exact time is shown on top of it. */
export function Age({
  at,
  none = 'never',
}: {
  readonly at: number | string | undefined;
  readonly none?: string;
}): VNode {
  const millis = millisOf(at);
  if (millis === undefined) return <span class="muted">{none}</span>;
  return (
    <time dateTime={new Date(millis).toISOString()} title={new Date(millis).toLocaleString()}>
      {ago(millis, now.value)}
    </time>
  );
}

/** `02:41 (3h ago)`, where the time itself matters. */
export function At({ at }: { readonly at: number | string }): VNode {
  const millis = millisOf(at);
  if (millis === undefined) return <Words text={String(at)} />;
  return (
    <time dateTime={new Date(millis).toISOString()} title={new Date(millis).toLocaleString()}>
      {clockTime(millis, now.value)} <span class="muted">({ago(millis, now.value)})</span>
    </time>
  );
}

/** `since 02:41 (3h ago)`. */
export function Since({ at }: { readonly at: number }): VNode {
  return (
    <time dateTime={new Date(at).toISOString()}>
      since {clockTime(at, now.value)} ({ago(at, now.value)})
    </time>
  );
}

/** A word with a colour. */
export function Badge({
  tone = 'plain',
  children,
}: {
  readonly tone?: Tone;
  readonly children: ComponentChildren;
}): VNode {
  return <span class={`badge ${tone}`}>{children}</span>;
}

/** Numbers with their words. */
export function Counts({ counts }: { readonly counts: readonly Counted[] }): VNode {
  return (
    <ul class="counts">
      {counts.map(({ key, word, tone, n }) => (
        <li key={key} class={tone}>
          <b>{n}</b> {word}
        </li>
      ))}
    </ul>
  );
}

/** What an empty list says: why, and what to do. */
export function Empty({
  icon = 'calm',
  title,
  children,
}: {
  readonly icon?: IconName;
  readonly title: string;
  readonly children?: ComponentChildren;
}): VNode {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}

/** A sentence that must be seen. */
export function Notice({
  tone,
  children,
}: {
  readonly tone: Tone;
  readonly children: ComponentChildren;
}): VNode {
  return (
    <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}

/** Shown until the first answer. */
export function Loading({ what }: { readonly what: string }): VNode {
  return (
    <p class="loading" role="status">
      Reading {what} …
    </p>
  );
}

/** False if the browser does not allow it, for instance without HTTPS. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** A text with a button that copies what is shown: a line break would run it in a shell. */
export function Copy({
  text,
  label = 'Copy',
}: {
  readonly text: string;
  readonly label?: string;
}): VNode {
  const said = useSignal(label);
  const shown = visible(text);
  const copy = async (): Promise<void> => {
    said.value = (await copyText(shown)) ? 'Copied' : 'Select it and copy';
    setTimeout(() => {
      said.value = label;
    }, 2_000);
  };
  return (
    <div class="copy">
      <code dir="ltr" tabIndex={0}>
        {shown.split(' ').map((word, i) => (
          <Fragment key={i}>
            {i > 0 && ' '}
            <span>{word}</span>
          </Fragment>
        ))}
      </code>
      <button type="button" class="quiet" onClick={() => void copy()} aria-live="polite">
        {said.value}
      </button>
    </div>
  );
}

/** A Gateway, which leads to its way. */
export function GatewayLink({
  name,
  cluster,
}: {
  readonly name: string;
  readonly cluster?: string | undefined;
}): VNode {
  const q = cluster === undefined ? name : `${cluster}/${name}`;
  return (
    <a href={hrefOf('search', undefined, { q })}>
      <Name text={name} />
    </a>
  );
}

/** Names and their values. */
export function Facts({
  rows,
}: {
  readonly rows: readonly (readonly [string, ComponentChildren])[];
}): VNode {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
