// Where the customer writes: words, a secret behind dots, a picture while a complaint is told.

import { Icon } from '@chatui/core/Icon';
import { IconButton } from '@chatui/core/IconButton';
import { Input } from '@chatui/core/Input';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useWords } from './settings';

const MOST = 500;
const COUNT_FROM = 400;
const MOST_BYTES = 5 * 1024 * 1024;
const TYPES = ['image/jpeg', 'image/png', 'image/webp'];

type Props = {
  secret: boolean;
  images: boolean;
  onSay: (text: string) => void;
  onSecret: (secret: string) => void;
  onImage: (file: File) => void;
  onTyping: () => void;
};

export function Composer({ secret, images, onSay, onSecret, onImage, onTyping }: Props) {
  const words = useWords();
  const [text, setText] = useState(''); // here, so that what is half written outlives a question for a secret
  const [aside, setAside] = useState(false); // the customer wants to say something else than the secret
  useEffect(() => setAside(false), [secret]);
  if (secret && !aside) return <Secret onSend={onSecret} onOther={() => setAside(true)} />;
  return (
    <>
      {secret && (
        <button type="button" class="link" onClick={() => setAside(false)}>
          {words.secretBack}
        </button>
      )}
      <Words text={text} setText={setText} images={images} onSay={onSay} onImage={onImage} onTyping={onTyping} />
    </>
  );
}

type WordsProps = Omit<Props, 'secret' | 'onSecret'> & { text: string; setText: (text: string) => void };

function Words({ text, setText, images, onSay, onImage, onTyping }: WordsProps) {
  const words = useWords();
  const [problem, setProblem] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);

  function send(event: Event) {
    event.preventDefault();
    if (!text.trim()) return;
    onSay(text.trim());
    setText('');
    field.current?.focus();
  }

  function pick(event: Event) {
    const input = event.currentTarget as HTMLInputElement;
    const file = input.files?.[0];
    input.value = '';
    if (!file) return;
    const wrong = !TYPES.includes(file.type) ? words.imageWrong : file.size > MOST_BYTES ? words.imageTooLarge : '';
    setProblem(wrong);
    if (!wrong) onImage(file);
  }

  return (
    <form class="composer" onSubmit={send}>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {images && (
        <>
          <input ref={picker} type="file" accept={TYPES.join()} hidden onChange={pick} tabIndex={-1} />
          <IconButton icon="image" className="round" aria-label={words.image} onClick={() => picker.current?.click()} />
        </>
      )}
      <div class="field">
        <Input
          ref={field}
          autoSize
          rows={1}
          maxRows={4}
          maxLength={MOST}
          showCount={false}
          value={text}
          placeholder={words.placeholder}
          aria-label={words.input}
          aria-describedby="count"
          enterKeyHint="send"
          autoComplete="off"
          onChange={(value: string) => {
            setText(value);
            setProblem('');
            onTyping();
          }}
          onKeyDown={(event: KeyboardEvent) => {
            // While an input method composes, Enter picks characters.
            if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229) send(event);
          }}
        />
        <span id="count" class="count" data-full={text.length >= MOST || undefined} hidden={text.length < COUNT_FROM}>
          {text.length}/{MOST}
        </span>
      </div>
      <button type="submit" class="send" aria-label={words.send} disabled={!text.trim()}>
        <Icon type="send" />
      </button>
    </form>
  );
}

function Secret({ onSend, onOther }: { onSend: (secret: string) => void; onOther: () => void }) {
  const words = useWords();
  const [secret, setSecret] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);

  function send(event: Event) {
    event.preventDefault();
    if (secret.length < 4) return;
    setSecret('');
    onSend(secret);
    field.current?.focus();
  }

  return (
    <form class="composer secret" onSubmit={send}>
      <p class="secret-title">
        <Icon type="lock" /> {words.secretTitle}
        <span>{words.secretHint}</span>
        <button type="button" class="link" onClick={onOther}>
          {words.secretOther}
        </button>
      </p>
      <div class="field">
        <input
          ref={field}
          class="Input"
          type="password"
          inputMode="numeric"
          autoComplete="off"
          maxLength={12}
          value={secret}
          placeholder={words.secretPlaceholder}
          aria-label={words.secretPlaceholder}
          onInput={(event) => setSecret(event.currentTarget.value.replace(/\D/g, ''))}
        />
      </div>
      <button type="submit" class="send wide" disabled={secret.length < 4}>
        {words.secretSend}
      </button>
    </form>
  );
}
