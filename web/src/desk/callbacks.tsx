// Customers who left a number and want to be called back.

import { moment, useDesk } from './hooks';
import type { Callback } from './protocol';
import { words } from './words';

export function CallbacksPage() {
  const [, { callbacks }] = useDesk();
  return (
    <main class="page">
      <section class="panel">
        <h1>
          {words.callbacks.title} <b class="count">{callbacks.length}</b>
        </h1>
        <CallbackList callbacks={callbacks} />
      </section>
    </main>
  );
}

export function CallbackList({ callbacks }: { callbacks: Callback[] }) {
  const [desk] = useDesk();
  if (!callbacks.length) return <p class="none">{words.callbacks.none}</p>;
  return (
    <ul class="lines">
      {callbacks.map((one) => (
        <li key={one.id}>
          <a class="number" href={`tel:${one.phone}`}>
            {one.phone}
          </a>
          <span class="grow">
            {words.callbacks.wanted}:{one.wanted || words.callbacks.any}
          </span>
          {one.tries > 0 && <span class="tag wait">{`${one.tries} ${words.callbacks.tries}`}</span>}
          <span class="soft">
            {words.callbacks.at} {moment(one.at)}
          </span>
          <span class="buttons">
            <button type="button" class="button small primary" onClick={() => void desk.calledBack(one.id, 'reached')}>
              {words.callbacks.reached}
            </button>
            <button type="button" class="button small" onClick={() => void desk.calledBack(one.id, 'unreachable')}>
              {words.callbacks.unreachable}
            </button>
          </span>
        </li>
      ))}
    </ul>
  );
}
