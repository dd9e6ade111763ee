// The supervisors' reports: a period, its figures, the conversations behind them, and what was not understood.

import { render } from 'preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { get, post, query, Refused, type Definitions, type Report, type Wanted } from './api';
import { Drill, type Question } from './drill';
import { Bar, first } from './filters';
import { Review } from './review';
import { Headline, Tables } from './sections';
import { words } from './words';
import './reports.css';

function App() {
  const [wanted, setWanted] = useState<Wanted>(first);
  const [report, setReport] = useState<Report>();
  const [known, setKnown] = useState<Definitions>();
  const [problem, setProblem] = useState('');
  const [question, setQuestion] = useState<Question>();
  const [counting, setCounting] = useState(true);
  const latest = useRef<Wanted>();

  const load = useCallback(async () => {
    latest.current = wanted;
    setProblem('');
    setCounting(true);
    try {
      const [meant, found] = await Promise.all([known ?? get<Definitions>('reports/definitions'), get<Report>('reports', wanted)]);
      setKnown(meant);
      if (latest.current === wanted) setReport(found); // a slow answer to an earlier question is none to this one
    } catch (error) {
      if (latest.current === wanted) setProblem(error instanceof Refused ? error.code : 'unavailable');
    }
    if (latest.current === wanted) setCounting(false);
  }, [wanted, known]);
  useEffect(() => void load(), [wanted]);
  useEffect(() => history.replaceState(null, '', `?${query(wanted)}`), [wanted]);

  const out = problem === 'session' || problem === 'role';
  const ask = useMemo(() => (asked: Question) => setQuestion(asked), []);
  if (out) return <SignIn refused={problem === 'role'} onIn={load} />;
  return (
    <>
      <Bar wanted={wanted} onChange={setWanted} />
      <main aria-busy={counting}>
        {problem && <p class="problem" role="alert">{problem === 'field' ? words.field : words.unavailable}</p>}
        <p class="counting" role="status">{counting && words.loading}</p>
        {report && known && (
          <>
            <p class="span">
              <strong>{words.span(report.from, report.to)}</strong>
              {report.channel && <span> · {known.values[report.channel] ?? report.channel}</span>}
              <span class="soft"> {words.compared(report.before.from, report.before.to)}</span>
            </p>
            <Headline report={report} known={known} onAsk={ask} />
            <Tables report={report} known={known} wanted={wanted} onAsk={ask} />
            <Review phrases={report.tables.phrases!} wanted={wanted} known={known} onAsk={ask} />
          </>
        )}
      </main>
      {question && <Drill question={question} wanted={wanted} known={known!} onClose={() => setQuestion(undefined)} />}
    </>
  );
}

function SignIn({ refused, onIn }: { refused: boolean; onIn: () => void }) {
  const [problem, setProblem] = useState(refused ? words.role : '');
  const enter = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    try {
      const me = await post<{ role: string }>('login', { login: form.get('login'), password: form.get('password') });
      if (me.role !== 'supervisor') return setProblem(words.role);
      onIn();
    } catch (error) {
      const status = error instanceof Refused ? error.status : 0;
      setProblem(status === 401 ? words.wrong : status === 429 ? words.throttled : words.unavailable);
    }
  };
  return (
    <form class="enter" onSubmit={enter}>
      <h1>{words.title}</h1>
      <label>{words.login}<input name="login" autocomplete="username" required /></label>
      <label>{words.password}<input name="password" type="password" autocomplete="current-password" required /></label>
      {problem && <p class="problem" role="alert">{problem}</p>}
      <button class="main">{words.enter}</button>
    </form>
  );
}

render(<App />, document.getElementById('app')!);
