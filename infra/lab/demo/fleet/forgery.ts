/** Somebody who can write to the queue speaks for a cluster. */
import { forgeRemoval, forgers } from './forge.ts';
import { aWhile, apiOf, checkAnswered, checkPool, declares, type FleetScene } from './scene.ts';

export async function forgery(scene: FleetScene): Promise<void> {
  const { checks, lab, failures, say } = scene;
  checks.step(
    'Somebody who can write to the queue says in the name of east that its ingress is gone',
  );
  say.why(
    "with east's own UID and a revision of now: nothing in it is wrong but the signature, which only east's watcher can make.",
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
          ? { instead: 'nothing of the kind is parked' }
          : { ok: found, say: `${how}: refused and parked, ${found.code}: ${found.sentence}` };
      },
    });
  }
  await checks.check({
    expected: 'nobody wrote to the BIG-IP for it',
    where: `${lab.files.log} (apply's lines)`,
    within: 0,
    see: () =>
      declares(scene) === written
        ? { ok: true, say: 'none of it reached the BIG-IP' }
        : { instead: `${declares(scene) - written} declares` },
  });
  await checkPool(scene, ['east', 'west']);
  await checkAnswered(scene, await aWhile(scene), ['east', 'west']);
}
