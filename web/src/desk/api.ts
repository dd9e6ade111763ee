// The desk's endpoints. What is refused is thrown as `Refused`, with the server's own body.

import { words } from './words';

const BASE = '/desk/api/';
const WITHIN = 15_000;

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly body: any,
  ) {
    super(body?.error?.code ?? String(status));
  }

  get code(): string {
    return this.body?.error?.code ?? (this.status ? 'fault' : 'line');
  }

  // What to tell the agent.
  get say(): string {
    const { field, state } = this.body?.error ?? {};
    if (this.code === 'state') return `${words.refused.state}${words.states[state] ? `(${words.states[state]})` : ''}`;
    if (this.code === 'field') return `${words.refused.field}:${words.fields[field] ?? field}`;
    return words.refused[this.code] ?? words.refused.fault!;
  }
}

async function call(path: string, init: RequestInit): Promise<any> {
  let response: Response;
  try {
    response = await fetch(BASE + path, { ...init, credentials: 'same-origin', signal: AbortSignal.timeout(WITHIN) });
  } catch {
    throw new Refused(0, null);
  }
  const body = await response.json().catch(() => null);
  if (!response.ok || body === null) throw new Refused(response.status, body);
  return body;
}

export const get = (path: string): Promise<any> => call(path, {});

export function post(path: string, body: object = {}): Promise<any> {
  return call(path, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Desk': '1' }, body: JSON.stringify(body) });
}

export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
