/** The failures of a job, each with its preview and its result. */
import type { VNode } from 'preact';
import type { Answers, JobItemRow } from '../api/answers.ts';
import { RESULT_WORDS, VERDICT_LABELS } from '../logic/jobs.ts';
import { hrefOf } from '../logic/place.ts';
import { Badge, Name, Words } from '../parts/basic.tsx';
import { PagedTable } from '../parts/paged.tsx';
import type { Pages } from '../parts/paged.tsx';
import { Cell } from '../parts/virtual.tsx';

const PAGE = 200;
const HEADS = ['failure', 'where', 'would', 'result', 'why'] as const;

function Outcome({ item: { result, status } }: { readonly item: JobItemRow }): VNode {
  if (result === undefined)
    return <span class="muted">{status === 'waiting' ? 'not sent' : status}</span>;
  const [word, tone] = RESULT_WORDS[result.kind];
  return <Badge tone={tone}>{word}</Badge>;
}

/** What the preview expects of the item, and which newer revision supersedes it. */
function Expected({ item: { preview } }: { readonly item: JobItemRow }): VNode {
  if (preview === undefined) return <span class="muted">-</span>;
  const [word, tone] = VERDICT_LABELS[preview.verdict];
  return (
    <>
      <Badge tone={tone}>{word}</Badge>
      {preview.by !== undefined && (
        <span>
          {' '}
          by <Name text={preview.by} />
        </span>
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

/** Where the items of a job are read. `path`: of the job. */
export const itemPages = (path: string): Pages<'job', JobItemRow> => ({
  kind: 'job',
  size: PAGE,
  pathOf: (page) => `${path}?limit=${PAGE}${page === 0 ? '' : `&offset=${page * PAGE}`}`,
  rowsOf: ({ items }) => items,
});

/** `details`: with the first page. */
export function JobItems({
  pages,
  details: { items, total },
}: {
  readonly pages: Pages<'job', JobItemRow>;
  readonly details: Answers['job'];
}): VNode {
  return (
    <PagedTable
      pages={pages}
      first={items}
      count={total}
      kind="items"
      label="Failures of the job"
      heads={HEADS}
      row={(item) => <Cells item={item} />}
    />
  );
}
