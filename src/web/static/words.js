// The six words: drawn, put into one form, and looked up before anything is tried. See src/sealing/identity.rs.

import { KleroError, need } from './bytes.js';

export const WORDS = 6;
const LISTED = 7776;

// The list is a plain text, one word a line, in the order of the EFF's long list.
export function readList(text) {
  const list = text.trim().split('\n');
  need(list.length === LISTED && list.every((word) => /^[a-z]+(?:-[a-z]+)*$/.test(word)), 'key.list');
  return list;
}

// Each word equally likely: word = w / 8 of 16 bits w < 62,208 = 8 · 7,776.
// Four words of the list have a hyphen, which the canonical form reads as a space; they are drawn again.
export function drawWords(list, fill = (array) => crypto.getRandomValues(array)) {
  const words = [];
  const drawn = new Uint16Array(1);
  while (words.length < WORDS) {
    fill(drawn);
    // Beyond the list there is none.
    const word = list[drawn[0] >> 3];
    if (word && !word.includes('-')) words.push(word);
  }
  drawn[0] = 0;
  return words.join(' ');
}

// NFKC, lower case, runs of spaces, hyphens and commas made one space, trimmed.
export function canonical(typed) {
  return typed.normalize('NFKC').toLowerCase().split(/[\s\u0085,-]+/).filter(Boolean).join(' ');
}

// The canonical words; a slip is named before the slow hash is begun.
export function checkWords(list, typed) {
  const text = canonical(typed);
  const words = text === '' ? [] : text.split(' ');
  const slip = words.findIndex((word) => !list.includes(word));
  if (slip >= 0) throw new KleroError('key.word', { n: slip + 1 });
  if (words.length !== WORDS) throw new KleroError('key.count', { n: words.length });
  return text;
}
