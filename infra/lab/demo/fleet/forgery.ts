/** An attacker with write access to the queue impersonates a cluster. */
import { forgeRemoval, forgers } from './forge.ts';
import {
  aWhile,
  apiOf,
  checkAnswered,
  checkSharedPool,
  declares,
  type FleetScene,
} from './scene.ts';

/** Each forged message is refused, and its code is stored as a failure. */
export async function forgery(scene: FleetScene): Promise<void> {
  const { checks, lab, failures, say } = scene;
  checks.step(
    'An attacker with access to the queue claims in the name of east that its ingress is gone',
  );
  say.why(
    "The message has east's own UID and a current revision. Only the signature is " +
      "wrong, because only east's watcher can create it.",
  );
  const kubeSystem = await apiOf(scene, 'east').get('/api/v1/namespaces/kube-system');
  const victim = { cluster: 'east', clusterUid: String(kubeSystem.metadata?.['uid']) };
  const written = declares(scene);
  for (const { how, code, signer } of await forgers(lab.files, victim.cluster)) {
    await forgeRemoval(lab.pipeline.runtime, victim, signer);
    await checks.check({
      expected: `the message ${how} is refused with ${code} and parked`,
      where: `sluice failures list -c ${lab.files.config}`,
      see: async () => {
        const found = (await failures.store.list()).find((failure) => failure.code === code);
        return found === undefined
          ? { instead: 'no such message is parked' }
          : { ok: found, say: `${how}: refused and parked, ${found.code}: ${found.sentence}` };
      },
    });
  }
  await checks.check({
    expected: 'nothing was written to the BIG-IP',
    where: `${lab.files.log} (apply's lines)`,
    within: 0,
    see: () =>
      declares(scene) === written
        ? { ok: true, say: 'nothing reached the BIG-IP' }
        : { instead: `${declares(scene) - written} declares` },
  });
  await checkSharedPool(scene, ['east', 'west']);
  await checkAnswered(scene, await aWhile(scene), ['east', 'west']);
}
