// What all parts of the page share: the desk, the time, the address, and how moments are written.

import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { Desk, State } from './desk';
import { words } from './words';

export const UNANSWERED = 60; // seconds (ch2)
const ZONE = 'Asia/Shanghai';

export const DeskContext = createContext<Desk>(null as unknown as Desk);

export function useDesk(): [Desk, State] {
  const desk = useContext(DeskContext);
  const [state, setState] = useState(desk.state);
  useEffect(() => {
    setState(desk.state);
    return desk.subscribe(() => setState(desk.state));
  }, [desk]);
  return [desk, state];
}

// Seconds by the server's clock, every second anew.
export function useNow(skew: number): number {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return Date.now() / 1000 + skew;
}

// The address behind the #: a page, and what is open on it.
export function useRoute(): [page: string, open: string] {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  const [page = '', open = ''] = hash.replace(/^#\/?/, '').split('/');
  return [page, decodeURIComponent(open)];
}

export function go(page: string, open: string | number = ''): void {
  location.hash = open === '' ? `/${page}` : `/${page}/${open}`;
}

// Waiting as 0:42, 12:05 or 1:02:05.
export function waited(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number: number) => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

const parts = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('zh-CN', { timeZone: ZONE, hour12: false, ...options });
const CLOCK = parts({ hour: '2-digit', minute: '2-digit' });
const DAY = parts({ month: 'numeric', day: 'numeric' });

export function moment(at: string | number): string {
  const date = new Date(typeof at === 'number' ? at * 1000 : at);
  const today = DAY.format(date) === DAY.format(new Date());
  return today ? CLOCK.format(date) : `${DAY.format(date)} ${CLOCK.format(date)}`;
}

// How long until a deadline, or since: 剩 3小时, 超 2天.
export function until(deadline: string, now: number): { text: string; late: boolean } {
  const seconds = Date.parse(deadline) / 1000 - now;
  const left = Math.abs(seconds);
  const [size, unit] = left < 3600 ? [60, words.minute] : left < 48 * 3600 ? [3600, words.hour] : [86400, words.day];
  return { text: `${seconds < 0 ? words.tickets.overBy : words.tickets.left} ${Math.floor(left / size)}${unit}`, late: seconds < 0 };
}
