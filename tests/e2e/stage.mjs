// Raises `klero demo --serve` in a folder of its own, and reads what it prints: address, sign-ins, six words.

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

// KLERO names another build; otherwise the one that was made last in the usual places.
export const KLERO = process.env.KLERO
  || ['target/debug/klero', 'target/release/klero'].map((path) => join(ROOT, path)).find(existsSync);

export function newFolder() {
  return mkdtempSync(join(tmpdir(), 'klero-e2e-'));
}

export class Stage {
  static async raise(...flags) {
    const stage = new Stage();
    stage.parent = newFolder();
    stage.folder = join(stage.parent, 'demo');
    const line = ['demo', '--serve', '--data', stage.folder, ...flags];
    stage.child = spawn(KLERO, line, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    await new Promise((resolve, reject) => {
      stage.child.once('exit', (code) => reject(new Error(`klero demo ended with ${code}\n${said}`)));
      stage.child.stdout.on('data', (bytes) => {
        said += bytes;
        if (said.includes('# 6 Read the trail')) resolve();
      });
    });
    stage.read(said);
    return stage;
  }

  read(said) {
    this.said = said;
    [, this.base] = /runs at (http:\S+)\. /.exec(said);
    [, this.words] = /six words: ([a-z ]+)$/m.exec(said);
    [, this.firstReference] = /\/v1\/participants\/([0-9A-Z]{8})\/allocation/.exec(said);
    const lines = said.matchAll(/^([a-z]+-[a-z0-9]+) +(\w+) +(\S+) +(demo password of \S+) +([0-9a-f]{64})$/gm);
    this.people = {};
    for (const [, id, role, centre, password, token] of lines) {
      this.people[id] = { id, role, centre, password, token };
    }
  }

  async send(who, method, path, body, once = randomUUID()) {
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': once };
    if (who) headers.Authorization = `Bearer ${this.people[who].token}`;
    const answer = await fetch(this.base + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, text, body: text.startsWith('{') ? JSON.parse(text) : null };
  }

  async done(who, method, path, body, once) {
    const answer = await this.send(who, method, path, body, once);
    if (answer.status >= 300) throw new Error(`${method} ${path} as ${who}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  async signature(who, act) {
    const { meanings } = await this.done(who, 'GET', '/v1/trial');
    return { password: this.people[who].password, meaning: meanings[act].en };
  }

  // Screens and signs for another participant like the first, at a centre of the play; gives the reference.
  async screen(centre, letters, number) {
    const { answers } = await this.done('c-rjs', 'GET', `/v1/participants/${this.firstReference}`);
    const body = { centre, answers: { ...answers, enrolment_number: number } };
    const { reference } = await this.done(`c-${letters}`, 'POST', '/v1/participants', body);
    const { version } = await this.done(`i-${letters}`, 'GET', `/v1/participants/${reference}`);
    const signed = {
      version, anotherPerson: 'invented people share particulars',
      signature: await this.signature(`i-${letters}`, 'sign-eligibility'),
    };
    await this.done(`i-${letters}`, 'POST', `/v1/participants/${reference}/eligibility`, signed);
    return reference;
  }

  async randomise(reference = this.firstReference, letters = 'rjs') {
    const signature = await this.signature(`c-${letters}`, 'randomise');
    const path = `/v1/participants/${reference}/allocation`;
    return (await this.done(`c-${letters}`, 'POST', path, { signature })).code;
  }

  // The trail as the service gives it while it goes on: a checkpoint, and every line under it.
  async exported(folder) {
    const { checkpoint } = await this.done('mon-1', 'GET', '/v1/checkpoints/latest');
    const { trailKey } = await this.done('mon-1', 'GET', '/v1/commitment');
    const size = Number(checkpoint.split('\n')[1]);
    const lines = [];
    while (lines.length < size) lines.push(...(await this.done('mon-1', 'GET', `/v1/trail?from=${lines.length}`)).lines);
    mkdirSync(folder);
    writeFileSync(join(folder, 'trail.jsonl'), lines.slice(0, size).map((line) => `${line}\n`).join(''));
    writeFileSync(join(folder, 'checkpoint.txt'), checkpoint);
    writeFileSync(join(folder, 'trail-key.txt'), `${trailKey}\n`);
    return folder;
  }

  keyFile(who) {
    return readFileSync(join(this.folder, `${who}.key.json`), 'utf8');
  }

  async end() {
    this.child.removeAllListeners('exit');
    const gone = new Promise((resolve) => { this.child.once('exit', resolve); });
    this.child.kill('SIGTERM');
    await gone;
    rmSync(this.parent, { recursive: true, force: true });
  }
}
