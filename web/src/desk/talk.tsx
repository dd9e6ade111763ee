// A talk: what was said, and what the agent can do with it now.

import { Bubble } from '@chatui/core/Bubble';
import { Icon } from '@chatui/core/Icon';
import { Typing } from '@chatui/core/Typing';
import { memo } from 'preact/compat';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Waiting } from './bench';
import { Composer } from './composer';
import { CloseDialog, TransferDialog } from './dialogs';
import { keyOf, nameOf, type Pending, type Talk } from './desk';
import { go, moment, useDesk, useNow } from './hooks';
import type { Entry } from './protocol';
import { words } from './words';

const NEAR = 40; // pixels from the end that count as being there
const PAUSE = 5 * 60_000;

type Props = { talk: Talk; onClaim: () => void; onCard: () => void };

export function TalkView({ talk, onClaim, onCard }: Props) {
  const [, { me, skew }] = useDesk();
  const now = useNow(skew);
  const [dialog, setDialog] = useState<'transfer' | 'close' | ''>('');
  const { handoff } = talk;
  const mine = handoff.agent === me!.login && ['active', 'transferring', 'wrap_up'].includes(handoff.state);
  return (
    <section class="talk" aria-label={nameOf(handoff)}>
      <header class="talk-head">
        <button type="button" class="icon-button narrow" aria-label={words.talk.back} onClick={() => go('talks')}>
          <Icon type="back" />
        </button>
        <div class="talk-title">
          <h1>{nameOf(handoff)}</h1>
          <p>
            <span class="tag" data-state={handoff.state}>
              {words.states[handoff.state] ?? handoff.state}
            </span>
            <span class="tag" data-reason={handoff.reason}>
              {words.reasons[handoff.reason] ?? handoff.reason}
            </span>
            {handoff.here === false && <span class="tag warn">{words.lists.away}</span>}
            {handoff.ticket && <span class="soft">{handoff.ticket}</span>}
          </p>
        </div>
        <Waiting one={handoff} now={now} mine={Boolean(handoff.agent)} />
        <button type="button" class="button narrow" onClick={onCard}>
          {words.talk.card}
        </button>
        {mine && <Actions talk={talk} onTransfer={() => setDialog('transfer')} onClose={() => setDialog('close')} />}
      </header>
      <Log talk={talk} />
      <Foot talk={talk} mine={mine} onClaim={onClaim} onClose={() => setDialog('close')} />
      {dialog === 'transfer' && <TransferDialog handoff={handoff} onClose={() => setDialog('')} />}
      {dialog === 'close' && <CloseDialog talk={talk} onClose={() => setDialog('')} />}
    </section>
  );
}

function Actions({ talk, onTransfer, onClose }: { talk: Talk; onTransfer: () => void; onClose: () => void }) {
  const [desk] = useDesk();
  const { id, state } = talk.handoff;
  return (
    <div class="actions">
      {state === 'active' && (
        <>
          <button type="button" class="button" onClick={onTransfer}>
            <Icon type="transfer" /> {words.talk.transfer}
          </button>
          <button type="button" class="button wide-only" title={words.talk.finishHint} onClick={() => void desk.move(id, 'finish')}>
            {words.talk.finish}
          </button>
          <button type="button" class="button wide-only" onClick={() => void desk.move(id, 'close', { result: 'returned' })}>
            {words.talk.returnToBot}
          </button>
        </>
      )}
      {state !== 'transferring' && (
        <button type="button" class="button" onClick={onClose}>
          <Icon type="check" /> {words.talk.close}
        </button>
      )}
    </div>
  );
}

// Below the talk: the composer, or why there is none.
function Foot({ talk, mine, onClaim, onClose }: { talk: Talk; mine: boolean; onClaim: () => void; onClose: () => void }) {
  const [desk, { me }] = useDesk();
  const { id, state, agent, transfer_to: to, target, channel, result, offered_to: offered } = talk.handoff;
  if (mine && state === 'wrap_up') {
    return (
      <div class="foot">
        <span class="grow">{words.talk.wrapUp}</span>
        <button type="button" class="button primary" onClick={onClose}>
          {words.talk.close}
        </button>
      </div>
    );
  }
  if (mine) {
    return (
      <>
        {state === 'transferring' && (
          <div class="foot notice">
            <span class="grow">
              {words.talk.transferring} {to === 'supervisor' ? words.roles.supervisor : to}
              {words.talk.transferringTail}
            </span>
            <button type="button" class="button small" onClick={() => void desk.move(id, 'recall')}>
              {words.talk.recall}
            </button>
          </div>
        )}
        <Composer talk={talk} />
      </>
    );
  }
  const toMe = state === 'transferring' && (to === me!.login || to === me!.role);
  const waiting = state === 'waiting' || state === 'offered';
  if (toMe || (waiting && channel !== 'ivr')) {
    const may = toMe || target === 'agent' || me!.role === target;
    return (
      <div class="foot">
        <span class="grow">{toMe ? words.talk.toYou : words.talk.preview}</span>
        {may && (
          <button type="button" class="button primary" onClick={onClaim}>
            {words.lists.claim}
          </button>
        )}
        {((toMe && to === me!.login) || offered === me!.login) && (
          <button type="button" class="button" onClick={() => void desk.move(id, 'decline')}>
            {words.lists.decline}
          </button>
        )}
      </div>
    );
  }
  const serving = ['active', 'transferring', 'wrap_up'].includes(state);
  return (
    <div class="foot">
      <span class="grow soft">
        {serving
          ? `${words.talk.watching}:${agent} ${words.talk.serving}`
          : waiting
            ? words.lists.calls
            : `${words.talk.ended} · ${words.results[result] ?? words.states[state] ?? state}`}
      </span>
    </div>
  );
}

function Log({ talk }: { talk: Talk }) {
  const [desk, { me }] = useDesk();
  const box = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);
  const { entries, pending, typing } = talk;
  useLayoutEffect(() => {
    if (!away) box.current!.scrollTop = box.current!.scrollHeight;
  }, [entries, pending, typing, talk.held]);
  return (
    <div class="log-frame">
      <div
        class="log"
        ref={box}
        role="log"
        aria-label={words.talk.log}
        tabIndex={0}
        onScroll={() => setAway(box.current!.scrollHeight - box.current!.scrollTop - box.current!.clientHeight > NEAR)}
      >
        {entries.map((entry, index) => (
          <Said key={keyOf(entry)} entry={entry} before={entries[index - 1]} handoff={talk.handoff.id} number={me!.number} />
        ))}
        {pending.map((one) => (
          <Unsent key={one.id} one={one} onAgain={() => void desk.say(talk.handoff.id, one.text, one.id)} />
        ))}
        {typing && (
          <div class="said" data-from="customer">
            <div class="bubbles" role="img" aria-label={words.talk.typing}>
              <Typing />
            </div>
          </div>
        )}
      </div>
      {away && (
        <button type="button" class="button newest" onClick={() => (box.current!.scrollTop = box.current!.scrollHeight)}>
          <Icon type="chevron-down" /> {words.talk.newest}
        </button>
      )}
    </div>
  );
}

type SaidProps = { entry: Entry; before?: Entry; handoff: number; number: string };

const Said = memo(function Said({ entry, before, handoff, number }: SaidProps) {
  const paused = entry.at && (!before?.at || Date.parse(entry.at) - Date.parse(before.at) > PAUSE);
  const follows = before?.from === entry.from && before.agent === entry.agent && !paused;
  const side = entry.from === 'customer' ? 'customer' : entry.from === 'system' ? 'system' : 'us';
  const who =
    entry.from === 'agent' ? (entry.agent === number ? words.talk.me : `${words.talk.agent} ${entry.agent}`) : words.talk[entry.from];
  return (
    <>
      {paused && (
        <p class="time">
          <time dateTime={entry.at!}>{moment(entry.at!)}</time>
        </p>
      )}
      <div class="said" data-from={entry.from} data-side={side} data-follows={follows || undefined}>
        <div class="bubbles">
          {!follows && <span class="by">{who}</span>}
          {entry.image ? (
            <img class="picture" src={`/desk/api/handoffs/${handoff}/images/${encodeURIComponent(entry.image)}`} alt={words.talk.picture} loading="lazy" />
          ) : (
            <Bubble content={entry.text} />
          )}
          {entry.buttons.length > 0 && <span class="offered">{entry.buttons.join(' · ')}</span>}
        </div>
      </div>
    </>
  );
});

function Unsent({ one, onAgain }: { one: Pending; onAgain: () => void }) {
  return (
    <div class="said" data-from="agent" data-side="us" data-status={one.status}>
      <div class="bubbles">
        <Bubble content={one.text} />
        <span class="by">
          {words.talk[one.status]}
          {one.status === 'failed' && (
            <button type="button" class="button small" onClick={onAgain}>
              {words.talk.again}
            </button>
          )}
        </span>
      </div>
    </div>
  );
}
