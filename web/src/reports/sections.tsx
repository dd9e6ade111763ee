// The figures: cards, charts and tables. Each says what it means when it is hovered, focused or tapped.

import type { ComponentChildren } from 'preact';
import { query, type Cell, type Defined, type Definitions, type Figure, type Report, type Table, type Wanted } from './api';
import { blue, Chart, lying, red, stacked, standing, traffic, week, type Option } from './chart';
import type { Question } from './drill';
import { words } from './words';

type Ask = (question: Question) => void;

export const Means = ({ about }: { about: Defined }) => (
  <span class="means" tabIndex={0} data-means={about.means} title={about.means}>{about.title}</span>
);

export function shown(value: number | null, unit = 'count'): string {
  if (value == null) return words.none;
  if (unit === 'share') return `${(value * 100).toFixed(1)}%`;
  if (unit === 'seconds') return `${value.toFixed(value < 100 ? 1 : 0)}${words.seconds}`;
  return unit === 'score' ? value.toFixed(2) : value.toLocaleString('zh-CN');
}

// Which way is good: a rise of these is, a fall of those; the others are neither.
const BETTER: Record<string, number> = {
  contained: 1, satisfaction: 1, content: 1, mean_wait: -1, unanswered: -1, late: -1, open_late: -1, not_understood: -1, taboo: -1,
};
const BEHIND: Record<string, string> = {
  conversations: 'begun', contained: 'contained', not_understood: 'not_understood', handoffs: 'handoff', mean_wait: 'waited', unanswered: 'unanswered',
  talk_time: 'talked', tickets: 'ticket', late: 'ticket', open_late: 'ticket', satisfaction: 'rating', content: 'rating', ratings: 'rating', taboo: 'taboo',
};

function change({ value, before }: Figure, unit: string): string {
  if (value == null || before == null) return '';
  if (unit !== 'share' && !before) return '';
  const moved = unit === 'share' ? Math.abs((value - before) * 100).toFixed(1) : Math.abs((value / before - 1) * 100).toFixed(0);
  if (!Number(moved)) return words.same;
  return `${value > before ? '+' : '−'}${moved}${unit === 'share' ? words.points : '%'}`;
}

export function Headline({ report, known, onAsk }: { report: Report; known: Definitions; onAsk: Ask }) {
  return (
    <section class="cards" aria-label={words.title}>
      {Object.entries(report.headline).map(([name, figure]) => {
        const about = known.headline[name]!;
        const moved = change(figure, about.unit!);
        const good = (BETTER[name] ?? 0) * Math.sign((figure.value ?? 0) - (figure.before ?? 0));
        const behind = BEHIND[name];
        const value = shown(figure.value, about.unit);
        return (
          <div class="card" key={name} data-figure={name}>
            <h2><Means about={about} /></h2>
            {behind && figure.value != null
              ? <button class="value" onClick={() => onAsk({ title: about.title, kind: behind })}>{value}</button>
              : <span class="value">{value}</span>}
            <small>
              {words.before} {shown(figure.before, about.unit)}
              {moved && <b class={good > 0 ? 'good' : good < 0 ? 'bad' : ''}> {moved}</b>}
            </small>
          </div>
        );
      })}
    </section>
  );
}

const number = (cell: Cell | undefined) => Number(cell ?? 0);
const LINE = 26;

export function Tables({ report, known, wanted, onAsk }: { report: Report; known: Definitions; wanted: Wanted; onAsk: Ask }) {
  const named = (cell: Cell | undefined) => (typeof cell === 'string' ? (known.values[cell] ?? cell) : String(cell ?? ''));
  const table = (name: string): Table => report.tables[name]!;
  const panel = (name: string, body: ComponentChildren, wide = false, empty = !table(name).rows.length) => (
    <Panel name={name} about={known.tables[name]!} wanted={wanted} wide={wide} key={name}>
      {empty ? <p class="soft">{words.empty}</p> : body}
    </Panel>
  );
  const list = (name: string, pick?: (row: Cell[]) => void) => <Plain table={table(name)} known={known} onPick={pick} />;
  /** A chart, and for who uses the keyboard or wants the numbers the table that it shows. */
  const drawn = (name: string, height: number, option: Option, pick: (row: Cell[]) => void, at = (index: number) => table(name).rows[index]) => (
    <>
      <Chart option={option} height={height} label={known.tables[name]!.title} onPick={({ index }) => { const row = at(index); if (row) pick(row); }} />
      <details><summary>{words.as_table}</summary>{list(name, pick)}</details>
    </>
  );
  /** A table of names and numbers as lying bars; each leads to its conversations. */
  const ranked = (name: string, kind: string) => {
    const { rows } = table(name);
    const option = lying(rows.map((row) => named(row[0])), rows.map((row) => number(row[1])), known.tables[name]!.title);
    return drawn(name, rows.length * LINE + 12, option, (row) => onAsk({ title: named(row[0]), kind, name: String(row[0]) }));
  };
  const flow = table('traffic').rows;
  const piece = (row: Cell[]) => {
    const [days, hour] = String(row[0]).split(' ') as [string, string?];
    const [from, to] = bounds(days);
    onAsk({
      title: String(row[0]), kind: 'begun', from: from > report.from ? from : report.from, to: to < report.to ? to : report.to,
      hour: hour ? Number(hour) : undefined,
    });
  };
  const sorts = [...new Set(table('tickets').rows.map((row) => String(row[0])))];
  const ofSort = (late: number) => sorts.map((sort) => table('tickets').rows.filter((row) => row[0] === sort && row[3] === late).reduce((sum, row) => sum + number(row[4]), 0));
  return (
    <div class="panels">
      {panel('traffic', drawn('traffic', 300, traffic(flow.map((row) => short(String(row[0]), report)), flow.map((row) => number(row[1])), flow.map((row) => row[2] as number | null), flow.map((row) => row[3] as number | null), [known.columns.conversations!, known.columns.before!, known.columns.contained!]), piece), true)}
      <div class="pair">
        <div class="column">
          {panel('hours', drawn('hours', 220, standing(table('hours').rows.map((row) => String(row[0])), table('hours').rows.map((row) => number(row[1])), known.columns.conversations!),
            (row) => onAsk({ title: words.hour(number(row[0])), kind: 'begun', hour: number(row[0]) })), false, !report.headline.conversations!.value)}
          {panel('topics', ranked('topics', 'topic'))}
          {panel('ratings', drawn('ratings', 200, standing(table('ratings').rows.map((row) => `${row[0]}分`), table('ratings').rows.map((row) => number(row[1])), known.tables.ratings!.title),
            (row) => onAsk({ title: `${row[0]}分`, kind: 'rating', name: String(row[0]) })), false, !report.headline.ratings!.value)}
          {panel('clauses', ranked('clauses', 'said'))}
        </div>
        <div class="column">
          {panel('channels', list('channels', (row) => onAsk({ title: named(row[0]), kind: 'begun', channel: String(row[0]) })))}
          {panel('reasons', ranked('reasons', 'handoff'))}
          {panel('waits', list('waits', (row) => onAsk({ title: named(row[0]), kind: 'waited', name: String(row[0]) })))}
          {panel('tickets', drawn('tickets', sorts.length * LINE + 40, stacked(sorts.map(named), [{ name: words.intime, values: ofSort(0), color: blue }, { name: words.late, values: ofSort(1), color: red }]),
            (row) => onAsk({ title: named(row[0]), kind: 'ticket', name: String(row[0]) }), (index) => table('tickets').rows.find((row) => row[0] === sorts[index])))}
          {panel('comments', list('comments', (row) => onAsk({ title: String(row[3]), conversation: String(row[1]) })))}
          {panel('taboo', ranked('taboo', 'taboo'))}
        </div>
      </div>
      <Panel name="staffing" about={known.tables.staffing!} wanted={wanted} wide>
        <Week report={report} known={known} />
      </Panel>
    </div>
  );
}

function Panel({ name, about, wanted, wide, children }: { name: string; about: Defined; wanted: Wanted; wide?: boolean; children: ComponentChildren }) {
  return (
    <section class={wide ? 'panel wide' : 'panel half'} data-table={name}>
      <h2><Means about={about} /><a class="csv" href={`/desk/api/reports/csv/${name}?${query(wanted)}`} download aria-label={`${about.title} ${words.csv}`}>{words.csv}</a></h2>
      {children}
    </section>
  );
}

export function Plain({ table, known, onPick }: { table: Table; known: Definitions; onPick?: (row: Cell[]) => void }) {
  const cell = (value: Cell, column: string) => {
    if (column === 'late') return value ? words.late : words.intime;
    if (column === 'contained') return shown(value as number | null, 'share');
    if (typeof value === 'string') return known.values[value] ?? value;
    return value == null ? words.none : value.toLocaleString('zh-CN');
  };
  return (
    <div class="scroll" tabIndex={0}>
      <table>
        <thead><tr>{table.columns.map((name, n) => <th scope="col" key={name} class={typeof table.rows[0]?.[n] === 'number' ? 'number' : ''}>{known.columns[name]}</th>)}</tr></thead>
        <tbody>
          {table.rows.map((row, n) => (
            <tr key={n} class={onPick ? 'picks' : ''} onClick={onPick && (() => onPick(row))}>
              {row.map((value, m) => (
                <td key={m} class={typeof value === 'number' ? 'number' : ''}>
                  {onPick && !m ? <button class="link">{cell(value, table.columns[m]!)}</button> : cell(value, table.columns[m]!)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Week({ report, known }: { report: Report; known: Definitions }) {
  const plan = report.staffing;
  const fields = plan.rows.map(([weekday, hour, expected, agents]) => [hour, weekday - 1, agents, expected]);
  const hours = Array.from({ length: 24 }, (_, hour) => String(hour));
  const tip = ([hour, weekday, agents, expected]: number[]) =>
    `${words.weekdays[weekday!]} ${words.hour(hour!)}\n${known.columns.expected} ${expected}\n${known.columns.agents} ${agents}`;
  const option: Option = week(fields, words.weekdays, hours, tip);
  return (
    <>
      <p class="soft">{words.next_week(plan.monday)}</p>
      <dl class="plan">
        {Object.entries(known.staffing).map(([name, about]) => (
          <div key={name} data-figure={`staffing-${name}`}>
            <dt><Means about={about} /></dt>
            <dd>{shown(plan[name as 'people'] as number | null, about.unit)}</dd>
          </div>
        ))}
      </dl>
      <div class="scroll" tabIndex={0}><div class="least"><Chart option={option} height={240} label={known.tables.staffing!.title} /></div></div>
    </>
  );
}

/** First and last day of a year, a month or a day. */
const bounds = (days: string): [string, string] => {
  const [year, month] = days.split('-').map(Number) as [number, number?];
  const end = month ? new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10) : `${year}-12-31`;
  return days.length === 10 ? [days, days] : [`${days}-01-01`.slice(0, 10), end];
};

const short = (label: string, { by, from, to }: Report) =>
  by === 'day' ? label.slice(5) : by !== 'hour' ? label : from === to ? words.hour(Number(label.slice(11))) : `${label.slice(5).replace(' ', '日')}点`;
