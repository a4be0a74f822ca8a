/** Follows the keyboard; what is typed into a field stays there. */
import { askFor, look } from '../api/asking.ts';
import { go } from '../api/place.ts';
import { mayAct } from '../api/rights.ts';
import { deedOf } from '../logic/keys.ts';
import type { KeyDeed } from '../logic/keys.ts';
import { hrefOf } from '../logic/place.ts';
import { isHelpOpen } from './help.tsx';
import { SEARCH_ID } from './search-box.tsx';

/** After this time, `g` is forgotten. */
const WAIT_MS = 1_500;

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select');
}

/** Looking again needs a role; without it the key does nothing. */
function act(deed: KeyDeed): void {
  if (deed.kind === 'go') go(hrefOf(deed.room));
  if (deed.kind === 'help') isHelpOpen.value = true;
  if (deed.kind === 'look' && mayAct('operator')) void askFor(look, 'looks');
  if (deed.kind === 'search') document.getElementById(SEARCH_ID)?.focus();
}

/** Called once. */
export function startKeyboard(): void {
  let waiting = 0;
  addEventListener('keydown', (event) => {
    const { key, target, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey || document.querySelector('dialog[open]') !== null) return;
    if (isTyping(target)) {
      if (key === 'Escape') (target as HTMLElement).blur();
      return;
    }
    const deed = deedOf(key, Date.now() - waiting < WAIT_MS);
    waiting = deed.kind === 'wait' ? Date.now() : 0;
    if (deed.kind === 'none') return;
    event.preventDefault();
    act(deed);
  });
}
