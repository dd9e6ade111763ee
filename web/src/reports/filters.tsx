// Which period is looked at; kept in the page's address, so that a report can be sent on as a link.

import { query, type Wanted } from './api';
import { words } from './words';

const DAY = 86_400_000;
// China's civil time, wherever the browser is.
const iso = (moment: number) => new Date(moment + 8 * 3_600_000).toISOString().slice(0, 10);
const today = () => iso(Date.now());

const RANGES: Record<string, () => Partial<Wanted>> = {
  today: () => ({ from: today(), to: today(), by: 'hour' }),
  week: () => ({ from: iso(Date.now() - 6 * DAY), to: today(), by: 'day' }),
  month: () => ({ from: iso(Date.now() - 29 * DAY), to: today(), by: 'day' }),
  this_month: () => ({ from: `${today().slice(0, 7)}-01`, to: today(), by: 'day' }),
  last_month: () => {
    const end = iso(Date.parse(`${today().slice(0, 7)}-01T00:00:00+08:00`) - DAY);
    return { from: `${end.slice(0, 7)}-01`, to: end, by: 'day' };
  },
  year: () => ({ from: `${today().slice(0, 4)}-01-01`, to: today(), by: 'month' }),
};

export function first(): Wanted {
  const given = new URLSearchParams(location.search);
  const plain = { ...(RANGES.month!() as Wanted), channel: '' };
  return given.has('from') ? (Object.fromEntries(Object.keys(plain).map((key) => [key, given.get(key) ?? ''])) as unknown as Wanted) : plain;
}

export function Bar({ wanted, onChange }: { wanted: Wanted; onChange: (wanted: Wanted) => void }) {
  const set = (change: Partial<Wanted>) => onChange({ ...wanted, ...change });
  const value = (event: Event) => (event.currentTarget as HTMLInputElement).value;
  return (
    <header>
      <h1>{words.title}<a href="/desk/">{words.desk}</a></h1>
      <div class="ranges" role="group">
        {Object.entries(RANGES).map(([name, range]) => {
          const chosen = range();
          const on = chosen.from === wanted.from && chosen.to === wanted.to;
          return <button key={name} aria-pressed={on} onClick={() => set(chosen)}>{words.ranges[name]}</button>;
        })}
      </div>
      <div class="fields">
        <label>{words.from}<input type="date" value={wanted.from} max={wanted.to} onChange={(e) => value(e) && set({ from: value(e) })} /></label>
        <label>{words.to}<input type="date" value={wanted.to} min={wanted.from} onChange={(e) => value(e) && set({ to: value(e) })} /></label>
        <label>{words.by}
          <select value={wanted.by} onChange={(e) => set({ by: value(e) })}>
            {Object.entries(words.steps).map(([step, name]) => <option key={step} value={step}>{name}</option>)}
          </select>
        </label>
        <label>{words.channel}
          <select value={wanted.channel} onChange={(e) => set({ channel: value(e) })}>
            <option value="">{words.all}</option><option value="web">网页</option><option value="ivr">电话</option>
          </select>
        </label>
        <a class="button" href={`/desk/api/reports/xlsx?${query(wanted)}`} download>{words.xlsx}</a>
        <button onClick={() => print()}>{words.print}</button>
      </div>
    </header>
  );
}
