// The server's time: the browser's own clock may be wrong.

let ahead = 0; // milliseconds

export const now = (): number => Date.now() + ahead;

export function heardTime(at: string | undefined): void {
  if (at) ahead = Date.parse(at) - Date.now();
}
