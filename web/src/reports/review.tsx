// What was not understood: a person says what it means. Nothing is learnt here; it becomes a patch for a maintainer.

import { useEffect, useState } from 'preact/hooks';
import { get, post, query, type Definitions, type Review as Reviewed, type Table, type Wanted } from './api';
import type { Question } from './drill';
import { Means } from './sections';
import { words } from './words';

const AT_FIRST = 15;

interface Props { phrases: Table; wanted: Wanted; known: Definitions; onAsk: (question: Question) => void }

export function Review({ phrases, wanted, known, onAsk }: Props) {
  const [review, setReview] = useState<Reviewed>();
  const [all, setAll] = useState(false);
  const [problem, setProblem] = useState(false);
  useEffect(() => void get<Reviewed>('review').then(setReview).catch(() => setProblem(true)), []);

  const decide = async (phrase: string, intent: string) => {
    try {
      await post('review', { phrase, intent });
      setReview((old) => old && { ...old, decisions: { ...old.decisions, [phrase]: intent } });
      setProblem(false);
    } catch {
      setProblem(true);
    }
  };

  const rows = phrases.rows.slice(0, all ? undefined : AT_FIRST) as [string, number][];
  const decided = Object.values(review?.decisions ?? {}).filter(Boolean).length;
  return (
    <section class="panel wide" data-table="phrases">
      <h2>
        <Means about={known.tables.phrases!} />
        <a class="csv" href={`/desk/api/reports/csv/phrases?${query(wanted)}`} download aria-label={`${known.tables.phrases!.title} ${words.csv}`}>{words.csv}</a>
      </h2>
      <p class="soft">{words.review}</p>
      {problem && <p class="problem" role="alert">{words.unavailable}</p>}
      {!rows.length && <p class="soft">{words.empty}</p>}
      <ul class="phrases">
        {rows.map(([phrase, messages]) => (
          <li key={phrase}>
            <button class="link" onClick={() => onAsk({ title: phrase, kind: 'not_understood', name: phrase })}>{phrase}</button>
            <span class="number">{messages}</span>
            <select aria-label={`${words.intent} ${phrase}`} value={review?.decisions[phrase] ?? ''} disabled={!review} onChange={(event) => decide(phrase, event.currentTarget.value)}>
              <option value="">{words.unlabelled}</option>
              <option value="out_of_scope">out_of_scope</option>
              {review?.intents.filter((one) => one !== 'out_of_scope').map((one) => <option key={one} value={one}>{one}</option>)}
            </select>
          </li>
        ))}
      </ul>
      {phrases.rows.length > AT_FIRST && !all && <button class="link" onClick={() => setAll(true)}>{words.more} ({phrases.rows.length})</button>}
      {decided > 0 && <p><a class="button" href="/desk/api/review/patch" download="review.patch">{words.patch(decided)}</a></p>}
    </section>
  );
}
