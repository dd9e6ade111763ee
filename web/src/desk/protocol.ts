// What travels between the desk's page and the server; docs/desk-api.md describes it. Moments that measure waiting are
// seconds since the epoch by the server's clock.

export type Role = 'agent' | 'supervisor' | 'clerk';
export type Status = 'available' | 'busy' | 'away';

export type Me = { login: string; name: string; number: string; role: Role; skills: string[]; status: Status; now: number; moment: string };

export type Handoff = {
  id: number;
  conversation: string;
  channel: string;
  state: string;
  reason: string;
  target: 'agent' | 'supervisor';
  topic: string;
  summary: string;
  customer: string;
  phone: string;
  verified: boolean;
  here: boolean | null;
  ticket: string;
  requested: number;
  claimed: number | null;
  unanswered: number | null;
  over: boolean;
  agent: string;
  offered_to: string;
  transfer_to: string;
  held: number;
  result: string;
  agreed: string;
};

export type Queue = { now: number; queue: Handoff[]; mine: Handoff[]; calls: Handoff[] };

export type Entry = {
  sequence: number;
  part: number;
  from: 'customer' | 'bot' | 'agent' | 'system';
  text: string;
  at: string | null;
  buttons: string[];
  agent: string;
  image?: string;
};

export type Note = { id: number; at: string; login: string; text: string };
export type Moved = { at: string; move: string; actor: string; before: string; after: string; text?: string };

export type Ticket = {
  number: string;
  state: string;
  category: string;
  level: number;
  surname: string;
  title: string;
  phone: string;
  subscriber: string;
  description: string;
  channel: string;
  conversation: string;
  created: string;
  deadline: string;
  updated: string;
  urged: number;
  escalated: boolean;
  late: boolean;
  department: string;
  answer: string;
  moves: string[];
};

export type Card = {
  verified: boolean;
  phone: string;
  name: string | null;
  plan: string | null;
  status: string | null;
  suspended_for: string | null;
  balance: string | null;
  services: string[] | null;
  tickets: Ticket[];
  topic: string;
  slots: Record<string, unknown>;
  asked: string;
};

export type Shown = { now: number; handoff: Handoff; card: Card; transcript: Entry[]; notes: Note[]; history: Moved[] };

export type Phrase = { key: string; clause: string; text: string };
export type Mark = { start: number; end: number; phrase: string };
export type Person = { login: string; name: string; role: Role; status: Status | 'offline'; since: number | null; talks: number; held: number };
export type Callback = { id: number; at: string; phone: string; wanted: string; tries: number; conversation: string };

export type Board = {
  now: number;
  people: Person[];
  queue: Handoff[];
  talks: Handoff[];
  unanswered: Handoff[];
  tickets: Record<'late' | 'urged' | 'escalated' | 'soon', Ticket[]>;
  today: { handoffs: number; claimed: number; abandoned: number; callbacks: number; held: number; wait: number };
};

export type Tickets = { tickets: Ticket[]; total: number; counts: Record<string, number> };
export type TicketNews = { kind: string; ticket: Ticket };
