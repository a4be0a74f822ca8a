/** Settings of a CIS object that the mode or another setting keeps out of its virtual server. */
import { brokenCombinations } from '../../settings/combinations.ts';
import { SETTING_ROWS, type SettingName } from '../../settings/catalogue/catalogue.ts';
import type { SourceSettings } from '../../settings/settings.ts';
import { showChoice } from '../../settings/resolve.ts';
import { takesMode, unfitValue } from '../../settings/compose.ts';
import { type Mode, showValue } from '../../settings/values.ts';
import { blockImport, type Draft, reportLost } from './cis-draft.ts';

/** Removes a setting. Without one that protects, the whole virtual server is not imported. */
function drop(draft: Draft, name: SettingName, reason: string): void {
  const setBy = draft.setBy[name];
  const tell = setBy?.isEssential === true ? blockImport : reportLost;
  tell(draft, setBy?.field ?? name, reason, setBy?.object);
  delete draft.wanted[name];
  draft.unread.add(name);
}

/** Drops settings that this kind of virtual server does not support; Sluice would refuse them. */
function dropUnfit(draft: Draft): void {
  const mode = (draft.wanted.mode ?? 'tcp') as Mode;
  for (const [name, row] of SETTING_ROWS) {
    const value = draft.wanted[name];
    if (value === undefined) continue;
    const wrong = unfitValue(row, value, mode);
    if (takesMode(row, mode) && wrong === undefined) continue;
    const said = `${showValue(wrong ?? value)} is not for a virtual server of mode ${mode}`;
    const isEssential = draft.setBy[name]?.isEssential === true;
    drop(draft, name, isEssential ? `${said}; remove it to publish without it` : said);
  }
}

/** Drops settings that need another one. The mode follows from the kind of virtual server. */
function dropIncomplete(draft: Draft): void {
  for (const { when, needs = [], why } of brokenCombinations(
    draft.wanted as Partial<SourceSettings>,
  ))
    if (draft.setBy[when.setting] !== undefined)
      drop(draft, when.setting, `needs ${needs.map(showChoice).join(' or ')}: ${why}`);
}

/**
 * Completes the settings of an object whose mode is known. CIS leaves persistence to the default of
 * AS3 where nothing sets it, and Sluice has none by default; `usual` is the default of AS3.
 */
export function finishSettings(draft: Draft, usual: string): void {
  const { profileTcp, profileTcpServer } = draft.wanted;
  if (profileTcpServer !== undefined && profileTcp === undefined)
    drop(draft, 'profileTcpServer', 'CIS attaches it only beside a profile for clients');
  dropUnfit(draft);
  dropIncomplete(draft);
  if (!draft.unread.has('persistence')) draft.wanted.persistence ??= [usual];
}
