// The supervisor's board (现场): who is on, who waits, what is late.

import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { Waiting } from './bench';
import { CallbackList } from './callbacks';
import { nameOf } from './desk';
import { go, moment, until, useDesk, useNow } from './hooks';
import type { Handoff, Person, Ticket } from './protocol';
import { words } from './words';

const EVERY = 15_000; // what only time changes
const { board: said } = words;

export function BoardPage() {
  const [desk, { board, skew, business, callbacks }] = useDesk();
  const now = useNow(skew);
  const day = now - skew + business;
  useEffect(() => {
    void desk.readBoard();
    const timer = setInterval(() => void desk.readBoard(), EVERY);
    return () => clearInterval(timer);
  }, []);
  if (!board) return <main class="page" />;
  const { today, queue, talks, unanswered, tickets } = board;
  const people = board.people.filter(({ role }) => role !== 'clerk'); // who talks to nobody is not noted as there
  const on = people.filter(({ status }) => status !== 'offline').length;
  return (
    <main class="page board">
      <section class="tiles" aria-label={said.today}>
        <Tile name={said.queue} value={queue.length} />
        <Tile name={said.unanswered} value={unanswered.length} hot={unanswered.length > 0} />
        <Tile name={said.people} value={on} />
        <Tile name={said.handoffs} value={today.handoffs} note={said.today} />
        <Tile name={said.claimed} value={today.claimed} note={said.today} />
        <Tile name={said.abandoned} value={today.abandoned} note={said.today} />
        <Tile name={said.wait} value={`${Math.round(today.wait)} ${said.seconds}`} note={said.today} />
        <Tile name={said.held} value={today.held} note={said.today} hot={today.held > 0} />
      </section>
      <div class="columns">
        <div>
          <Panel title={said.unanswered} count={unanswered.length} hot>
            <Talks talks={unanswered} now={now} />
          </Panel>
          <Panel title={said.queue} count={queue.length}>
            <Talks talks={queue} now={now} />
          </Panel>
          <Panel title={said.talks} count={talks.length}>
            <Talks talks={talks} now={now} />
          </Panel>
          <Panel title={said.people} count={on}>
            <People people={people} />
          </Panel>
        </div>
        <div>
          <Panel title={said.late} count={tickets.late.length} hot>
            <Deadlines tickets={tickets.late} now={day} />
          </Panel>
          <Panel title={said.soon} count={tickets.soon.length}>
            <Deadlines tickets={tickets.soon} now={day} />
          </Panel>
          <Panel title={said.escalated} count={tickets.escalated.length}>
            <Deadlines tickets={tickets.escalated} now={day} />
          </Panel>
          <Panel title={said.urged} count={tickets.urged.length}>
            <Deadlines tickets={tickets.urged} now={day} />
          </Panel>
          <Panel title={words.callbacks.title} count={callbacks.length}>
            <CallbackList callbacks={callbacks} />
          </Panel>
        </div>
      </div>
    </main>
  );
}

function Tile({ name, value, note, hot }: { name: string; value: number | string; note?: string; hot?: boolean }) {
  return (
    <div class="tile" data-hot={hot || undefined} title={note}>
      <span>{name}</span>
      <b>{value}</b>
    </div>
  );
}

function Panel({ title, count, hot, children }: { title: string; count: number; hot?: boolean; children: ComponentChildren }) {
  return (
    <section class="panel">
      <h2>
        {title}{' '}
        <b class="count" data-hot={(hot && count > 0) || undefined}>
          {count}
        </b>
      </h2>
      {count > 0 && children}
    </section>
  );
}

function Talks({ talks, now }: { talks: Handoff[]; now: number }) {
  return (
    <ul class="lines">
      {talks.map((one) => (
        <li key={one.id}>
          <strong>{nameOf(one)}</strong>
          <span class="tag" data-reason={one.reason}>
            {words.reasons[one.reason] ?? one.reason}
          </span>
          <span class="grow soft clip">{one.agent ? `${said.agent} ${one.agent}` : one.summary}</span>
          {one.held > 0 && <span class="tag warn">{`${said.heldOf} ${one.held}`}</span>}
          <Waiting one={one} now={now} mine={Boolean(one.agent)} />
          <button type="button" class="button small" onClick={() => go('talks', one.id)}>
            {one.agent ? said.listen : words.alarms.see}
          </button>
        </li>
      ))}
    </ul>
  );
}

const ORDER = ['available', 'busy', 'away', 'offline'];

function People({ people }: { people: Person[] }) {
  const sorted = [...people].sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || a.login.localeCompare(b.login));
  return (
    <table class="table">
      <thead>
        <tr>
          <th scope="col">{said.name}</th>
          <th scope="col">{said.role}</th>
          <th scope="col">{said.statusOf}</th>
          <th scope="col">{said.since}</th>
          <th scope="col">{said.talksOf}</th>
          <th scope="col">{said.heldOf}</th>
        </tr>
      </thead>
      <tbody>
        {sorted.map((one) => (
          <tr key={one.login} data-offline={one.status === 'offline' || undefined}>
            <th scope="row">
              {one.name} <span class="soft">{one.login}</span>
            </th>
            <td>{words.roles[one.role]}</td>
            <td>
              <span class="presence" data-status={one.status}>
                {words.status[one.status]}
              </span>
            </td>
            <td>{one.since ? moment(one.since) : ''}</td>
            <td>{one.talks}</td>
            <td>{one.held > 0 ? <span class="tag warn">{one.held}</span> : 0}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Deadlines({ tickets, now }: { tickets: Ticket[]; now: number }) {
  return (
    <ul class="lines">
      {tickets.map((one) => {
        const left = until(one.deadline, now);
        return (
          <li key={one.number}>
            <a class="number" href={`#/tickets/${one.number}`}>
              {one.number}
            </a>
            <span class="grow">
              {words.categories[one.category]} · {words.levels[one.level]} · {words.ticketStates[one.state]}
              {one.department && ` · ${one.department}`}
            </span>
            <span class={left.late ? 'tag warn' : 'tag'}>{left.text}</span>
          </li>
        );
      })}
    </ul>
  );
}
