// Where the agent writes. Words held back as taboo are marked, and a prescribed sentence stands ready instead.

import { Icon } from '@chatui/core/Icon';
import { Input } from '@chatui/core/Input';
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Held, Talk } from './desk';
import { useDesk } from './hooks';
import type { Phrase } from './protocol';
import { words } from './words';

const MOST = 500;
const COUNT_FROM = 400;
const POLITE = /^((对不起|很抱歉|非常感谢)[,!]?)+/; // every other sentence begins so: its button shows what follows

export function Composer({ talk }: { talk: Talk }) {
  const [desk, { phrases }] = useDesk();
  const [search, setSearch] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const { id } = talk.handoff;
  const text = talk.draft;
  // ChatUI hands its element out in an effect of its own, which may come after ours: whoever takes over a talk writes
  // at once, and so the field is focused when it is handed out.
  const attach = useCallback(
    (node: HTMLTextAreaElement | null) => {
      field.current = node;
      node?.focus();
    },
    [id],
  );

  function put(words: string): void {
    desk.draft(id, words);
    desk.dismissHeld(id);
    setSearch(false);
    field.current?.focus();
  }

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!event.altKey || event.ctrlKey || event.metaKey || document.querySelector('dialog[open]')) return;
      const phrase = phrases.find((one) => one.key && event.code === `Digit${one.key}`);
      if (!phrase) return;
      event.preventDefault();
      put(phrase.text);
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [phrases, id]);

  function send(event: Event): void {
    event.preventDefault();
    if (text.trim()) void desk.say(id, text.trim());
    field.current?.focus();
  }

  return (
    <form class="composer" onSubmit={send}>
      {talk.held && <HeldBack held={talk.held} onUse={put} onDismiss={() => desk.dismissHeld(id)} />}
      {search && <Phrases phrases={phrases} onPick={put} onClose={() => (setSearch(false), field.current?.focus())} />}
      <div class="keys" aria-label={words.composer.phrases}>
        {phrases
          .filter((phrase) => phrase.key)
          .sort((a, b) => Number(a.key) - Number(b.key))
          .map((phrase) => (
            <button type="button" key={phrase.text} class="key" title={`${phrase.clause} ${phrase.text}`} onClick={() => put(phrase.text)}>
              <kbd>{phrase.key}</kbd>
              <span>{phrase.text.replace(POLITE, '')}</span>
            </button>
          ))}
      </div>
      <div class="write">
        <button
          type="button"
          class="icon-button"
          aria-label={words.composer.phrases}
          aria-expanded={search}
          title={words.composer.phrases}
          onClick={() => setSearch(!search)}
        >
          <Icon type="phrases" />
        </button>
        <Input
          ref={attach}
          autoSize
          rows={1}
          maxRows={6}
          maxLength={MOST}
          showCount={false}
          value={text}
          placeholder={words.composer.placeholder}
          aria-label={words.composer.label}
          autoComplete="off"
          onChange={(value: string) => {
            if (value === '/' && !text) return setSearch(true);
            desk.draft(id, value);
          }}
          onKeyDown={(event: KeyboardEvent) => {
            // While an input method composes, Enter picks characters.
            if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229) send(event);
          }}
        />
        {text.length >= COUNT_FROM && (
          <span class="length" data-full={text.length >= MOST || undefined}>
            {text.length}/{MOST}
          </span>
        )}
        <button type="submit" class="button primary" disabled={!text.trim()}>
          <Icon type="send" /> {words.composer.send}
        </button>
      </div>
      <p class="hint">{words.composer.hint}</p>
    </form>
  );
}

function HeldBack({ held, onUse, onDismiss }: { held: Held; onUse: (text: string) => void; onDismiss: () => void }) {
  return (
    <div class="held" role="alert">
      <p>
        <strong class="grow">{words.composer.heldTitle}</strong>
        <button type="button" class="icon-button" aria-label={words.composer.dismiss} onClick={onDismiss}>
          <Icon type="close" />
        </button>
      </p>
      <blockquote>{marked(held)}</blockquote>
      {held.suggestions.length > 0 && <p class="soft">{words.composer.heldHint}</p>}
      {held.suggestions.map((one) => (
        <button type="button" class="suggestion" key={one.text} onClick={() => onUse(one.text)}>
          <span class="tag good">{one.clause}</span> <span class="grow">{one.text}</span> <b>{words.composer.heldUse}</b>
        </button>
      ))}
    </div>
  );
}

// The server counts characters, JavaScript halves of some: characters are taken apart here.
function marked({ text, marks }: Held): ComponentChildren[] {
  const characters = Array.from(text);
  const found: ComponentChildren[] = [];
  let at = 0;
  for (const { start, end } of marks) {
    found.push(characters.slice(at, start).join(''), <mark key={start}>{characters.slice(start, end).join('')}</mark>);
    at = end;
  }
  return [...found, characters.slice(at).join('')];
}

function Phrases({ phrases, onPick, onClose }: { phrases: Phrase[]; onPick: (text: string) => void; onClose: () => void }) {
  const [filter, setFilter] = useState('');
  const [at, setAt] = useState(0);
  const shown = phrases.filter(({ clause, text }) => `${clause} ${text}`.includes(filter.trim()));
  const picked = Math.min(at, shown.length - 1);
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }), [picked]);
  return (
    <div class="phrases">
      <input
        class="input"
        value={filter}
        autoFocus
        ref={(node) => node?.focus()}
        placeholder={words.composer.filter}
        aria-label={words.composer.filter}
        role="combobox"
        aria-expanded
        aria-controls="phrases"
        aria-activedescendant={shown.length ? `phrase-${picked}` : undefined}
        onInput={(event) => {
          setFilter(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (step && !event.altKey) setAt(Math.max(0, Math.min(picked + step, shown.length - 1)));
          else if (event.key === 'Enter' && !event.isComposing && shown[picked]) onPick(shown[picked]!.text);
          else if (event.key === 'Escape') onClose();
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <ul id="phrases" ref={list} role="listbox" aria-label={words.composer.phrases}>
        {shown.map(({ clause, text, key }, index) => (
          <li key={text} id={`phrase-${index}`} role="option" aria-selected={index === picked} onClick={() => onPick(text)}>
            <span class="tag">{clause}</span>
            <span class="grow">{text}</span>
            {key && <kbd>Alt+{key}</kbd>}
          </li>
        ))}
        {!shown.length && <li class="none">{words.composer.noPhrase}</li>}
      </ul>
    </div>
  );
}
