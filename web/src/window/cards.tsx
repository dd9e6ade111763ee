// Cards: the figures of an answer as a picture of themselves. The answer's own words stand above them.

import type { BalanceCard, BillCard, Card, PlansCard, TicketCard, UsageCard } from './protocol';
import { useWords } from './settings';

export function CardView({ card }: { card: Card }) {
  switch (card.type) {
    case 'balance':
      return <Balance {...card} />;
    case 'bill':
      return <Bill {...card} />;
    case 'usage':
      return <Usage {...card} />;
    case 'plans':
      return <Plans {...card} />;
    case 'ticket':
      return <Ticket {...card} />;
    default:
      return null; // a card that a newer server knows: its answer's words say it too
  }
}

function Balance({ amount, owed }: BalanceCard) {
  const { card } = useWords();
  return (
    <section class="card" data-owed={owed || undefined}>
      <h3>{owed ? card.owed : card.balance}</h3>
      <p class="figure">
        {amount}
        <small>{card.yuan}</small>
      </p>
    </section>
  );
}

function Bill({ month, total, items, more }: BillCard) {
  const { card } = useWords();
  const most = Math.max(...items.map((item) => Number(item.amount)), 0.01);
  return (
    <section class="card">
      <h3>
        {month} {card.bill}
      </h3>
      <dl class="bars">
        {items.map(({ name, amount }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{amount}</dd>
            <Bar share={Number(amount) / most} />
          </div>
        ))}
      </dl>
      <p class="sum">
        <span>{card.total}</span>
        <strong>
          {total}
          {card.yuan}
        </strong>
      </p>
      {more && (
        <p class="more">
          {card.more} {more}
          {card.yuan}
        </p>
      )}
    </section>
  );
}

function Usage({ packages, voice }: UsageCard) {
  const { card } = useWords();
  return (
    <section class="card">
      <h3>{card.usage}</h3>
      <dl class="bars">
        {packages.map(({ name, scope, used, total, expires }) => (
          <div key={name}>
            <dt>
              {name} <span class="tag">{scope}</span>
            </dt>
            <dd>
              {card.remaining} {volume(total - used)}
            </dd>
            <Bar share={used / total} low={used / total > 0.9} />
            <dd class="fine">
              {card.used} {volume(used)} / {volume(total)} · {expires} {card.expires}
            </dd>
          </div>
        ))}
        {voice && (
          <div>
            <dt>{card.voice}</dt>
            <dd>
              {card.remaining} {Math.max(voice.total - voice.used, 0)}
              {card.minute}
            </dd>
            <Bar share={voice.used / voice.total} low={voice.used / voice.total > 0.9} />
            <dd class="fine">
              {card.used} {voice.used} / {voice.total}
              {card.minute}
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}

function Plans({ plans, current, fitting }: PlansCard) {
  const { card } = useWords();
  return (
    <section class="card wide">
      <h3>{card.plans}</h3>
      <table>
        <thead>
          <tr>
            <td />
            <th scope="col">{card.fee}</th>
            <th scope="col">{card.data}</th>
            <th scope="col">{card.voice}</th>
          </tr>
        </thead>
        <tbody>
          {plans.map(({ name, fee, data, voice }) => (
            <tr key={name} data-marked={name === fitting || undefined}>
              <th scope="row">
                {name}
                {name === current && <span class="tag">{card.current}</span>}
                {name === fitting && <span class="tag good">{card.fitting}</span>}
              </th>
              <td>
                {fee}
                {card.yuan}
              </td>
              <td>{volume(data)}</td>
              <td>
                {voice}
                {card.minute}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const STEPS = ['accepted', 'working', 'answered', 'archived'];

function Ticket({ number, state, about, due }: TicketCard) {
  const { card } = useWords();
  const steps = state === 'withdrawn' ? ['accepted', 'withdrawn'] : STEPS;
  const reached = steps.indexOf(state);
  return (
    <section class="card">
      <h3>
        {card.ticket} {about && <span class="tag">{about}</span>}
      </h3>
      <p class="number">{number}</p>
      <ol class="steps">
        {steps.map((step, index) => (
          <li key={step} data-reached={index <= reached || undefined} aria-current={index === reached ? 'step' : undefined}>
            {card.states[step]}
          </li>
        ))}
      </ol>
      {due && (
        <p class="fine">
          {card.due} {due}
        </p>
      )}
    </section>
  );
}

// Seen only: the figures beside it say the same.
function Bar({ share, low = false }: { share: number; low?: boolean }) {
  const width = `${Math.round(Math.min(Math.max(share, 0), 1) * 100)}%`;
  return (
    <span class="bar" data-low={low || undefined} aria-hidden="true">
      <span style={{ width }} />
    </span>
  );
}

// MB as the assistant says it: GB from 1024 on.
function volume(mb: number): string {
  return mb >= 1024 ? `${Math.round((mb / 1024) * 100) / 100}GB` : `${Math.max(mb, 0)}MB`;
}
