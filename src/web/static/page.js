// What the pages with keys share: their steps, their words, the service, and the unlocked key. All of it lives in one
// document and ends with it.

import { KleroError, hex, random } from './bytes.js';
import { readArms } from './arms.js';
import { canOpenKeys, openIdentity, whose } from './identity.js';
import { openSlot, openingReceipt, prove, readCommitment, unwrapFor } from './open.js';
import { checkWords, readList } from './words.js';

export const $ = (id) => document.getElementById(id);
export const all = (css) => [...document.querySelectorAll(css)];
// Puts a text wherever the page has a place for it.
export const fill = (css, text) => all(css).forEach((place) => { place.textContent = text; });
export const press = (css, act) => all(css).forEach((button) => { button.onclick = () => act(button); });
export const { lang } = document.documentElement;
export const data = $('app').dataset;
export const newOnce = () => hex(random(16));

const sections = all('[data-step]');
let here = null;

// Shows one step, and puts the reader at its beginning.
export function show(step) {
  here = step;
  for (const section of sections) section.hidden = section.dataset.step !== step;
  quiet();
  const shown = sections.find((section) => !section.hidden);
  const first = shown.querySelector('[data-focus]') || shown.querySelector('h1');
  if (!first.matches('input,button')) first.tabIndex = -1;
  window.scrollTo(0, 0);
  first.focus({ preventScroll: true });
}

// The second press of a double click belongs to the step that the first was made in: on the step that came up between
// the two it presses nothing, whatever lies under the pointer there.
let pressedIn = null;
document.addEventListener('click', (event) => {
  if (event.detail < 2) pressedIn = here;
  if (pressedIn === here) return;
  event.preventDefault();
  event.stopPropagation();
}, true);

// The words of a code, with what is put into them. They all stand in the page.
export function say(code, given) {
  const words = $('words').content;
  const found = words.querySelector(`[data-code="${code}"]`) || words.querySelector('[data-code="failed"]');
  return found.textContent.replace(/\{(\w+)\}/g, (_, name) => given[name]);
}

export const put = (id, text) => { $(id).textContent = text; };

function quiet() {
  $('problem').hidden = true;
  put('status', '');
}

export function tell(error) {
  put('status', '');
  put('problem-title', error.title || $('problem').dataset.title);
  put('problem-words', error.words || say(error.code || 'failed', error.detail));
  $('problem').hidden = false;
  $('problem').focus();
}

// A cut line leaves it unknown whether an act was done: pressing again is harmless.
export async function api(method, path, body, once) {
  const headers = {
    'Klero-Form': document.querySelector('meta[name=klero-form]').content,
    'Accept-Language': lang,
    'Content-Type': 'application/json',
  };
  if (once) headers['Idempotency-Key'] = once;
  let answer;
  let said;
  try {
    const sent = typeof body === 'string' || !body ? body : JSON.stringify(body);
    answer = await fetch(path, { method, headers, body: sent, cache: 'no-store' });
    said = await answer.json();
  } catch (_) {
    throw new KleroError('unknown');
  }
  if (answer.ok) return said;
  const error = new KleroError(said.code);
  const fields = (said.errors || []).map(({ words }) => words[lang]);
  error.title = said.title;
  error.words = [said.detail, ...fields].join(' ');
  throw error;
}

// One act at a time: a second press while the first runs is the first.
let busy = false;
export async function run(act) {
  if (busy) return;
  busy = true;
  quiet();
  try {
    await act();
  } catch (error) {
    tell(error);
  } finally {
    busy = false;
  }
}

export const on = (id, act) => $(id).addEventListener('click', () => run(act));

export function onSubmit(id, act) {
  $(id).addEventListener('submit', (event) => {
    event.preventDefault();
    run(act);
  });
}

export const chosen = (name) => (document.querySelector(`input[name="${name}"]:checked`) || {}).value;

// A row out of a <template>, its parts by data-part.
export function row(template, parts) {
  const made = $(template).content.firstElementChild.cloneNode(true);
  for (const [name, text] of Object.entries(parts)) made.querySelector(`[data-part=${name}]`).textContent = text;
  return made;
}

let identity = null;
let file = null;
let list = null;

export const wordList = async () => {
  list = list || readList(await (await fetch(data.words)).text());
  return list;
};

// The sealed file comes from the service; when it cannot, from the person's own key sheet or disk.
async function sealedFile() {
  const [own] = $('key-file').files;
  if (own) file = await own.text();
  if (!file) {
    try {
      file = (await api('GET', '/v1/keys/mine')).identity;
    } catch (error) {
      $('own-file').hidden = false;
      throw error.code === 'unknown' ? error : new KleroError('key.none');
    }
    $('own-file').hidden = Boolean(file);
  }
  if (!file) throw new KleroError('key.none');
  if (whose(file).person !== data.person) throw new KleroError('key.other');
  return file;
}

function locked(yes) {
  $('unlock').hidden = !yes;
  if ($('lock-row')) $('lock-row').hidden = yes;
}

// Opens the key with the words that were typed, unless it is open.
export async function unlock() {
  if (identity) return identity;
  const typed = checkWords(await wordList(), $('six-words').value);
  const sealed = await sealedFile();
  put('status', say('opening'));
  identity = await openIdentity(sealed, typed);
  $('six-words').value = '';
  put('status', '');
  locked(false);
  return identity;
}

export const isOpen = () => identity !== null;
// The unlocked key, for what is opened beside a release.
export function holder() {
  if (!identity) throw new KleroError('key.words');
  return identity;
}

// What a page clears when it locks: the arm above all.
let clear = () => {};
export const onLock = (act) => { clear = act; };

export function lock() {
  identity = null;
  locked(true);
  $('six-words').value = '';
  clear();
}

const IDLE = 15 * 60;
let left = IDLE;
const awake = () => { left = IDLE; };

function tick() {
  left -= 1;
  const clock = $('left');
  if (clock) clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
  if (left === 0 && identity) lock();
}

let commitment = null;
let arms = null;
let root = null;

const groups = (bytes) => hex(bytes).match(/.{4}/g).join(' ');

// The root is held against the one that this device knows. On a new device the person compares it with paper, or goes
// on without: an emergency never waits.
async function pin() {
  commitment = await readCommitment(await api('GET', '/v1/commitment'));
  const { manifest, all } = commitment;
  api('GET', '/v1/trial/file').then(async (said) => { arms = await readArms(said.file, manifest); }, () => {});
  const said = [];
  for (const segment of all) said.push(await compared(segment));
  // No better than the least of them.
  root = ['not-compared', 'compared', 'known'].find((answer) => said.includes(answer));
}

async function compared(manifest) {
  const name = `klero.root.${manifest.trial}.${manifest.segment}`;
  const known = localStorage.getItem(name);
  if (known !== null && known !== hex(manifest.root)) throw new KleroError('root.new');
  if (known !== null) return 'known';
  put('root-digits', groups(manifest.root));
  show('root');
  const answer = await new Promise((resolve) => {
    for (const one of ['compared', 'not-compared']) $(`root-${one}`).onclick = () => resolve(one);
  });
  if (answer === 'compared') localStorage.setItem(name, hex(manifest.root));
  return answer;
}

export const rootSaid = () => root;
// The commitment that everything is proven against.
export const pinned = () => commitment;
// The key under which this trail's checkpoints are signed.
export const trail = () => commitment.trail;

// Every arm of the manifest with its name, all alike: what a lot can be of.
export const products = () => commitment.manifest.arms.map((id, i) => ({ id, name: arms ? arms[i].name[lang] : id }));

const wordsOf = (arm) => arms && arms[arm.index];
// An opened arm, as people call it.
export const armWords = (arm) => (wordsOf(arm) ? wordsOf(arm).name[lang] : arm.name);

// A release for the unlocked key: proven, opened, and told to the service. What comes out are the arm's words.
export async function openRelease(release, asked, path) {
  const proven = await prove(release, commitment, asked);
  const centreKey = await unwrapFor(proven, identity);
  const told = async (fits) => {
    const receipt = await openingReceipt(proven, identity, fits);
    const sent = api('POST', `${path}/${release.reference.replace('-', '')}/opened`, receipt, newOnce());
    // It never holds up what is needed now.
    sent.catch(() => {});
  };
  let arm;
  try {
    arm = await openSlot(proven.slot, centreKey, proven.manifest);
  } catch (error) {
    await told(false);
    throw error;
  }
  await told(true);
  const words = wordsOf(arm);
  return {
    id: arm.name, name: armWords(arm), prepare: words ? words.prepare[lang] : '',
    entry: proven.entry, at: proven.at, centre: proven.place,
  };
}

// Begins a page: what is missing is said at once, with the second road.
export async function begin(first) {
  if (!window.isSecureContext || !window.crypto || !crypto.subtle || !(await canOpenKeys())) {
    $('no-keys').hidden = false;
    return;
  }
  for (const event of ['pointerdown', 'keydown']) document.addEventListener(event, awake);
  window.addEventListener('pagehide', lock);
  setInterval(tick, 1000);
  try {
    if (data.root) await pin();
    await first();
  } catch (error) {
    show('failed');
    tell(error);
  }
}

export const step = () => here;
