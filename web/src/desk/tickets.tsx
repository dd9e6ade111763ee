// The clerk's board (申告处理员): tickets by state and deadline, and the one that is open.

import { Icon } from '@chatui/core/Icon';
import { useEffect, useRef, useState } from 'preact/hooks';
import { get } from './api';
import { go, moment, until, useDesk, useNow } from './hooks';
import type { Ticket, Tickets } from './protocol';
import { FileDialog, TicketPanel } from './ticket';
import { words } from './words';

const PAGE = 50;
const OPEN = ['accepted', 'dispatched', 'returned'];
const STATES = Object.keys(words.ticketStates);
const { tickets: said } = words;

type Filter = { state: string; category: string; level: string; search: string };

export function TicketsPage({ open }: { open: string }) {
  const [desk, { ticketNews, business, me }] = useDesk();
  const now = useNow(business);
  const [filter, setFilter] = useState<Filter>({ state: me!.role === 'clerk' ? 'open' : 'all', category: '', level: '', search: '' });
  const [limit, setLimit] = useState(PAGE);
  const [found, setFound] = useState<Tickets | null>(null);
  const [filing, setFiling] = useState(false);
  const latest = useRef(0);

  async function read() {
    const asked = ++latest.current;
    const result = await desk.done(get(`tickets?${query(filter, limit)}`));
    if (result && asked === latest.current) setFound(result);
  }
  useEffect(() => void read(), [filter, limit, ticketNews]);

  const counts = found?.counts ?? {};
  const sum = (states: string[]) => states.reduce((all, state) => all + (counts[state] ?? 0), 0);
  const tabs: [string, string, number][] = [
    ['open', said.open, sum(OPEN)],
    ['late', said.late, counts.late ?? 0],
    ...STATES.map((state): [string, string, number] => [state, words.ticketStates[state]!, counts[state] ?? 0]),
    ['all', said.all, sum(STATES)],
  ];
  // The nearest deadline first, as long as there is something to be done.
  const rows = [...(found?.tickets ?? [])];
  if (['open', 'late', ...OPEN].includes(filter.state)) rows.sort((a, b) => a.deadline.localeCompare(b.deadline));
  return (
    <main class="page tickets" data-open={open || undefined}>
      <section class="grow">
        <div class="tabs" role="tablist" aria-label={said.state}>
          {tabs.map(([value, label, count]) => (
            <button
              key={value}
              type="button"
              role="tab"
              aria-selected={filter.state === value}
              onClick={() => setFilter({ ...filter, state: value })}
            >
              {label}{' '}
              <b class="count" data-hot={(value === 'late' && count > 0) || undefined}>
                {count}
              </b>
            </button>
          ))}
        </div>
        <form
          class="toolbar"
          onSubmit={(event) => {
            event.preventDefault();
            const search = new FormData(event.currentTarget as HTMLFormElement).get('search');
            setFilter({ ...filter, search: String(search ?? '').trim(), state: search ? 'all' : filter.state });
          }}
        >
          <input name="search" class="input grow" type="search" placeholder={said.search} aria-label={said.search} maxLength={30} />
          <select class="input" aria-label={said.category} value={filter.category} onChange={(event) => setFilter({ ...filter, category: event.currentTarget.value })}>
            <option value="">{said.anyCategory}</option>
            {Object.entries(words.categories).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
          <select class="input" aria-label={said.level} value={filter.level} onChange={(event) => setFilter({ ...filter, level: event.currentTarget.value })}>
            <option value="">{said.anyLevel}</option>
            {Object.entries(words.levels).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
          <button type="submit" class="button">
            {said.find}
          </button>
          <button type="button" class="button primary" onClick={() => setFiling(true)}>
            <Icon type="plus" /> {said.file}
          </button>
        </form>
        {found && !rows.length && <p class="none">{said.none}</p>}
        {rows.length > 0 && <Table rows={rows} now={now} open={open} />}
        {found && found.total > rows.length && (
          <button type="button" class="button more" onClick={() => setLimit(limit + PAGE)}>
            {said.more} ({said.total} {found.total} {said.rows})
          </button>
        )}
      </section>
      {open && <TicketPanel number={open} onClose={() => go('tickets')} onChanged={() => void read()} />}
      {filing && (
        <FileDialog
          handoff={null}
          onClose={() => {
            setFiling(false);
            void read();
          }}
        />
      )}
    </main>
  );
}

function query({ state, category, level, search }: Filter, limit: number): string {
  const wanted = new URLSearchParams({ limit: String(limit) });
  if (state === 'late') wanted.set('late', '1');
  else if (state === 'open') wanted.set('state', OPEN.join());
  else if (state !== 'all') wanted.set('state', state);
  if (category) wanted.set('category', category);
  if (level) wanted.set('level', level);
  if (search) wanted.set(/^\d/.test(search) ? 'phone' : 'number', search.toUpperCase());
  return wanted.toString();
}

function Table({ rows, now, open }: { rows: Ticket[]; now: number; open: string }) {
  return (
    <table class="table">
      <thead>
        <tr>
          <th scope="col">{said.number}</th>
          <th scope="col">{said.state}</th>
          <th scope="col">{said.category}</th>
          <th scope="col">{said.level}</th>
          <th scope="col" class="wide-cell">
            {said.description}
          </th>
          <th scope="col">{said.customer}</th>
          <th scope="col">{said.department}</th>
          <th scope="col">{said.deadline}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((one) => {
          const left = until(one.deadline, now);
          const pending = OPEN.includes(one.state);
          return (
            <tr key={one.number} data-open={one.number === open || undefined} data-late={(pending && left.late) || undefined} onClick={() => go('tickets', one.number)}>
              <th scope="row">
                <a href={`#/tickets/${one.number}`}>{one.number}</a>
              </th>
              <td>
                <span class="tag" data-ticket={one.state}>
                  {words.ticketStates[one.state]}
                </span>
                {one.urged > 0 && <span class="tag warn">{`${said.urged} ${one.urged}`}</span>}
                {one.escalated && <span class="tag warn">{said.escalated}</span>}
              </td>
              <td>{words.categories[one.category] ?? one.category}</td>
              <td>{words.levels[one.level]}</td>
              <td class="wide-cell">
                <span class="clip">{one.description}</span>
              </td>
              <td>
                {one.surname}
                {one.title} <span class="soft">{one.phone}</span>
              </td>
              <td>{one.department}</td>
              <td class="deadline">
                {moment(one.deadline)} {pending && <span class={left.late ? 'tag warn' : 'soft'}>{left.text}</span>}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
