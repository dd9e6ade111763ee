// Which period is looked at; kept in the page's address, so that a report can be sent on as a link.

import { query, type Wanted } from './api';
import { words } from './words';

const DAY = 86_400_000;
// China's civil time, wherever the browser is.
const iso = (moment: number) => new Date(moment + 8 * 3_600_000).toISOString().slice(0, 10);
const today = () => iso(Date.now());

// The server's own limits (hotline/reports/period.py).
const [EARLIEST, LATEST] = ['2000-01-01', '2099-12-31'];
const MOST_DAYS: Record<string, number> = { hour: 62, day: 1100, month: Infinity, year: Infinity };
const fits = (step: string, { from, to }: Wanted) => (Date.parse(to) - Date.parse(from)) / DAY < (MOST_DAYS[step] ?? 0);

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
  const plain = { ...(RANGES.month!() as Wanted), channel: '' };
  const given = [...new URLSearchParams(location.search)].filter(([key]) => key in plain);
  return { ...plain, ...Object.fromEntries(given) };
}

export function Bar({ wanted, onChange }: { wanted: Wanted; onChange: (wanted: Wanted) => void }) {
  const set = (change: Partial<Wanted>) => {
    const next = { ...wanted, ...change };
    onChange({ ...next, by: fits(next.by, next) ? next.by : fits('day', next) ? 'day' : 'month' });
  };
  // A year that is being typed is the year 2 at first; a day beyond the other one takes that along.
  const day = (name: 'from' | 'to') => (event: Event) => {
    const { value, validity } = event.currentTarget as HTMLInputElement;
    if (!value || !validity.valid) return;
    set(name === 'from' ? { from: value, to: value > wanted.to ? value : wanted.to } : { to: value, from: value < wanted.from ? value : wanted.from });
  };
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
        <label>{words.from}<input type="date" value={wanted.from} min={EARLIEST} max={LATEST} onChange={day('from')} /></label>
        <label>{words.to}<input type="date" value={wanted.to} min={EARLIEST} max={LATEST} onChange={day('to')} /></label>
        <label>{words.by}
          <select value={wanted.by} onChange={(e) => set({ by: e.currentTarget.value })}>
            {Object.entries(words.steps).map(([step, name]) => <option key={step} value={step} disabled={!fits(step, wanted)}>{name}</option>)}
          </select>
        </label>
        <label>{words.channel}
          <select value={wanted.channel} onChange={(e) => set({ channel: e.currentTarget.value })}>
            <option value="">{words.all}</option><option value="web">网页</option><option value="ivr">电话</option>
          </select>
        </label>
        <a class="button" href={`/desk/api/reports/xlsx?${query(wanted)}`} download>{words.xlsx}</a>
        <button onClick={() => print()}>{words.print}</button>
      </div>
    </header>
  );
}
