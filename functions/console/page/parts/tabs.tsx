/** Parts of a room, each with its own address. */
import type { VNode } from 'preact';

/** One of them. */
export interface Tab {
  readonly name: string;
  readonly href: string;
  readonly isHere: boolean;
  /** Such as a count. */
  readonly note?: string | undefined;
}

/** `label`: what they are parts of. */
export function Tabs({
  label,
  tabs,
}: {
  readonly label: string;
  readonly tabs: readonly Tab[];
}): VNode {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ name, href, isHere, note }) => (
        <a key={name} href={href} aria-current={isHere ? 'page' : undefined}>
          {name}
          {note !== undefined && <span class="muted"> {note}</span>}
        </a>
      ))}
    </nav>
  );
}
