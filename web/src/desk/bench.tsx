// The agent's bench: his talks and the queue, the talk on the screen, and what is known of its customer.

import { Icon } from '@chatui/core/Icon';
import { useEffect, useState } from 'preact/hooks';
import { CustomerCard } from './card';
import { nameOf } from './desk';
import { go, UNANSWERED, useDesk, useNow, waited } from './hooks';
import type { Handoff } from './protocol';
import { TalkView } from './talk';
import { words } from './words';

export function Bench({ open }: { open: number }) {
  const [desk, { talks, mine, queue }] = useDesk();
  const [card, setCard] = useState(false); // on a narrow screen the card stands over the talk
  useEffect(() => {
    desk.look(open);
    setCard(false);
    return () => desk.look(0);
  }, [open]);

  // Alt + arrows go through one's talks, Alt + Q takes the first of the queue.
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!event.altKey || event.ctrlKey || event.metaKey || document.querySelector('dialog[open]')) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && mine.length) {
        event.preventDefault();
        const at = mine.findIndex((one) => one.id === open);
        go('talks', mine[(at + step + mine.length) % mine.length]!.id);
      } else if (event.code === 'KeyQ' && queue[0]) {
        event.preventDefault();
        claim(queue[0].id);
      }
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [mine, queue, open]);

  function claim(id: number): void {
    void desk.move(id, 'claim').then((done) => done && go('talks', id));
  }

  const talk = talks[open];
  return (
    <main class="bench" data-open={open ? true : undefined} data-card={card || undefined}>
      <Lists open={open} onClaim={claim} />
      {talk ? (
        <>
          <TalkView key={open} talk={talk} onClaim={() => claim(open)} onCard={() => setCard(!card)} />
          <CustomerCard key={`card-${open}`} talk={talk} onClose={() => setCard(false)} />
        </>
      ) : (
        <section class="talk empty">
          <Icon type="talks" />
          <p>{open ? words.talk.loading : words.talk.none}</p>
          {!open && <p class="soft">{words.talk.noneHint}</p>}
        </section>
      )}
    </main>
  );
}

function Lists({ open, onClaim }: { open: number; onClaim: (id: number) => void }) {
  const [, { mine, queue, calls, skew }] = useDesk();
  const now = useNow(skew);
  return (
    <aside class="lists">
      <h2>
        {words.lists.mine} <b class="count">{mine.length}</b>
      </h2>
      <ul>
        {mine.map((one) => (
          <Row key={one.id} one={one} now={now} open={one.id === open} mine />
        ))}
      </ul>
      {!mine.length && <p class="none">{words.lists.noMine}</p>}
      <h2>
        {words.lists.queue} <b class="count">{queue.length}</b>
      </h2>
      <ul>
        {queue.map((one) => (
          <Row key={one.id} one={one} now={now} open={one.id === open} onClaim={() => onClaim(one.id)} />
        ))}
      </ul>
      {!queue.length && <p class="none">{words.lists.noQueue}</p>}
      {calls.length > 0 && (
        <>
          <h2>
            {words.lists.calls} <b class="count">{calls.length}</b>
          </h2>
          <ul>
            {calls.map((one) => (
              <Row key={one.id} one={one} now={now} open={one.id === open} />
            ))}
          </ul>
        </>
      )}
    </aside>
  );
}

type RowProps = { one: Handoff; now: number; open: boolean; mine?: boolean; onClaim?: () => void };

function Row({ one, now, open, mine, onClaim }: RowProps) {
  const [, { talks, me }] = useDesk();
  const unread = talks[one.id]?.unread ?? 0;
  const typing = talks[one.id]?.typing;
  const toMe = one.state === 'transferring' && !mine;
  const forbidden = one.target === 'supervisor' && me!.role === 'agent' && !toMe;
  return (
    <li class="row" data-open={open || undefined}>
      <button type="button" class="row-main" aria-current={open || undefined} onClick={() => go('talks', one.id)}>
        <span class="row-top">
          <strong>{nameOf(one)}</strong>
          {one.verified && <Icon type="check" className="verified" />}
          <Waiting one={one} now={now} mine={mine} />
        </span>
        <span class="row-more">
          <span class="tag" data-reason={one.reason}>
            {words.reasons[one.reason] ?? one.reason}
          </span>
          {toMe && <span class="tag good">{words.lists.toMe}</span>}
          {!mine && one.target === 'supervisor' && one.reason !== 'supervisor' && <span class="tag warn">{words.lists.toSupervisor}</span>}
          <span class="summary">{typing ? words.talk.typing : one.summary || words.topics[one.topic] || (one.here === false ? words.lists.away : '')}</span>
          {unread > 0 && (
            <b class="count" data-hot aria-label={`${unread} ${words.lists.unread}`}>
              {unread}
            </b>
          )}
        </span>
      </button>
      {onClaim && !forbidden && (
        <button type="button" class="button small primary" aria-label={`${words.lists.claim} ${nameOf(one)}`} onClick={onClaim}>
          {words.lists.claim}
        </button>
      )}
    </li>
  );
}

// Since when somebody has been waiting; a bar fills up to the 60-second mark.
export function Waiting({ one, now, mine }: { one: Handoff; now: number; mine?: boolean }) {
  const since = one.unanswered ?? (mine ? null : one.requested);
  if (since === null) return <span class="waiting" />;
  const seconds = now - since;
  const over = seconds > UNANSWERED;
  const label = `${mine ? words.lists.unanswered : words.lists.waiting} ${waited(seconds)}${over ? ` ${words.lists.over}` : ''}`;
  return (
    <span class="waiting" data-over={over || undefined} title={label} aria-label={label}>
      {waited(seconds)}
      <i aria-hidden="true">
        <i style={{ width: `${Math.min(seconds / UNANSWERED, 1) * 100}%` }} />
      </i>
    </span>
  );
}
