// The chat window: in the launcher's frame, or a page by itself in the App's web view.

import { Icon } from '@chatui/core/Icon';
import { IconButton } from '@chatui/core/IconButton';
import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { makeRoomForKeyboard } from '../keyboard';
import { Composer } from './composer';
import { Symbols } from './icons';
import { Log } from './log';
import { firstLooks, framed, signedIn, title, useWords, WordsContext, wordsOf } from './settings';
import { writeLooks, type Looks } from './storage';
import { Talk, type State } from './talk';
import { saveTranscript } from './transcript';
import './window.css';

const TOKEN_WITHIN = 1_500; // a page that promised a token and does not give it: the talk begins without

const looksAtFirst = firstLooks();
const talk = new Talk(looksAtFirst.traditional);

function App() {
  const [state, setState] = useState<State>(talk.state);
  const [looks, setLooks] = useState(looksAtFirst);
  useEffect(() => {
    setState(talk.state);
    return talk.subscribe(() => setState(talk.state));
  }, []);
  useEffect(() => {
    const root = document.documentElement;
    root.lang = looks.traditional ? 'zh-Hant' : 'zh-Hans';
    root.toggleAttribute('data-dark', looks.dark);
    root.toggleAttribute('data-elder', looks.elder);
  }, [looks]);

  function change(chosen: Looks) {
    const next = { ...looks, ...chosen };
    setLooks(next);
    writeLooks(next);
    if (next.traditional !== looks.traditional) talk.speak(next.traditional);
  }

  const words = wordsOf(looks.traditional);
  const secret = state.latest.some((answer) => answer.secret);
  return (
    <WordsContext.Provider value={words}>
      <Symbols />
      <Header state={state} looks={looks} onLooks={change} />
      <main>
        {state.line === 'offline' && (
          <p class="banner" role="status">
            {words.offline}
          </p>
        )}
        {state.line === 'refused' && (
          <p class="banner" role="status">
            {words.notAllowed}
          </p>
        )}
        {state.queue && (
          <p class="banner queue" role="status">
            <span>
              <strong>
                {words.queue} · {state.queue.position ? `${words.queuePosition} ${state.queue.position} ${words.queuePeople}` : words.queueNext}
              </strong>
              {state.queue.wait && ` ${words.queueWait} ${Math.max(state.queue.wait[0], 1)}–${Math.max(state.queue.wait[1], 2)} ${words.minutes}`}
            </span>
            <button type="button" onClick={() => talk.leaveQueue()}>
              {words.queueCancel}
            </button>
          </p>
        )}
        <Log talk={talk} state={state} />
        <Quick state={state} />
        <Composer
          secret={secret}
          images={state.agent !== null || state.latest.some((answer) => answer.images)}
          onSay={(text) => talk.say(text)}
          onSecret={(digits) => talk.saySecret(digits)}
          onImage={(file) => void talk.sendImage(file)}
          onTyping={() => talk.typed()}
        />
      </main>
    </WordsContext.Provider>
  );
}

// What can be said with one touch: a human always; what comes next after a card, else the topics; or the way out of the
// task in hand.
function Quick({ state }: { state: State }) {
  const words = useWords();
  const asks = state.latest.map((answer) => answer.asks).filter(Boolean).pop();
  const free = !asks || ['anything_else', 'choose', 'rating', 'offer_human'].includes(asks);
  const offered = state.latest.flatMap((answer) => answer.buttons);
  const human = offered.find((button) => button.payload === '/request_human');
  const shown = state.latest.map((answer) => answer.card?.type).filter(Boolean).pop();
  const next = words.next[shown ?? ''] ?? words.topics;
  const topics = free ? next.filter((topic) => !offered.some((button) => button.title === topic)) : [words.stop];
  return (
    <nav class="quick" aria-label={words.quick}>
      {!state.agent && !state.queue && (
        <button type="button" class="chip human" title={words.humanHint} onClick={() => talk.say(words.human, human?.payload)}>
          <Icon type="headset" /> {words.human}
        </button>
      )}
      {!state.agent &&
        topics.map((topic) => (
          <button type="button" class="chip" key={topic} onClick={() => talk.say(topic)}>
            {topic}
          </button>
        ))}
    </nav>
  );
}

function Header({ state, looks, onLooks }: { state: State; looks: Required<Looks>; onLooks: (looks: Looks) => void }) {
  const words = useWords();
  const line = state.line === 'online' ? words.online : words.connecting;
  return (
    <header>
      <span class="mark" aria-hidden="true">
        <Icon type="headset" />
      </span>
      <div class="title">
        <h1>{title ?? words.title}</h1>
        <p data-line={state.line} role="status">
          {state.agent ? `${words.agent} ${state.agent.number ?? ''}` : line}
        </p>
      </div>
      <Menu looks={looks} onLooks={onLooks} />
      {framed && <IconButton icon="chevron-down" className="round" aria-label={words.minimise} onClick={() => tellPage({ hotline: 'close' })} />}
    </header>
  );
}

function Menu({ looks, onLooks }: { looks: Required<Looks>; onLooks: (looks: Looks) => void }) {
  const words = useWords();
  const [open, setOpen] = useState(false);
  const [sure, setSure] = useState(false); // nobody ends a talk by one slip of the finger
  useEffect(() => setSure(false), [open]);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const close = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener('pointerdown', close);
    return () => removeEventListener('pointerdown', close);
  }, [open]);

  return (
    <div
      class="menu"
      ref={box}
      onFocusOut={(event) => {
        if (event.relatedTarget && !box.current!.contains(event.relatedTarget as Node)) setOpen(false);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && open) {
          event.stopPropagation();
          setOpen(false);
          box.current?.querySelector('button')?.focus();
        }
      }}
    >
      <IconButton icon="more" className="round" aria-label={words.menu} aria-expanded={open} onClick={() => setOpen(!open)} />
      {open && (
        <div class="sheet">
          <Switch on={looks.elder} label={words.elder} onChange={(elder) => onLooks({ elder })} />
          <Switch on={looks.dark} label={words.dark} onChange={(dark) => onLooks({ dark })} />
          <button type="button" lang={looks.traditional ? 'zh-Hans' : 'zh-Hant'} onClick={() => onLooks({ traditional: !looks.traditional })}>
            {words.traditional}
          </button>
          <button
            type="button"
            onClick={() => {
              setOpen(false);
              void saveTranscript(talk, words);
            }}
          >
            {words.save}
          </button>
          <button
            type="button"
            class={sure ? 'sure' : undefined}
            onClick={() => {
              setSure(true);
              if (!sure) return;
              setOpen(false);
              void talk.signOut('cleared');
            }}
          >
            {sure ? words.clearSure : words.clear}
          </button>
        </div>
      )}
    </div>
  );
}

function Switch({ on, label, onChange }: { on: boolean; label: string; onChange: (on: boolean) => void }) {
  return (
    <button type="button" role="switch" aria-checked={on} onClick={() => onChange(!on)}>
      {label}
    </button>
  );
}

// --- the page around the window ---

let hidden = framed;
let unread = 0;

function tellPage(message: object): void {
  // Nothing confidential is ever said to the page; which one it is, the frame cannot know for certain.
  if (framed) parent.postMessage(message, '*');
}

talk.onTurn = () => {
  if (hidden) tellPage({ hotline: 'unread', count: ++unread });
};

addEventListener('message', (event) => {
  // Only pages of allowed origins can hold this frame (frame-ancestors), so the parent is one of them.
  if (!framed || event.source !== parent || typeof event.data !== 'object' || !event.data) return;
  const { hotline, token } = event.data as { hotline?: string; token?: unknown };
  if (hotline === 'token' && typeof token === 'string') {
    talk.signIn(token);
    begin();
  } else if (hotline === 'sign-out') {
    void talk.signOut();
  } else if (hotline === 'show') {
    hidden = false;
    unread = 0;
    document.querySelector<HTMLElement>('.composer textarea, .composer input[type=password]')?.focus();
  } else if (hotline === 'hide') {
    hidden = true;
  }
});

addEventListener('keydown', (event) => {
  // While an input method composes, Escape drops the characters.
  if (event.key === 'Escape' && !event.isComposing) tellPage({ hotline: 'close' });
});

let begun = false;

function begin(): void {
  if (begun) return;
  begun = true;
  talk.start();
}

makeRoomForKeyboard(document.documentElement); // as a page of its own; in a frame the page around it does
render(<App />, document.getElementById('app')!);
tellPage({ hotline: 'ready' });
if (signedIn && framed) setTimeout(begin, TOKEN_WITHIN);
else begin();
