// Logging in.

import { useRef, useState } from 'preact/hooks';
import { Refused } from './api';
import { useDesk } from './hooks';
import { words } from './words';

export function LogIn() {
  const [desk, { ended }] = useDesk();
  const [problem, setProblem] = useState(ended ? words.login.ended : '');
  const [busy, setBusy] = useState(false);
  const password = useRef<HTMLInputElement>(null);

  async function enter(event: Event) {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    try {
      await desk.logIn(String(form.get('login')).trim(), String(form.get('password')));
    } catch (error) {
      const refused = error as Refused;
      setProblem({ wrong: words.login.wrong, throttled: words.login.throttled }[refused.code] ?? refused.say);
      setBusy(false);
      password.current?.select();
    }
  }

  return (
    <main class="log-in">
      <form class="panel" onSubmit={(event) => void enter(event)}>
        <span class="mark" aria-hidden="true">
          <svg class="Icon">
            <use href="#icon-headset" />
          </svg>
        </span>
        <h1>{words.title}</h1>
        <label>
          {words.login.login}
          <input name="login" class="input" autoComplete="username" autoCapitalize="none" required autoFocus maxLength={50} />
        </label>
        <label>
          {words.login.password}
          <input ref={password} name="password" class="input" type="password" autoComplete="current-password" required maxLength={200} />
        </label>
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" class="button primary" disabled={busy}>
          {words.login.enter}
        </button>
      </form>
    </main>
  );
}
