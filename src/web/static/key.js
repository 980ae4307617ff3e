// Making a key: six words are drawn, written down, typed; only then are the keys made, sealed and proven to open.

import { KleroError } from './bytes.js';
import { groups } from './card.js';
import { makeIdentity, openIdentity } from './identity.js';
import { $, api, begin, data, newOnce, on, onLock, onSubmit, put, say, show, unlock, wordList } from './page.js';
import { checkWords, drawWords } from './words.js';

let words = null;
let made = null;
const once = newOnce();

function forget() {
  words = null;
  $('new-words').textContent = '';
}

on('make', async () => {
  words = drawWords(await wordList());
  $('new-words').replaceChildren(...words.split(' ').map((word) => {
    const item = document.createElement('li');
    item.textContent = word;
    return item;
  }));
  show('words');
});

on('written', async () => {
  $('new-words').textContent = '';
  show('type');
});

on('again', async () => {
  forget();
  show('make');
});

onSubmit('typed', async () => {
  const typed = checkWords(await wordList(), $('typed-words').value);
  if (typed !== words) throw new KleroError('key.words');
  if (!made) {
    put('status', say('opening'));
    const centres = data.centres ? data.centres.split(' ') : [];
    const fresh = await makeIdentity({ person: data.person, role: data.role, centres }, typed);
    // The proof that it opens is to open it with what was typed.
    await openIdentity(fresh.file, typed);
    made = fresh;
  }
  await api('PUT', '/v1/keys/mine', { card: made.card, identity: made.file }, once);
  forget();
  $('typed-words').value = '';
  put('fingerprint', groups(made.print));
  show('sheet');
});

on('save', async () => {
  const address = URL.createObjectURL(new Blob([made.file], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = `${data.person}.key.json`;
  link.click();
  URL.revokeObjectURL(address);
});

on('kept', async () => show('fingerprint'));

onSubmit('try', async () => {
  await unlock();
  put('status', say('opens'));
});

onLock(forget);
begin(async () => show(data.fingerprint ? 'own' : 'make'));
