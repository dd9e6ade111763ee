// Who the customer is, as far as he may be told, what the assistant understood, tickets, and what colleagues noted.

import { Icon } from '@chatui/core/Icon';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Talk } from './desk';
import { go, moment, until, useDesk, useNow } from './hooks';
import { FileDialog } from './ticket';
import { words } from './words';

const MOST_NOTE = 2000;
const NOTE_COUNT_FROM = 1800;

export function CustomerCard({ talk, onClose }: { talk: Talk; onClose: () => void }) {
  return (
    <aside class="customer" aria-label={words.talk.card}>
      <button type="button" class="button narrow" onClick={onClose}>
        <Icon type="back" /> {words.talk.log}
      </button>
      <Account talk={talk} />
      <Understood talk={talk} />
      <Tickets talk={talk} />
      <Notes talk={talk} />
      <History talk={talk} />
    </aside>
  );
}

function Account({ talk }: { talk: Talk }) {
  const card = talk.card!;
  return (
    <section>
      <h2>
        {words.card.title}
        <span class={card.verified ? 'tag good' : 'tag'}>{card.verified ? words.card.verified : words.card.unverified}</span>
      </h2>
      <dl>
        <Fact name={words.card.phone}>{card.phone || talk.handoff.phone}</Fact>
        <Fact name={words.card.name}>{card.name}</Fact>
        <Fact name={words.card.plan}>{card.plan}</Fact>
        <Fact name={words.card.status}>
          {card.status && (
            <>
              {words.line_status[card.status] ?? card.status}
              {card.suspended_for && <span class="tag warn">{words.causes[card.suspended_for] ?? card.suspended_for}</span>}
            </>
          )}
        </Fact>
        <Fact name={words.card.balance}>
          {card.balance !== null && (
            <b class="money" data-owed={Number(card.balance) < 0 || undefined}>
              {card.balance} {words.card.yuan}
            </b>
          )}
        </Fact>
        <Fact name={words.card.services}>{card.services?.join('、')}</Fact>
      </dl>
      {!card.verified && <p class="soft">{words.card.unverifiedHint}</p>}
      {card.verified && card.balance === null && <p class="soft">{words.card.unavailable}</p>}
    </section>
  );
}

function Understood({ talk }: { talk: Talk }) {
  const { topic, slots } = talk.card!;
  const rows = Object.entries(slots)
    .filter(([name]) => words.slots[name])
    .map(([name, value]) => [words.slots[name]!, plain(name, value)] as const);
  return (
    <section>
      <h2>{words.card.understood}</h2>
      <dl>
        <Fact name={words.card.topic}>{topic && (words.topics[topic] ?? topic)}</Fact>
        {rows.map(([name, value]) => (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ))}
      </dl>
      {!topic && !rows.length && <p class="soft">{words.card.nothing}</p>}
    </section>
  );
}

function plain(name: string, value: unknown): string {
  if (typeof value === 'boolean') return value ? words.yes : words.no;
  if (name === 'complaint_category') return words.categories[String(value)] ?? String(value);
  if (name === 'line_cause') return words.causes[String(value)] ?? String(value);
  return Array.isArray(value) ? value.join('、') : String(value);
}

function Tickets({ talk }: { talk: Talk }) {
  const [, { business }] = useDesk();
  const now = useNow(business);
  const [filing, setFiling] = useState(false);
  const { tickets } = talk.card!;
  return (
    <section>
      <h2>
        {words.card.tickets}
        <button type="button" class="button small" onClick={() => setFiling(true)}>
          <Icon type="plus" /> {words.card.file}
        </button>
      </h2>
      {!tickets.length && <p class="soft">{words.card.noTickets}</p>}
      <ul class="mini">
        {tickets.map((one) => (
          <li key={one.number}>
            <button type="button" onClick={() => go('tickets', one.number)}>
              <span class="row-top">
                <strong>{one.number}</strong>
                <span class="tag" data-ticket={one.state}>
                  {words.ticketStates[one.state]}
                </span>
              </span>
              <span class="soft">
                {words.categories[one.category]} · {words.levels[one.level]} · {moment(one.deadline)}
                {one.moves.length > 0 && ['accepted', 'dispatched', 'returned'].includes(one.state) && ` · ${until(one.deadline, now).text}`}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {filing && <FileDialog handoff={talk.handoff} onClose={() => setFiling(false)} />}
    </section>
  );
}

function Notes({ talk }: { talk: Talk }) {
  const [desk] = useDesk();
  const [text, setText] = useState('');
  const long = text.length > MOST_NOTE;
  function add(event: Event) {
    event.preventDefault();
    if (!text.trim() || long) return;
    void desk.move(talk.handoff.id, 'note', { text }).then((done) => done && setText(''));
  }
  return (
    <section>
      <h2>{words.card.notes}</h2>
      <ul class="notes">
        {talk.notes.map((note) => (
          <li key={note.id}>
            <p>{note.text}</p>
            <small>
              {note.login} · {moment(note.at)}
            </small>
          </li>
        ))}
      </ul>
      <form class="fields" onSubmit={add}>
        <textarea
          class="input"
          rows={2}
          value={text}
          placeholder={words.card.note}
          aria-label={words.card.notes}
          aria-invalid={long || undefined}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) add(event);
          }}
        />
        <div class="buttons">
          {text.length > NOTE_COUNT_FROM && (
            <span class="grow length" data-full={long || undefined}>
              {long && `${words.card.tooLong} · `}
              {text.length}/{MOST_NOTE}
            </span>
          )}
          <button type="submit" class="button small" disabled={!text.trim() || long}>
            {words.card.addNote}
          </button>
        </div>
      </form>
    </section>
  );
}

function History({ talk }: { talk: Talk }) {
  return (
    <details>
      <summary>{words.card.history}</summary>
      <ol class="history">
        {talk.history.map((one, index) => (
          <li key={index}>
            <time dateTime={one.at}>{moment(one.at)}</time>
            <span class="grow">{words.moves[one.move] ?? one.move}</span>
            <span class="soft">{words.actors[one.actor] ?? one.actor}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  if (children === null || children === undefined || children === '' || children === false) return null;
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
