// The talk as this window knows it: what was said, what is on its way, and the line to the server.
//
// Nothing is lost: turns are numbered, and what is missing after a break is asked for; a message keeps its id until the
// turn that answers it has come, and is sent again under the same id after every break. A token that expired while the
// phone slept is renewed, and the talk goes on where it was.

import { io, type Socket } from 'socket.io-client';
import type { Agent, Answer, Message, Queue, Reply, Said, Turn } from './protocol';
import { heardTime, now } from './clock';
import { onLeft, readOutbox, readToken, storageWorks, writeLeft, writeOutbox, writeToken } from './storage';

const ACCEPTED_WITHIN = 10_000;
const AWAKE_WITHIN = 4_000; // a line that has slept answers by then, or is dead
const ANSWERED_WITHIN = 20_000; // a turn has 8 s, a breath 3
const RENEW_AT = 0.6; // of a token's life
const RETRY_AFTER = 2_000;
const TYPES_FOR = 4_000; // an agent who has not pressed a key for so long has stopped

export type Status = 'sending' | 'sent' | 'done' | 'failed' | 'refused'; // refused: a picture that is not taken
export type Notice = 'expired' | 'otherCustomer' | 'signedOut' | 'cleared' | 'notKept' | 'signInFailed' | 'ended' | 'joined' | 'transferred' | 'gone';

export type Entry =
  | { kind: 'mine'; key: string; at: number; text?: string; image?: string; status: Status; note?: string }
  | { kind: 'theirs'; key: string; at: number; answer: Answer; agent?: string }
  | { kind: 'notice'; key: string; at: number; notice: Notice; detail?: string };

export type State = {
  line: 'connecting' | 'online' | 'offline' | 'refused';
  entries: Entry[];
  more: boolean;
  latest: Answer[]; // the answers of the last turn: what is asked, what is offered
  queue: Queue | null;
  agent: { number?: string; typing: boolean } | null;
};

type Pending = { message: Message; timer?: number };

export class Talk {
  state: State = { line: 'connecting', entries: [], more: false, latest: [], queue: null, agent: null };
  onTurn: () => void = () => {};
  private readonly listeners = new Set<() => void>();
  private readonly pending = new Map<string, Pending>();
  private readonly pictures = new Map<string, Blob>(); // on their way
  private socket: Socket | null = null;
  private token = readToken();
  private asking: Promise<string> | null = null; // for a token
  private conversation = '';
  private siteToken = '';
  private last = 0;
  private first = 0;
  private opened = false;
  private opening = false;
  private sending = false;
  private renewal = 0;
  private typedAt = 0;
  private stopped = 0;
  private count = 0;
  private readonly early: Turn[] = [];

  constructor(private traditional: boolean) {}

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  // --- the line ---

  start(): void {
    if (!storageWorks()) this.note('notKept');
    for (const message of readOutbox()) this.queueUp(message);
    const socket = io({
      transports: ['websocket', 'polling'],
      timeout: 8_000, // a WebSocket that neither opens nor fails
      reconnectionDelay: 500,
      reconnectionDelayMax: 4000,
      auth: (give) => {
        this.session()
          .then((token) => give({ token, script: this.traditional ? 'hant' : 'hans' }))
          .catch(() => give({}));
      },
    });
    this.socket = socket;
    socket.on('connect', () => void this.open());
    socket.on('disconnect', (reason) => {
      this.opened = false;
      if (this.state.line !== 'refused') this.set({ line: 'offline' });
      if (reason === 'io server disconnect') this.again();
    });
    socket.on('connect_error', () => {
      if (this.state.line === 'refused') return;
      this.set({ line: 'offline' });
      if (!socket.active) return this.again(); // the server refused the token: a fresh one is asked for
      socket.io.opts.transports = ['polling', 'websocket']; // some proxies let no WebSocket through
    });
    socket.on('turn', (turn: Turn) => this.hear(turn));
    socket.on('failed', ({ ids }: { ids: string[] }) => ids.forEach((id) => this.fail(id)));
    socket.on('queue', (queue: Queue | null) => this.set({ queue: queue && queue.position >= 0 ? queue : null }));
    socket.on('agent', (agent: Agent) => this.agent(agent));
    onLeft(() => {
      this.forget('signedOut');
      this.again(0);
    });
    addEventListener('online', () => socket.connect());
    addEventListener('offline', () => this.set({ line: 'offline' }));
    // A phone that wakes up may hold a line that is dead, and find out after a minute: it asks at once.
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState !== 'visible' || this.state.line === 'refused') return;
      if (this.opened) void this.open(AWAKE_WITHIN);
      else socket.connect();
    });
  }

  signIn(token: string): void {
    this.siteToken = token;
    if (this.socket) void this.renew();
  }

  // For good: no token that is left somewhere opens this talk again.
  async signOut(notice: Notice = 'signedOut'): Promise<void> {
    const token = this.token;
    this.siteToken = '';
    this.forget(notice);
    writeOutbox([]);
    writeLeft();
    if (token) {
      await fetch('/chat/session', { method: 'DELETE', headers: { Authorization: `Bearer ${token}` } }).catch(() => {});
    }
    this.again(0);
  }

  speak(traditional: boolean): void {
    this.traditional = traditional;
    const waiting = [...this.pending.values()];
    this.clear();
    waiting.forEach(({ message }) => this.queueUp(message));
    this.again(0);
  }

  private again(after = RETRY_AFTER): void {
    this.socket?.disconnect();
    setTimeout(() => this.socket?.connect(), after);
  }

  // One request at a time: the line that comes back and the clock of the renewal would both ask.
  private async session(): Promise<string> {
    let token;
    do token = await (this.asking ??= this.ticket().finally(() => (this.asking = null)));
    while (this.siteToken); // it came meanwhile
    return token;
  }

  private async ticket(): Promise<string> {
    const site = this.siteToken;
    this.token = readToken() ?? this.token; // another tab may have renewed it
    const headers: Record<string, string> = { 'Content-Type': 'application/json' };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    const script = this.traditional ? 'hant' : 'hans';
    const body = JSON.stringify({ since: this.last, script, ...(site ? { site_token: site } : {}) });
    const signal = AbortSignal.timeout?.(ACCEPTED_WITHIN); // older browsers wait as long as their network does
    const response = await fetch('/chat/session', { method: 'POST', headers, body, signal });
    if (response.status === 401 && this.token) {
      this.forget('expired');
      return this.ticket();
    }
    if (response.status === 403) {
      const { error } = await response.json();
      if (error?.field === 'site_token') {
        if (this.siteToken === site) this.siteToken = '';
        this.note('signInFailed');
        return this.ticket();
      }
      this.set({ line: 'refused' });
      this.socket?.disconnect();
    }
    if (!response.ok) throw new Error(String(response.status));
    const { token, conversation, expires_in: expiresIn, over } = await response.json();
    if (over) this.finish(over);
    if (this.conversation && conversation !== this.conversation) {
      if (site) this.forget('otherCustomer');
      else this.clear(); // the other tab's talk is shown
    }
    this.conversation = conversation;
    if (this.siteToken === site) this.siteToken = '';
    this.token = token;
    writeToken(token);
    clearTimeout(this.renewal);
    // Counted here, from now on: the browser's clock may be wrong.
    this.renewal = window.setTimeout(() => void this.renew(), expiresIn * 1000 * RENEW_AT);
    return token;
  }

  private async renew(): Promise<void> {
    const before = this.conversation;
    try {
      const token = await this.session();
      if (this.conversation !== before) this.again(0);
      else if (this.opened) this.socket?.emit('renew', { token });
    } catch {
      this.renewal = window.setTimeout(() => void this.renew(), RETRY_AFTER * 5);
    }
  }

  // The talk ended while nobody was here: what was missed of it is shown, and a new one begins below.
  private finish(turns: Turn[]): void {
    this.opened = true;
    for (const turn of turns) this.hear(turn, true);
    this.forget('expired');
  }

  // The conversation is over for this browser: a new one starts below what is on the screen.
  private forget(notice: Notice): void {
    this.token = null;
    this.conversation = '';
    writeToken(null);
    this.last = this.first = 0;
    this.opened = false;
    this.early.length = 0;
    this.set({ more: false, latest: [], queue: null, agent: null });
    if (notice !== 'expired') this.clear();
    if (this.state.entries.length || notice !== 'expired') this.note(notice);
  }

  private clear(): void {
    this.last = this.first = 0;
    this.opened = false;
    for (const { timer } of this.pending.values()) clearTimeout(timer);
    this.pending.clear();
    this.pictures.clear();
    this.set({ entries: [], more: false, latest: [], queue: null, agent: null });
  }

  private async open(within = ACCEPTED_WITHIN): Promise<void> {
    if (this.opening) return;
    this.opening = true;
    const reply = await this.ask('open', { since: this.last }, within);
    this.opening = false;
    if (!reply.ok) {
      // A line that broke meanwhile comes back by itself, and sooner.
      if (this.socket!.connected) this.again(reply.error?.field === 'token' ? 0 : RETRY_AFTER);
      return;
    }
    const fresh = this.last === 0;
    heardTime(reply.now);
    this.opened = true;
    // What is still on its way stands below what was said meanwhile.
    const waits = ({ key }: Entry) => this.pending.has(key);
    const waiting = this.state.entries.filter(waits);
    this.set({ line: 'online', entries: this.state.entries.filter((entry) => !waits(entry)) });
    for (const turn of reply.turns ?? []) this.hear(turn, true);
    for (const turn of this.early.splice(0)) this.hear(turn);
    this.set({ entries: [...this.state.entries, ...waiting.filter(waits)] });
    if (fresh) this.set({ more: reply.more === true });
    this.stand(reply);
    for (const id of this.pending.keys()) this.mark(id, 'sending');
    this.sending = false;
    void this.flush();
  }

  private ask(event: string, data: object, within = ACCEPTED_WITHIN): Promise<Reply> {
    return new Promise((resolve) => {
      this.socket!.timeout(within).emit(event, data, (late: Error | null, reply: Reply) => {
        resolve(late ? { error: { field: 'line', reason: 'no reply' } } : reply);
      });
    });
  }

  // --- what is sent ---

  say(text: string, payload?: string): void {
    this.queueUp({ id: newId(), text, ...(payload ? { payload } : {}) });
    void this.flush();
  }

  saySecret(secret: string): void {
    this.queueUp({ id: newId(), secret });
    void this.flush();
  }

  retry(id: string): void {
    if (this.pictures.has(id)) return void this.upload(id);
    const pending = this.pending.get(id);
    if (!pending) return;
    this.mark(id, 'sending');
    void this.flush();
  }

  typed(): void {
    const now = performance.now();
    if (!this.opened || now - this.typedAt < 800) return;
    this.typedAt = now;
    this.socket?.emit('typing', {});
  }

  leaveQueue(): void {
    void this.ask('leave_queue', {}).then((reply) => {
      if (reply.ok) this.set({ queue: null });
    });
  }

  async sendImage(file: Blob): Promise<void> {
    const id = newId();
    const image = URL.createObjectURL(file);
    this.add({ kind: 'mine', key: id, at: now(), image, status: 'sending' });
    this.pictures.set(id, file);
    await this.upload(id);
  }

  private async upload(id: string): Promise<void> {
    const file = this.pictures.get(id)!;
    this.mark(id, 'sending');
    try {
      const headers = { Authorization: `Bearer ${this.token}`, 'X-Message-Id': id, 'Content-Type': file.type };
      const { ok, status } = await fetch('/chat/image', { method: 'POST', headers, body: file });
      if (!ok && status !== 400 && status !== 413) throw new Error(String(status));
      this.pictures.delete(id);
      if (this.statusOf(id) === 'sending') this.mark(id, ok ? 'sent' : 'refused'); // else the turn was faster
    } catch {
      this.mark(id, 'failed');
    }
  }

  async image(name: string): Promise<string> {
    if (name.startsWith('blob:')) return name;
    const response = await fetch(`/chat/image/${name}`, { headers: { Authorization: `Bearer ${this.token}` } });
    if (!response.ok) throw new Error(String(response.status));
    return URL.createObjectURL(await response.blob());
  }

  private queueUp(message: Message): void {
    this.pending.set(message.id, { message });
    const text = message.secret === undefined ? message.text : '••••••';
    this.add({ kind: 'mine', key: message.id, at: now(), text, status: 'sending' });
    this.keep();
  }

  // One after the other, so that they arrive in the order in which they were said.
  private async flush(): Promise<void> {
    if (this.sending || !this.opened) return;
    this.sending = true;
    for (const [id, pending] of this.pending) {
      if (this.statusOf(id) !== 'sending') continue;
      const reply = await this.ask('message', pending.message);
      if (!this.opened) return; // the line broke: all that is pending is sent again when it is back
      if (!this.pending.has(id)) continue; // the answer was faster
      if (reply.ok) {
        this.mark(id, 'sent');
        pending.timer = window.setTimeout(() => this.fail(id), ANSWERED_WITHIN);
      } else if (reply.error?.field === 'token') {
        this.sending = false;
        this.again(0);
        return;
      } else {
        this.fail(id, reply.say);
      }
    }
    this.sending = false;
    if ([...this.pending.keys()].some((id) => this.statusOf(id) === 'sending')) void this.flush();
  }

  private fail(id: string, note?: string): void {
    if (!this.pending.has(id)) return;
    clearTimeout(this.pending.get(id)!.timer);
    this.mark(id, 'failed', note);
  }

  private statusOf(id: string): Status | undefined {
    const entry = this.state.entries.find((candidate) => candidate.key === id);
    return entry?.kind === 'mine' ? entry.status : undefined;
  }

  private mark(id: string, status: Status, note?: string): void {
    this.set({
      entries: this.state.entries.map((entry) => (entry.kind === 'mine' && entry.key === id ? { ...entry, status, note } : entry)),
    });
  }

  private keep(): void {
    writeOutbox([...this.pending.values()].map(({ message }) => message));
  }

  // --- what is heard ---

  private hear(turn: Turn, replayed = false): void {
    if (!this.opened) return void this.early.push(turn); // it came before the reply to `open`
    if (turn.first > 0) {
      if (turn.last <= this.last) return this.settle(turn.said, turn.at);
      if (turn.first > this.last + 1 && this.last > 0 && !replayed) return void this.open(); // something was missed
      if (this.last === 0) this.first = turn.first;
      this.last = turn.last;
    }
    this.settle(turn.said, turn.at);
    if (turn.agent && this.state.agent) this.set({ agent: { ...this.state.agent, typing: false } });
    const found = this.entriesOf(turn);
    if (found.length) {
      const ended = turn.answers.some((answer) => answer.ends);
      this.set({ entries: [...this.state.entries, ...found], latest: turn.answers });
      if (ended) this.note('ended');
      if (!replayed) this.onTurn();
    }
  }

  private entriesOf(turn: Turn): Entry[] {
    const at = moment(turn.at);
    return turn.answers.map((answer, index) => ({
      kind: 'theirs',
      key: turn.first ? `${this.conversation}:${turn.first}:${index}` : `fault:${++this.count}`,
      at,
      answer,
      agent: turn.agent ?? undefined,
    }));
  }

  // These messages have been answered; those of another tab appear here for the first time.
  private settle(said: Said[], at: string | null): void {
    let entries = this.state.entries;
    for (const { id, text, image } of said) {
      clearTimeout(this.pending.get(id)?.timer);
      this.pending.delete(id);
      if (entries.some((entry) => entry.key === id)) {
        entries = entries.map((entry) =>
          entry.kind === 'mine' && entry.key === id
            ? { ...entry, status: 'done', note: undefined, text: text ?? entry.text, at: moment(at) }
            : entry,
        );
      } else {
        entries = [...entries, { kind: 'mine', key: id, at: moment(at), text, image, status: 'done' }];
      }
    }
    this.set({ entries });
    this.keep();
  }

  async older(): Promise<void> {
    if (!this.state.more || !this.first) return;
    const reply = await this.ask('history', { before: this.first });
    if (!reply.ok || !reply.turns) return;
    const found: Entry[] = [];
    for (const turn of reply.turns) {
      for (const { id, text, image } of turn.said) {
        found.push({ kind: 'mine', key: id, at: moment(turn.at), text, image, status: 'done' });
      }
      found.push(...this.entriesOf(turn));
    }
    this.first = reply.turns[0]?.first ?? this.first;
    this.set({ entries: [...found, ...this.state.entries], more: reply.more === true });
  }

  // Where the talk stands between assistant and human: it may have changed while this window was not there.
  private stand({ queue, agent }: Reply): void {
    if (queue !== undefined) this.set({ queue });
    if (agent !== undefined) this.set({ agent: agent && { number: agent.number, typing: false } });
  }

  private agent({ state, number }: Agent): void {
    clearTimeout(this.stopped);
    if (state === 'typing') {
      this.set({ agent: { number: number ?? this.state.agent?.number, typing: true } });
      this.stopped = window.setTimeout(() => this.state.agent && this.set({ agent: { ...this.state.agent, typing: false } }), TYPES_FOR);
    } else if (state === 'joined') {
      if (this.state.agent?.number === number) return; // told of it already
      this.set({ agent: { number, typing: false }, queue: null });
      this.note('joined', number);
    } else {
      this.set({ agent: null });
      const spoke = this.state.entries.filter((entry) => entry.kind === 'theirs').pop();
      if (state === 'left' && spoke?.agent === undefined) return; // the assistant has said so itself
      this.note(state === 'transferred' ? 'transferred' : 'gone', number);
    }
  }

  note(notice: Notice, detail?: string): void {
    this.add({ kind: 'notice', key: `notice:${++this.count}`, at: now(), notice, detail });
  }

  private add(entry: Entry): void {
    this.set({ entries: [...this.state.entries, entry] });
  }

  private set(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    this.listeners.forEach((listener) => listener());
  }
}

function moment(at: string | null | undefined): number {
  return at ? Date.parse(at) : now();
}

function newId(): string {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
