// The conversations behind a figure, and what was said in one of them.

import { useEffect, useRef, useState } from 'preact/hooks';
import { get, type Definitions, type Entry, type Seen, type Wanted } from './api';
import { words } from './words';

/** Which conversations: those behind a figure (`kind`, `name`, `hour`), or a single one. */
export interface Question { title: string; kind?: string; name?: string; hour?: number; channel?: string; from?: string; to?: string; conversation?: string }

const at = (moment: string | null) => (moment ?? '').slice(0, 16).replace('T', ' ');

export function Drill({ question, wanted, known, onClose }: { question: Question; wanted: Wanted; known: Definitions; onClose: () => void }) {
  const box = useRef<HTMLDialogElement>(null);
  const [list, setList] = useState<Seen[]>();
  const [more, setMore] = useState(false);
  const [open, setOpen] = useState(question.conversation);
  const [said, setSaid] = useState<Entry[]>();
  const [problem, setProblem] = useState(false);

  const load = (offset: number) => {
    const { kind, name, hour } = question;
    get<{ conversations: Seen[]; more: boolean }>('reports/seen', {
      from: question.from ?? wanted.from, to: question.to ?? wanted.to, channel: question.channel ?? wanted.channel, kind, hour, offset,
      ...(name ? { name } : {}),
    }).then((found) => {
      setList((known) => [...(offset ? (known ?? []) : []), ...found.conversations]);
      setMore(found.more);
    }).catch(() => setProblem(true));
  };

  useEffect(() => {
    setOpen(question.conversation);
    setList(undefined);
    if (!box.current!.open) box.current!.showModal();
    if (!question.conversation) load(0);
  }, [question]);
  useEffect(() => {
    setSaid(undefined);
    if (open) get<{ transcript: Entry[] }>(`reports/conversations/${encodeURIComponent(open)}`).then((found) => setSaid(found.transcript)).catch(() => setProblem(true));
  }, [open]);

  return (
    <dialog ref={box} onClose={onClose} aria-label={words.seen}>
      <h2>
        <span>{question.title}</span>
        <button onClick={() => box.current!.close()} aria-label={words.close}>✕</button>
      </h2>
      {problem && <p class="problem" role="alert">{words.unavailable}</p>}
      {open ? (
        <>
          {!question.conversation && <button class="link" onClick={() => setOpen(undefined)}>← {words.back}</button>}
          <ol class="talk">
            {said?.map((entry, n) => (
              <li key={n} class={entry.from}>
                <small>{words.who[entry.from]}{entry.agent && ` ${entry.agent}`} {at(entry.at)}</small>
                <p>{entry.text}</p>
              </li>
            ))}
          </ol>
        </>
      ) : (
        <>
          <ul class="seen">
            {list?.map((one, n) => (
              <li key={n}>
                <button onClick={() => setOpen(one.conversation)}>
                  <span>{at(one.at)}</span>
                  <span class="soft">{known.values[one.channel] ?? one.channel}</span>
                  <span>{known.values[one.name] ?? one.name}</span>
                </button>
              </li>
            ))}
          </ul>
          {list && !list.length && <p class="soft">{words.nothing}</p>}
          {more && <button class="link" onClick={() => load(list!.length)}>{words.more}</button>}
        </>
      )}
    </dialog>
  );
}
