/** The room Plan: what manifests would do on the devices, before they are applied. */
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import {
  addFiles,
  files,
  pasted,
  planManifests,
  planning,
  removeFile,
  setPasted,
} from '../api/planning.ts';
import { session } from '../api/client.ts';
import { go, place } from '../api/place.ts';
import { planCommand } from '../logic/commands.ts';
import { hrefOf, withQuery } from '../logic/place.ts';
import { Copy, Empty, Notice, Words } from '../parts/basic.tsx';
import { Room } from '../parts/room.tsx';
import { PlanAnswer } from './plan-answer.tsx';

function Files(): VNode {
  return (
    <>
      <label class="field">
        <span>Files, which can also be dropped here</span>
        <input
          type="file"
          multiple
          accept=".yaml,.yml,.json"
          onChange={({ currentTarget }) => {
            void addFiles([...(currentTarget.files ?? [])]);
            // The same file can be chosen again after a change.
            currentTarget.value = '';
          }}
        />
      </label>
      {files.value.length > 0 && (
        <ul class="chips" aria-label="Files">
          {files.value.map(({ name }) => (
            <li key={name}>
              <button type="button" aria-label={`Remove ${name}`} onClick={() => removeFile(name)}>
                <Words text={name} /> <span aria-hidden="true">×</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Only where there are several. */
function Clusters({ chosen }: { readonly chosen: string | undefined }): VNode | null {
  const clusters = session.value?.clusters ?? [];
  if (clusters.length < 2) return null;
  return (
    <label class="field small">
      <span>Cluster that they are for</span>
      <select
        value={chosen ?? ''}
        onChange={({ currentTarget: { value } }) => {
          planning.value = { isAsking: false };
          go(withQuery(place.value, { cluster: value }), { replace: true });
        }}
      >
        <option value="">Choose a cluster</option>
        {clusters.map((id) => (
          <option key={id} value={id}>
            {id}
          </option>
        ))}
      </select>
    </label>
  );
}

function Form({ cluster }: { readonly cluster: string | undefined }): VNode {
  const isOver = useSignal(false);
  const submit = (event: Event): void => {
    event.preventDefault();
    void planManifests(cluster);
  };
  return (
    <form
      class={isOver.value ? 'card manifests over' : 'card manifests'}
      aria-label="Manifests"
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event);
      }}
      onDragOver={(event) => {
        event.preventDefault();
        isOver.value = true;
      }}
      onDragLeave={() => {
        isOver.value = false;
      }}
      onDrop={(event) => {
        event.preventDefault();
        isOver.value = false;
        void addFiles([...(event.dataTransfer?.files ?? [])]);
      }}
    >
      <label class="field">
        <span>Manifests as YAML or JSON</span>
        <textarea
          rows={12}
          spellcheck={false}
          autocomplete="off"
          placeholder={'apiVersion: networking.istio.io/v1\nkind: Gateway\n…'}
          value={pasted.value}
          onInput={({ currentTarget: { value } }) => setPasted(value)}
        />
      </label>
      <Files />
      <Clusters chosen={cluster} />
      <div class="actions">
        <button type="submit" class="primary" disabled={planning.value.isAsking}>
          {planning.value.isAsking ? 'Planning …' : 'Show what they would do'}
        </button>
        <span class="muted">Ctrl+Enter. Nothing is sent to a cluster or a device.</span>
      </div>
    </form>
  );
}

/** Each line names a place. */
function Lines({ title, lines }: { readonly title: string; readonly lines: readonly string[] }) {
  return (
    <Notice tone="bad">
      <div>
        {title}
        <ul>
          {lines.map((line) => (
            <li key={line}>
              <Words text={line} />
            </li>
          ))}
        </ul>
      </div>
    </Notice>
  );
}

function Outcome(): VNode | null {
  const { isAsking, answer, problems = [], notes = [], refusal } = planning.value;
  if (isAsking) return null;
  if (refusal !== undefined) return <Lines title="There is no plan." lines={refusal.split('\n')} />;
  if (answer === undefined)
    return (
      <Empty icon="ports" title="What would these manifests do?">
        Paste all objects that make ports: Gateways, VirtualServices, and the Service of the ingress
        gateway. They are compared with what the devices were last seen to have.
      </Empty>
    );
  return (
    <>
      {problems.length > 0 && <Lines title="The plan is without these." lines={problems} />}
      <PlanAnswer answer={answer} notes={notes} />
    </>
  );
}

/** `?cluster=`: that the manifests are for. */
export function PlanRoom(): VNode {
  const known = session.value?.clusters ?? [];
  const cluster = place.value.query['cluster'] ?? (known.length === 1 ? known[0] : undefined);
  const isPasted = pasted.value.trim() !== '' || files.value.length === 0;
  const command = planCommand({ files: files.value.map(({ name }) => name), isPasted, cluster });
  return (
    <Room
      title="Plan"
      lead="What manifests would do on the devices, before anybody applies them."
      devices={planning.value.answer && { seen: planning.value.answer.at }}
      actions={
        <a class="button" href={hrefOf('ports')}>
          Ports
        </a>
      }
    >
      <Form cluster={cluster} />
      <div aria-live="polite">
        <Outcome />
      </div>
      <Copy text={command} label="Copy as command" />
    </Room>
  );
}
