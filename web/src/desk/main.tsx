// The human agents' desk: who is not logged in logs in; everybody else gets the pages of his role.

import { Icon } from '@chatui/core/Icon';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { BoardPage } from './board';
import { Bench } from './bench';
import { CallbacksPage } from './callbacks';
import { Desk } from './desk';
import type { Role, Status } from './protocol';
import { DeskContext, go, UNANSWERED, useDesk, useNow, useRoute } from './hooks';
import { Symbols } from './icons';
import { LogIn } from './login';
import { ring, silence, silent } from './sound';
import { TicketsPage } from './tickets';
import { words } from './words';
import './base.css';
import './desk.css';

type Page = 'talks' | 'board' | 'tickets' | 'callbacks';
const PAGES: Record<Role, Page[]> = {
  agent: ['talks', 'tickets', 'callbacks'],
  supervisor: ['talks', 'board', 'tickets', 'callbacks'],
  clerk: ['tickets', 'callbacks'],
};
const REPORTS = '/desk/reports'; // a page of its own, under the same log-in
const OF_REPORTS: Role[] = ['supervisor'];

const desk = new Desk();

function App() {
  const [, { me, toast }] = useDesk();
  return (
    <>
      <Symbols />
      {me === null && <LogIn />}
      {me && <Inside />}
      <p class="toast" role="alert" data-shown={toast ? true : undefined}>
        {toast}
      </p>
    </>
  );
}

function Inside() {
  const [, { me }] = useDesk();
  const [named, open] = useRoute();
  const pages = PAGES[me!.role];
  const page = pages.find((one) => one === named) ?? pages[0]!;
  return (
    <div class="desk" data-page={page} data-open={open || undefined}>
      <Top page={page} pages={pages} />
      <Alarms />
      <Offer />
      {page === 'talks' && <Bench open={Number(open) || 0} />}
      {page === 'board' && <BoardPage />}
      {page === 'tickets' && <TicketsPage open={open} />}
      {page === 'callbacks' && <CallbacksPage />}
    </div>
  );
}

function Top({ page, pages }: { page: Page; pages: Page[] }) {
  const [, { me, line, queue, mine, talks, skew, board, callbacks }] = useDesk();
  const now = useNow(skew);
  const unread = mine.reduce((sum, one) => sum + (talks[one.id]?.unread ?? 0), 0);
  const over = queue.some((one) => now - one.requested > UNANSWERED);
  const counts: Record<Page, number> = {
    talks: queue.length + unread,
    board: board?.unanswered.length ?? 0,
    tickets: board?.tickets.late.length ?? 0,
    callbacks: callbacks.length,
  };
  const waiting = pages.includes('talks') ? counts.talks : 0;
  useEffect(() => {
    document.title = waiting ? `(${waiting}) ${words.title}` : words.title;
  }, [waiting]);
  return (
    <header class="top">
      <span class="brand">
        <Icon type="headset" />
        <span class="brand-name">{words.title}</span>
      </span>
      <nav class="nav" aria-label={words.nav.label}>
        {pages.map((one) => (
          <a key={one} href={`#/${one}`} aria-current={one === page ? 'page' : undefined}>
            <Icon type={one} />
            <span>{words.nav[one]}</span>
            {counts[one] > 0 && <b class="count" data-hot={(one === 'talks' ? over || unread > 0 : one !== 'callbacks') || undefined}>{counts[one]}</b>}
          </a>
        ))}
        {OF_REPORTS.includes(me!.role) && (
          <a href={REPORTS}>
            <Icon type="reports" />
            <span>{words.nav.reports}</span>
          </a>
        )}
      </nav>
      <span class="line" data-line={line} role="status">
        {words.line[line]}
      </span>
      <WhoIAm />
    </header>
  );
}

function WhoIAm() {
  const [desk, { me, mine }] = useDesk();
  const [quiet, setQuiet] = useState(silent);
  return (
    <div class="who">
      {me!.role !== 'clerk' && (
        <select
          class="input status"
          data-status={me!.status}
          aria-label={words.statusLabel}
          value={me!.status}
          onChange={(event) => void desk.be(event.currentTarget.value as Status)}
        >
          {(['available', 'busy', 'away'] as const).map((status) => (
            <option key={status} value={status}>
              {words.status[status]}
            </option>
          ))}
        </select>
      )}
      <span class="name">
        {me!.name}
        <small>
          {words.roles[me!.role]} {me!.number}
        </small>
      </span>
      <button
        type="button"
        class="icon-button"
        aria-label={words.sound}
        title={words.sound}
        aria-pressed={!quiet}
        onClick={() => {
          silence(!quiet);
          setQuiet(!quiet);
          ring();
        }}
      >
        <Icon type={quiet ? 'silent' : 'bell'} />
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={words.logout}
        title={words.logout}
        onClick={() => {
          if (!mine.length || confirm(words.logoutSure)) void desk.logOut();
        }}
      >
        <Icon type="logout" />
      </button>
    </div>
  );
}

// What the shift leader must learn of at once.
function Alarms() {
  const [desk, { alarms }] = useDesk();
  if (!alarms.length) return null;
  return (
    <ul class="alarms" role="alert">
      {alarms.slice(0, 3).map((alarm) => (
        <li key={alarm.id}>
          <Icon type="bell" />
          <strong>{words.alarms[alarm.kind]}</strong>
          <span class="grow">
            {alarm.ticket.number} · {words.categories[alarm.ticket.category]} · {words.levels[alarm.ticket.level]}
          </span>
          <button
            type="button"
            class="button small"
            onClick={() => {
              desk.dismiss(alarm);
              go('tickets', alarm.ticket.number);
            }}
          >
            {words.alarms.see}
          </button>
          <button type="button" class="button small" onClick={() => desk.dismiss(alarm)}>
            {words.alarms.close}
          </button>
        </li>
      ))}
    </ul>
  );
}

// A customer that the desk offers to oneself, for as long as the offer stands.
function Offer() {
  const [desk, { offer }] = useDesk();
  useNow(0);
  const left = offer ? Math.ceil((offer.until - Date.now()) / 1000) : 0;
  if (!offer || left <= 0) return null;
  const { handoff } = offer;
  return (
    <div class="offer" role="alert">
      <Icon type="bell" />
      <strong>{words.offer.title}</strong>
      <span class="grow">
        {[words.reasons[handoff.reason], handoff.customer || handoff.phone, handoff.summary].filter(Boolean).join(' · ')}
      </span>
      <button
        type="button"
        class="button primary"
        onClick={() => void desk.move(handoff.id, 'claim').then((done) => done && go('talks', handoff.id))}
      >
        {words.lists.claim} <span class="left">{`${left} ${words.offer.seconds}`}</span>
      </button>
      <button type="button" class="button" onClick={() => void desk.move(handoff.id, 'decline')}>
        {words.lists.decline}
      </button>
    </div>
  );
}

render(
  <DeskContext.Provider value={desk}>
    <App />
  </DeskContext.Provider>,
  document.getElementById('app')!,
);
void desk.start();
