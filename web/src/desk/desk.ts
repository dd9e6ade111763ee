// The desk as this page knows it: who is logged in, the queue, the talks that are open, and the line to the server.
//
// The server is right: whatever is told live was read anew there, and after a break everything is asked for again.

import { io, type Socket } from 'socket.io-client';
import { get, newId, post, Refused } from './api';
import type { Board, Callback, Card, Entry, Handoff, Mark, Me, Moved, Note, Person, Phrase, Queue, Shown, Status, TicketNews } from './protocol';
import { ring } from './sound';
import { words } from './words';

const TYPING_SHOWN = 4_000;
const TYPING_EVERY = 1_500;
const BOARD_AFTER = 400; // news come in bunches
const TOAST_SHOWN = 6_000;
const ALARMS = ['overdue', 'urge', 'escalate'];
const MOST_ALARMS = 20;
const HEARD = [660]; // the tone of a customer's word in a talk that is not looked at

export type Pending = { id: string; text: string; status: 'sending' | 'failed' };
export type Held = { text: string; marks: Mark[]; suggestions: Phrase[] };

export type Talk = {
  handoff: Handoff;
  card: Card | null; // null until it has been read
  entries: Entry[];
  notes: Note[];
  history: Moved[];
  pending: Pending[];
  held: Held | null;
  draft: string;
  typing: boolean;
  unread: number;
};

export type Alarm = TicketNews & { id: number };

export type State = {
  me: Me | null | undefined; // undefined: not known yet
  ended: boolean; // the session ended by itself
  line: 'connecting' | 'online' | 'offline';
  skew: number; // seconds that the server's clock is ahead of this one's
  business: number; // the same for the clock of deadlines, which is a fixed one in demonstrations
  queue: Handoff[];
  mine: Handoff[];
  calls: Handoff[];
  offer: { handoff: Handoff; until: number } | null;
  talks: Record<number, Talk>;
  phrases: Phrase[];
  people: Person[];
  board: Board | null;
  callbacks: Callback[];
  alarms: Alarm[];
  ticketNews: number; // counts what happened to tickets
  toast: string;
};

const BEGINNING: State = {
  me: undefined,
  ended: false,
  line: 'connecting',
  skew: 0,
  business: 0,
  queue: [],
  mine: [],
  calls: [],
  offer: null,
  talks: {},
  phrases: [],
  people: [],
  board: null,
  callbacks: [],
  alarms: [],
  ticketNews: 0,
  toast: '',
};

export class Desk {
  state: State = BEGINNING;
  private readonly listeners = new Set<() => void>();
  private socket: Socket | null = null;
  private open = 0; // the talk on the screen
  private typedAt = 0;
  private boardTimer = 0;
  private toastTimer = 0;
  private readonly typingTimers = new Map<number, number>();
  private count = 0;

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  // --- coming and going ---

  async start(): Promise<void> {
    try {
      this.enter(await get('me'));
    } catch (error) {
      if (error instanceof Refused && error.status === 401) return this.set({ me: null });
      this.set({ line: 'offline' });
      setTimeout(() => void this.start(), 3_000);
    }
  }

  async logIn(login: string, password: string): Promise<void> {
    await post('login', { login, password });
    this.enter(await get('me'));
  }

  async logOut(): Promise<void> {
    if (await this.done(post('logout'))) this.leave(false);
  }

  async be(status: Status): Promise<void> {
    const me = await this.done(post('status', { status }));
    if (me) this.set({ me });
  }

  private enter(me: Me): void {
    this.set({ ...BEGINNING, me, skew: skewOf(me.now), business: skewOf(Date.parse(me.moment) / 1000) });
    void this.done(get('phrases')).then((found) => found && this.set({ phrases: found.phrases }));
    void this.readCallbacks();
    this.connect();
  }

  private leave(ended: boolean): void {
    this.socket?.disconnect();
    this.socket = null;
    this.set({ ...BEGINNING, me: null, ended });
  }

  private connect(): void {
    const socket = io('/desk', { transports: ['websocket', 'polling'], timeout: 8_000, reconnectionDelay: 500, reconnectionDelayMax: 4_000 });
    this.socket = socket;
    socket.on('connect', () => void this.connected());
    socket.on('disconnect', (reason) => {
      this.set({ line: 'offline' });
      if (reason === 'io server disconnect') void this.again();
    });
    socket.on('connect_error', () => {
      this.set({ line: 'offline' });
      if (!socket.active) return void this.again(); // refused, not unreachable
      socket.io.opts.transports = ['polling', 'websocket']; // some proxies let no WebSocket through
    });
    socket.on('queue', (queue: Queue) => this.queued(queue));
    socket.on('handoff', ({ handoff }: { handoff: Handoff }) => this.changed(handoff));
    socket.on('offer', ({ handoff, seconds }: { handoff: Handoff; seconds: number }) => {
      this.set({ offer: { handoff, until: Date.now() + seconds * 1000 } });
      ring();
    });
    socket.on('entries', ({ handoff, entries }: { handoff: number; entries: Entry[] }) => this.heard(handoff, entries));
    socket.on('notes', ({ handoff, notes }: { handoff: number; notes: Note[] }) => this.change(handoff, { notes }));
    socket.on('typing', ({ handoff }: { handoff: number }) => this.types(handoff));
    socket.on('people', ({ people }: { people: Person[] }) => {
      const mine = people.find((one) => one.login === this.state.me?.login);
      const me = this.state.me && mine && mine.status !== 'offline' ? { ...this.state.me, status: mine.status } : this.state.me;
      this.set({ people, me });
      this.boardSoon();
    });
    socket.on('ticket', (news: TicketNews) => this.ticketNews(news));
    socket.on('callbacks', () => void this.readCallbacks());
    socket.on('session', () => this.leave(true));
  }

  private async connected(): Promise<void> {
    this.set({ line: 'online' });
    if (this.talks) {
      const queue = await this.done(get('queue'));
      if (queue) this.queued(queue);
    }
    for (const [id, talk] of Object.entries(this.state.talks)) {
      void this.read(Number(id));
      for (const one of talk.pending) if (one.status === 'failed') void this.say(Number(id), one.text, one.id);
    }
    if (this.open) this.look(this.open);
    this.boardSoon();
  }

  // The server closed the line: either the session is over, or it will take us again.
  private async again(): Promise<void> {
    try {
      await get('me');
    } catch (error) {
      if (error instanceof Refused && error.status === 401) return this.leave(true);
    }
    setTimeout(() => this.socket?.connect(), 2_000);
  }

  // Whether one talks to customers.
  get talks(): boolean {
    return this.state.me?.role === 'agent' || this.state.me?.role === 'supervisor';
  }

  // --- the queue ---

  private queued({ now, queue, mine, calls }: Queue): void {
    this.set({ queue, mine, calls, skew: skewOf(now) });
    for (const one of [...queue, ...mine, ...calls]) this.changed(one, true);
    const { offer } = this.state;
    const still = offer && queue.find((one) => one.id === offer.handoff.id && one.offered_to === this.state.me?.login);
    if (offer && !still) this.set({ offer: null });
    this.boardSoon();
  }

  private changed(handoff: Handoff, listed = false): void {
    const talk = this.state.talks[handoff.id];
    if (talk) {
      const moved = talk.handoff.state !== handoff.state || talk.handoff.agent !== handoff.agent;
      this.change(handoff.id, { handoff });
      if (moved && handoff.id === this.open) void this.read(handoff.id);
    }
    if (listed) return;
    this.set({ mine: this.state.mine.map((one) => (one.id === handoff.id ? handoff : one)) });
    if (this.state.offer?.handoff.id === handoff.id && handoff.offered_to !== this.state.me?.login) this.set({ offer: null });
    this.boardSoon();
  }

  // --- a talk ---

  // The talk on the screen; 0 for none.
  look(id: number): void {
    this.open = id;
    if (!id) return;
    if (this.state.talks[id]) this.change(id, { unread: 0 });
    void this.read(id);
    if (this.state.me?.role === 'supervisor') this.socket?.emit('watch', { handoff: id });
  }

  async read(id: number): Promise<void> {
    const shown: Shown | undefined = await this.done(get(`handoffs/${id}`), [403, 404]);
    if (!shown) {
      if (id === this.open && !this.state.talks[id]) {
        this.tell(words.refused.unknown!);
        location.hash = '/talks';
      }
      return;
    }
    const { handoff, card, transcript, notes, history } = shown;
    const known = this.state.talks[id] ?? { pending: [], held: null, draft: '', typing: false, unread: 0 };
    this.set({
      skew: skewOf(shown.now),
      talks: { ...this.state.talks, [id]: { ...known, handoff, card, entries: merged([], transcript), notes, history } },
    });
  }

  draft(id: number, draft: string): void {
    this.change(id, { draft });
    const now = performance.now();
    if (!draft || now - this.typedAt < TYPING_EVERY) return;
    this.typedAt = now;
    void post(`handoffs/${id}/typing`).catch(() => {});
  }

  async say(id: number, text: string, message = newId()): Promise<void> {
    const talk = this.state.talks[id];
    if (!talk || !text.trim()) return;
    const others = talk.pending.filter((one) => one.id !== message);
    this.change(id, { pending: [...others, { id: message, text, status: 'sending' }], held: null, draft: talk.draft === text ? '' : talk.draft });
    try {
      const { entries } = await post(`handoffs/${id}/say`, { id: message, text });
      this.settle(id, message);
      this.heard(id, entries);
    } catch (error) {
      const refused = error as Refused;
      if (refused.status === 422) {
        this.settle(id, message);
        this.change(id, { held: { text, marks: refused.body.held, suggestions: refused.body.suggestions } });
        this.giveBack(id, text);
      } else if (refused.status >= 400 && refused.status < 500) {
        this.settle(id, message);
        this.giveBack(id, text);
        this.refuse(refused);
        if (refused.status === 409) void this.read(id);
      } else {
        const pending = this.state.talks[id]?.pending.map((one) => (one.id === message ? { ...one, status: 'failed' as const } : one));
        this.change(id, { pending });
      }
    }
  }

  private settle(id: number, message: string): void {
    this.change(id, { pending: this.state.talks[id]?.pending.filter((one) => one.id !== message) ?? [] });
  }

  // What was not sent is not lost either.
  private giveBack(id: number, text: string): void {
    if (!this.state.talks[id]?.draft) this.change(id, { draft: text });
  }

  dismissHeld(id: number): void {
    this.change(id, { held: null });
  }

  // Do something with a handoff; true when it was done.
  async move(id: number, move: string, body: object = {}): Promise<boolean> {
    const answer = await this.done(post(`handoffs/${id}/${move}`, body));
    if (answer?.handoff) this.changed(answer.handoff);
    if (move === 'note' && answer) {
      const notes = this.state.talks[id]?.notes ?? [];
      if (!notes.some((note) => note.id === answer.note.id)) this.change(id, { notes: [...notes, answer.note] });
    }
    if (!answer) void this.read(id);
    return Boolean(answer);
  }

  private heard(id: number, entries: Entry[]): void {
    const talk = this.state.talks[id];
    const known = new Set(talk?.entries.map(keyOf));
    const fresh = entries.filter((entry) => !known.has(keyOf(entry)));
    const said = fresh.some((entry) => entry.from === 'customer');
    if (!talk) {
      if (!this.state.mine.some((one) => one.id === id)) return;
      void this.read(id).then(() => this.change(id, { unread: 1 }));
      if (said) ring(HEARD);
      return;
    }
    const looking = id === this.open && document.visibilityState === 'visible';
    if (said && !looking && this.state.mine.some((one) => one.id === id)) ring(HEARD);
    const unread = looking ? 0 : talk.unread + fresh.filter((entry) => entry.from === 'customer').length;
    this.change(id, { entries: merged(talk.entries, entries), unread, ...(said ? { typing: false } : {}) });
  }

  private types(id: number): void {
    this.change(id, { typing: true });
    clearTimeout(this.typingTimers.get(id));
    this.typingTimers.set(id, window.setTimeout(() => this.change(id, { typing: false }), TYPING_SHOWN));
  }

  private change(id: number, change: Partial<Talk>): void {
    const talk = this.state.talks[id];
    if (talk) this.set({ talks: { ...this.state.talks, [id]: { ...talk, ...change } } });
  }

  // --- tickets, callbacks, board ---

  private ticketNews(news: TicketNews): void {
    const alarming = this.state.me?.role === 'supervisor' && ALARMS.includes(news.kind);
    const alarms = alarming ? [{ ...news, id: ++this.count }, ...this.state.alarms].slice(0, MOST_ALARMS) : this.state.alarms;
    this.set({ alarms, ticketNews: this.state.ticketNews + 1 });
    if (alarming) ring();
    this.boardSoon();
    for (const [id, talk] of Object.entries(this.state.talks)) {
      if (talk.handoff.conversation === news.ticket.conversation) void this.read(Number(id));
    }
  }

  dismiss(alarm: Alarm): void {
    this.set({ alarms: this.state.alarms.filter((one) => one.id !== alarm.id) });
  }

  async readCallbacks(): Promise<void> {
    const found = await this.done(get('callbacks'));
    if (found) this.set({ callbacks: found.callbacks });
    this.boardSoon();
  }

  async calledBack(id: number, result: 'reached' | 'unreachable'): Promise<void> {
    await this.done(post(`callbacks/${id}/done`, { result }));
    await this.readCallbacks();
  }

  private boardSoon(): void {
    if (this.state.me?.role !== 'supervisor' || this.boardTimer) return;
    this.boardTimer = window.setTimeout(() => {
      this.boardTimer = 0;
      void this.readBoard();
    }, BOARD_AFTER);
  }

  async readBoard(): Promise<void> {
    const board = await this.done(get('board'));
    if (board) this.set({ board, people: board.people, skew: skewOf(board.now) });
  }

  // --- telling ---

  // The answer, or undefined after saying why there is none; the given statuses are no news to anybody.
  async done(request: Promise<any>, quiet: number[] = []): Promise<any> {
    try {
      return await request;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status === 401 && this.state.me) this.leave(true);
      else if (!quiet.includes(error.status)) this.refuse(error);
      return undefined;
    }
  }

  refuse(error: Refused): void {
    this.tell(error.say);
  }

  tell(toast: string): void {
    clearTimeout(this.toastTimer);
    this.set({ toast });
    this.toastTimer = window.setTimeout(() => this.set({ toast: '' }), TOAST_SHOWN);
  }

  private set(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    this.listeners.forEach((listener) => listener());
  }
}

export const keyOf = (entry: Entry): string => `${entry.sequence}.${entry.part}.${entry.image ?? ''}`;

function merged(known: Entry[], more: Entry[]): Entry[] {
  const found = new Map(known.map((entry) => [keyOf(entry), entry]));
  for (const entry of more) found.set(keyOf(entry), entry);
  return [...found.values()].sort((a, b) => a.sequence - b.sequence || a.part - b.part);
}

function skewOf(now: number): number {
  return now - Date.now() / 1000;
}

// A surname by itself is not much of a name.
export const nameOf = ({ customer, phone }: Handoff): string =>
  [customer, customer.length < 2 && phone].filter(Boolean).join(' ') || words.anonymous;
