/** The services that the administrators of BIG-IP offer in the TLS demo, and the rules about them. */
import type { LabBigip } from '../../bigip/index.ts';
import type { LabServices } from '../../files.ts';

/** The client SSL profiles, by the names in their certificates. */
export const SHOP = 'shop.example.com';
/** The host of the second Gateway. */
export const ADMIN = 'admin.example.com';
/** Client SSL profiles by host. */
export const PROFILES = { [SHOP]: '/Common/lab-shop', [ADMIN]: '/Common/lab-admin' } as const;
const WAF = '/Common/lab-waf';
/** The service bundle that the policy requires. */
export const BUNDLE = 'public-web';

/** What sluice.yaml says about bundles and requirements. */
export const SERVICES: LabServices = {
  serviceBundles: [{ name: BUNDLE, settings: { policyWaf: WAF } }],
  requirements: [
    { name: 'WAF on port 443', ports: ['443'], bundle: BUNDLE, otherwise: 'add' },
    { name: 'WAF on other TLS ports', ports: ['8443'], bundle: BUNDLE, otherwise: 'refuse' },
  ],
};

/** What exists on the device before anybody applies a Gateway. */
export function equip({ common, ssl }: LabBigip): void {
  common.modules.add('asm');
  common.objects.add(`asm/policies ${WAF}`);
  for (const [serverName, path] of Object.entries(PROFILES)) ssl.addClientSsl(path, { serverName });
}
