/** A field whose applied value is in the address: it never shows another one as if it were applied. */
import { useSignal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import { appliedText, isUnapplied, shownText } from '../logic/typed.ts';
import type { Typed } from '../logic/typed.ts';

/** What a field shows, and what happens to it. */
export interface Typing {
  readonly text: string;
  /** A person typed something that does not count yet. */
  readonly isUnapplied: boolean;
  readonly type: (text: string) => void;
  /** Before the address gets it. */
  readonly apply: (text: string) => void;
}

/** `applied`: of the address. `where`: elsewhere nothing that was typed here is shown. */
export function useTyping(applied: string, where = ''): Typing {
  const typed = useSignal<Typed | undefined>(undefined);
  // Before the next key.
  useLayoutEffect(() => {
    // Not to come back if the same is applied again.
    if (typed.peek()?.over !== applied) typed.value = undefined;
  }, [applied]);
  useLayoutEffect(
    () => () => {
      typed.value = undefined;
    },
    [where],
  );
  return {
    text: shownText(typed.value, applied),
    isUnapplied: isUnapplied(typed.value, applied),
    type: (text) => {
      typed.value = { text, over: applied };
    },
    apply: (text) => {
      typed.value = appliedText(text);
    },
  };
}
