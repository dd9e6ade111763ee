// A dialog over the page: the browser keeps the focus in it and closes it upon Escape.

import { Icon } from '@chatui/core/Icon';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { words } from './words';

type Props = { title: string; wide?: boolean; onClose: () => void; children: ComponentChildren };

export function Dialog({ title, wide, onClose, children }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    box.current!.showModal();
    return () => before?.focus?.();
  }, []);
  return (
    <dialog
      ref={box}
      class="dialog"
      data-wide={wide || undefined}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => {
        if (event.target === box.current) onClose();
      }}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2>{title}</h2>
          <button type="button" class="icon-button" aria-label={words.tickets.close} onClick={onClose}>
            <Icon type="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
