import { SETTING_ROWS } from '../../../../shared/domain/exposure/settings/catalogue/catalogue.ts';

/** Fields that are absent unless somebody set them. */
export const OPTIONAL_FIELDS: ReadonlySet<string> = new Set([
  'fallbackPersistence',
  'clonePools',
  ...SETTING_ROWS.flatMap(([, { as3 }]) => as3?.device ?? []).flatMap((effect) =>
    'field' in effect && (effect.absent === 'none' || effect.absent === 'infinite')
      ? [effect.field]
      : [],
  ),
]);
