// What a keyboard on the screen leaves free of a page. iOS and Android lay it over the page and do not make the page smaller;
// only the page itself is told, by its visual viewport, and not the frames in it.

const KEYBOARD = 120; // pixels: no bar of a browser is as high, no keyboard as low

/** While a keyboard covers the page, `element` has `data-keyboard`, `--free-top` and `--free-height` for its style sheet. */
export function makeRoomForKeyboard(element: HTMLElement): void {
  const view = window.visualViewport;
  if (!view) return;
  const look = () => {
    const zoomed = Math.abs(view.scale - 1) > 0.05; // whoever magnifies the page wants to move about in it
    const covered = !zoomed && document.documentElement.clientHeight - view.height > KEYBOARD;
    element.toggleAttribute('data-keyboard', covered);
    element.style.setProperty('--free-top', `${Math.max(0, view.offsetTop)}px`);
    element.style.setProperty('--free-height', `${view.height}px`);
  };
  view.addEventListener('resize', look);
  view.addEventListener('scroll', look);
}
