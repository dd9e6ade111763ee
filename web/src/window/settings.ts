// How the window looks and which words it uses: from the page that shows it, then from what the customer chose.

import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { words as hans, type Words } from '../words.zh-Hans';
import { words as hant } from '../words.zh-Hant';
import { readLooks, type Looks } from './storage';

const given = new URLSearchParams(location.hash.slice(1));

export const framed = given.get('framed') === '1' && parent !== window;
export const signedIn = given.get('signed') === '1'; // the page will give a token
export const title = given.get('title');

export function firstLooks(): Required<Looks> {
  const theme = given.get('theme');
  const dark = theme ? theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  return { elder: given.get('elder') === '1', dark, traditional: given.get('lang') === 'zh-Hant', ...readLooks() };
}

export const wordsOf = (traditional: boolean): Words => (traditional ? hant : hans);

export const WordsContext = createContext<Words>(hans);
export const useWords = () => useContext(WordsContext);
