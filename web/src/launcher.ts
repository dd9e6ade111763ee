// The one line that an operator's page needs: a button in the corner and, once it is pressed, the chat in a frame of
// the hotline's own origin. The page cannot read the talk, and its styles and the chat's do not meet.
//
//   <script src="https://hotline.example/static/hotline-widget.js" data-lang="zh-Hant" data-token="…"></script>

import { makeRoomForKeyboard } from './keyboard';
import { launcher as hans } from './words.zh-Hans';
import { launcher as hant } from './words.zh-Hant';

type FromWindow = { hotline: 'ready' | 'close' | 'unread'; count?: number };

const SILENT_FOR = 2_000; // a window that has loaded and says nothing is not one: refused, or no server

const PHONE = '(max-width: 600px), (max-height: 480px)'; // upright or not

const STYLE = `
:host { all: initial; position: fixed; z-index: 2147483000; right: 24px; bottom: calc(24px + env(safe-area-inset-bottom, 0px)); font: 16px/1.4 "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
:host([data-side=left]) { right: auto; left: 24px; }
button { display: flex; align-items: center; gap: 8px; border: 0; border-radius: 28px; padding: 0 20px 0 16px; height: 56px; background: var(--hotline-brand, #0a66c2); color: #fff; font: inherit; font-weight: 600; cursor: pointer; box-shadow: 0 6px 20px rgba(10, 50, 110, .35); transition: transform .15s; }
button:hover { transform: translateY(-2px); }
button:focus-visible { outline: 3px solid #fff; box-shadow: 0 0 0 6px #0a66c2; }
:host([data-elder]) button { font-size: 21px; height: 68px; border-radius: 34px; }
:host([data-open][data-ready]) button { display: none; }
svg { width: 26px; height: 26px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.badge { position: absolute; top: -6px; right: -4px; min-width: 22px; height: 22px; box-sizing: border-box; padding: 0 6px; border-radius: 11px; background: #d32f2f; color: #fff; font-size: 13px; line-height: 22px; text-align: center; }
.badge[hidden] { display: none; }
iframe { display: none; border: 0; width: 400px; height: min(680px, calc(100vh - 48px)); border-radius: 16px; background: #f2f5f9; box-shadow: 0 12px 48px rgba(15, 35, 70, .28); color-scheme: normal; }
:host([data-open][data-ready]) iframe { display: block; }
:host([data-elder]) iframe { width: 480px; height: min(800px, calc(100vh - 48px)); }
:host([data-keyboard][data-open][data-ready]) { top: var(--free-top); bottom: auto; height: var(--free-height); }
:host([data-keyboard]) iframe, :host([data-keyboard][data-elder]) iframe { height: 100%; }
@media ${PHONE} {
  :host { right: 16px; bottom: calc(16px + env(safe-area-inset-bottom, 0px)); }
  :host([data-open][data-ready]) { inset: 0; box-sizing: border-box; padding: env(safe-area-inset-top, 0px) env(safe-area-inset-right, 0px) env(safe-area-inset-bottom, 0px) env(safe-area-inset-left, 0px); background: var(--hotline-brand, #0a5fb8); }
  :host([data-keyboard][data-open][data-ready]) { inset: var(--free-top) 0 auto; padding-bottom: 0; }
  iframe, :host([data-elder]) iframe { width: 100%; height: 100%; border-radius: 0; box-shadow: none; }
}
@media (prefers-reduced-motion: reduce) { button { transition: none; } button:hover { transform: none; } }
`;

// On a phone the window is the screen: the page behind it does not scroll under the finger.
const PAGE = `@media ${PHONE} { html:has(hotline-widget[data-open][data-ready]), html:has(hotline-widget[data-open][data-ready]) body { overflow: hidden; overscroll-behavior: none; } }`;

class Launcher {
  private readonly options = (document.currentScript as HTMLScriptElement).dataset;
  private readonly origin = new URL((document.currentScript as HTMLScriptElement).src).origin;
  private readonly base = new URL('.', (document.currentScript as HTMLScriptElement).src).href;
  private readonly words = this.options.lang === 'zh-Hant' ? hant : hans;
  private readonly host = document.createElement('hotline-widget');
  private readonly button = document.createElement('button');
  private readonly label = document.createElement('span');
  private readonly badge = document.createElement('span');
  private frame: HTMLIFrameElement | null = null;
  private ready = false;
  private token = this.options.token || '';
  private leaving = false;

  mount(): void {
    const root = this.host.attachShadow({ mode: 'open' });
    style(root, STYLE);
    style(document, PAGE);
    makeRoomForKeyboard(this.host);
    if (this.options.side === 'left') this.host.dataset.side = 'left';
    if ('elder' in this.options) this.host.dataset.elder = '';
    if (this.options.color) this.host.style.setProperty('--hotline-brand', this.options.color);
    this.button.type = 'button';
    this.button.setAttribute('aria-haspopup', 'dialog');
    this.label.textContent = this.options.label || this.words.open;
    this.button.append(icon(), this.label, this.badge);
    this.badge.className = 'badge';
    this.badge.hidden = true;
    this.button.addEventListener('click', () => this.open());
    root.append(this.button);
    document.body.append(this.host);
    addEventListener('message', (event) => this.hear(event));
    if (remembered()) this.open();
  }

  open(): void {
    const frame = this.load();
    if (!this.ready) this.label.textContent = this.words.opening; // the button stays until there is a window to see
    this.host.dataset.open = '';
    remember(true);
    this.count(0);
    this.tell({ hotline: 'show' });
    frame.focus();
  }

  close(): void {
    delete this.host.dataset.open;
    remember(false);
    this.tell({ hotline: 'hide' });
    this.button.focus();
  }

  signIn(token: string): void {
    this.token = token;
    this.leaving = false;
    this.tell({ hotline: 'token', token });
  }

  // Without a window the talk may still be open from before: it is loaded, out of sight, to end it.
  signOut(): void {
    this.token = '';
    this.leaving = true;
    this.load();
    this.tell({ hotline: 'sign-out' });
  }

  private load(): HTMLIFrameElement {
    if (this.frame) return this.frame;
    const frame = document.createElement('iframe');
    frame.title = this.words.window;
    frame.src = `${this.base}window.html#${this.settings()}`;
    frame.addEventListener('load', () => setTimeout(() => this.ready || this.giveUp(frame), SILENT_FOR));
    this.host.shadowRoot!.append(frame);
    this.frame = frame;
    return frame;
  }

  // An empty window would cover a phone's page, with nothing in it to close it.
  private giveUp(frame: HTMLIFrameElement): void {
    frame.remove();
    this.frame = null;
    if (!('open' in this.host.dataset)) return;
    this.label.textContent = this.words.failed;
    this.close(); // with the focus on the button, its new words are read out
  }

  private settings(): string {
    const { lang, theme, title } = this.options;
    const settings = new URLSearchParams({ framed: '1' });
    if (lang) settings.set('lang', lang);
    if (theme) settings.set('theme', theme);
    if (title) settings.set('title', title);
    if ('elder' in this.options) settings.set('elder', '1');
    if (this.token) settings.set('signed', '1');
    return settings.toString();
  }

  private hear(event: MessageEvent): void {
    if (!this.frame || event.source !== this.frame.contentWindow || event.origin !== this.origin) return;
    const message = event.data as FromWindow;
    if (message.hotline === 'ready') {
      this.ready = true;
      this.host.dataset.ready = '';
      this.label.textContent = this.options.label || this.words.open;
      if ('open' in this.host.dataset) this.frame.focus();
      if (this.token) this.tell({ hotline: 'token', token: this.token });
      if (this.leaving) this.tell({ hotline: 'sign-out' });
      this.tell({ hotline: 'open' in this.host.dataset ? 'show' : 'hide' });
    } else if (message.hotline === 'close') {
      this.close();
    } else if (message.hotline === 'unread') {
      this.count(message.count ?? 0);
    }
  }

  private tell(message: object): void {
    if (this.ready) this.frame?.contentWindow?.postMessage(message, this.origin);
  }

  private count(unread: number): void {
    this.badge.hidden = unread === 0;
    this.badge.textContent = unread > 99 ? '99+' : String(unread);
    this.badge.setAttribute('aria-label', `${unread} ${this.words.unread}`);
  }
}

// A sheet made by script: allowed where the page's policy forbids style attributes and elements.
function style(root: DocumentOrShadowRoot, rules: string): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(rules);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  } catch {
    const element = document.createElement('style'); // Safari before 16.4
    element.textContent = rules;
    (root instanceof Document ? root.head : (root as ShadowRoot)).append(element);
  }
}

function icon(): SVGElement {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  for (const d of ['M4 13a8 8 0 0 1 16 0', 'M4 13v4a2 2 0 0 0 2 2h1v-7H6a2 2 0 0 0-2 2', 'M20 13v4a2 2 0 0 1-2 2h-1v-7h1a2 2 0 0 1 2 2', 'M18 19c0 1.7-2 2.5-5 2.5']) {
    const path = document.createElementNS(space, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}

function remember(open: boolean): void {
  try {
    sessionStorage.setItem('hotline-open', open ? '1' : '');
  } catch {
    // storage is blocked: the window starts closed on the next page
  }
}

function remembered(): boolean {
  try {
    return sessionStorage.getItem('hotline-open') === '1';
  } catch {
    return false;
  }
}

const launcher = new Launcher();
if (document.body) launcher.mount();
else addEventListener('DOMContentLoaded', () => launcher.mount());

(window as unknown as { hotline: object }).hotline = {
  open: () => launcher.open(),
  close: () => launcher.close(),
  signIn: (token: string) => launcher.signIn(token),
  signOut: () => launcher.signOut(),
};
