// What was not understood: a person says what it means. Nothing is learnt here; it becomes a patch for a maintainer.

import { useEffect, useState } from 'preact/hooks';
import { get, post, query, type Definitions, type Phrase, type Review as Reviewed, type Wanted } from './api';
import type { Question } from './drill';
import { Means } from './sections';
import { words } from './words';

const AT_FIRST = 15;

export function Review({ wanted, known, onAsk }: { wanted: Wanted; known: Definitions; onAsk: (question: Question) => void }) {
  const [review, setReview] = useState<Reviewed>();
  const [all, setAll] = useState(false);
  const [problem, setProblem] = useState(false);
  useEffect(() => {
    const { from, to, channel } = wanted;
    get<Reviewed>('review', { from, to, channel, by: 'year' }).then(setReview).catch(() => setProblem(true));
  }, [wanted]);

  const decide = async (row: Phrase, intent: string) => {
    try {
      const { decided } = await post<{ decided: number }>('review', { phrase: row.phrase, intent });
      setReview((old) => old && { ...old, decided, phrases: old.phrases.map((one) => (one.phrase === row.phrase ? { ...one, intent } : one)) });
      setProblem(false);
    } catch {
      setProblem(true);
    }
  };

  const rows = all ? review?.phrases : review?.phrases.slice(0, AT_FIRST);
  return (
    <section class="panel wide" data-table="phrases">
      <h2>
        <Means about={known.tables.phrases!} />
        <a class="csv" href={`/desk/api/reports/csv/phrases?${query(wanted)}`} download aria-label={`${known.tables.phrases!.title} ${words.csv}`}>{words.csv}</a>
      </h2>
      <p class="soft">{words.review}</p>
      {problem && <p class="problem" role="alert">{words.unavailable}</p>}
      {review && !review.phrases.length && <p class="soft">{words.empty}</p>}
      <ul class="phrases">
        {rows?.map((row) => (
          <li key={row.phrase}>
            <button class="link" onClick={() => onAsk({ title: row.phrase, kind: 'not_understood', name: row.phrase })}>{row.phrase}</button>
            <span class="number">{row.messages}</span>
            <select aria-label={`${words.intent} ${row.phrase}`} value={row.intent} onChange={(event) => decide(row, event.currentTarget.value)}>
              <option value="">{words.unlabelled}</option>
              <option value="out_of_scope">out_of_scope</option>
              {review!.intents.filter((one) => one !== 'out_of_scope').map((one) => <option key={one} value={one}>{one}</option>)}
            </select>
          </li>
        ))}
      </ul>
      {review && review.phrases.length > AT_FIRST && !all && <button class="link" onClick={() => setAll(true)}>{words.more} ({review.phrases.length})</button>}
      {review && review.decided > 0 && <p><a class="button" href="/desk/api/review/patch" download="review.patch">{words.patch(review.decided)}</a></p>}
    </section>
  );
}
