// The browser's library against the vectors that the program, the Python verifier and WebCrypto all share.

import assert from 'node:assert/strict';
import { createCipheriv, createHash, generateKeyPairSync, sign as nodeSign } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, serveLibrary } from './browser.mjs';
import { ROOT } from './stage.mjs';

const V = JSON.parse(readFileSync(join(ROOT, 'tests/vectors/sealing.json'), 'utf8'));
let browser;
let library;
let page;
const faults = [];

before(async () => {
  library = await serveLibrary();
  browser = await launch();
  page = await browser.newPage();
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (line) => line.type() === 'error' && faults.push(line.text()));
  await page.goto(library.base);
  await page.waitForFunction(() => window.klero);
  await page.evaluate((vectors) => { window.V = vectors; }, V);
});

after(async () => {
  await browser?.close();
  library?.server.close();
  assert.deepEqual(faults, [], 'the policy was never broken, and nothing was thrown past a test');
});

const run = (call, given) => page.evaluate(call, given);

// The vector's identity as the file it belongs into.
const vectorFile = () => ({
  klero: 'identity/v1', person: V.identity.person, role: 'pharmacist', centres: ['a'], kdf: V.identity.kdf,
  iterations: V.identity.iterations, salt: V.identity.salt,
  opening: { public: V.identity.opening.public, sealed: V.identity.opening.sealed },
  signing: { public: V.identity.signing.public, sealed: V.identity.signing.sealed },
  fingerprint: V.identity.fingerprint,
});

const flip = (text) => (text.endsWith('0') ? '1' : '0').padStart(text.length, text.slice(0, -1));

const openFile = (file, words) => run(async ({ text, typed }) => klero.outcome(async () => {
  const identity = await klero.openIdentity(text, typed, 1);
  const { opening, signing } = identity;
  const hidden = await Promise.all([opening.key, signing.key].map((key) => crypto.subtle
    .exportKey('pkcs8', key).then(() => 'shown', () => 'hidden')));
  return { print: identity.print, hidden };
}), { text: JSON.stringify(file), typed: words });

test('the vector identity opens with its six words, however they are typed, and gives no private byte', async () => {
  for (const words of [V.identity.passphrase, ' Correct,HORSE - battery\u3000ｓｔａｐｌｅ  tray zebra']) {
    const { value } = await openFile(vectorFile(), words);
    assert.deepEqual(value, { print: V.identity.fingerprint, hidden: ['hidden', 'hidden'] });
  }
});

test('an identity does not open with other words, nor when any part of its file was altered', async () => {
  const good = vectorFile();
  assert.equal((await openFile(good, 'correct horse battery staple tray zebras')).code, 'key.words');
  const alterations = {
    person: ['key.words', { ...good, person: 'pharmacist-b' }],
    salt: ['key.words', { ...good, salt: flip(good.salt) }],
    iterations: ['key.words', { ...good, iterations: 1001 }],
    sealed: ['key.words', { ...good, signing: { ...good.signing, sealed: flip(good.signing.sealed) } }],
    swapped: ['key.words', { ...good, opening: good.signing, signing: good.opening }],
    point: ['key.words', { ...good, opening: { ...good.opening, public: flip(good.opening.public) } }],
    fingerprint: ['key.file', { ...good, fingerprint: flip(good.fingerprint) }],
    'a longer key': ['key.file', { ...good, opening: { ...good.opening, sealed: `${good.opening.sealed}00` } }],
    role: ['key.file', { ...good, role: 'coordinator' }],
    centres: ['key.file', { ...good, centres: [] }],
    kdf: ['key.file', { ...good, kdf: 'scrypt' }],
    version: ['key.file', { ...good, klero: 'identity/v2' }],
    'a key too many': ['key.file', { ...good, note: 'x' }],
  };
  for (const [what, [code, file]] of Object.entries(alterations)) {
    assert.deepEqual([what, (await openFile(file, V.identity.passphrase)).code], [what, code]);
  }
});

test('a file that was made weak or endless is refused before any hashing', async () => {
  for (const iterations of [1, 99999, 10000001, 2 ** 40]) {
    const text = JSON.stringify({ ...vectorFile(), iterations });
    const begun = Date.now();
    const said = await run((file) => klero.outcome(() => klero.openIdentity(file, 'a b c d e f')), text);
    assert.equal(said.code, 'key.file', `${iterations}`);
    assert.ok(Date.now() - begun < 2000);
  }
  const fewest = JSON.stringify({ ...vectorFile(), iterations: 100000 });
  const said = await run((file) => klero.outcome(() => klero.openIdentity(file, 'a b c d e f')), fewest);
  assert.equal(said.code, 'key.words', 'the limit itself is hashed');
});

test('the vector wrap unwraps for its person, trial, centre and epoch, and for no other', async () => {
  const { wrap } = V;
  const at = [wrap.trial, wrap.centre, wrap.epoch, wrap.person];
  const unwrap = (place, wrapped) => run(async ({ place: [trial, centre, epoch, person], wrapped: bytes }) => {
    const { outcome, unhex, hex } = klero;
    const words = V.identity.passphrase;
    const file = {
      klero: 'identity/v1', person: V.identity.person, role: 'hotline', centres: [], kdf: V.identity.kdf,
      iterations: V.identity.iterations, salt: V.identity.salt,
      opening: { public: V.identity.opening.public, sealed: V.identity.opening.sealed },
      signing: { public: V.identity.signing.public, sealed: V.identity.signing.sealed },
      fingerprint: V.identity.fingerprint,
    };
    const identity = await klero.openIdentity(JSON.stringify(file), words, 1);
    return outcome(async () => {
      const info = klero.wrapInfo(trial, centre, epoch, person);
      const sealed = unhex(bytes);
      const closed = await klero.unwrap(identity.opening, info, sealed, 'HKDF');
      const open = await klero.unwrap(identity.opening, info, sealed, 'AES-GCM');
      return { info: hex(info), closed: closed.extractable, key: hex(new Uint8Array(await crypto.subtle.exportKey('raw', open))) };
    });
  }, { place, wrapped });
  const { value } = await unwrap(at, wrap.wrapped);
  assert.deepEqual(value, { info: wrap.info, closed: false, key: wrap.centre_key });
  const moved = [['TEST-0002', ...at.slice(1)], [at[0], 'B', 1, at[3]], [at[0], at[1], 2, at[3]], [...at.slice(0, 3), 'p-2']];
  for (const place of moved) assert.equal((await unwrap(place, wrap.wrapped)).code, 'key.other', `${place}`);
  for (const byte of [0, 1, 64, 65, 112]) {
    const bytes = Buffer.from(wrap.wrapped, 'hex');
    bytes[byte] ^= 1;
    assert.equal((await unwrap(at, bytes.toString('hex'))).code, 'key.other', `byte ${byte}`);
  }
  assert.equal((await unwrap(at, wrap.wrapped.slice(2))).code, 'key.other');
});

const openPayload = (slot) => run(async ({ slot: place }) => klero.outcome(async () => {
  const { hex, unhex } = klero;
  const raw = unhex(V.slot.centre_key);
  const key = await crypto.subtle.importKey('raw', raw, 'HKDF', false, ['deriveKey']);
  return hex(await klero.openPayload({ ...place, sealed: unhex(place.inner) }, key));
}), { slot });

test('the vector slot opens at its place, and nowhere else', async () => {
  const good = V.slot;
  const { value } = await openPayload(good);
  assert.equal(value, `01${'01'}${'00'.repeat(30)}${good.salt}`);
  assert.equal(await run(() => klero.hex(klero.slotAad(V.slot))), good.aad);
  for (const moved of [
    { trial: 'TEST-0002' }, { segment: 1 }, { stratum: 'B' }, { position: 1 }, { code: '7429133' }, { epoch: 2 },
  ]) {
    assert.equal((await openPayload({ ...good, ...moved })).code, 'seal.bad', JSON.stringify(moved));
  }
  for (const byte of [0, 11, 12, 75, 76, 91]) {
    const bytes = Buffer.from(good.inner, 'hex');
    bytes[byte] ^= 1;
    assert.equal((await openPayload({ ...good, inner: bytes.toString('hex') })).code, 'seal.bad', `byte ${byte}`);
  }
});

const sha = (...parts) => createHash('sha256').update(Buffer.concat(parts.map((part) => Buffer.from(part)))).digest();
const lp = (text) => Buffer.concat([Buffer.from([0, Buffer.byteLength(text)]), Buffer.from(text)]);
const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; };

// A list of five slots, of which the vector's is the last: a lone leaf, carried up twice.
function smallList(arms, salt) {
  const { slot } = V;
  const leaf = sha([0], Buffer.concat([
    Buffer.from([1]), lp(slot.trial), u32(slot.segment), lp(slot.stratum), u32(slot.position), lp(slot.code),
    lp(arms[slot.arm_index]), Buffer.from(salt, 'hex'),
  ]));
  const [a, b, c, d] = [0, 1, 2, 3].map((n) => sha([0], [n]));
  const four = sha([1], sha([1], a, b), sha([1], c, d));
  const root = sha([1], four, leaf).toString('hex');
  return { root, leafPath: { index: 4, size: 5, path: [four.toString('hex')] } };
}

// The vector's slot sealed anew, with what a dishonest sealer might put in.
function sealed(payload) {
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(V.slot.slot_key, 'hex'), Buffer.alloc(12, 7));
  cipher.setAAD(Buffer.from(V.slot.aad, 'hex'));
  const body = Buffer.concat([cipher.update(payload), cipher.final(), cipher.getAuthTag()]);
  return Buffer.concat([Buffer.alloc(12, 7), body]).toString('hex');
}

const openSlot = (slot, manifest) => run(({ slot: said, manifest: pinned }) => klero.outcome(async () => {
  const { unhex } = klero;
  const leafPath = { ...said.leafPath, path: said.leafPath.path.map((text) => unhex(text)) };
  const key = await crypto.subtle.importKey('raw', unhex(V.slot.centre_key), 'HKDF', false, ['deriveKey']);
  return klero.openSlot({ ...said, leafPath, sealed: unhex(said.inner) }, key, { ...pinned, root: unhex(pinned.root) });
}), { slot, manifest });

test('an arm comes out only when the leaf that it makes leads to the pinned root', async () => {
  const arms = ['ZEBRA', 'OKAPI'];
  const { root, leafPath } = smallList(arms, V.slot.salt);
  const slot = { ...V.slot, leafPath };
  const manifest = { trial: V.slot.trial, segment: 0, total: 5, arms, root };
  assert.deepEqual((await openSlot(slot, manifest)).value, { index: 1, name: 'OKAPI' });
  const payload = (arm, salt = V.slot.salt, version = 1, zero = 0) => sealed(Buffer.concat([
    Buffer.from([version, arm]), Buffer.alloc(30, zero), Buffer.from(salt, 'hex'),
  ]));
  assert.deepEqual((await openSlot({ ...slot, inner: payload(1) }, manifest)).value, { index: 1, name: 'OKAPI' });
  const wrong = {
    'another arm': [{ ...slot, inner: payload(0) }, manifest],
    'an arm that is none': [{ ...slot, inner: payload(2) }, manifest],
    'another salt': [{ ...slot, inner: payload(1, '00'.repeat(32)) }, manifest],
    'another version': [{ ...slot, inner: payload(1, V.slot.salt, 2) }, manifest],
    'filled up with something': [{ ...slot, inner: payload(1, V.slot.salt, 1, 1) }, manifest],
    'another root': [slot, { ...manifest, root: flip(root) }],
    'other names': [slot, { ...manifest, arms: ['OKAPI', 'ZEBRA'] }],
    'another trial': [slot, { ...manifest, trial: 'TEST-0002' }],
    'another segment': [slot, { ...manifest, segment: 1 }],
    'another size': [slot, { ...manifest, total: 6 }],
    'another size on both sides': [{ ...slot, leafPath: { ...leafPath, size: 6 } }, { ...manifest, total: 6 }],
    'another leaf': [{ ...slot, leafPath: { ...leafPath, index: 3 } }, manifest],
    'a shorter path': [{ ...slot, leafPath: { ...leafPath, path: [] } }, manifest],
    'a longer path': [{ ...slot, leafPath: { ...leafPath, path: [...leafPath.path, root] } }, manifest],
    'an altered path': [{ ...slot, leafPath: { ...leafPath, path: [flip(leafPath.path[0])] } }, manifest],
  };
  for (const [what, [said, pinned]] of Object.entries(wrong)) {
    assert.deepEqual([what, await openSlot(said, pinned)], [what, { code: 'seal.bad', detail: {} }]);
  }
});

test('every leaf of trees of 1 to 17 leads to the root by its path, and by no other', async () => {
  const wrong = await run(async () => {
    const { leafHash, rootFromPath, same, sha256 } = klero;
    const rootOf = async (row) => {
      if (row.length === 1) return row[0];
      const above = [];
      for (let i = 0; i < row.length; i += 2) {
        above.push(i + 1 < row.length ? await sha256(Uint8Array.of(1), row[i], row[i + 1]) : row[i]);
      }
      return rootOf(above);
    };
    const found = [];
    const split = (n) => { let k = 1; while (2 * k < n) k *= 2; return k; };
    const path = async (index, leaves) => {
      if (leaves.length === 1) return [];
      const k = split(leaves.length);
      const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
      return index < k ? [...await path(index, left), await rootOf(right)] : [...await path(index - k, right), await rootOf(left)];
    };
    for (let size = 1; size <= 17; size += 1) {
      const leaves = await Promise.all(Array.from({ length: size }, (_, i) => leafHash(Uint8Array.of(i))));
      const root = await rootOf(leaves);
      for (let index = 0; index < size; index += 1) {
        const good = await path(index, leaves);
        const reached = await rootFromPath(leaves[index], index, size, good);
        if (!reached || !same(reached, root)) found.push(`${index} of ${size}`);
        const other = await rootFromPath(leaves[index], (index + 1) % size, size, good);
        if (size > 1 && other && same(other, root)) found.push(`${index} of ${size} elsewhere`);
        if (await rootFromPath(leaves[index], index, size, [...good, root])) found.push(`${index} of ${size}, too long`);
      }
    }
    for (const [index, size] of [[1, 1], [-1, 1], [0.5, 2], [0, 2 ** 53]]) {
      if (await rootFromPath(new Uint8Array(32), index, size, [])) found.push(`${index} of ${size}`);
    }
    return found;
  });
  assert.deepEqual(wrong, []);
});

test('the vector checkpoint is verified by WebCrypto and by the slow way alike', async () => {
  const { vkey, note, origin } = V.checkpoint;
  const check = (said, key = vkey) => run(({ said: text, key: trailKey }) => Promise.all(
    [undefined, klero.verifySlowly].map((verify) => klero.outcome(async () => {
      const { size, root } = await klero.checkNote(await klero.readTrailKey(trailKey), text, verify);
      return { size, root: klero.hex(root) };
    })),
  ), { said, key });
  const root = sha([1], sha([1], sha([0], 'a'), sha([0], 'b')), sha([0], 'c')).toString('hex');
  const good = { value: { size: 3, root } };
  const bad = { code: 'proof.bad', detail: {} };
  assert.deepEqual(await check(note), [good, good]);
  const known = await run(() => crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify']).then(() => true, () => false));
  assert.ok(known, 'this Chromium has Ed25519, so both ways were taken');
  const witness = '— witness.example 9nxoq5H381k=\n';
  assert.deepEqual(await check(note + witness), [good, good]);
  const [text, line] = note.split('\n\n');
  const encoded = line.trim().split(' ')[2];
  const bytes = Buffer.from(encoded, 'base64');
  const signature = (at) => { const b = Buffer.from(bytes); b[at] ^= 1; return `${text}\n\n— ${origin} ${b.toString('base64')}\n`; };
  const wrong = {
    size: note.replace('\n3\n', '\n4\n'), zeros: note.replace('\n3\n', '\n03\n'), root: note.replace('NmQ', 'NmR'),
    origin: note.replaceAll(origin, 'klero.example/OTHER'), r: signature(5), s: signature(40), 'top of s': signature(67),
    id: signature(0), 'an extension': note.replace('\n\n', '\nmore\n\n'), 'no end': note.trimEnd(), twice: note + note.split('\n\n')[1],
    'a crowd': note + witness.repeat(16), nobody: `${text}\n\n${witness}`, empty: '', 'too long': note + `— w ${'A'.repeat(8192)}\n`,
    'another base64': note.replace(encoded, `${encoded.slice(0, -2)}l=`),
  };
  for (const [what, said] of Object.entries(wrong)) assert.deepEqual([what, await check(said)], [what, [bad, bad]]);
  for (const key of [flip(vkey), vkey.replace('f67c68ab', 'f67c68ac'), vkey.replace('+AQ', '+AA'), '', 'a+b', vkey.replace(origin, 'x')]) {
    assert.deepEqual([key, await check(note, key)], [key, [bad, bad]]);
  }
});

test('the slow way agrees with another implementation on signatures of many keys', async () => {
  const cases = Array.from({ length: 8 }, (_, n) => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const text = Buffer.from(`text ${n}`.repeat(n));
    const key = publicKey.export({ format: 'der', type: 'spki' }).subarray(12);
    return { key: key.toString('hex'), text: text.toString('hex'), signature: nodeSign(null, text, privateKey).toString('hex') };
  });
  const said = await run((all) => Promise.all(all.map(async ({ key, text, signature }) => {
    const { unhex, verifySlowly } = klero;
    const [k, s, t] = [key, signature, text].map((bytes) => unhex(bytes));
    const altered = s.slice();
    altered[3] ^= 4;
    // s + L is another writing of the same number, and is refused.
    const L = 2n ** 252n + 27742317777372353535851937790883648493n;
    let n = 0n;
    for (let i = 63; i >= 32; i -= 1) n = (n << 8n) | BigInt(s[i]);
    const again = s.slice();
    for (let i = 32, rest = n + L; i < 64; i += 1, rest >>= 8n) again[i] = Number(rest & 255n);
    return [await verifySlowly(k, s, t), await verifySlowly(k, altered, t), await verifySlowly(k, again, t),
      await verifySlowly(k, s.subarray(1), t), await verifySlowly(new Uint8Array(32).fill(255), s, t)];
  })), cases);
  for (const one of said) assert.deepEqual(one, [true, false, false, false, false]);
});

test('people’s signatures are 64 bytes over purpose and text, and stand for nothing else', async () => {
  const said = await run(async () => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
    const point = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
    const signature = await klero.sign(pair.privateKey, 'receipt', 'text');
    const bytes = klero.unhex(signature, 64);
    const off = point.slice();
    off[64] ^= 1;
    const ways = [[point, 'receipt', 'text'], [point, 'grant', 'text'], [point, 'receipt', 'Text'], [off, 'receipt', 'text']];
    return { point: klero.hex(point), signature, verdicts: await Promise.all(ways.map((way) => klero.verify(...way, bytes))) };
  });
  assert.deepEqual(said.verdicts, [true, false, false, false]);
  const key = Buffer.from(`3059301306072a8648ce3d020106082a8648ce3d030107034200${said.point}`, 'hex');
  const { verify, createPublicKey } = await import('node:crypto');
  const publicKey = createPublicKey({ key, format: 'der', type: 'spki' });
  const signed = Buffer.from('klero/v1/receipt\0text');
  assert.ok(verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, Buffer.from(said.signature, 'hex')));
});

test('an act is signed over its name, key, words and the hash of the body that travels', async () => {
  const said = await run(async () => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
    const body = { participant: 'RJS-001', identifier: null, 'what': '溶血 "x"' };
    const signed = await klero.signAct({ signing: { key: pair.privateKey } }, 'break-code', 'once-1', body, 'The words’ meaning');
    const spki = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
    return { signed, body: JSON.stringify(body), point: klero.hex(spki) };
  });
  assert.deepEqual(Object.keys(said.signed), ['key', 'meaning']);
  const text = `{"act":"break-code","once":"once-1","body":"${sha(said.body).toString('hex')}","meaning":"The words’ meaning"}`;
  const { verify, createPublicKey } = await import('node:crypto');
  const der = Buffer.from(`3059301306072a8648ce3d020106082a8648ce3d030107034200${said.point}`, 'hex');
  const key = { key: createPublicKey({ key: der, format: 'der', type: 'spki' }), dsaEncoding: 'ieee-p1363' };
  assert.ok(verify('sha256', Buffer.from(`klero/v1/act\0${text}`), key, Buffer.from(said.signed.key, 'hex')));
});

test('fingerprint and card are those of the vector', async () => {
  const said = await run(async () => {
    const points = ['opening', 'signing'].map((use) => klero.unhex(V.identity[use].public));
    const print = await klero.fingerprint(...points);
    const text = klero.cardText({ person: 'p-hs-1', role: 'pharmacist', centres: ['huashan'], opening: points[0], signing: points[1], print });
    const card = await klero.readCard(text);
    const codes = await Promise.all([
      text.replace('3599', '3590'), text.replace('card/v1', 'card/v2'), text.replace('pharmacist', 'monitor'),
      text.replace('"huashan"', ''), text.replace('"huashan"', '"huashan","huashan"'), text.replace('"opening":"04', '"opening":"05'),
      text.replace('p-hs-1', 'service'), text.replace('{', '{"a":1,'), 'null', '',
    ].map((one) => klero.outcome(() => klero.readCard(one))));
    return { print, text, shown: klero.groups(card.print), codes: codes.map(({ code }) => code) };
  });
  assert.equal(said.print, V.identity.fingerprint);
  assert.equal(said.shown, '3599 2b72 ae59 de8c 3e9d f0f3 d4f3 f5e4');
  assert.ok(said.text.startsWith('{"klero":"card/v1","person":"p-hs-1","role":"pharmacist","centres":["huashan"],"opening":"04'));
  assert.deepEqual(said.codes, Array(10).fill('card.bad'));
});

test('words are drawn evenly, never with a hyphen, and a slip is named by its place', async () => {
  const said = await run(async () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz';
    const text = Array.from({ length: 7776 }, (_, i) => {
      const word = [i % 26, Math.floor(i / 26) % 26, Math.floor(i / 676)].map((n) => letters[n]).join('');
      return i === 5 ? `${word}-up` : word;
    }).join('\n');
    const list = klero.readList(`${text}\n`);
    const numbers = [62208, 65535, 40, 47, 48, 62207, 0, 8, 16, 24];
    const queue = numbers.slice();
    const drawn = klero.drawWords(list, (array) => { array[0] = queue.shift(); });
    const expected = [6, 7775, 0, 1, 2, 3].map((n) => list[n]).join(' ');
    const many = new Set(Array.from({ length: 200 }, () => klero.drawWords(list)));
    const check = (typed) => klero.outcome(() => klero.checkWords(list, typed));
    const good = list.slice(10, 16).join(' ');
    return {
      drawn, expected, left: queue.length, many: many.size, hyphen: [...many].some((words) => words.includes('-')),
      good: await check(`  ${good.toUpperCase().replace(/ /g, ', ')}`), wanted: good,
      slip: await check(good.replace(list[13], 'zzzz')), few: await check(list.slice(10, 15).join(' ')), none: await check(''),
      short: await klero.outcome(() => klero.readList(text.slice(0, -4))),
    };
  });
  assert.equal(said.drawn, said.expected);
  assert.equal(said.left, 0, 'numbers of 62,208 and more are drawn again, and so is the word with a hyphen');
  assert.deepEqual([said.many, said.hyphen], [200, false]);
  assert.equal(said.good.value, said.wanted);
  assert.deepEqual(said.slip, { code: 'key.word', detail: { n: 4 } });
  assert.deepEqual([said.few.code, said.few.detail, said.none.code], ['key.count', { n: 5 }, 'key.count']);
  assert.equal(said.short.code, 'key.list');
});

test('codes are read in any width and spacing, and only with their right check digit', async () => {
  const read = (typed) => run((text) => klero.readCode(text), typed);
  for (const typed of ['7429133', '742 913 3', ' 742-913-3 ', '７４２９１３３']) assert.equal(await read(typed), '7429133');
  for (const typed of ['742 913 6', '7429313', '742913', '74291330', '', 'RJS-001', '0429133']) assert.equal(await read(typed), null);
  assert.equal(await run(() => klero.groupCode('7429133')), '742 913 3');
});

test('this browser can do all that a key needs', async () => {
  assert.equal(await run(() => klero.canOpenKeys()), true);
});

test('a sealed record is the same here, in the program and in the vector, and opens nowhere else', async () => {
  const files = ['pharmacy_record', 'break_record'].map((name) => readFileSync(join(ROOT, `tests/vectors/${name}.json`), 'utf8'));
  for (const vector of files.flatMap((file) => JSON.parse(file).records)) {
    const said = await run(async (v) => {
      const key = await crypto.subtle.importKey('raw', klero.unhex(v.centre_key), 'HKDF', false, ['deriveKey']);
      const at = { trial: v.trial, kind: v.kind, record: v.record };
      const body = JSON.parse(v.text);
      const sealed = klero.hex(await klero.sealRecord(key, at, body, klero.unhex(v.nonce)));
      const read = await klero.openRecord(key, at, klero.unhex(v.sealed));
      const other = v.kind === 'stock' ? 'preparation' : 'stock';
      const wrong = [{ ...at, trial: 'TEST-0002' }, { ...at, record: 'ZZZZZZZZ' }, { ...at, kind: other }];
      const refused = [];
      for (const one of wrong) refused.push((await klero.outcome(() => klero.openRecord(key, one, klero.unhex(v.sealed)))).code);
      const bytes = klero.unhex(v.sealed);
      for (let bit = 0; bit < bytes.length * 8; bit += 97) {
        const altered = bytes.slice();
        altered[bit >> 3] ^= 1 << (bit & 7);
        refused.push((await klero.outcome(() => klero.openRecord(key, at, altered))).code);
      }
      return { info: klero.hex(klero.recordInfo(at)), sealed, read, refused: [...new Set(refused)] };
    }, vector);
    assert.equal(said.info, vector.info);
    assert.equal(said.sealed, vector.sealed);
    assert.deepEqual(said.read, JSON.parse(vector.text));
    assert.deepEqual(said.refused, ['record.sealed']);
  }
});

test('the sealed part of a code break fits whatever it says, and says nothing by its length', async () => {
  const said = await run(async () => {
    const key = await crypto.subtle.importKey('raw', new Uint8Array(32), 'HKDF', false, ['deriveKey']);
    const of = { release: 'ZZZZZZZZ', participant: 'ABC-999-XYZ' };
    const lengths = [];
    for (const narrative of ['', '汉'.repeat(1000), '"\n'.repeat(500), '\u{1F600}'.repeat(500)]) {
      const body = klero.breakBody(of, { related: 'not-assessed', narrative });
      lengths.push((await klero.sealRecord(key, { trial: 'T', kind: 'break', record: 'ZZZZZZZZ' }, body)).length);
    }
    const wrong = [];
    for (const [related, narrative] of [['', 'x'], ['surely', 'x'], ['possible', 'x'.repeat(1001)], ['possible', '\u0007'], ['possible', '\ud800']]) {
      wrong.push((await klero.outcome(() => klero.breakBody(of, { related, narrative }))).code);
    }
    return { lengths: [...new Set(lengths)], wrong };
  });
  assert.deepEqual(said.lengths, [4124]);
  assert.deepEqual(said.wrong, ['part.related', 'part.related', 'part.narrative', 'part.narrative', 'part.narrative']);
});

test('a record whose every field is as long as it may be fits, and one character more is refused by its name', async () => {
  const said = await run(async () => {
    const key = await crypto.subtle.importKey('raw', new Uint8Array(32), 'HKDF', false, ['deriveKey']);
    const line = { product: 'P'.repeat(30), lot: 'L'.repeat(20), expiry: '2027-12-31', units: '9999' };
    const wide = '汉'.repeat(40);
    const of = { release: 'ZZZZZZZZ', participant: 'ABC-999-XYZ', visit: 'V'.repeat(10), arm: 'a'.repeat(40) };
    const most = { lines: [line, line, line, line], diluent: 'D'.repeat(20), from: '23:59', to: '23:59', waste: 'W'.repeat(20), remark: wide };
    const event = { event: 'transferred-out', product: 'p'.repeat(40), scan: 'S'.repeat(30), lot: line.lot, expiry: line.expiry, units: '9999', other: wide, reason: wide };
    const sealed = async (kind, body) => (await klero.sealRecord(key, { trial: 'T', kind, record: 'ZZZZZZZZ' }, body)).length;
    const lengths = [
      await sealed('preparation', klero.preparationBody(of, most)),
      await sealed('preparation', klero.preparationBody(of, { ...most, lines: [line], remark: '', waste: '' })),
      await sealed('stock', klero.stockBody(event)),
      await sealed('stock', klero.stockBody({ ...event, other: '', reason: '', scan: '', event: 'lost' })),
    ];
    const wrong = [];
    const refused = async (make) => wrong.push((await klero.outcome(make)).code);
    for (const [part, value] of [['product', 'P'.repeat(31)], ['lot', 'L'.repeat(21)], ['lot', ''], ['lot', 'a"b'], ['lot', '批号'], ['expiry', '2027-02-30'], ['units', '-1'], ['units', '10000']]) {
      await refused(() => klero.preparationBody(of, { ...most, lines: [{ ...line, [part]: value }] }));
    }
    for (const [part, value] of [['lines', []], ['diluent', ''], ['from', '24:00'], ['to', ''], ['waste', 'W'.repeat(21)], ['remark', 'r'.repeat(41)], ['remark', '\u{1F600}'.repeat(31)], ['remark', 'a\\b'], ['remark', 'a\u0007b'], ['remark', '\ud800']]) {
      await refused(() => klero.preparationBody(of, { ...most, [part]: value }));
    }
    for (const [part, value] of [['event', 'used'], ['product', ''], ['scan', 'S'.repeat(31)], ['other', 'o'.repeat(41)], ['reason', '"']]) {
      await refused(() => klero.stockBody({ ...event, [part]: value }));
    }
    return { lengths, wrong };
  });
  assert.deepEqual(said.lengths, [1052, 1052, 540, 540]);
  assert.deepEqual(said.wrong.map((code) => code.replace('lot.field-', '')), [
    'product', 'lot', 'lot', 'lot', 'lot', 'expiry', 'units', 'units',
    'lot', 'diluent', 'from', 'to', 'waste', 'remark', 'remark', 'remark', 'remark', 'remark',
    'event', 'product', 'scan', 'other', 'reason',
  ]);
});

test('the scripts of any one page are at most 60 kB, and none writes HTML or evaluates text', () => {
  const folder = join(ROOT, 'src/web/static');
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.js'));
  // As they are sent: without the lines that are remarks.
  const sent = (name) => readFileSync(join(folder, name), 'utf8').replace(/^ *\/\/.*\n/gm, '');
  const imports = (name) => [...sent(name).matchAll(/ from '\.\/([a-z0-9_]+\.js)'/g)].map(([, other]) => other);
  const heaviest = {};
  for (const name of scripts) {
    const all = new Set([name]);
    for (const one of all) imports(one).forEach((other) => all.add(other));
    heaviest[name] = [...all].reduce((sum, one) => sum + Buffer.byteLength(sent(one)), 0);
    assert.ok(heaviest[name] <= 60_000, `${name} and what it imports: ${heaviest[name]} bytes`);
  }
  console.log(`# the heaviest page: ${Math.max(...Object.values(heaviest))} bytes of scripts`);
  for (const name of scripts) {
    const text = readFileSync(join(folder, name), 'utf8');
    const never = /innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|sessionStorage|indexedDB|clipboard|console\.|\.at\(|structuredClone/;
    assert.ok(!never.test(text), `${name}: ${never.exec(text)}`);
  }
});
