// The few components taken from @chatui/core; its own types want React's.
declare module '@chatui/core/Bubble' {
  export const Bubble: import('preact').ComponentType<any>;
}
declare module '@chatui/core/Typing' {
  export const Typing: import('preact').ComponentType<{ text?: string }>;
}
declare module '@chatui/core/Input' {
  export const Input: import('preact').ComponentType<any>;
}
declare module '@chatui/core/Button' {
  export const Button: import('preact').ComponentType<any>;
}
declare module '@chatui/core/IconButton' {
  export const IconButton: import('preact').ComponentType<any>;
}
declare module '@chatui/core/Icon' {
  export const Icon: import('preact').ComponentType<{ type: string; className?: string; name?: string }>;
}
declare module '*.css';
