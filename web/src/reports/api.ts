// What the server tells the page (hotline/desk/reports.py).

export type Cell = string | number | null;
export interface Table { columns: string[]; rows: Cell[][] }
export interface Figure { value: number | null; before: number | null }
export interface Staffing {
  monday: string; weeks: number; talk_time: number; agent_hours: number; people: number; error: number | null;
  rows: [number, number, number, number][];
}
export interface Report {
  from: string; to: string; by: string; channel: string;
  before: { from: string; to: string };
  headline: Record<string, Figure>;
  tables: Record<string, Table>;
  staffing: Staffing;
}
export interface Defined { title: string; means: string; unit?: string }
export interface Definitions {
  headline: Record<string, Defined>;
  tables: Record<string, Defined>;
  staffing: Record<string, Defined>;
  columns: Record<string, string>;
  values: Record<string, string>;
}
export interface Seen { conversation: string; channel: string; at: string; name: string }
export interface Entry { from: string; text: string; at: string | null; agent: string }
export interface Review { decisions: Record<string, string>; intents: string[] }
export interface Wanted { from: string; to: string; by: string; channel: string }

export class Refused extends Error {
  constructor(public status: number, public code: string) {
    super(code);
  }
}

async function answer<T>(response: Response): Promise<T> {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, body?.error?.code ?? 'fault');
  return body as T;
}

export const query = (values: object) =>
  new URLSearchParams(Object.entries(values).filter(([, value]) => value !== '' && value != null).map(([k, v]) => [k, String(v)]));

export const get = async <T>(path: string, values: object = {}): Promise<T> =>
  answer<T>(await fetch(`/desk/api/${path}?${query(values)}`, { credentials: 'same-origin' }));

export const post = async <T>(path: string, body: object): Promise<T> =>
  answer<T>(await fetch(`/desk/api/${path}`, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'Content-Type': 'application/json', 'X-Desk': '1' },
    body: JSON.stringify(body),
  }));
