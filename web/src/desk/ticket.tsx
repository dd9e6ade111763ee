// One ticket: what it says, what was done, and what may be done next; and filing one by hand.

import { Icon } from '@chatui/core/Icon';
import { useEffect, useRef, useState } from 'preact/hooks';
import { get, newId, post } from './api';
import { Fact } from './card';
import { Dialog } from './dialog';
import { Buttons } from './dialogs';
import { moment, until, useDesk, useNow } from './hooks';
import type { Handoff, Moved, Ticket } from './protocol';
import { words } from './words';

const MOST = 1000;
const OPEN = ['accepted', 'dispatched', 'returned'];
const FIRST = ['dispatch', 'return', 'answer', 'archive']; // the way of a ticket; the other moves stand beside it
const NEED_TEXT = ['return', 'answer', 'remark'];
const { tickets } = words;

export function TicketPanel({ number, onClose, onChanged }: { number: string; onClose: () => void; onChanged: () => void }) {
  const [desk, { ticketNews, business }] = useDesk();
  const now = useNow(business);
  const [shown, setShown] = useState<{ ticket: Ticket; history: Moved[] } | null>(null);
  const [move, setMove] = useState('');
  async function read() {
    const found = await desk.done(get(`tickets/${encodeURIComponent(number)}`));
    if (found) setShown(found);
    else onClose();
  }
  useEffect(() => void read(), [number, ticketNews]);
  useEffect(() => setMove(''), [number]);
  if (!shown) return <aside class="ticket" />;
  const { ticket, history } = shown;
  const left = until(ticket.deadline, now);
  const moves = [...ticket.moves].sort((a, b) => Number(FIRST.includes(b)) - Number(FIRST.includes(a)));
  return (
    <aside class="ticket" aria-label={number}>
      <header>
        <h2 class="grow">{ticket.number}</h2>
        <button type="button" class="icon-button" aria-label={tickets.close} onClick={onClose}>
          <Icon type="close" />
        </button>
      </header>
      <Steps state={ticket.state} />
      <p class="tags">
        <span class="tag">{words.categories[ticket.category] ?? ticket.category}</span>
        <span class="tag">{words.levels[ticket.level]}</span>
        {ticket.urged > 0 && (
          <span class="tag warn">
            {tickets.urged} {ticket.urged} {tickets.times}
          </span>
        )}
        {ticket.escalated && <span class="tag warn">{tickets.escalated}</span>}
        {OPEN.includes(ticket.state) && <span class={left.late ? 'tag warn' : 'tag good'}>{left.text}</span>}
      </p>
      <div class="moves">
        {moves.map((one) => (
          <button
            key={one}
            type="button"
            class={FIRST.includes(one) ? 'button primary' : 'button'}
            aria-pressed={one === move}
            onClick={() => setMove(one === move ? '' : one)}
          >
            {words.moves[one] ?? one}
          </button>
        ))}
      </div>
      {move && (
        <MoveForm
          key={move}
          ticket={ticket}
          move={move}
          onClose={() => setMove('')}
          onDone={() => {
            setMove('');
            void read();
            onChanged();
          }}
        />
      )}
      <dl>
        <Fact name={tickets.description}>
          <span class="words">{ticket.description}</span>
        </Fact>
        <Fact name={tickets.customer}>{`${ticket.surname}${ticket.title}`}</Fact>
        <Fact name={tickets.phone}>{ticket.phone}</Fact>
        <Fact name={tickets.subscriber}>{ticket.subscriber}</Fact>
        <Fact name={tickets.deadline}>{moment(ticket.deadline)}</Fact>
        <Fact name={tickets.created}>{moment(ticket.created)}</Fact>
        <Fact name={tickets.from}>{words.channels[ticket.channel] ?? ticket.channel}</Fact>
        <Fact name={tickets.department}>{ticket.department}</Fact>
        <Fact name={tickets.answer}>{ticket.answer && <span class="words">{ticket.answer}</span>}</Fact>
      </dl>
      <h3>{tickets.history}</h3>
      <ol class="history">
        {history.map((one, index) => (
          <li key={index}>
            <time dateTime={one.at}>{moment(one.at)}</time>
            <span class="grow">
              <b>{words.moves[one.move] ?? one.move}</b>
              {one.text && <span class="words">{one.text}</span>}
            </span>
            <span class="soft">{words.actors[one.actor] ?? one.actor}</span>
          </li>
        ))}
      </ol>
    </aside>
  );
}

const WAY = ['accepted', 'dispatched', 'returned', 'answered', 'archived'];

function Steps({ state }: { state: string }) {
  const reached = WAY.indexOf(state);
  if (reached < 0) return <p class="tag">{words.ticketStates[state]}</p>;
  return (
    <ol class="steps">
      {WAY.map((step, index) => (
        <li key={step} data-reached={index <= reached || undefined} aria-current={index === reached ? 'step' : undefined}>
          {words.ticketStates[step]}
        </li>
      ))}
    </ol>
  );
}

type MoveProps = { ticket: Ticket; move: string; onClose: () => void; onDone: () => void };

function MoveForm({ ticket, move, onClose, onDone }: MoveProps) {
  const [desk] = useDesk();
  const needed = NEED_TEXT.includes(move);
  const first = useRef<any>(null);
  useEffect(() => first.current?.focus(), []);
  async function submit(event: Event) {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const level = form.get('level');
    const body = { text: form.get('text') ?? '', department: form.get('department') ?? '', ...(level ? { level: Number(level) } : {}) };
    if (await desk.done(post(`tickets/${encodeURIComponent(ticket.number)}/${move}`, body))) onDone();
  }
  return (
    <form class="fields move" onSubmit={(event) => void submit(event)}>
      {move === 'dispatch' && (
        <label>
          {tickets.department}
          <input ref={first} name="department" class="input" list="departments" required maxLength={100} defaultValue={ticket.department} />
          <datalist id="departments">
            {tickets.departments.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </label>
      )}
      {move === 'relevel' && (
        <label>
          {tickets.level}
          <select ref={first} name="level" class="input">
            {Object.entries(words.levels).map(([level, label]) => (
              <option key={level} value={level} selected={Number(level) === ticket.level}>
                {label}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        {move === 'answer' ? tickets.answer : needed ? tickets.textNeeded : tickets.text}
        <textarea ref={move === 'dispatch' || move === 'relevel' ? null : first} name="text" class="input" rows={3} maxLength={MOST} required={needed} />
      </label>
      {move === 'answer' && <p class="soft">{tickets.answerHint}</p>}
      <Buttons submit={`${tickets.confirm}${words.moves[move] ?? ''}`} onClose={onClose} />
    </form>
  );
}

export function FileDialog({ handoff, onClose }: { handoff: Handoff | null; onClose: () => void }) {
  const [desk] = useDesk();
  const id = useRef(newId()); // sent again, it is the same ticket
  async function submit(event: Event) {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const level = Number(form.get('level'));
    const body = {
      ...Object.fromEntries(['category', 'phone', 'surname', 'title', 'description'].map((name) => [name, form.get(name) ?? ''])),
      ...(level ? { level } : {}),
      ...(handoff ? { conversation: handoff.conversation } : {}),
      id: id.current,
    };
    const filed = await desk.done(post('tickets', body));
    if (!filed) return;
    desk.tell(`${tickets.filed} ${filed.ticket.number}`);
    if (handoff) void desk.read(handoff.id);
    onClose();
  }
  return (
    <Dialog title={tickets.file} onClose={onClose}>
      <form class="fields" onSubmit={(event) => void submit(event)}>
        <div class="pair">
          <label>
            {tickets.category}
            <select name="category" class="input">
              {Object.entries(words.categories).map(([value, label]) => (
                <option key={value} value={value} selected={value === 'general'}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <label>
            {tickets.level}
            <select name="level" class="input">
              <option value="">{tickets.auto}</option>
              {Object.entries(words.levels).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
        </div>
        <label>
          {tickets.phone}
          <input name="phone" class="input" inputMode="tel" required pattern="[0-9\-]{7,15}" maxLength={20} />
        </label>
        <div class="pair">
          <label>
            {tickets.surname}
            <input name="surname" class="input" maxLength={20} />
          </label>
          <label>
            {tickets.titleOf}
            <select name="title" class="input">
              <option value="" />
              {tickets.titles.map((title) => (
                <option key={title}>{title}</option>
              ))}
            </select>
          </label>
        </div>
        <label>
          {tickets.description}
          <textarea name="description" class="input" rows={4} required maxLength={MOST} />
        </label>
        <Buttons submit={tickets.file} onClose={onClose} />
      </form>
    </Dialog>
  );
}
