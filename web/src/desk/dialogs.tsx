// Handing a talk on, and ending it.

import { useEffect, useState } from 'preact/hooks';
import { get } from './api';
import type { Talk } from './desk';
import { Dialog } from './dialog';
import { useDesk } from './hooks';
import type { Handoff, Person } from './protocol';
import { words } from './words';

const MOST_NOTE = 2000;
const MOST_AGREED = 200;

export function TransferDialog({ handoff, onClose }: { handoff: Handoff; onClose: () => void }) {
  const [desk] = useDesk();
  const [people, setPeople] = useState<Person[]>([]);
  const [to, setTo] = useState('supervisor');
  const [note, setNote] = useState('');
  useEffect(() => {
    void desk.done(get('colleagues')).then((found) => found && setPeople(found.colleagues));
  }, []);
  const there = people.filter(({ status }) => status !== 'offline');
  const { transferDialog } = words;
  return (
    <Dialog title={transferDialog.title} onClose={onClose}>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void desk.move(handoff.id, 'transfer', { to, note }).then((done) => done && onClose());
        }}
      >
        <fieldset>
          <legend>{transferDialog.to}</legend>
          <Choice name="to" value="supervisor" chosen={to} onChoose={setTo} label={transferDialog.anySupervisor} />
          {there.map((one) => (
            <Choice
              key={one.login}
              name="to"
              value={one.login}
              chosen={to}
              onChoose={setTo}
              label={`${one.name} · ${words.roles[one.role]} ${one.login}`}
              more={`${words.status[one.status]} · ${one.talks} ${transferDialog.talks}`}
            />
          ))}
          {!there.length && <p class="soft">{transferDialog.nobody}</p>}
        </fieldset>
        <label>
          {transferDialog.note}
          <textarea class="input" rows={3} maxLength={MOST_NOTE} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
        </label>
        <Buttons submit={transferDialog.submit} onClose={onClose} />
      </form>
    </Dialog>
  );
}

export function CloseDialog({ talk, onClose }: { talk: Talk; onClose: () => void }) {
  const [desk] = useDesk();
  const [result, setResult] = useState('resolved');
  const [agreed, setAgreed] = useState('');
  const [ticket, setTicket] = useState(talk.handoff.ticket);
  const tickets = [...new Set([talk.handoff.ticket, ...(talk.card?.tickets ?? []).map((one) => one.number)])].filter(Boolean);
  const { closeDialog } = words;
  return (
    <Dialog title={closeDialog.title} onClose={onClose}>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void desk.move(talk.handoff.id, 'close', { result, agreed, ticket }).then((done) => done && onClose());
        }}
      >
        <fieldset>
          <legend>{closeDialog.result}</legend>
          {Object.entries(words.results).map(([value, label]) => (
            <Choice key={value} name="result" value={value} chosen={result} onChoose={setResult} label={label} />
          ))}
        </fieldset>
        <label>
          {closeDialog.agreed}
          <textarea class="input" rows={2} maxLength={MOST_AGREED} value={agreed} onInput={(event) => setAgreed(event.currentTarget.value)} />
        </label>
        {tickets.length > 0 && (
          <label>
            {closeDialog.ticket}
            <select class="input" value={ticket} onChange={(event) => setTicket(event.currentTarget.value)}>
              <option value="">{closeDialog.noTicket}</option>
              {tickets.map((number) => (
                <option key={number}>{number}</option>
              ))}
            </select>
          </label>
        )}
        <Buttons submit={closeDialog.submit} onClose={onClose} />
      </form>
    </Dialog>
  );
}

type ChoiceProps = { name: string; value: string; chosen: string; label: string; more?: string; onChoose: (value: string) => void };

function Choice({ name, value, chosen, label, more, onChoose }: ChoiceProps) {
  return (
    <label class="choice">
      <input type="radio" name={name} value={value} checked={value === chosen} onChange={() => onChoose(value)} />
      <span class="grow">{label}</span>
      {more && <span class="soft">{more}</span>}
    </label>
  );
}

export function Buttons({ submit, disabled, onClose }: { submit: string; disabled?: boolean; onClose: () => void }) {
  return (
    <div class="buttons">
      <button type="button" class="button" onClick={onClose}>
        {words.cancel}
      </button>
      <button type="submit" class="button primary" disabled={disabled}>
        {submit}
      </button>
    </div>
  );
}
