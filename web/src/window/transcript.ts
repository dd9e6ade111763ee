// The talk as a text file, from its beginning; secrets were never in it.

import type { Words } from '../words.zh-Hans';
import type { Talk } from './talk';

export async function saveTranscript(talk: Talk, words: Words): Promise<void> {
  for (let page = 0; talk.state.more && page < 100; page += 1) await talk.older();
  const time = new Intl.DateTimeFormat('zh-CN', { timeZone: 'Asia/Shanghai', dateStyle: 'short', timeStyle: 'short' });
  const lines = talk.state.entries.flatMap((entry) => {
    if (entry.kind === 'notice') return [];
    const who = entry.kind === 'mine' ? words.you : entry.agent === undefined ? words.assistant : `${words.agent} ${entry.agent}`;
    const what = entry.kind === 'mine' ? (entry.image ? `[${words.imageShown}]` : entry.text) : entry.answer.text;
    return what ? [`[${time.format(entry.at)}] ${who}:${what}`] : [];
  });
  const link = document.createElement('a');
  // The mark at the beginning tells older editors that the file is UTF-8.
  link.href = URL.createObjectURL(new Blob(['\ufeff', lines.join('\r\n'), '\r\n'], { type: 'text/plain;charset=utf-8' }));
  link.download = `${words.log}-${new Date().toISOString().slice(0, 10)}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
