// The browser's library against releases of a real service, and against the command line: what one makes, the other
// opens, and what one refuses, so does the other.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, hkdfSync, sign as nodeSign } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, serveLibrary } from './browser.mjs';
import { KLERO, ROOT, Stage } from './stage.mjs';

let browser;
let library;
let page;
let stage;
const faults = [];
const made = {};

before(async () => {
  stage = await Stage.raise();
  library = await serveLibrary();
  browser = await launch();
  page = await browser.newPage();
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (line) => line.type() === 'error' && faults.push(line.text()));
  await page.goto(library.base);
  await page.waitForFunction(() => window.klero);
  const other = await stage.screen('renji-south', 'rjs', 'RJS-002');
  const [code, second] = [await stage.randomise(), await stage.randomise(other)];
  const prepare = (one) => stage.done('p-rjs', 'POST', '/v1/preparations', { code: one, identifier: 'DEMO', visit: 'V1' });
  made.code = code;
  made.release = await prepare(code);
  made.second = await prepare(second);
  made.broken = await stage.done('hot-1', 'POST', '/v1/breaks', {
    participant: 'RJS-001', identifier: '1988-01-01', requester: 'Demo physician', callBack: '000',
    category: 'sae-management', whatHappened: 'invented', depends: true, how: 'an antidote',
    signature: await stage.signature('hot-1', 'break-code'),
  });
  made.commitment = await stage.done(null, 'GET', '/v1/commitment');
  await page.evaluate(async ({ keys, words }) => {
    window.identities = {};
    for (const [who, file] of keys) window.identities[who] = await klero.openIdentity(file, words);
  }, { keys: ['p-rjs', 'p-hsh', 'hot-1'].map((who) => [who, stage.keyFile(who)]), words: stage.words });
});

after(async () => {
  await browser?.close();
  library?.server.close();
  await stage?.end();
  assert.deepEqual(faults, []);
});

const run = (call, given) => page.evaluate(call, given);

// What the command line says of a release: its exit code, and the arm when it opens.
function cli(release, who, commitment = made.commitment) {
  const [file, pinned] = ['cli.json', 'cli-commitment.json'].map((name) => join(stage.parent, name));
  writeFileSync(file, JSON.stringify(release));
  writeFileSync(pinned, JSON.stringify(commitment));
  const line = ['open', file, '--identity', join(stage.folder, `${who}.key.json`), '--words-file',
    join(stage.folder, 'six-words.txt'), '--commitment', pinned, '--json'];
  try {
    const said = execFileSync(KLERO, line, { stdio: ['ignore', 'pipe', 'pipe'] });
    return { arm: JSON.parse(said).data.arm };
  } catch (error) {
    return { exit: error.status };
  }
}

const open = (release, who, asked = {}, commitment = made.commitment) => run(async (given) => klero.outcome(async () => {
  const pinned = await klero.readCommitment(given.commitment);
  const proven = await klero.prove(given.release, pinned, given.asked);
  const key = await klero.unwrapFor(proven, window.identities[given.who]);
  const arm = await klero.openSlot(proven.slot, key, proven.manifest);
  return { arm, extractable: key.extractable, receipt: await klero.openingReceipt(proven, window.identities[given.who], true) };
}), {
  release, who, commitment,
  asked: { purpose: release.purpose, participant: release.participant, ...asked },
});

test('a real release opens to the same arm as on the command line, and the service keeps the receipt', async () => {
  for (const [release, who, path] of [[made.release, 'p-rjs', 'preparations'], [made.second, 'p-rjs', 'preparations'], [made.broken, 'hot-1', 'breaks']]) {
    const { value, code, fault } = await open(release, who, { code: release.slot.code });
    assert.ok(value, `${code} ${fault}`);
    const { arm } = cli(release, who);
    assert.equal(value.arm.name, arm);
    assert.equal(value.extractable, false);
    const { receipt } = value;
    assert.deepEqual([receipt.fits, receipt.reference], [true, release.reference]);
    await stage.done(who, 'POST', `/v1/${path}/${release.reference}/opened`, receipt);
  }
});

// A release with something in it replaced.
function altered(alter, release = made.release) {
  const copy = structuredClone(release);
  alter(copy);
  assert.notDeepEqual(copy, release);
  return copy;
}

const flipHex = (text, at) => {
  const bytes = Buffer.from(text, 'hex');
  bytes[at] ^= 1;
  return bytes.toString('hex');
};

test('a release that was altered in any part shows no arm, here and on the command line alike', async () => {
  const { release, second, broken } = made;
  const cases = {
    'first byte of sealed': ['seal.bad', altered((r) => { r.slot.sealed = flipHex(r.slot.sealed, 0); })],
    'last byte of sealed': ['seal.bad', altered((r) => { r.slot.sealed = flipHex(r.slot.sealed, 91); })],
    'sealed of another': ['seal.bad', altered((r) => { r.slot.sealed = second.slot.sealed; })],
    enc: ['key.other', altered((r) => { r.wrap.wrap = flipHex(r.wrap.wrap, 1); })],
    wrap: ['key.other', altered((r) => { r.wrap.wrap = flipHex(r.wrap.wrap, 112); })],
    'wrap of another': ['proof.bad', altered((r) => { r.wrap = broken.wrap; })],
    'leaf path': ['seal.bad', altered((r) => { r.slot.leafPath.path[0] = flipHex(r.slot.leafPath.path[0], 0); })],
    'leaf path of another': ['seal.bad', altered((r) => { r.slot.leafPath = second.slot.leafPath; })],
    'leaf index': ['seal.bad', altered((r) => { r.slot.leafPath.index += 1; })],
    'leaf size': ['seal.bad', altered((r) => { r.slot.leafPath.size += 1; })],
    proof: ['proof.bad', altered((r) => { r.receipt.proof[0] = flipHex(r.receipt.proof[0], 0); })],
    'shorter proof': ['proof.bad', altered((r) => { r.receipt.proof.pop(); })],
    index: ['proof.bad', altered((r) => { r.receipt.index -= 1; })],
    entry: ['proof.bad', altered((r) => { r.receipt.entry = r.receipt.entry.replace('V1', 'V2'); })],
    'entry of another': ['proof.bad', altered((r) => { r.receipt = second.receipt; })],
    'entry of a break': ['proof.bad', altered((r) => { r.receipt = broken.receipt; })],
    checkpoint: ['proof.bad', altered((r) => { r.receipt.checkpoint = r.receipt.checkpoint.replace(/\n(\d+)\n/, (_, n) => `\n${Number(n) + 1}\n`); })],
    'older checkpoint': ['proof.bad', altered((r) => { r.receipt.checkpoint = second.receipt.checkpoint; })],
    participant: ['proof.bad', altered((r) => { r.participant = 'RJS-002'; })],
    reference: ['proof.bad', altered((r) => { r.reference = second.reference; })],
    purpose: ['proof.bad', altered((r) => { r.purpose = 'break'; })],
    'no purpose': ['proof.bad', altered((r) => { r.purpose = 'toString'; })],
    'slot of another': ['proof.bad', altered((r) => { r.slot = second.slot; })],
    trial: ['seal.bad', altered((r) => { r.slot.trial = 'TEST-0002'; })],
    segment: ['seal.bad', altered((r) => { r.slot.segment = 1; })],
    position: ['seal.bad', altered((r) => { r.slot.position += 1; })],
    epoch: ['seal.bad', altered((r) => { r.slot.epoch += 1; })],
    'wrap epoch': ['key.other', altered((r) => { r.wrap.epoch += 1; })],
    'wrap centre': ['key.other', altered((r) => { r.wrap.centre = 'huashan'; })],
    level: ['seal.bad', altered((r) => { r.slot.stratum += 'x'; })],
    centre: ['proof.bad', altered((r) => { r.slot.stratum = r.slot.stratum.replace('renji-south', 'huashan'); })],
    'a key too many': ['proof.bad', altered((r) => { r.slot.arm = 'x'; })],
    nothing: ['proof.bad', altered((r) => { r.slot = null; })],
  };
  for (const [what, [code, copy]] of Object.entries(cases)) {
    const said = await open(copy, 'p-rjs', { participant: copy.participant, purpose: copy.purpose });
    assert.deepEqual([what, said.fault, said.code, said.value], [what, undefined, code, undefined]);
    const { exit, arm } = cli(copy, 'p-rjs');
    assert.ok(exit > 1 && arm === undefined, `${what}: the command line said ${exit}`);
  }
  assert.equal((await open(release, 'p-hsh')).code, 'key.other');
  assert.equal((await open(release, 'hot-1')).code, 'key.other');
});

test('a true answer to another question is refused', async () => {
  const { release, second } = made;
  assert.equal((await open(release, 'p-rjs', { participant: 'RJS-002' })).code, 'proof.bad');
  assert.equal((await open(release, 'p-rjs', { code: second.slot.code })).code, 'proof.bad');
  assert.equal((await open(release, 'p-rjs', { purpose: 'break' })).code, 'proof.bad');
});

// A trail of one line, signed with the service's own key: what a service could do that wanted to deceive.
function forged(line, said = undefined) {
  const secret = readFileSync(join(stage.folder, 'service', 'server-secret'));
  const seed = Buffer.from(hkdfSync('sha256', secret, '', 'klero/v1/trail-sign', 32));
  const key = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' });
  const [origin, id] = made.commitment.trailKey.split('+');
  const root = createHash('sha256').update(Buffer.concat([Buffer.from([0]), Buffer.from(line)])).digest('base64');
  const text = `${said ?? origin}\n1\n${root}\n`;
  const signed = Buffer.concat([Buffer.from(id, 'hex'), nodeSign(null, Buffer.from(text), key)]);
  return { entry: line, index: 0, proof: [], checkpoint: `${text}\n— ${origin} ${signed.toString('base64')}\n` };
}

test('an entry that is signed but says something else proves nothing', async () => {
  const line = JSON.parse(made.release.receipt.entry);
  const lines = {
    true: [undefined, { ...line, seq: 0 }],
    'another number': ['proof.bad', { ...line, seq: 1 }],
    'another act': ['proof.bad', { ...line, seq: 0, act: 'release-for-break' }],
    'another person': ['proof.bad', { ...line, seq: 0, by: 'p-hsh' }],
    'another centre': ['proof.bad', { ...line, seq: 0, centre: 'huashan' }],
    'another code': ['proof.bad', { ...line, seq: 0, on: { ...line.on, code: '7429133' } }],
    'another participant': ['proof.bad', { ...line, seq: 0, on: { ...line.on, participant: 'RJS-002' } }],
    'another release': ['proof.bad', { ...line, seq: 0, on: { ...line.on, reference: '00000000' } }],
    'another version': ['proof.bad', { ...line, seq: 0, v: 2 }],
    'a key too many': ['proof.bad', { ...line, seq: 0, arm: 'x' }],
    'a key too few': ['proof.bad', (({ data, ...rest }) => ({ ...rest, seq: 0 }))(line)],
  };
  for (const [what, [code, said]] of Object.entries(lines)) {
    const release = { ...made.release, receipt: forged(JSON.stringify(said)) };
    assert.deepEqual([what, (await open(release, 'p-rjs')).code], [what, code]);
    assert.equal(cli(release, 'p-rjs').arm === undefined, code !== undefined, what);
  }
  const elsewhere = { ...made.release, receipt: forged(JSON.stringify({ ...line, seq: 0 }), 'klero/OTHER') };
  assert.equal((await open(elsewhere, 'p-rjs')).code, 'proof.bad', 'our key, under another trail’s name');
  const layout = JSON.stringify({ ...line, seq: 0 });
  for (const text of [layout.replace(',"seq"', ', "seq"'), layout.replace('"by"', '"b\\u0079"'), layout.replace('{"v":1,', '{"v":1,"v":1,'), `${layout} `, 'null', '[]', '', layout.replace(/"on":\{[^}]*\}/, '"on":null')]) {
    const release = { ...made.release, receipt: forged(text) };
    assert.equal((await open(release, 'p-rjs')).code, 'proof.bad', text.slice(0, 40));
  }
});

test('a commitment that was altered in any line is refused', async () => {
  const { manifest, trailKey } = made.commitment;
  const read = (said) => run((commitment) => klero.outcome(async () => {
    const { manifest: m } = await klero.readCommitment(commitment);
    return { hash: m.hash, root: klero.hex(m.root), arms: m.arms.length };
  }), said);
  const good = await read(made.commitment);
  assert.equal(good.value.hash, createHash('sha256').update(manifest.slice(0, manifest.indexOf('\n\n') + 1)).digest('hex'));
  assert.ok(manifest.includes(`root: ${good.value.root}\n`));
  const lines = manifest.trimEnd().split('\n');
  for (let i = 0; i < lines.length; i += 1) {
    const without = [...lines.slice(0, i), ...lines.slice(i + 1), ''].join('\n');
    const twice = [...lines.slice(0, i + 1), ...lines.slice(i), ''].join('\n');
    const changed = [...lines.slice(0, i), lines[i].replace(/.$/, (c) => (c === '1' ? '2' : '1')), ...lines.slice(i + 1), ''].join('\n');
    for (const text of [without, twice, changed]) {
      if (text === manifest) continue;
      assert.equal((await read({ manifest: text, trailKey })).code, 'manifest.bad', `line ${i}: ${lines[i]}`);
    }
  }
  for (const text of [manifest.trimEnd(), `${manifest}\n`, manifest.replaceAll('\n', '\r\n'), '', null, manifest.toUpperCase()]) {
    assert.equal((await read({ manifest: text, trailKey })).code, 'manifest.bad');
  }
});

// A manifest of one's own, truly signed: what the form itself refuses.
test('a signed manifest that does not agree with itself or its form is refused', async () => {
  const text = made.commitment.manifest.slice(0, made.commitment.manifest.indexOf('\n\n') + 1);
  const cases = await run(async ({ text: said }) => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
    const point = klero.hex(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)));
    const own = said.replace(/signer-key: [0-9a-f]+/, `signer-key: ${point}`);
    const read = async (from, to) => {
      const changed = own.replace(from, to);
      const signature = await klero.sign(pair.privateKey, 'manifest', changed);
      const { code, fault } = await klero.outcome(() => klero.readManifest(`${changed}\nsignature: ${signature}\n`));
      return [String(from), changed !== own, code, fault];
    };
    return [await read('signer', 'signer'), ...await Promise.all([
      [/ratio: \[1,1\]/, 'ratio: [1,1,1]'], [/ratio: \[1,1\]/, 'ratio: [1,0]'], [/ratio: \[1,1\]/, 'ratio: [1, 1]'], [/ratio: \[1,1\]/, 'ratio: [3,2]'],
      [/sizes: \[[0-9,]+\]/, 'sizes: [3]'], [/sizes: \[[0-9,]+\]/, 'sizes: []'], [/sizes: \[[0-9,]+\]/, 'sizes: [258]'],
      [/slots: [0-9]+/, 'slots: 99999'], [/slots: /, 'slots: 0'], [/stratum: ([0-9]+)/, 'stratum: +$1'], [/stratum: [0-9]+/, 'stratum: 1'],
      [/(stratum: .*\n)/, '$1$1'], [/arms: \["([^"]+)","[^"]+"\]/, 'arms: ["$1","$1"]'], [/arms: \["/, 'arms: ["\\u0061'], [/arms: .*/, 'arms: ["a"]'],
      [/trial: /, 'trial:'], [/trial: /, 'trial:  '], [/segment: 0/, 'segment: 00'], [/purpose: \w+/, 'purpose: other'], [/signer: .*/, 'signer: service'],
      [/beacon-description: .*/, 'beacon-description:'], [/root: ..../, 'root: '], [/root: [0-9a-f]{4}/, 'root: ABCD'], [/klero manifest v1/, 'klero manifest v2'],
      [/$/, 'note: x\n'], [/(purpose: .*\n)(segment: .*\n)/, '$2$1'],
    ].map((one) => read(...one)))];
  }, { text });
  assert.deepEqual(cases[0].slice(1), [false, undefined, undefined], 'unchanged, it is read');
  for (const one of cases.slice(1)) assert.deepEqual(one, [one[0], true, 'manifest.bad', undefined]);
});

test('an identity made in the browser opens on the command line, and one made there opens here', async () => {
  const fresh = await run(() => klero.makeIdentity(
    { person: 'p-new', role: 'pharmacist', centres: ['renji-south'] }, 'abacus blemish cider dorsal ember fancied',
  ));
  const at = (name) => join(stage.parent, name);
  const secret = (name, text) => { writeFileSync(at(name), text); chmodSync(at(name), 0o600); };
  secret('p-new.key.json', fresh.file);
  secret('p-new.pub.json', fresh.card);
  secret('p-new.words', 'Abacus, blemish-cider dorsal ember fancied\n');
  const check = JSON.parse(execFileSync(KLERO, ['key', 'check', at('p-new.key.json'), '--words-file', at('p-new.words'), '--json']));
  assert.equal(check.data.card, 'fits');
  assert.equal(check.data.fingerprint.replaceAll(' ', ''), fresh.print);
  assert.equal(execFileSync(KLERO, ['key', 'public', at('p-new.key.json')], { encoding: 'utf8' }).trim(), fresh.card);
  const { iterations } = JSON.parse(fresh.file);
  assert.equal(iterations, 600000);

  execFileSync(KLERO, ['key', 'new', '--person', 'h-cli', '--role', 'hotline', '-o', at('h-cli.key.json'), '--words-file', at('h-cli.words')]);
  const [file, words] = ['h-cli.key.json', 'h-cli.words'].map((name) => readFileSync(at(name), 'utf8'));
  const opened = await run(async (given) => klero.outcome(async () => (await klero.openIdentity(given.file, given.words)).print), { file, words });
  assert.equal(opened.value, JSON.parse(file).fingerprint);
  const whose = await run((text) => klero.whose(text), file);
  assert.deepEqual(whose, { person: 'h-cli', role: 'hotline', centres: [], print: opened.value });
  for (const wrong of [{ role: 'coordinator', centres: ['a'] }, { role: 'hotline', centres: ['a'] }, { role: 'pharmacist', centres: [] }]) {
    const said = await run((given) => klero.outcome(() => klero.makeIdentity({ person: 'x', ...given }, 'a b c d e f')), wrong);
    assert.equal(said.code, 'key.file');
  }
});

test('a centre key granted in the browser opens a release for the newcomer, on the command line', async () => {
  const invited = await stage.done('admin-1', 'POST', '/v1/people', { person: 'p-new', name: 'Demo newcomer', role: 'pharmacist', centres: ['renji-south'] });
  await stage.done(null, 'POST', '/v1/invitations/accept', { token: invited.token, password: 'a long enough one' });
  const { token } = await stage.done(null, 'POST', '/v1/sessions', { name: 'p-new', password: 'a long enough one' });
  stage.people['p-new'] = { id: 'p-new', token };
  const [file, card] = ['p-new.key.json', 'p-new.pub.json'].map((name) => readFileSync(join(stage.parent, name), 'utf8'));
  await stage.done('p-new', 'PUT', '/v1/keys/mine', { card, identity: file });
  const { trial } = await stage.done('hot-1', 'GET', '/v1/trial');
  const { wraps } = await stage.done('hot-1', 'GET', '/v1/wraps/renji-south');
  const print = JSON.parse(card).fingerprint;
  const heard = print.toUpperCase().match(/.{4}/g);
  const grant = (groups, giver = 'hot-1') => run((given) => klero.outcome(async () => {
    const newcomer = await klero.compare(given.card, given.groups);
    return klero.grantKey(newcomer, given.held, window.identities[given.giver], given.trial);
  }), { card, groups, giver, held: wraps[0], trial });
  assert.equal((await grant([...heard.slice(0, 7), '0000'])).code, 'key.fp');
  assert.equal((await grant(heard.slice(0, 7))).code, 'key.fp');
  assert.equal((await grant(heard, 'p-hsh')).code, 'key.other', 'another’s wrap');
  const { value } = await grant(heard);
  await stage.done('hot-1', 'POST', '/v1/grants', value);
  const reference = await stage.screen('renji-south', 'rjs', 'RJS-003');
  const code = await stage.randomise(reference);
  const release = await stage.done('p-new', 'POST', '/v1/preparations', { code, identifier: 'DEMO', visit: 'V1' });
  const line = ['open', '-', '--identity', join(stage.parent, 'p-new.key.json'), '--words-file', join(stage.parent, 'p-new.words'),
    '--commitment', join(stage.folder, 'commitment.json'), '--json'];
  const said = execFileSync(KLERO, line, { input: JSON.stringify(release), stdio: ['pipe', 'pipe', 'pipe'] });
  assert.ok(JSON.parse(said).data.arm);
  const west = await stage.done('hot-1', 'GET', '/v1/wraps/renji-west');
  const other = await run((given) => klero.outcome(async () => klero.grantKey(
    await klero.compare(given.card, given.heard), given.held, window.identities['hot-1'], given.trial,
  )), { card, heard, held: west.wraps[0], trial });
  assert.equal(other.code, 'key.other', 'a pharmacist of one centre is not given the key of another');
});

test('the arms’ words come from the very trial file of the manifest, or not at all', async () => {
  const file = readFileSync(join(ROOT, 'deploy/nct04515719.toml'), 'utf8');
  const read = (text) => run(async (given) => {
    const manifest = await klero.readManifest(given.commitment.manifest);
    const signed = klero.unhex(given.hash);
    return klero.readArms(given.text, { ...manifest, configuration: signed });
  }, { text, hash: createHash('sha256').update(text).digest('hex'), commitment: made.commitment });
  const arms = await read(file);
  assert.deepEqual(arms.map(({ id }) => id), JSON.parse(/^arms: (.*)$/m.exec(made.commitment.manifest)[1]));
  for (const { name, prepare } of arms) {
    for (const words of [name, prepare]) assert.ok(file.includes(`{ en = "${words.en}", zh = "${words['zh-CN']}" }`));
  }
  const own = await run(async (given) => klero.readArms(given.text, await klero.readManifest(given.commitment.manifest)), { text: file, commitment: made.commitment });
  assert.deepEqual(own, arms, 'the manifest’s own configuration hash is this file’s');
  const altered = await run(async (given) => klero.readArms(`${given.text} `, await klero.readManifest(given.commitment.manifest)), { text: file, commitment: made.commitment });
  assert.equal(altered, null, 'one byte more is another file');
  const [first] = arms;
  for (const [from, to] of [
    [`id = "${first.id}"`, `id = "other"`], [`id = "${first.id}"`, `id = '${first.id}'`], [`id = "${first.id}"`, `id = "${first.id}"\nid = "${first.id}"`],
    ['[[arms]]', '[[ arms ]]'], ['[[arms]]', '[[arms]]\n"quoted" = 1'], ['name = { en = "', 'name = { zh = "x", en = "'], ['\nprepare = {', '\nprepared = {'],
    ['[[arms]]', 'a = """\n"""\n[[arms]]'], ['name = { en = "', 'name = { en = "\\u0041'], [/$/, '\n[[arms]]\nid = "third"\n'], [/$/, '\n[arms.extra]\n'],
  ]) {
    const text = file.replace(from, to);
    assert.notEqual(text, file, `${from}`);
    assert.equal(await read(text), null, `${from} → ${to}`);
  }
  const escaped = await read(file.replace(first.name.en, 'A \\"quoted\\" name \\\\ # here'));
  assert.equal(escaped[0].name.en, 'A "quoted" name \\ # here');
});
