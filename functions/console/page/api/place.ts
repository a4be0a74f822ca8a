/** Where the person is, and how to go elsewhere without loading the page again. */
import { signal } from '@preact/signals';
import { parsePlace } from '../logic/place.ts';
import type { PagePlace } from '../logic/place.ts';

const here = (): PagePlace => parsePlace(location.pathname, location.search);

/** Follows the URL. */
export const place = signal(here());

/** `replace`: the present place is not one to come back to. */
export function go(href: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  const before = location.pathname;
  if (replace) history.replaceState(null, '', href);
  else history.pushState(null, '', href);
  place.value = here();
  if (location.pathname !== before) scrollTo(0, 0);
}

/** The link that a plain click is on, if it leads to another place of the console. */
function clickedLink(event: MouseEvent): HTMLAnchorElement | undefined {
  const { target, button, metaKey, ctrlKey, shiftKey, altKey } = event;
  const isPlain = button === 0 && !(metaKey || ctrlKey || shiftKey || altKey);
  if (event.defaultPrevented || !isPlain || !(target instanceof Element)) return undefined;
  const link = target.closest('a[href]');
  return link instanceof HTMLAnchorElement && isHere(link) ? link : undefined;
}

function isHere({ origin, target, pathname }: HTMLAnchorElement): boolean {
  return origin === location.origin && target === '' && !pathname.startsWith('/api/');
}

/** Links of this origin are followed here. Called once. */
export function startPlaces(): void {
  addEventListener('popstate', () => {
    place.value = here();
  });
  document.addEventListener('click', (event) => {
    const link = clickedLink(event);
    if (link === undefined) return;
    event.preventDefault();
    go(link.pathname + link.search + link.hash);
  });
}
