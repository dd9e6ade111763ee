// What travels between window and server; docs/widget.md describes it.

export type Button = { title: string; payload: string };

export type BalanceCard = { type: 'balance'; amount: string; phone?: string; owed?: boolean };
export type BillCard = { type: 'bill'; month: string; total: string; items: { name: string; amount: string }[]; more?: string };
export type UsageCard = {
  type: 'usage';
  packages: { name: string; scope: string; used: number; total: number; expires: string }[];
  voice?: { used: number; total: number };
};
export type PlansCard = {
  type: 'plans';
  plans: { name: string; fee: string; data: number; voice: number }[];
  current?: string;
  fitting?: string;
};
export type TicketCard = { type: 'ticket'; number: string; state: string; about?: string; due?: string };
export type Card = BalanceCard | BillCard | UsageCard | PlansCard | TicketCard;

export type Answer = {
  text: string;
  buttons: Button[];
  card: Card | null;
  asks: string | null;
  secret: boolean;
  ends: boolean;
  images: boolean;
};

export type Said = { id: string; text?: string; image?: string };

// A turn: what the customer said (its messages by id) and what was answered, numbered from `first` to `last`; by a human
// agent where `agent` names one.
export type Turn = { first: number; last: number; at: string | null; said: Said[]; answers: Answer[]; agent?: string | null };

export type Message = { id: string; text?: string; payload?: string; secret?: string };

export type Reply = {
  ok?: boolean;
  error?: { field: string; reason: string };
  say?: string;
  turns?: Turn[];
  more?: boolean;
  now?: string;
  queue?: Queue | null;
  agent?: Agent | null;
};

// `position`: how many are ahead, -1 for no longer waiting. `wait` in minutes: from, to; null when nobody can tell.
export type Queue = { position: number; wait: [number, number] | null };
export type Agent = { state: 'joined' | 'typing' | 'left' | 'transferred'; number?: string };
