// What the browser keeps: the session's token, and messages that no answer has come for. Where storage is blocked both
// live in memory: the talk goes on, but not across a reload.

import type { Message } from './protocol';

const TOKEN = 'hotline-token';
const LEFT = 'hotline-left';
const OUTBOX = 'hotline-outbox';
const LOOKS = 'hotline-looks';
const memory = new Map<string, string>();

export function storageWorks(): boolean {
  try {
    localStorage.setItem('hotline-test', '1');
    localStorage.removeItem('hotline-test');
    return true;
  } catch {
    return false;
  }
}

function read(store: () => Storage, key: string): string | null {
  try {
    return store().getItem(key);
  } catch {
    return memory.get(key) ?? null;
  }
}

function write(store: () => Storage, key: string, value: string | null): void {
  try {
    if (value === null) store().removeItem(key);
    else store().setItem(key, value);
  } catch {
    if (value === null) memory.delete(key);
    else memory.set(key, value);
  }
}

// Shared by the tabs of a browser, so that the talk goes on in another one.
export const readToken = () => read(() => localStorage, TOKEN);
export const writeToken = (token: string | null) => write(() => localStorage, TOKEN, token);

// Signing out in one tab is heard of in the others.
export const writeLeft = () => write(() => localStorage, LEFT, String(Date.now()));

export function onLeft(listener: () => void): void {
  addEventListener('storage', (event) => event.key === LEFT && listener());
}

export type Looks = { elder?: boolean; dark?: boolean; traditional?: boolean };

export function readLooks(): Looks {
  return parse(read(() => localStorage, LOOKS)) ?? {};
}

export const writeLooks = (looks: Looks) => write(() => localStorage, LOOKS, JSON.stringify(looks));

// Of one tab. Nothing that was or may be a password is ever written (six digits on their own).
export function readOutbox(): Message[] {
  const found = parse(read(() => sessionStorage, OUTBOX));
  return Array.isArray(found) ? found : [];
}

export function writeOutbox(messages: Message[]): void {
  const kept = messages.filter((message) => message.secret === undefined && !/(^|\D)\d{6}(\D|$)/.test(message.text ?? ''));
  write(() => sessionStorage, OUTBOX, kept.length ? JSON.stringify(kept) : null);
}

function parse(text: string | null): any {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
