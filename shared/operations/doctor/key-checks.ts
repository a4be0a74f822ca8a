/** The key checks of `sluice doctor`: usable, and a matching pair. */
import type { ClusterConfig } from '../../config/schema.ts';
import { loadSigner, loadVerifyKey } from '../../queue/keyring.ts';
import type { Runtime } from '../../host/runtime.ts';
import { errorCode, errorMessage } from '../../telemetry/errors.ts';
import { badFinding, okFinding } from './finding.ts';
import type { DoctorFinding } from './finding.ts';

/** A key that was loaded, or why not. The key itself is not kept. */
type Read = { readonly keyid: string } | { readonly problem: string; readonly code: string };

/** A key that cannot be loaded is a finding, not an error of the command. */
async function attempt(load: () => Promise<{ readonly keyid: string }>): Promise<Read> {
  try {
    return { keyid: (await load()).keyid };
  } catch (error) {
    return { problem: errorMessage(error), code: errorCode(error) ?? 'GW102' };
  }
}

/**
 * Checks for each cluster that its keys can be loaded, and that the public keys include that of its
 * signing key.
 */
export async function keyChecks({
  config,
  secrets,
}: Pick<Runtime, 'config' | 'secrets'>): Promise<readonly DoctorFinding[]> {
  const found = await Promise.all(
    config.clusters.map(async (cluster) => {
      const { signKey } = cluster;
      const verify = await Promise.all(
        cluster.verifyKeys.map((reference) => attempt(() => loadVerifyKey(secrets, reference))),
      );
      const sign =
        signKey === undefined ? undefined : await attempt(() => loadSigner(secrets, signKey));
      return [
        ...verify.map((read, i) => ofVerifyKey(cluster, cluster.verifyKeys[i] ?? '', read)),
        ...(sign === undefined ? [] : [ofSignKey(cluster, verify, sign)]),
      ];
    }),
  );
  return found.flat();
}

/** The finding for one public key. */
function ofVerifyKey({ id }: ClusterConfig, reference: string, read: Read): DoctorFinding {
  const checked = { id: 'verify-key', what: `verify key ${reference} of ${id}` };
  return 'keyid' in read
    ? okFinding(checked, `key ${read.keyid}`)
    : badFinding(checked, `${read.problem} (${read.code})`);
}

/**
 * The finding for the signing key. It fails only if the key was read, all public keys were read,
 * and none of them belongs to it.
 */
function ofSignKey({ id }: ClusterConfig, verify: readonly Read[], sign: Read): DoctorFinding {
  const checked = { id: 'sign-key', what: `sign key of ${id}` };
  // Only the watcher needs the key, and it may run elsewhere.
  if ('problem' in sign)
    return sign.code === 'GW102'
      ? okFinding(checked, `not readable here, so not compared; only the watcher of ${id} needs it`)
      : badFinding(checked, `${sign.problem} (${sign.code})`);
  const known = verify.flatMap((read) => ('keyid' in read ? [read.keyid] : []));
  if (known.includes(sign.keyid))
    return okFinding(checked, `key ${sign.keyid}, one of its verify keys`);
  if (known.length < verify.length)
    return okFinding(
      checked,
      `key ${sign.keyid}; not compared, because a verify key cannot be read`,
    );
  return verify.length === 0
    ? okFinding(
        checked,
        `key ${sign.keyid}; verifyKeys of ${id} is empty, so signatures are not checked here`,
      )
    : badFinding(
        checked,
        `key ${sign.keyid} is not in clusters[].verifyKeys of ${id} (${known.join(', ')}), ` +
          'so every event of its watcher is refused (GW152)',
        { remedy: 'add the public half of this key there' },
      );
}
