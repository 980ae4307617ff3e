// A person's two key pairs, sealed in a file. Private bytes are never a JavaScript value. See src/sealing/identity.rs.

import { concat, exactly, hex, isPerson, label, lp, need, random, same, subtle, unhex, utf8 } from './bytes.js';
import { cardText, fingerprint, fitsRole } from './card.js';
import { importPoint } from './hpke.js';
import { sign, verify } from './signature.js';
import { canonical } from './words.js';

const ITERATIONS = 600000;
const KDF = 'PBKDF2-HMAC-SHA256';
const AES = { name: 'AES-GCM', length: 256 };
const FILE = [
  'klero', 'person', 'role', 'centres', 'kdf', 'iterations', 'salt', 'opening', 'signing', 'fingerprint',
];
// nonce 12, the one form of PKCS#8 that is read, tag 16.
const SEALED = 12 + 138 + 16;
const PAIRS = {
  opening: [{ name: 'ECDH', namedCurve: 'P-256' }, ['deriveBits']],
  signing: [{ name: 'ECDSA', namedCurve: 'P-256' }, ['sign']],
};

// K = PBKDF2-HMAC-SHA256(six words, salt 16, iterations, 32)
async function stretch(words, salt, iterations) {
  const typed = utf8(canonical(words));
  const base = await subtle.importKey('raw', typed, 'PBKDF2', false, ['deriveKey']);
  typed.fill(0);
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations };
  return subtle.deriveKey(how, base, AES, false, ['wrapKey', 'unwrapKey']);
}

// "klero/v1/identity" ‖ 00 ‖ LP(person) ‖ LP("opening" or "signing") ‖ public point
const aad = (person, use, point) => concat(label('identity'), lp(person), lp(use), point);

// One pair, made and sealed. It can be extracted only until it is: the caller opens it again from the seal.
async function makePair(use, person, key) {
  const [algorithm, uses] = PAIRS[use];
  const pair = await subtle.generateKey(algorithm, true, uses);
  const point = new Uint8Array(await subtle.exportKey('raw', pair.publicKey));
  const iv = random(12);
  const gcm = { name: 'AES-GCM', iv, additionalData: aad(person, use, point) };
  const body = new Uint8Array(await subtle.wrapKey('pkcs8', pair.privateKey, key, gcm));
  const sealed = concat(iv, body);
  need(sealed.length === SEALED, 'key.browser');
  return { point, text: { public: hex(point), sealed: hex(sealed) } };
}

// Makes a key: the sealed file and the public card. The key itself is forgotten.
export async function makeIdentity({ person, role, centres }, words) {
  need(isPerson(person) && fitsRole(role, centres), 'key.file');
  const salt = random(16);
  const key = await stretch(words, salt, ITERATIONS);
  const opening = await makePair('opening', person, key);
  const signing = await makePair('signing', person, key);
  const print = await fingerprint(opening.point, signing.point);
  const file = {
    klero: 'identity/v1', person, role, centres, kdf: KDF, iterations: ITERATIONS, salt: hex(salt),
    opening: opening.text, signing: signing.text, fingerprint: print,
  };
  const card = { person, role, centres, opening: opening.point, signing: signing.point, print };
  return { file: `${JSON.stringify(file, null, 2)}\n`, card: cardText(card), print };
}

function readFile(text) {
  try {
    need(utf8(text).length <= 16384, 'key.file');
    const file = exactly(JSON.parse(text), FILE);
    need(file.klero === 'identity/v1' && file.kdf === KDF && isPerson(file.person), 'key.file');
    need(fitsRole(file.role, file.centres) && Number.isInteger(file.iterations), 'key.file');
    const pair = (use) => {
      const said = exactly(file[use], ['public', 'sealed']);
      return { point: unhex(said.public, 65), sealed: unhex(said.sealed, SEALED) };
    };
    const [salt, opening, signing] = [unhex(file.salt, 16), pair('opening'), pair('signing')];
    need([salt, opening.point, opening.sealed, signing.point, signing.sealed].every(Boolean), 'key.file');
    return { ...file, salt, opening, signing };
  } catch (_) {
    return need(false, 'key.file');
  }
}

// Whose file it is, by its own word: nothing is opened.
export function whose(text) {
  const { person, role, centres, fingerprint: print } = readFile(text);
  return { person, role, centres, print };
}

async function openPair(use, file, key) {
  const { point, sealed } = file[use];
  const additionalData = aad(file.person, use, point);
  const gcm = { name: 'AES-GCM', iv: sealed.subarray(0, 12), additionalData };
  const [algorithm, uses] = PAIRS[use];
  try {
    const body = sealed.subarray(12);
    return await subtle.unwrapKey('pkcs8', body, key, gcm, algorithm, false, uses);
  } catch (_) {
    // Wrong words or an altered file: the two cannot be told apart, and neither says how close.
    return need(false, 'key.words');
  }
}

// Is it the private half of `point`? A passing key comes to the same secret with both.
async function agrees(key, point) {
  const other = await subtle.generateKey(PAIRS.opening[0], false, ['deriveBits']);
  const meet = async (own, theirs) => new Uint8Array(
    await subtle.deriveBits({ name: 'ECDH', public: theirs }, own, 256),
  );
  return same(await meet(key, other.publicKey), await meet(other.privateKey, await importPoint(point)));
}

async function unlock(file, words) {
  const key = await stretch(words, file.salt, file.iterations);
  const { person, role, centres } = file;
  const opening = { key: await openPair('opening', file, key), point: file.opening.point };
  const signing = { key: await openPair('signing', file, key), point: file.signing.point };
  const print = await fingerprint(opening.point, signing.point);
  const told = unhex(await sign(signing.key, 'receipt', print));
  need((await verify(signing.point, 'receipt', print, told)) && (await agrees(opening.key, opening.point)) && print === file.fingerprint, 'key.file');
  return { person, role, centres, opening, signing, print };
}

// A file that was made weak or endless is refused before any hashing. Only test vectors name another `fewest`.
export async function openIdentity(text, words, fewest = 100000) {
  const file = readFile(text);
  need(file.iterations >= fewest && file.iterations <= 10000000, 'key.file');
  return unlock(file, words);
}

// Can this browser do what a key needs? Asked at page load, with a key that is thrown away.
export async function canOpenKeys() {
  try {
    const made = await subtle.generateKey(AES, false, ['wrapKey', 'unwrapKey']);
    for (const use of Object.keys(PAIRS)) {
      const pair = await makePair(use, 'a', made);
      const file = { person: 'a', [use]: { point: pair.point, sealed: unhex(pair.text.sealed) } };
      await openPair(use, file, made);
    }
    return typeof BigInt === 'function';
  } catch (_) {
    return false;
  }
}
