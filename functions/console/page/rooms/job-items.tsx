/** The failures of a job, each with its preview and its result. */
import type { VNode } from 'preact';
import type { Answers, JobItemRow } from '../api/answers.ts';
import { useLive } from '../api/live.ts';
import { RESULT_WORDS, VERDICT_LABELS } from '../logic/jobs.ts';
import { hrefOf } from '../logic/place.ts';
import { Badge, Name, Words } from '../parts/basic.tsx';
import { Cell, VirtualTable } from '../parts/virtual.tsx';

/** Items of one request. */
const PAGE = 200;
const ROW_HEIGHT = 44;
const HEADS = ['failure', 'where', 'would', 'result', 'why'] as const;

function Outcome({ item: { result, status } }: { readonly item: JobItemRow }): VNode {
  if (result === undefined)
    return <span class="muted">{status === 'waiting' ? 'not sent' : status}</span>;
  const [word, tone] = RESULT_WORDS[result.kind];
  return <Badge tone={tone}>{word}</Badge>;
}

function Expected({ item: { preview } }: { readonly item: JobItemRow }): VNode {
  if (preview === undefined) return <span class="muted">-</span>;
  const [word, tone] = VERDICT_LABELS[preview.verdict];
  return (
    <>
      <Badge tone={tone}>{word}</Badge>
      {preview.by !== undefined && (
        <>
          {' '}
          by <Name text={preview.by} />
        </>
      )}
      {preview.retries && <span class="muted"> tries the newest again</span>}
    </>
  );
}

function Cells({ item }: { readonly item: JobItemRow }): VNode {
  const { failure, code, exposure, device, owner, preview, result } = item;
  return (
    <>
      <Cell name="failure">
        <a href={hrefOf('failures', failure)}>
          <code>{code}</code> <Name text={failure.slice(0, 8)} />
        </a>
      </Cell>
      <Cell name="where">
        <Name
          text={[exposure ?? owner, device].filter((one) => one !== undefined).join(' on ') || '-'}
        />
      </Cell>
      <Cell name="would">
        <Expected item={item} />
      </Cell>
      <Cell name="result">
        <Outcome item={item} />
      </Cell>
      <Cell name="why" wide>
        <Words text={result?.reason ?? preview?.reason ?? item.sentence} />
        {preview !== undefined && preview.difference.length > 0 && (
          <span class="muted">
            {' '}
            <Words text={preview.difference.map(({ kind, key }) => `${kind} ${key}`).join(', ')} />
          </span>
        )}
      </Cell>
    </>
  );
}

function LaterItem({ path, index }: { readonly path: string; readonly index: number }): VNode {
  const offset = Math.floor(index / PAGE) * PAGE;
  const { value } = useLive('job', `${path}?limit=${PAGE}&offset=${offset}`);
  const item = value?.items[index - offset];
  return item === undefined ? <Cell name="failure">…</Cell> : <Cells item={item} />;
}

/** `details`: with the first page. */
export function JobItems({
  path,
  details,
}: {
  readonly path: string;
  readonly details: Answers['job'];
}): VNode {
  const { items, total } = details;
  return (
    <VirtualTable
      kind="items"
      label="Failures of the job"
      heads={HEADS}
      count={total}
      height={ROW_HEIGHT}
      row={(index) =>
        index < items.length ? (
          <Cells item={items[index]!} />
        ) : (
          <LaterItem path={path} index={index} />
        )
      }
    />
  );
}
