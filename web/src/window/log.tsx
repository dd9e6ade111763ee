// The talk: one polite log. New entries are read out; older ones, loaded above, are not.

import { Bubble } from '@chatui/core/Bubble';
import { Icon } from '@chatui/core/Icon';
import { Typing } from '@chatui/core/Typing';
import { memo } from 'preact/compat';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { CardView } from './cards';
import { now } from './clock';
import type { Button } from './protocol';
import { useWords } from './settings';
import type { Entry, State, Talk } from './talk';

const PAUSE = 5 * 60_000; // a time stands where the talk paused so long
const NEAR = 24; // pixels from the end that count as being there
const ZONE = 'Asia/Shanghai';
const MOST_COMMENT = 200;

type Props = { talk: Talk; state: State };

export function Log({ talk, state }: Props) {
  const words = useWords();
  const box = useRef<HTMLDivElement>(null);
  const [older, setOlder] = useState(false);
  const [away, setAway] = useState(false);
  const [unseen, setUnseen] = useState(false); // something was said below
  const newest = useRef<HTMLElement>();
  const height = useRef(0);
  const waiting = state.entries.some((entry) => entry.kind === 'mine' && !entry.image && entry.status === 'sent');
  const typing = waiting || state.agent?.typing === true;
  const last = state.entries[state.entries.length - 1];

  // Stay at the end while there; keep the place when older turns come in above.
  useLayoutEffect(() => {
    const node = box.current!;
    const rows = [...node.querySelectorAll<HTMLElement>('.row:not([data-typing])')];
    if (older) {
      node.scrollTop += node.scrollHeight - height.current;
      setOlder(false);
    } else if (!away || last?.kind === 'mine') {
      node.scrollTop = Math.min(node.scrollHeight, beginning(rows, newest.current) - 8);
    } else if (rows[rows.length - 1] !== newest.current) {
      setUnseen(true);
    }
    newest.current = rows[rows.length - 1];
    height.current = node.scrollHeight;
  }, [state.entries, typing]);

  useEffect(() => {
    const node = box.current!;
    const observer = new ResizeObserver(() => {
      if (!away) node.scrollTop = node.scrollHeight;
    });
    observer.observe(node);
    return () => observer.disconnect();
  }, [away]);

  function scrolled() {
    const node = box.current!;
    const far = node.scrollHeight - node.scrollTop - node.clientHeight > NEAR;
    setAway(far);
    if (!far) setUnseen(false);
    if (node.scrollTop < 40 && state.more && !older) {
      height.current = node.scrollHeight;
      setOlder(true);
      void talk.older().catch(() => setOlder(false));
    }
  }

  return (
    <div class="log-frame">
      <div class="log" ref={box} role="log" aria-live="polite" aria-busy={older} aria-label={words.log} tabIndex={0} onScroll={scrolled}>
        {state.more && <p class="system">{words.loading}</p>}
        {state.entries.map((entry, index) => (
          <Row
            key={entry.key}
            entry={entry}
            before={state.entries[index - 1]}
            offered={offered(state, index)}
            online={state.line === 'online'}
            talk={talk}
          />
        ))}
        {typing && (
          <div class="row theirs" data-typing>
            <Face agent={state.agent ? (state.agent.number ?? '') : undefined} />
            <div class="body" role="img" aria-label={words.typing}>
              <Typing />
            </div>
          </div>
        )}
      </div>
      {away && (
        <button
          type="button"
          class="newest"
          data-unseen={unseen || undefined}
          aria-label={unseen ? words.unseen : words.toBottom}
          title={unseen ? words.unseen : words.toBottom}
          onClick={() => box.current!.scrollTo({ top: box.current!.scrollHeight })}
        >
          <Icon type="chevron-down" />
        </button>
      )}
    </div>
  );
}

// Where what is new below `known` begins, with the question that it answers: what is longer than the window is read from
// its beginning. Of a talk that is shown again, the last question.
function beginning(rows: HTMLElement[], known?: HTMLElement): number {
  const at = known ? rows.indexOf(known) : -1;
  const first = at < 0 ? rows.filter((row) => row.matches('.mine')).pop() : rows[at + 1] && known!.matches('.mine') ? known : rows[at + 1];
  return first?.offsetTop ?? Infinity;
}

// Only the last turn's buttons are on offer, as at the server, and only until the customer says something.
function offered({ entries, latest }: State, index: number): boolean {
  const entry = entries[index]!;
  return entry.kind === 'theirs' && latest.includes(entry.answer) && !entries.slice(index).some(({ kind }) => kind === 'mine');
}

type RowProps = { entry: Entry; before?: Entry; offered: boolean; online: boolean; talk: Talk };

const Row = memo(function Row({ entry, before, offered, online, talk }: RowProps) {
  return (
    <>
      {(!before || entry.at - before.at > PAUSE) && <Time at={entry.at} />}
      {entry.kind === 'notice' ? (
        <Notice entry={entry} />
      ) : entry.kind === 'mine' ? (
        <Mine entry={entry} online={online} talk={talk} />
      ) : (
        <Theirs entry={entry} follows={before?.kind === 'theirs' && before.agent === entry.agent} offered={offered} talk={talk} />
      )}
    </>
  );
});

function Time({ at }: { at: number }) {
  const words = useWords();
  const day = (moment: number) => new Intl.DateTimeFormat('zh-CN', { timeZone: ZONE, month: 'numeric', day: 'numeric' }).format(moment);
  const time = new Intl.DateTimeFormat('zh-CN', { timeZone: ZONE, hour: '2-digit', minute: '2-digit', hour12: false }).format(at);
  return (
    <p class="system time">
      <time dateTime={new Date(at).toISOString()}>{`${day(at) === day(now()) ? words.today : day(at)} ${time}`}</time>
    </p>
  );
}

function Notice({ entry }: { entry: Entry & { kind: 'notice' } }) {
  const words = useWords();
  const who = entry.detail ? ` ${words.agent} ${entry.detail}` : '';
  return (
    <p class="system">
      {words[entry.notice]}
      {who}
    </p>
  );
}

function Mine({ entry, online, talk }: { entry: Entry & { kind: 'mine' }; online: boolean; talk: Talk }) {
  const words = useWords();
  return (
    <div class="row mine" data-status={entry.status}>
      <div class="body">
        <Hidden>{words.you}</Hidden>
        {entry.image ? <Picture name={entry.image} talk={talk} /> : <Bubble content={entry.text} />}
        {entry.note && <p class="said-note">{entry.note}</p>}
        {entry.status === 'refused' ? (
          <p class="status failed">{words.imageRefused}</p>
        ) : entry.status === 'failed' ? (
          <p class="status failed">
            {words.failed}
            <button type="button" onClick={() => talk.retry(entry.key)}>
              {words.retry}
            </button>
          </p>
        ) : (
          entry.status !== 'done' && (
            <p class="status">{entry.status === 'sent' ? words.sent : online ? words.sending : words.waiting}</p>
          )
        )}
      </div>
    </div>
  );
}

function Theirs({ entry, follows, offered, talk }: { entry: Entry & { kind: 'theirs' }; follows: boolean; offered: boolean; talk: Talk }) {
  const words = useWords();
  const { text, card, buttons, asks } = entry.answer;
  return (
    <div class="row theirs" data-follows={follows || undefined}>
      {follows ? <span class="face" /> : <Face agent={entry.agent} />}
      <div class="body">
        {!follows && <p class={entry.agent === undefined ? 'hidden' : 'author'}>{entry.agent === undefined ? words.assistant : `${words.agent} ${entry.agent}`}</p>}
        {text && <Bubble content={text} />}
        {card && <CardView card={card} />}
        {buttons.length > 0 &&
          (asks === 'rating' ? <Rating buttons={buttons} offered={offered} talk={talk} /> : <Choices buttons={buttons} offered={offered} talk={talk} />)}
      </div>
    </div>
  );
}

function Choices({ buttons, offered, talk }: { buttons: Button[]; offered: boolean; talk: Talk }) {
  if (!offered) return null;
  // A human is within reach below anyhow: among many choices it need not stand twice.
  const shown = buttons.length > 2 ? buttons.filter(({ payload }) => payload !== '/request_human') : buttons;
  return (
    <div class="choices">
      {shown.map(({ title, payload }) => (
        <button type="button" class="chip" key={payload} onClick={() => talk.say(title, payload)}>
          {title}
        </button>
      ))}
    </div>
  );
}

function Rating({ buttons, offered, talk }: { buttons: Button[]; offered: boolean; talk: Talk }) {
  const words = useWords();
  const [over, setOver] = useState(0);
  const [given, setGiven] = useState(0);
  const [comment, setComment] = useState('');
  const [sent, setSent] = useState(false);
  const sorted = [...buttons].sort((a, b) => Number(a.payload.split('=')[1]) - Number(b.payload.split('=')[1]));
  const shown = over || given;
  const open = offered && !sent;
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => {
    const log = form.current!.closest('.log')!;
    if (given) log.scrollTop = log.scrollHeight; // what opens below would be out of sight
  }, [given > 0]);

  function send(event: Event) {
    event.preventDefault();
    const { title, payload } = sorted[given - 1]!;
    setSent(true);
    talk.say(comment.trim() ? `${title},${comment.trim()}` : title, payload);
  }

  return (
    <form class="rating" ref={form} onSubmit={send}>
      <div class="stars" role="group" aria-label={words.rating} onMouseLeave={() => setOver(0)}>
        {sorted.map(({ title, payload }, index) => (
          <button
            type="button"
            key={payload}
            data-on={index < shown || undefined}
            disabled={!open}
            aria-pressed={index + 1 === given}
            aria-label={`${title} ${words.ratings[index]}`}
            onMouseEnter={() => open && setOver(index + 1)}
            onClick={() => {
              setGiven(index + 1);
              setOver(0);
            }}
          >
            <Icon type="star" />
          </button>
        ))}
        <span class="rating-word">{shown ? words.ratings[shown - 1] : ''}</span>
      </div>
      {given > 0 && open && (
        <>
          <textarea
            rows={2}
            maxLength={MOST_COMMENT}
            value={comment}
            placeholder={words.ratingComment}
            aria-label={words.ratingComment}
            onInput={(event) => setComment(event.currentTarget.value)}
          />
          <button type="submit" class="chip">
            {words.ratingSend}
          </button>
        </>
      )}
    </form>
  );
}

function Picture({ name, talk }: { name: string; talk: Talk }) {
  const words = useWords();
  const [source, setSource] = useState<string | null>('');
  useEffect(() => {
    void talk.image(name).then(setSource, () => setSource(null)); // of a talk that is over
  }, [name]);
  if (source) return <img class="picture" src={source} alt={words.imageShown} />;
  return <Bubble content={source === null ? words.imageShown : words.loading} />;
}

function Face({ agent }: { agent?: string }) {
  return (
    <span class="face" data-agent={agent !== undefined || undefined} aria-hidden="true">
      <Icon type={agent === undefined ? 'bot' : 'agent'} />
    </span>
  );
}

function Hidden({ children }: { children: string }) {
  return <span class="hidden">{children}</span>;
}
