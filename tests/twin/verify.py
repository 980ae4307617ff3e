#!/usr/bin/env python3
"""Klero's second verifier: with it and Python alone, anybody may check a finished trial.

It is written from the design and shares no line with the program it checks. "Design 4" and the like
name the section of the design that a part follows; the formula stands above each function. The file
is longer than our others because it must stand alone. Read it from top to bottom:

  1 bytes and keys   2 the list   3 trees   4 curves and signatures
  5 manifest, disclosure, data set   6 the trail   7 the seven checks   8 command line

  verify.py --manifest manifest.txt --disclosure disclosure.json --trail FOLDER --data dataset.csv
  verify.py --manifest manifest.txt --trail FOLDER --groups groups.json --meaning meaning.json
  verify.py --vectors allocation_list.json sealing.json       (all take --json; more in --help)

Exit status: 0 everything fits; 20 a check failed, and its number, name and reason are printed;
2 wrong usage, or a file that cannot be read. Python 3.9 or later, standard library only. All that
it works on is published by then, so nothing here needs to run in constant time.
"""
import argparse
import base64
import csv
import datetime
import functools
import hashlib
import hmac
import json
import re
import struct
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional


class Failed(Exception):
    """Something that is being checked does not hold. The text says what, and where."""


class Unreadable(Exception):
    """A file is missing, or is not the kind of file it should be: nothing was checked."""


def demand(holds: Any, why: str, *facts: Any) -> None:
    """Goes on if it holds; otherwise Failed, with the facts filled into `why`."""
    if not holds:
        raise Failed(why % facts)


# --------------------------------------------------------------------------------------------------
# 1 Bytes and keys                                                                    design 4 and 5

# LP(x) = 16-bit big-endian length, then the UTF-8 bytes
def lp(text: str) -> bytes:
    encoded = text.encode("utf-8")
    demand(len(encoded) <= 0xFFFF, "a name is longer than 65,535 bytes")
    return struct.pack(">H", len(encoded)) + encoded


# u32 big-endian
def u32(value: int) -> bytes:
    return struct.pack(">I", value)


# "klero/v1/" ‖ name ‖ 00: no two uses of a hash or a key can be mistaken for each other
def label(name: str) -> bytes:
    return b"klero/v1/" + name.encode() + b"\x00"


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


# HKDF of RFC 5869 over SHA-256
def hkdf_extract(salt: bytes, secret: bytes) -> bytes:
    return hmac.new(salt or bytes(32), secret, hashlib.sha256).digest()


def hkdf_expand(prk: bytes, info: bytes, length: int) -> bytes:
    out, previous, counter = b"", b"", 1
    while len(out) < length:
        previous = hmac.new(prk, previous + info + bytes([counter]), hashlib.sha256).digest()
        out, counter = out + previous, counter + 1
    return out[:length]


def unhex(text: str, length: Optional[int] = None) -> bytes:
    """Lower-case hex, two digits a byte; ValueError for anything else: one value, one writing."""
    if not re.fullmatch("([0-9a-f]{2})*", text):
        raise ValueError("not lower-case hex")
    if length is not None and len(text) != 2 * length:
        raise ValueError("%d bytes of hex expected" % length)
    return bytes.fromhex(text)


def unbase64(text: str) -> bytes:
    """Standard base64, padded; compared again, because several texts decode to the same bytes."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64 is not written in the one way")
    return data


def compact(value: Any) -> str:
    """JSON without spaces, text as it is: the one way in which the formats write JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# --------------------------------------------------------------------------------------------------
# 2 The list                                                                                design 5

# ctx = LP(trial) ‖ u32(segment)
def context(trial: str, segment: int) -> bytes:
    return lp(trial) + u32(segment)


# seed commit = SHA-256("klero/v1/seed-commit" ‖ 00 ‖ ctx ‖ secret)
def seed_commit(trial: str, segment: int, secret: bytes) -> bytes:
    return sha256(label("seed-commit") + context(trial, segment) + secret)


# sizes commit = SHA-256("klero/v1/sizes-commit" ‖ 00 ‖ ctx ‖ secret ‖ LP(compact JSON of sizes))
def sizes_commit(trial: str, segment: int, secret: bytes, sizes: list[int]) -> bytes:
    return sha256(label("sizes-commit") + context(trial, segment) + secret + lp(compact(sizes)))


# K(l, rest) = HKDF-Expand(PRK, "klero/v1/" ‖ l ‖ 00 ‖ rest, 32)
def list_key(prk: bytes, name: str, rest: bytes) -> bytes:
    return hkdf_expand(prk, label(name) + rest, 32)


# stream = ChaCha20 key stream (RFC 8439), that key, nonce 0, counter from 0, taken byte by byte
def chacha20_block(key: bytes, counter: int, nonce: bytes = bytes(12)) -> bytes:
    counted = struct.pack("<I", counter) + nonce
    words = struct.unpack("<16I", b"expand 32-byte k" + key + counted)
    x = list(words)

    def quarter(a: int, b: int, c: int, d: int) -> None:
        for i, j, k, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[i] = (x[i] + x[j]) & 0xFFFFFFFF
            mixed = x[k] ^ x[i]
            x[k] = (mixed << turn | mixed >> (32 - turn)) & 0xFFFFFFFF

    for _ in range(10):
        for n in range(4):  # four columns, then four diagonals
            quarter(n, n + 4, n + 8, n + 12)
        for n in range(4):
            quarter(n, 4 + (n + 1) % 4, 8 + (n + 2) % 4, 12 + (n + 3) % 4)
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(x, words)))


def key_stream(key: bytes) -> Iterator[int]:
    counter = 0
    while True:
        yield from chacha20_block(key, counter)
        counter += 1


# draw(n) = 0 without reading if n = 1; else read bytes b until b < 256 − (256 mod n); b mod n
def draw(stream: Iterator[int], n: int) -> int:
    if n == 1:
        return 0
    byte = next(stream)
    while byte >= 256 - 256 % n:  # thrown away, not folded: folding would favour the low numbers
        byte = next(stream)
    return byte % n


class Design(NamedTuple):
    """What a list is drawn from, besides the secret and the beacon. Strata in manifest order."""
    trial: str
    segment: int
    training: bool
    arms: list[str]
    ratio: list[int]
    sizes: list[int]
    slots: int
    strata: list[str]


# block = size s = sizes[draw(len sizes)]; arms in manifest order, arm a ratio[a]·s/Σratio times;
#         for i = s−1 down to 1: j = draw(i+1); swap block[i], block[j]
def draw_block(stream: Iterator[int], design: Design) -> list[str]:
    size = design.sizes[draw(stream, len(design.sizes))]
    block = []
    for arm, share in zip(design.arms, design.ratio):
        block += [arm] * (share * size // sum(design.ratio))
    for i in range(size - 1, 0, -1):
        j = draw(stream, i + 1)
        block[i], block[j] = block[j], block[i]
    return block


DAMM = ("0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
        "3674209581", "5869720134", "8945362017", "9438617205", "2581436790")


# Damm check digit: each digit leads to the next row of the table; the last row is the check digit
def damm(digits: str) -> str:
    row = "0"
    for digit in digits:
        row = DAMM[int(row)][int(digit)]
    return row


# code = first digit 1 + draw(8) (training lists: the digit 9, no draw), five digits draw(10),
#        Damm check digit
def draw_code(stream: Iterator[int], training: bool) -> str:
    digits = "9" if training else str(1 + draw(stream, 8))
    for _ in range(5):
        digits += str(draw(stream, 10))
    return digits + damm(digits)


class Slot(NamedTuple):
    segment: int
    stratum: str
    position: int
    code: str
    arm: str
    salt: bytes


# every size must be a multiple of Σratio; draw(n) is for 1 ≤ n ≤ 256
def refuse_impossible(design: Design) -> None:
    arms, total, sizes = design.arms, sum(design.ratio), design.sizes
    demand(len(arms) == len(design.ratio) == len(set(arms)) and min(design.ratio) >= 1,
           "each arm needs a name of its own and a share of at least 1 in the ratio")
    demand(1 <= len(sizes) <= 256 and all(1 <= s <= 256 and s % total == 0 for s in sizes),
           "every block size must be a multiple of %d, and at most 256", total)
    demand(len(set(design.strata)) == len(design.strata), "a stratum is named twice")


# PRK       = HKDF-Extract(salt = beacon bytes (may be empty), ikm = 32-byte secret)
# arms key  = K("arms", ctx ‖ LP(stratum));  codes key = K("codes", ctx)
# salt      = K("salt", ctx ‖ LP(stratum) ‖ u32(position))
# stratum   = blocks until at least `slots` positions; the last block is kept whole
# codes: strata in manifest order, positions ascending; one already in the trial is drawn again
def draw_list(design: Design, secret: bytes, beacon: bytes,
              taken: Sequence[str] = ()) -> list[Slot]:
    ctx, prk = context(design.trial, design.segment), hkdf_extract(beacon, secret)
    codes, seen, rows = key_stream(list_key(prk, "codes", ctx)), set(taken), []
    for stratum in design.strata:
        stream, arms = key_stream(list_key(prk, "arms", ctx + lp(stratum))), []
        while len(arms) < design.slots:
            arms += draw_block(stream, design)
        for position, arm in enumerate(arms):
            code = draw_code(codes, design.training)
            while code in seen:
                code = draw_code(codes, design.training)
            seen.add(code)
            salt = list_key(prk, "salt", ctx + lp(stratum) + u32(position))
            rows.append(Slot(design.segment, stratum, position, code, arm, salt))
    return rows


# leaf = 01 ‖ ctx ‖ LP(stratum) ‖ u32(position) ‖ LP(code) ‖ LP(arm) ‖ salt
def leaf(trial: str, slot: Slot) -> bytes:
    place = lp(slot.stratum) + u32(slot.position) + lp(slot.code)
    return b"\x01" + context(trial, slot.segment) + place + lp(slot.arm) + slot.salt


# --------------------------------------------------------------------------------------------------
# 3 Trees                                                                      RFC 6962, section 2.1

# leaf hash = SHA-256(00 ‖ leaf)
def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data)


# node hash = SHA-256(01 ‖ left ‖ right)
def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


def split(size: int) -> int:
    """The largest power of two below `size`: so many leaves go to the left."""
    return 1 << (size - 1).bit_length() - 1


def root(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"")
    k = split(len(leaves))
    return node_hash(root(leaves[:k]), root(leaves[k:]))


# RFC 6962 2.1.1: the neighbours of leaf `index` on its way to the root, lowest first
def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return inclusion_path(leaves[:k], index) + [root(leaves[k:])]
    return inclusion_path(leaves[k:], index - k) + [root(leaves[:k])]


def root_from_path(hashed: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that leaf `index` of `size` leads to; ValueError if the path cannot be one."""
    if not 0 <= index < size or (size == 1) != (not path):
        raise ValueError("path too short or too long")
    if size == 1:
        return hashed
    k = split(size)
    if index < k:
        return node_hash(root_from_path(hashed, index, k, path[:-1]), path[-1])
    return node_hash(path[-1], root_from_path(hashed, index - k, size - k, path[:-1]))


# RFC 6962 2.1.2: what leads from the root of the first `old` leaves to the root of all of them.
# `whole`: the old tree is a subtree that the verifier knows already, so that it is left out.
def consistency_proof(leaves: Sequence[bytes], old: int, whole: bool = True) -> list[bytes]:
    if old in (0, len(leaves)):
        return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if old <= k:
        return consistency_proof(leaves[:k], old, whole) + [root(leaves[k:])]
    return consistency_proof(leaves[k:], old - k, False) + [root(leaves[:k])]


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> bool:
    """Whether the tree of `new` leaves begins with the tree of `old` leaves."""
    left = list(proof)

    def roots(old: int, new: int, whole: bool) -> tuple[bytes, bytes]:
        """The old and the new root of this part of the tree, as the rest of the proof says."""
        if old == new:
            known = old_root if whole else left.pop()
            return known, known
        k, neighbour = split(new), left.pop()
        if old <= k:
            was, now = roots(old, k, whole)
            return was, node_hash(now, neighbour)
        was, now = roots(old - k, new - k, False)
        return node_hash(neighbour, was), node_hash(neighbour, now)

    if old == 0:
        return old_root == sha256(b"") and not proof
    try:
        return old <= new and roots(old, new, True) == (old_root, new_root) and not left
    except IndexError:  # the proof was too short
        return False


# --------------------------------------------------------------------------------------------------
# 4 Curves and signatures                                         design 4 and 7; FIPS 186, RFC 8032

P = 2**256 - 2**224 + 2**192 + 2**96 - 1  # P-256: y² = x³ − 3x + B modulo P, N points
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)
Point = Optional[tuple[int, int]]  # on P-256, None is the point at infinity


def p256_add(a: Point, b: Point) -> Point:
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * (a[0] * a[0] - 1) * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


@functools.lru_cache(maxsize=64)
def p256_doublings(point: Point) -> list[Point]:
    """1, 2, 4, 8 … times a point; remembered, because the same few keys come again and again."""
    doublings = [point]
    while len(doublings) < 256:
        doublings.append(p256_add(doublings[-1], doublings[-1]))
    return doublings


def p256_multiply(times: int, point: Point) -> Point:
    total = None
    for bit, power in enumerate(p256_doublings(point)):
        if times >> bit & 1:
            total = p256_add(total, power)
    return total


def p256_point(data: bytes) -> tuple[int, int]:
    """04 ‖ x ‖ y, 65 bytes, on the curve; ValueError if it is not."""
    x, y = int.from_bytes(data[1:33], "big"), int.from_bytes(data[33:], "big")
    on_the_curve = (y * y - (x * x * x - 3 * x + B)) % P == 0
    if len(data) != 65 or data[0] != 4 or x >= P or y >= P or not on_the_curve:
        raise ValueError("not a point of P-256")
    return x, y


# ECDSA P-256 with SHA-256, r ‖ s:  with w = 1/s, the x of hash·w·G + r·w·key must be r modulo N
@functools.lru_cache(maxsize=None)
def ecdsa_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if len(signature) != 64 or not (0 < r < N and 0 < s < N):
        return False
    w, hashed, key = pow(s, -1, N), int.from_bytes(sha256(message), "big"), p256_point(public)
    point = p256_add(p256_multiply(hashed * w % N, G), p256_multiply(r * w % N, key))
    return point is not None and point[0] % N == r


Q = 2**255 - 19  # Ed25519: −x² + y² = 1 + D·x²·y² modulo Q, base point of order L
D = -121665 * pow(121666, -1, Q) % Q
L = 2**252 + 27742317777372353535851937790883648493


def ed_add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    product = D * a[0] * b[0] * a[1] * b[1] % Q
    inverse = pow((1 + product) * (1 - product), -1, Q)  # one for both: inverting is what costs
    x = (a[0] * b[1] + b[0] * a[1]) * (1 - product) * inverse % Q
    return x, (a[1] * b[1] + a[0] * b[0]) * (1 + product) * inverse % Q


@functools.lru_cache(maxsize=64)
def ed_doublings(point: tuple[int, int]) -> list[tuple[int, int]]:
    doublings = [point]
    while len(doublings) < 256:
        doublings.append(ed_add(doublings[-1], doublings[-1]))
    return doublings


def ed_multiply(times: int, point: tuple[int, int]) -> tuple[int, int]:
    total = (0, 1)
    for bit, power in enumerate(ed_doublings(point)):
        if times >> bit & 1:
            total = ed_add(total, power)
    return total


# 32 bytes little-endian: y, and in the highest bit whether x is odd
def ed_write(point: tuple[int, int]) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def ed_read(data: bytes) -> tuple[int, int]:
    odd, y = divmod(int.from_bytes(data, "little"), 2**255)
    square = (y * y - 1) * pow(D * y * y + 1, -1, Q) % Q
    x = pow(square, (Q + 3) // 8, Q)  # a root of square, or of its negative
    if (x * x - square) % Q:
        x = x * pow(2, (Q - 1) // 4, Q) % Q
    if (x * x - square) % Q or y >= Q or (x == 0 and odd):
        raise ValueError("not a point of Ed25519")
    return (Q - x if x & 1 != odd else x), y


ED_BASE = ed_read((4 * pow(5, -1, Q) % Q).to_bytes(32, "little"))


# Ed25519 (RFC 8032 5.1.7), R ‖ S:  S·base − SHA-512(R ‖ key ‖ message)·key must be R
@functools.lru_cache(maxsize=None)
def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    s = int.from_bytes(signature[32:], "little")
    if len(public) != 32 or len(signature) != 64 or s >= L:
        return False
    hashed = hashlib.sha512(signature[:32] + public + message).digest()
    x, y = ed_read(public)
    minus = ed_multiply(int.from_bytes(hashed, "little") % L, (Q - x, y))
    return ed_write(ed_add(ed_multiply(s, ED_BASE), minus)) == signature[:32]


class TrailKey(NamedTuple):
    name: str
    hash: bytes
    public: bytes


# C2SP signed note: key hash = first 4 bytes of SHA-256(name ‖ 0A ‖ 01 ‖ public), 01 = Ed25519
def note_key_hash(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n\x01" + public)[:4]


# verifier key = name+hex of the key hash+base64(01 ‖ public)
def read_trail_key(text: str) -> TrailKey:
    try:
        name, hashed, key = text.removesuffix("\n").split("+", 2)
        public = unbase64(key)
        if public[:1] != b"\x01" or len(public) != 33 or not name or re.search(r"\s", name):
            raise ValueError("not an Ed25519 key")
        if note_key_hash(name, public[1:]) != unhex(hashed, 4):
            raise ValueError("its name, hash and key do not belong together")
        return TrailKey(name, unhex(hashed), public[1:])
    except ValueError as why:
        raise Failed("trail key: %s" % why) from None


# C2SP tlog-cosignature: as a trail key, with 04 for 01
def read_witness_key(text: str) -> TrailKey:
    try:
        name, hashed, key = text.strip().split("+", 2)
        public = unbase64(key)
        if public[:1] != b"\x04" or len(public) != 33 or not name or re.search(r"\s", name):
            raise ValueError("not the key of a witness")
        if sha256(name.encode() + b"\n" + public)[:4] != unhex(hashed, 4):
            raise ValueError("its name, hash and key do not belong together")
        return TrailKey(name, unhex(hashed), public[1:])
    except ValueError as why:
        raise Failed("witness key: %s" % why) from None


def cosigned(note: str, witness: TrailKey) -> bool:
    """Did this witness cosign the note, at whatever time? u64 seconds ‖ signature over the text with its time."""
    text, _, signatures = note.rpartition("\n\n")
    for line in signatures.split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, written = rest.partition(" ")
        try:
            bundle = unbase64(written)
        except ValueError:
            continue
        if dash == "\u2014" and (name, bundle[:4], len(bundle)) == (witness.name, witness.hash, 76):
            seconds = int.from_bytes(bundle[4:12], "big")
            said = "cosignature/v1\ntime %d\n%s\n" % (seconds, text)
            if ed25519_verify(witness.public, said.encode(), bundle[12:]):
                return True
    return False


class Checkpoint(NamedTuple):
    size: int
    root: bytes


# C2SP tlog-checkpoint: origin, size, base64 root, an empty line (we write no further lines);
# then signature lines: — name base64(key hash ‖ signature over all before the empty line)
def read_checkpoint(note: str, key: TrailKey) -> Checkpoint:
    try:
        text, _, signatures = note.rpartition("\n\n")
        lines, signed = text.split("\n"), False
        if len(lines) != 3 or not signatures.endswith("\n"):
            raise ValueError("not a checkpoint in a signed note")
        if lines[0] != key.name:
            raise ValueError("origin %r, but the trail key is of %r" % (lines[0], key.name))
        for line in signatures[:-1].split("\n"):
            dash, name, written = line.split(" ", 2)
            bundle = unbase64(written)
            if dash != "\u2014" or len(bundle) < 5:
                raise ValueError("signature line is not well formed")
            if (name, bundle[:4]) == (key.name, key.hash):  # others, say witnesses, are passed by
                signed = ed25519_verify(key.public, (text + "\n").encode(), bundle[4:])
                if not signed:
                    break
        if not signed:
            raise ValueError("no signature that verifies under the trail key")
        return Checkpoint(number(lines[1]), unhex(unbase64(lines[2]).hex(), 32))
    except ValueError as why:
        raise Failed("checkpoint: %s" % why) from None


# --------------------------------------------------------------------------------------------------
# 5 Manifest, disclosure, data set                                                          design 5

def number(text: str) -> int:
    if not re.fullmatch("0|[1-9][0-9]{0,8}", text):
        raise ValueError("%r is not a whole number" % text)
    return int(text)


def array(text: str, kind: type) -> list:
    values = json.loads(text)
    if type(values) is not list or compact(values) != text or not values:
        raise ValueError("%r is not a compact JSON array" % text)
    if any(type(value) is not kind for value in values):
        raise ValueError("%r holds a value of the wrong kind" % text)
    return values


class Lines:
    """Takes `name: value` lines in their one order; ValueError names a line that is not so."""

    def __init__(self, text: str) -> None:
        self.lines, self.at = text.split("\n"), 0

    def next_is(self, name: str) -> bool:
        return self.at < len(self.lines) and self.lines[self.at].startswith(name + ":")

    def take(self, name: str) -> str:
        line = self.lines[self.at] if self.at < len(self.lines) else ""
        self.at += 1
        if line == name + ":":
            return ""
        if not line.startswith(name + ": ") or line == name + ": ":
            raise ValueError("a line should be '%s: …' and is %r" % (name, line))
        return line[len(name) + 2:]

    def end(self) -> None:
        if self.at != len(self.lines):
            raise ValueError("a line too many: %r" % self.lines[self.at])


class Manifest:
    """The manifest file, strictly: these lines in this order. ValueError says what is wrong.

    What is signed is all before the empty line; manifest hash = SHA-256 of that text."""

    def __init__(self, file: bytes) -> None:
        text, _, after = file.partition(b"\n\n")
        self.text = text + b"\n"
        self.hash = sha256(self.text).hex()
        title, _, body = text.decode("utf-8").partition("\n")
        if title != "klero manifest v1":
            raise ValueError("the first line should be 'klero manifest v1'")
        line = Lines(body)
        self.trial = line.take("trial")
        self.purpose = line.take("purpose")
        self.segment = number(line.take("segment"))
        self.configuration = unhex(line.take("configuration"), 32).hex()
        self.arms = array(line.take("arms"), str)
        self.ratio = array(line.take("ratio"), int)
        hidden = line.next_is("sizes-commit")  # for a trial that has not published its block sizes
        self.sizes_commit = unhex(line.take("sizes-commit"), 32) if hidden else None
        self.sizes = None if hidden else array(line.take("sizes"), int)
        self.slots = number(line.take("slots"))
        self.strata: list[tuple[str, int]] = []
        while line.next_is("stratum") or not self.strata:
            count, _, stratum = line.take("stratum").partition(" ")
            self.strata.append((stratum, number(count)))
        self.seed_commit = unhex(line.take("seed-commit"), 32)
        self.beacon = unhex(line.take("beacon"))
        line.take("beacon-description")
        self.root = unhex(line.take("root"), 32)
        self.signer = line.take("signer")
        self.signer_key = unhex(line.take("signer-key"), 65)
        line.end()
        line = Lines(after.decode("utf-8"))
        self.signature = unhex(line.take("signature"), 64)
        if line.lines[1:] != [""]:
            raise ValueError("the file should end with the signature and a line feed")
        if self.purpose not in ("live", "training"):
            raise ValueError("purpose must be live or training")
        if not all([self.trial, self.signer, *(stratum for stratum, _ in self.strata)]):
            raise ValueError("trial, signer and each stratum must be named")


class Disclosure:
    """What the statistician publishes at the end. Unreadable if it is not such a file."""

    def __init__(self, file: bytes) -> None:
        try:
            said = json.loads(file.decode("utf-8"))
            self.trial, self.purpose = said["trial"], said["purpose"]
            self.segment, self.sizes = said["segment"], said["sizes"]
            self.secret, self.beacon = unhex(said["secret"], 32), unhex(said["beacon"])
            if said["klero"] != "disclosure/v1" or any(type(n) is not int for n in self.sizes):
                raise ValueError("not a klero disclosure/v1")
        except (ValueError, KeyError, TypeError, RecursionError) as why:
            raise Unreadable("disclosure file: %s" % why) from None


class Row(NamedTuple):
    line: int
    participant: str
    code: str
    arm: str
    broken: Optional[str] = None  # None where the data set has no such column


def read_data_set(file: bytes) -> list[Row]:
    try:
        text = file.decode("utf-8").replace("\r\n", "\n")
        header, *rows = list(csv.reader(text.split("\n"), strict=True))
    except (ValueError, csv.Error) as why:
        raise Unreadable("data set: %s" % why) from None
    if header not in (["participant", "code", "arm"], ["participant", "code", "arm", "broken"]):
        raise Unreadable("data set: the header must be participant,code,arm or with ,broken")
    for line, row in enumerate(rows, 2):
        if row and (len(row) != len(header) or row[3:] not in ([], ["yes"], ["no"])):
            raise Unreadable("data set, line %d: %d fields expected, and yes or no in the fourth"
                             % (line, len(header)))
    return [Row(line, *row) for line, row in enumerate(rows, 2) if row]


# --------------------------------------------------------------------------------------------------
# 6 The trail                                                                               design 7

KEYS = ("v", "seq", "at", "by", "role", "act", "centre", "on", "data", "private", "salt", "prev")
OPTIONAL = ("centre", "private", "salt")
KINDS = {"v": int, "seq": int, "on": dict, "data": dict}  # all others are text
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT([01]\d|2[0-3])(:[0-5]\d){2}\.\d{3}Z", re.ASCII)
LINE_BYTES_MAX = 65535
DEPTH_MAX = 127


class Entry(NamedTuple):
    seq: int
    by: str
    role: str
    act: str
    centre: Optional[str]
    on: dict[str, Any]
    data: dict[str, Any]
    prev: str


def no_float(text: str) -> None:
    raise ValueError("the number %s is not whole" % text)


def no_null_nor_depth(value: Any) -> None:
    """A limit of our own, so that the verdict does not hang on the Python that runs this."""
    level = [value]
    for _ in range(DEPTH_MAX + 1):
        if None in level:
            raise ValueError("null is not allowed")
        inside = [v for v in level if type(v) in (dict, list)]
        if not inside:
            return
        level = [v for one in inside for v in (one.values() if type(one) is dict else one)]
    raise ValueError("nested more than %d deep" % DEPTH_MAX)


def read_line(raw: bytes) -> Entry:
    """One line, strictly: these keys, this order, these bytes. ValueError for anything else.

    What was read is written again and must give the same bytes, so that nobody can hide a second
    meaning in spaces, escapes, repeated names or odd numbers."""
    if len(raw) > LINE_BYTES_MAX:
        raise ValueError("longer than %d bytes" % LINE_BYTES_MAX)
    text = raw.decode("utf-8")
    try:
        said = json.loads(text, parse_float=no_float, parse_constant=no_float)
    except RecursionError:
        raise ValueError("nested more than %d deep" % DEPTH_MAX) from None
    no_null_nor_depth(said)
    if type(said) is not dict or compact(said) != text:
        raise ValueError("not written in the one way")
    if tuple(said) != tuple(key for key in KEYS if key in said or key not in OPTIONAL):
        raise ValueError("its keys are not those of an entry, in their order")
    for key, value in said.items():
        if type(value) is not KINDS.get(key, str):
            raise ValueError("%r has a value of the wrong kind" % key)
    if said["v"] != 1 or not MOMENT.fullmatch(said["at"]):
        raise ValueError("'v' must be 1 and 'at' a moment in UTC with three decimals")
    datetime.date.fromisoformat(said["at"][:10])  # refuses the 31st of February
    if ("private" in said) != ("salt" in said):
        raise ValueError("'private' and 'salt' stand together or not at all")
    for key, length in (("private", 32), ("salt", 16), ("prev", 32)):
        unhex(said.get(key, "00" * length), length)
    return Entry(said["seq"], said["by"], said["role"], said["act"], said.get("centre"),
                 said["on"], said["data"], said["prev"])


# prev = leaf hash of the line before, 32 zero bytes in the first one
def read_chain(lines: list[bytes]) -> tuple[list[Entry], list[bytes]]:
    entries, hashes, prev = [], [], bytes(32)
    for seq, raw in enumerate(lines):
        try:
            entry = read_line(raw)
        except ValueError as why:
            raise Failed("entry %d: %s" % (seq, why)) from None
        demand(entry.seq == seq, "entry %d is numbered %d", seq, entry.seq)
        demand(seq or entry.prev == prev.hex(), "entry 0 is written as if another came before it")
        demand(entry.prev == prev.hex(), "entry %d was written after another entry %d than the one"
               " that stands before it", seq, seq - 1)
        prev = leaf_hash(raw)
        entries.append(entry)
        hashes.append(prev)
    return entries, hashes


def need(entry: Entry, facts: Any, name: str, kind: type = str) -> Any:
    """A fact that this act must state, of this kind; Failed names the entry that lacks it."""
    value = facts.get(name) if type(facts) is dict else None
    demand(type(value) is kind, "entry %d (%s) does not state %r", entry.seq, entry.act, name)
    return value


# --------------------------------------------------------------------------------------------------
# 7 The seven checks                                                design 5, disclosure and verify

class Case:
    """All that is looked at: files as they were read, and what each check found for the next.

    Manifests and disclosures stand in pairs, one for each segment of the list, segment 0 first."""

    def __init__(self, manifests: list[bytes], disclosures: list[bytes], trail: dict[str, bytes],
                 data: bytes) -> None:
        self.manifest_files = manifests
        self.disclosures = [Disclosure(file) for file in disclosures]
        self.trail = trail                        # file name to bytes
        self.data = read_data_set(data)
        self.trail_key: Optional[bytes] = None    # known from elsewhere, from a printed sheet, say
        self.checkpoints: list[bytes] = []        # kept elsewhere, by a centre, say
        self.witnesses: list[str] = []            # the keys of those who cosign
        self.receipts: list[bytes] = []           # likewise
        self.manifests: list[Manifest] = []       # found by check 1
        self.designs: list[Design] = []           # found by check 1
        self.slots: list[Slot] = []               # found by check 2: all segments, in list order
        self.slot_of: dict[str, Slot] = {}        # found by check 2: code to slot
        self.entries: list[Entry] = []            # found by check 3


# signature over "klero/v1/manifest" ‖ 00 ‖ text
def take_manifest(manifests: list[Manifest], segment: int, file: str) -> Manifest:
    """Reads the next segment's manifest, checks whose it is, and puts it behind those before it."""
    try:
        manifest = Manifest(file)
        message = label("manifest") + manifest.text
        signed = ecdsa_verify(manifest.signer_key, message, manifest.signature)
    except (ValueError, RecursionError) as why:
        raise Failed("manifest: %s" % why) from None
    demand(signed, "the manifest's signature is not that of %s", manifest.signer)
    manifests.append(manifest)
    first = manifests[0]
    demand((manifest.trial, manifest.purpose, manifest.segment)
           == (first.trial, first.purpose, segment),
           "the manifest is not that of segment %d of %s", segment, first.trial)
    return manifest


def check_commitment(case: Case) -> str:
    for segment, (file, said) in enumerate(zip(case.manifest_files, case.disclosures)):
        manifest = take_manifest(case.manifests, segment, file)
        for what in ("trial", "segment", "purpose", "beacon"):
            demand(getattr(said, what) == getattr(manifest, what),
                   "the disclosure has another %s than the manifest", what)
        demand(seed_commit(manifest.trial, segment, said.secret) == manifest.seed_commit,
               "the disclosed secret is not the one that was committed to")
        if manifest.sizes is None:
            committed = sizes_commit(manifest.trial, segment, said.secret, said.sizes)
            demand(committed == manifest.sizes_commit,
                   "the disclosed block sizes are not those that were committed to")
        else:
            demand(said.sizes == manifest.sizes,
                   "the disclosed block sizes are not those of the manifest")
        design = Design(manifest.trial, segment, manifest.purpose == "training", manifest.arms,
                        manifest.ratio, said.sizes, manifest.slots,
                        [stratum for stratum, _ in manifest.strata])
        refuse_impossible(design)
        for stratum, count in manifest.strata:  # the last block is kept whole, and ends the stratum
            demand(design.slots <= count < design.slots + max(manifest.sizes or [256]),
                   "stratum %s cannot have %d slots", stratum, count)
        case.designs.append(design)
    first = case.manifests[0]
    return "manifest %s, signed by %s" % (first.hash, first.signer)


# the list is drawn again from the published secret, and must have the root that was committed to
def check_list(case: Case) -> str:
    for manifest, design, said in zip(case.manifests, case.designs, case.disclosures):
        drawn = draw_list(design, said.secret, said.beacon, list(case.slot_of))
        for stratum, count in manifest.strata:
            again = sum(slot.stratum == stratum for slot in drawn)
            demand(again == count, "stratum %s has %d slots in the manifest, %d when drawn again",
                   stratum, count, again)
        demand(root([leaf_hash(leaf(manifest.trial, slot)) for slot in drawn]) == manifest.root,
               "the list drawn again has another root: codes, arms or salts differ")
        case.slots += drawn
        case.slot_of.update((slot.code, slot) for slot in drawn)
    return "%d slots drawn again, root %s" % (len(case.slots), case.manifests[0].root.hex())


# the export's lines chain, their tree is the one that was signed, and begins with this commitment
def check_trail(case: Case) -> str:
    lines = case.trail["trail.jsonl"].split(b"\n")
    demand(lines.pop() == b"", "the last line does not end: the trail was cut")
    case.entries, hashes = read_chain(lines)
    try:
        key = read_trail_key(case.trail["trail-key.txt"].decode("utf-8"))
        known = read_trail_key(case.trail_key.decode("utf-8")) if case.trail_key else key
        last = read_checkpoint(case.trail["checkpoint.txt"].decode("utf-8"), key)
    except UnicodeDecodeError:
        raise Failed("the trail key or the checkpoint is not UTF-8") from None
    demand(known == key, "the export is signed by another trail key than the one expected")
    demand(last.size == len(lines), "the checkpoint was made over %d entries, the trail has %d",
           last.size, len(lines))
    demand(last.root == root(hashes), "the checkpoint was made over other entries: the last one,"
           " entry %d, was altered", last.size - 1)
    check_kept(case, key, last, hashes)
    check_founded(case)
    pinned = "" if case.trail_key else " (trail key taken from the export itself)"
    return "%d entries, root %s%s" % (len(lines), last.root.hex(), pinned)


def check_kept(case: Case, key: TrailKey, last: Checkpoint, hashes: list[bytes]) -> None:
    """Checkpoints and receipts that other people kept must fit: they find a trail written anew."""
    witnesses = [read_witness_key(text) for text in case.witnesses]
    for note in case.checkpoints if witnesses else ():
        demand(any(cosigned(note.decode("utf-8", "replace"), witness) for witness in witnesses),
               "a checkpoint kept elsewhere is cosigned by none of the witnesses given")
    for note in case.checkpoints:
        then = read_checkpoint(note.decode("utf-8", "replace"), key)
        demand(then.size <= last.size, "a checkpoint kept elsewhere was made over %d entries: the"
               " trail was cut", then.size)
        proof = consistency_proof(hashes, then.size)
        demand(consistent(then.size, then.root, last.size, last.root, proof),
               "a checkpoint kept elsewhere, over %d entries, does not fit the trail", then.size)
    for file in case.receipts:
        try:
            receipt = json.loads(file)
            receipt = receipt.get("receipt", receipt)  # a whole release answer will do
            index, hashed = receipt["index"], leaf_hash(receipt["entry"].encode())
            then = read_checkpoint(receipt["checkpoint"], key)
            path = [unhex(node, 32) for node in receipt["proof"]]
            proven = root_from_path(hashed, index, then.size, path) == then.root
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            raise Failed("a receipt is not well formed") from None
        demand(proven, "a receipt does not prove its entry %d", index)
        demand(hashes[index:index + 1] == [hashed],
               "a receipt was given for an entry %d that is not in the trail", index)


def check_founded(case: Case) -> None:
    """The trail must begin with this commitment, and the list imported must be the one it names."""
    demand(case.entries, "the trail is empty")
    founded, manifest = case.entries[0], case.manifests[0]
    demand((founded.act, founded.by, founded.role) == ("founded", "service", "service"),
           "the trail does not begin with 'founded'")
    demand(all(entry.act != "founded" for entry in case.entries[1:]), "the trail is founded twice")
    for name, given in (("trial", manifest.trial), ("configuration", manifest.configuration),
                        ("manifest", manifest.hash), ("purpose", manifest.purpose)):
        demand(need(founded, founded.data, name) == given,
               "the founded entry names another %s than the manifest given", name)
    imported = [[entry.data.get(name) for name in ("segment", "manifest", "root")]
                for entry in case.entries if entry.act == "list-imported"]
    for manifest in case.manifests:
        demand([manifest.segment, manifest.hash, manifest.root.hex()] in imported,
               "no entry 'list-imported' names manifest and root of segment %d", manifest.segment)


# the randomised codes of a stratum are exactly the first of the list, in order (I4); the one gap is
# a code that was void before its turn came, and that is never issued
def check_order(case: Case) -> str:
    waiting: dict[str, list[Slot]] = {}
    for slot in reversed(case.slots):  # so that pop() gives the first; later segments follow on
        waiting.setdefault(slot.stratum, []).append(slot)
    issued: dict[str, int] = {}  # code to entry
    void: dict[str, int] = {}
    for entry in case.entries:
        if entry.act == "code-voided":
            code = need(entry, entry.on, "code")
            demand(code in case.slot_of, "entry %d: code %s was voided, and no list has it",
                   entry.seq, code)
            demand(code not in issued, "entry %d: code %s was voided, and had been issued in entry"
                   " %s", entry.seq, code, issued.get(code))
            demand(code not in void, "entry %d: code %s was voided, and had been voided in entry"
                   " %s", entry.seq, code, void.get(code))
            void[code] = entry.seq
        elif entry.act == "randomised":
            code, stratum = need(entry, entry.on, "code"), need(entry, entry.data, "stratum")
            demand(code not in void, "entry %d: code %s was issued, and is void since entry %s",
                   entry.seq, code, void.get(code))
            left = waiting.get(stratum, [])
            while left and left[-1].code in void:
                left.pop()
            demand(left, "entry %d: code %s was issued, but stratum %r has no slot"
                   " left on the list", entry.seq, code, stratum)
            due = left.pop()
            demand(code == due.code, "entry %d: code %s was issued in %s, where %s at position %d"
                   " was due", entry.seq, code, stratum, due.code, due.position)
            demand(need(entry, entry.data, "segment", int) == due.segment,
                   "entry %d: code %s is of segment %d", entry.seq, code, due.segment)
            issued[code] = entry.seq
    return "%d codes issued in list order, %d void" % (len(issued), len(void))


# the data set has each participant once, with the arm of the leaf of their code
def check_arms(case: Case) -> str:
    randomised: dict[str, str] = {}
    for entry in case.entries:
        if entry.act == "randomised":
            participant = need(entry, entry.on, "participant")
            demand(participant not in randomised, "entry %d: participant %s was randomised twice",
                   entry.seq, participant)
            randomised[participant] = entry.on["code"]
    for row in case.data:
        code = randomised.pop(row.participant, None)
        demand(code is not None, "data set, line %d: participant %s was not randomised, or stands"
               " there twice", row.line, row.participant)
        demand(code == row.code, "data set, line %d: participant %s has code %s, the trail says %s",
               row.line, row.participant, row.code, code)
        arm = case.slot_of[row.code].arm
        demand(row.arm == arm, "data set, line %d: participant %s, code %s has arm %r, the list"
               " says %r", row.line, row.participant, row.code, row.arm, arm)
    demand(not randomised, "participant %s was randomised and is missing from the data set",
           next(iter(randomised), None))
    return "%d participants, each with the arm of the list" % len(case.data)


DRILL_EPOCHS = 1_000_000  # keys of training lists are numbered above this, and no others

# Design 3: the roles; who may release or grant, and where: at the own centres, or in the whole trial
ROLES = ("coordinator", "investigator", "pharmacist", "hotline", "statistician", "monitor",
         "sponsor", "admin")
REACH = {
    "release-for-preparation": {"pharmacist": "own"},
    "release-for-break": {"investigator": "own", "hotline": "trial"},
    "drill": {"investigator": "own", "hotline": "trial"},
    "key-granted": {"pharmacist": "own", "hotline": "trial", "statistician": "trial"},
    "key-rotated": {"statistician": "trial"},
    "participant-transferred": {"investigator": "own"},
    "slot-key-passed": {"hotline": "trial", "statistician": "trial"},
    "code-voided": {"statistician": "trial"},
    "break-imported": {"hotline": "trial"},
    "unissued-opened": {"hotline": "trial"},
}


class Person(NamedTuple):
    role: str
    centres: list[str]
    state: str  # invited, active, disabled


class Rights:
    """Who was whom and held which centre key, followed through the trail entry by entry."""

    def __init__(self, manifests: list[Manifest]) -> None:
        self.manifests = [manifest.hash for manifest in manifests]
        self.people: dict[str, Person] = {}
        self.wraps: set[tuple[str, str, int]] = set()  # person, centre, epoch
        self.ever: set[tuple[str, str]] = set()  # person and centre of every key that was ever given
        self.incidents: dict[int, str] = {}  # codes of nobody that were opened, by their entries
        self.present: dict[str, str] = {}  # where participants are who moved
        self.passed: set[tuple[str, str]] = set()  # participant and centre, of keys passed on

    def follow(self, entry: Entry) -> None:
        act, on, data = entry.act, entry.on, entry.data
        if act == "person-invited":
            role, centres = need(entry, data, "role"), need(entry, data, "centres", list)
            demand(role in ROLES and all(type(centre) is str for centre in centres),
                   "entry %d invites to a role or a centre that cannot be", entry.seq)
            self.people[need(entry, on, "person")] = Person(role, centres, "invited")
        elif act in ("account-activated", "person-disabled"):
            name = need(entry, on, "person")
            person = self.people.get(name)
            if person and act == "person-disabled":
                self.people[name] = person._replace(state="disabled")
            elif person and person.state == "invited":  # a disabled person must be invited anew
                self.people[name] = person._replace(state="active")
        elif act == "list-imported" and data.get("manifest") in self.manifests:
            for wrap in need(entry, data, "wraps", list):  # those of a training list are passed by
                self.wraps.add((need(entry, wrap, "person"), need(entry, wrap, "centre"),
                                need(entry, wrap, "epoch", int)))
        elif act == "key-rotated":  # the next key, to those who stay; the last one still opens what was issued
            wraps = [(need(entry, wrap, "person"), need(entry, wrap, "centre"),
                      need(entry, wrap, "epoch", int)) for wrap in need(entry, data, "wraps", list)]
            demand(entry.centre is not None, "entry %d: a rotation of no centre", entry.seq)
            if not self.refusal(entry, entry.centre or ""):
                self.wraps.update(wraps)
        elif act == "participant-transferred":
            who, to = need(entry, on, "participant"), need(entry, data, "to")
            if not self.refusal(entry, self.present.get(who, entry.centre or "")):
                self.present[who] = to  # moved by anybody else, they are where they were
        elif act == "slot-key-passed":
            who, to = need(entry, on, "participant"), need(entry, data, "to")
            if not self.refusal(entry, to):
                self.passed.add((who, to))
        elif act in ("key-granted", "grant-removed"):
            centre, epoch = need(entry, data, "centre"), need(entry, data, "epoch", int)
            wrap = (need(entry, on, "person"), centre, epoch)
            if act == "grant-removed":  # every key of the centre goes at once
                self.wraps = {held for held in self.wraps if held[:2] != wrap[:2]}
            elif epoch <= DRILL_EPOCHS and not self.refusal(entry, centre):
                self.wraps.add(wrap)  # given by anybody else, or to practise with, it opens nobody's code
        elif act == "unissued-opened":
            self.incidents[entry.seq] = need(entry, on, "code")
        if act in ("list-imported", "key-rotated", "key-granted"):
            self.ever.update(held[:2] for held in self.wraps)

    def unopenable(self, entry: Entry, centre: str) -> Optional[str]:
        """Why this could not be opened without the service: a letter opens for anybody who is known, a kit for
        whoever had a key of the centre once."""
        opener = need(entry, entry.data, "opener")
        if opener not in self.people:
            return "%s, who opened it, was not even invited then" % opener
        letter, record = "serial" in entry.data, "record" in entry.data
        if letter == record:
            return "it names neither a record nor a letter"
        if record and (opener, centre) not in self.ever:
            return "%s never held a key of %s" % (opener, centre)
        return None

    def refusal(self, entry: Entry, centre: str, act: str = "") -> Optional[str]:
        """Why this person could not do this act at this centre then; None if they could."""
        person = self.people.get(entry.by)
        if person is None or person.state != "active":
            return "%s was %s then" % (entry.by, person.state if person else "not even invited")
        if entry.role != person.role:
            return "%s was %s, not %s" % (entry.by, person.role, entry.role)
        reach = REACH[act or entry.act].get(person.role)
        if reach is None or (reach == "own" and centre not in person.centres):
            return "%s, %s, may not do so at %s" % (entry.by, person.role, centre)
        return None

    def no_wrap(self, entry: Entry, centre: str) -> Optional[str]:
        """Why this person had no centre key to open it with; None if they had one."""
        epochs = [epoch for by, at, epoch in self.wraps if (by, at) == (entry.by, centre)]
        if "epoch" in entry.data and entry.data["epoch"] not in epochs:
            return "%s held no wrap for %s of epoch %s" % (entry.by, centre, entry.data["epoch"])
        return None if epochs else "%s held no wrap for %s" % (entry.by, centre)


# every release was of a code randomised before to that participant, to a person entitled then
def check_releases(case: Case) -> str:
    rights, issued, released = Rights(case.manifests), {}, {}
    for entry in case.entries:
        rights.follow(entry)
        if entry.act == "randomised":
            issued[entry.on["code"]] = entry.on["participant"]
        elif entry.act == "code-voided":  # it is left out of the order, so not just anybody may
            code = need(entry, entry.on, "code")
            incident = entry.data.get("incident")  # with it, whoever took the incident in voids the code
            known = rights.incidents.get(incident) if type(incident) is int else None
            why = rights.refusal(entry, case.slot_of[code].stratum.partition("/")[0],
                                 "unissued-opened" if known == code else "code-voided")
            demand(not why, "entry %d: code-voided of code %s, but %s", entry.seq, code, why)
        elif entry.act in ("release-for-preparation", "release-for-break"):
            code, participant = need(entry, entry.on, "code"), need(entry, entry.on, "participant")
            demand(issued.get(code) == participant, "entry %d: code %s was released, and had not"
                   " been randomised to %s", entry.seq, code, participant)
            centre = case.slot_of[code].stratum.partition("/")[0]
            now = rights.present.get(participant, centre)
            unheld = rights.no_wrap(entry, centre)
            if unheld and (participant, now) in rights.passed:  # this one slot's key was passed on
                unheld = rights.no_wrap(entry, now)
            why = rights.refusal(entry, now) or unheld
            demand(not why, "entry %d: %s of code %s, but %s", entry.seq, entry.act, code, why)
            demand(entry.centre in (None, now), "entry %d: code %s is of %s, the entry says %s",
                   entry.seq, code, now, entry.centre)
            released[need(entry, entry.on, "reference"), code] = entry.by
        elif entry.act == "break-imported":  # opened without the service, taken in afterwards
            code, participant = need(entry, entry.on, "code"), need(entry, entry.on, "participant")
            demand(issued.get(code) == participant, "entry %d: code %s was opened, and had not been"
                   " randomised to %s", entry.seq, code, participant)
            centre = case.slot_of[code].stratum.partition("/")[0]
            now = rights.present.get(participant, centre)
            why = rights.refusal(entry, now) or rights.unopenable(entry, centre)
            demand(not why, "entry %d: break-imported of code %s, but %s", entry.seq, code, why)
            demand(entry.centre in (None, now), "entry %d: code %s is of %s, the entry says %s",
                   entry.seq, code, now, entry.centre)
        elif entry.act == "unissued-opened":
            code = need(entry, entry.on, "code")
            demand(code in case.slot_of, "entry %d: code %s is in no list", entry.seq, code)
            demand(code not in issued, "entry %d: code %s is said to be nobody's, and was issued",
                   entry.seq, code)
            centre = case.slot_of[code].stratum.partition("/")[0]
            why = rights.refusal(entry, centre) or rights.unopenable(entry, centre)
            demand(not why, "entry %d: unissued-opened of code %s, but %s", entry.seq, code, why)
        elif entry.act == "release-redelivered":  # the answer was lost: the same release once more
            code = need(entry, entry.on, "code")
            by = released.get((need(entry, entry.on, "reference"), code))
            demand(by and entry.by in (by, "service"), "entry %d: code %s was delivered again, but"
                   " %s had no such release", entry.seq, code, entry.by)
        elif entry.act == "drill":  # of a training list: a code of a list that issues may be somebody's
            code = need(entry, entry.on, "code")
            demand(code not in case.slot_of, "entry %d: a drill with the live code %s",
                   entry.seq, code)
            demand(entry.centre, "entry %d: a drill at no centre", entry.seq)
            why = rights.refusal(entry, entry.centre)
            demand(not why, "entry %d: a drill, but %s", entry.seq, why)
    return "%d releases, each of an issued code to a person entitled then" % len(released)


# whose code was broken by the trail is `yes` in the data set, and nobody else
def check_breaks(case: Case) -> str:
    broken = {need(entry, entry.on, "participant") for entry in case.entries
              if entry.act in ("release-for-break", "break-imported")}
    for row in case.data:
        if row.broken is not None:
            demand(row.broken == ("yes" if row.participant in broken else "no"),
                   "data set, line %d: broken is %r, but by the trail the code of %s was %s",
                   row.line, row.broken, row.participant,
                   "broken" if row.participant in broken else "not broken")
    silent = any(row.broken is None for row in case.data)
    return "%d codes broken%s" % (len(broken), " (the data set does not tell)" if silent else "")


CHECKS = (("commitment", check_commitment), ("list", check_list), ("trail", check_trail),
          ("order", check_order), ("arms", check_arms), ("releases", check_releases),
          ("breaks", check_breaks))


def run_checks(case: Case) -> list[dict[str, Any]]:
    """The checks in order up to the first that fails: what came after it would prove nothing."""
    done: list[dict[str, Any]] = []
    for count, (name, check) in enumerate(CHECKS, 1):
        try:
            done.append({"check": count, "name": name, "ok": True, "why": check(case)})
        except Failed as why:
            return done + [{"check": count, "name": name, "ok": False, "why": str(why)}]
    return done


# --------------------------------------------------------------------------------------------------
# 7b What is published before the secret, or instead of it: groups, their meaning, opened slots

class Opening(NamedTuple):
    participant: str
    slot: Slot
    index: int
    path: list[bytes]


class Openings:
    """Slots that were opened one by one. Unreadable if it is not such a file."""

    def __init__(self, said: Any) -> None:
        try:
            if said["klero"] != "openings/v1":
                raise ValueError("not a klero openings/v1")
            self.trial, self.purpose, self.centre = (
                said["trial"], said["purpose"], said.get("centre"))
            self.openings = [
                Opening(one["participant"],
                        Slot(one["segment"], one["stratum"], one["position"], one["code"],
                             one["arm"], unhex(one["salt"], 32)),
                        one["index"], [unhex(node, 32) for node in one["path"]])
                for one in said["openings"]]
            for one in self.openings:
                numbers = (one.slot.segment, one.slot.position, one.index)
                if any(type(n) is not int or n < 0 for n in numbers):
                    raise ValueError("a place is not a number")
        except (ValueError, KeyError, TypeError, AttributeError) as why:
            raise Unreadable("openings file: %s" % why) from None
        self.of = {one.participant: one for one in self.openings}


class Groups:
    """Everybody's group, A or B, and no arm."""

    def __init__(self, said: Any) -> None:
        try:
            if said["klero"] != "groups/v1":
                raise ValueError("not a klero groups/v1")
            self.trial, self.purpose = said["trial"], said["purpose"]
            self.commitment = unhex(said["commitment"], 32)
            self.members = [(m["participant"], m["code"], m["group"]) for m in said["groups"]]
            if any(group not in ("A", "B") for _, _, group in self.members):
                raise ValueError("a group is neither A nor B")
        except (ValueError, KeyError, TypeError) as why:
            raise Unreadable("groups file: %s" % why) from None


class Meaning:
    """Which arm was A, and every participant's slot."""

    def __init__(self, said: Any) -> None:
        try:
            if said["klero"] != "meaning/v1":
                raise ValueError("not a klero meaning/v1")
            self.arm_a, self.salt = said["arm-a"], unhex(said["salt"], 32)
            lp(self.arm_a)
            self.openings = Openings(said["openings"])
        except (ValueError, KeyError, TypeError, AttributeError) as why:
            raise Unreadable("meaning file: %s" % why) from None


# commitment = SHA-256("klero/v1/group-meaning" ‖ 00 ‖ LP(trial) ‖ LP(A's arm) ‖ salt)
def group_commitment(trial: str, arm_a: str, salt: bytes) -> bytes:
    return sha256(label("group-meaning") + lp(trial) + lp(arm_a) + salt)


class Papers(Case):
    """The same case, with papers in the place of disclosures. What is None is not checked."""

    def __init__(self, manifests: list[bytes], trail: dict[str, bytes],
                 data: Optional[bytes] = None, openings: Any = None, groups: Any = None,
                 meaning: Any = None) -> None:
        super().__init__(manifests, [], trail, data or b"participant,code,arm\n")
        self.has_data = data is not None
        self.groups = None if groups is None else Groups(groups)
        self.meaning = None if meaning is None else Meaning(meaning)
        self.openings = None if openings is None else Openings(openings)
        if self.openings is None and self.meaning:
            self.openings = self.meaning.openings
        self.issued: list[tuple[str, str, str]] = []  # found by check 2: participant, code, stratum


def check_manifests(case: Papers) -> str:
    for segment, file in enumerate(case.manifest_files):
        take_manifest(case.manifests, segment, file)
    first = case.manifests[0]
    for paper in (case.groups, case.openings):
        demand(paper is None or (paper.trial, paper.purpose) == (first.trial, first.purpose),
               "what was published is of another trial or purpose")
    return "%d manifests, signed by %s" % (len(case.manifests), first.signer)


def check_papers_trail(case: Papers) -> str:
    seen = check_trail(case)
    case.issued = [(need(entry, entry.on, "participant"), need(entry, entry.on, "code"),
                    need(entry, entry.data, "stratum"))
                   for entry in case.entries if entry.act == "randomised"]
    return seen


# everybody who was randomised is in exactly one group, under the code that the trail says
def check_groups(case: Papers) -> Optional[str]:
    if case.groups is None:
        return None
    left = {participant: code for participant, code, _ in case.issued}
    for participant, code, _ in case.groups.members:
        demand(left.pop(participant, None) == code, "%s was not randomised with code %s, or is"
               " published twice", participant, code)
    demand(not left, "%s has no group", next(iter(left), None))
    return "%d participants, each with a group" % len(case.groups.members)


# each opened slot leads to its root, was issued to that participant, and nobody is missing
def check_openings(case: Papers) -> Optional[str]:
    if case.openings is None:
        return None
    codes = {participant: code for participant, code, _ in case.issued}
    demand(len(case.openings.of) == len(case.openings.openings), "somebody is opened twice")
    for one in case.openings.openings:
        who, slot = one.participant, one.slot
        demand(slot.segment < len(case.manifests), "%s: that segment was not given", who)
        manifest = case.manifests[slot.segment]
        total = sum(count for _, count in manifest.strata)
        demand(slot.arm in manifest.arms, "%s: there is no such arm", who)
        try:
            hashed = leaf_hash(leaf(manifest.trial, slot))
            proven = root_from_path(hashed, one.index, total, one.path) == manifest.root
        except (ValueError, struct.error):
            proven = False
        demand(proven, "%s, code %s: the opened slot does not lead to the root", who, slot.code)
        demand(codes.get(who) == slot.code, "%s: code %s is opened, and was not issued to them",
               who, slot.code)
    due: dict[str, int] = {}
    left_out = 0
    for who, _, stratum in case.issued:
        here = case.openings.centre in (None, stratum.partition("/")[0])
        demand((who in case.openings.of) == here, "%s is %s", who,
               "not opened" if here else "of another centre")
        if here:
            slot = case.openings.of[who].slot
            demand(slot.stratum == stratum, "%s was randomised in another stratum", who)
            turn = slot.position + sum(count for manifest in case.manifests[:slot.segment]
                                       for name, count in manifest.strata if name == stratum)
            demand(turn >= due.get(stratum, 0), "%s: issued after a slot behind it", who)
            left_out += turn - due.get(stratum, 0)
            due[stratum] = turn + 1
    void = len({entry.on.get("code") for entry in case.entries if entry.act == "code-voided"})
    demand(left_out <= void, "%d slots were passed over, and %d codes are void", left_out, void)
    return "%d slots opened, each leads to the root" % len(case.openings.openings)


# group A is the arm that was committed to, group B the other
def check_meaning(case: Papers) -> Optional[str]:
    if case.meaning is None:
        return None
    demand(case.groups, "a meaning explains groups, and none were given")
    arm_a = case.meaning.arm_a
    committed = group_commitment(case.groups.trial, arm_a, case.meaning.salt)
    demand(committed == case.groups.commitment, "another arm was called A with the groups")
    for participant, code, group in case.groups.members:
        one = case.meaning.openings.of.get(participant)
        demand(one and one.slot.code == code, "%s: the slot is not opened", participant)
        demand((one.slot.arm == arm_a) == (group == "A"), "%s was published in group %s",
               participant, group)
    return "group A was %s" % arm_a


def check_opened_arms(case: Papers) -> Optional[str]:
    if case.openings is None or not case.has_data:
        return None
    left = {participant for participant, _, _ in case.issued}
    for row in case.data:
        demand(row.participant in left, "data set, line %d: participant %s was not randomised, or"
               " stands there twice", row.line, row.participant)
        left.remove(row.participant)
        one = case.openings.of.get(row.participant)
        demand(one is None or (one.slot.code, one.slot.arm) == (row.code, row.arm),
               "data set, line %d: participant %s was opened otherwise", row.line, row.participant)
    missing = sorted(left & set(case.openings.of))
    demand(not missing, "participant %s was opened and is missing from the data set",
           missing[:1])
    return "%d participants compared" % len(case.data)


OPENED = (("commitment", check_manifests), ("trail", check_papers_trail), ("groups", check_groups),
          ("openings", check_openings), ("meaning", check_meaning), ("arms", check_opened_arms))


def run_papers(case: Papers) -> list[dict[str, Any]]:
    """As `run_checks`; a check of what was not given is left out."""
    done: list[dict[str, Any]] = []
    for count, (name, check) in enumerate(OPENED, 1):
        try:
            why = check(case)
        except Failed as failed:
            return done + [{"check": count, "name": name, "ok": False, "why": str(failed)}]
        if why is not None:
            done.append({"check": count, "name": name, "ok": True, "why": why})
    return done


# --------------------------------------------------------------------------------------------------
# 8 Command line

def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as why:
        raise Unreadable("%s: %s" % (path, why.strerror)) from None


def read_json(path: Path) -> Any:
    try:
        return json.loads(read(path).decode("utf-8"))
    except (ValueError, RecursionError) as why:
        raise Unreadable("%s: %s" % (path, why)) from None


def read_case(asked: argparse.Namespace) -> Case:
    trail = {name: read(asked.trail / name)
             for name in ("trail.jsonl", "checkpoint.txt", "trail-key.txt")}
    case = Case([read(path) for path in asked.manifest], [read(path) for path in asked.disclosure],
                trail, read(asked.data))
    case.trail_key = read(asked.trail_key) if asked.trail_key else None
    case.checkpoints = [read(path) for path in asked.kept]
    case.witnesses = [read(path).decode("utf-8", "replace") for path in asked.witness]
    case.receipts = [read(path) for path in asked.receipt]
    return case


def read_papers(asked: argparse.Namespace) -> Papers:
    trail = {name: read(asked.trail / name)
             for name in ("trail.jsonl", "checkpoint.txt", "trail-key.txt")}
    papers = [path and read_json(path) for path in (asked.openings, asked.groups, asked.meaning)]
    case = Papers([read(path) for path in asked.manifest], trail,
                  read(asked.data) if asked.data else None, *papers)
    case.trail_key = read(asked.trail_key) if asked.trail_key else None
    case.checkpoints = [read(path) for path in asked.kept]
    case.witnesses = [read(path).decode("utf-8", "replace") for path in asked.witness]
    case.receipts = [read(path) for path in asked.receipt]
    return case


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Checks a finished trial from published files alone.",
        epilog="Exit status: 0 all fits, 20 a check failed, 2 usage or unreadable file.")
    several = {"type": Path, "action": "extend", "nargs": "+", "default": [], "metavar": "FILE"}
    parser.add_argument("--manifest", help="as published; one a segment, 0 first", **several)
    parser.add_argument("--disclosure", help="one for each manifest, in the same order", **several)
    parser.add_argument("--trail", type=Path, metavar="FOLDER", help="the exported trail")
    parser.add_argument("--data", type=Path, metavar="FILE", help="the data set, as CSV:"
                        " participant,code,arm[,broken]")
    parser.add_argument("--trail-key", type=Path, metavar="FILE",
                        help="the trail key as it was printed early, to compare the export's with")
    parser.add_argument("--kept", help="checkpoints that others kept", **several)
    parser.add_argument("--witness", help="keys of witnesses: each kept checkpoint must be cosigned"
                        " by one of them", **several)
    parser.add_argument("--receipt", help="receipts that others kept", **several)
    parser.add_argument("--openings", type=Path, metavar="FILE", help="slots that were opened")
    parser.add_argument("--groups", type=Path, metavar="FILE", help="groups A and B, without arms")
    parser.add_argument("--meaning", type=Path, metavar="FILE", help="what the groups meant")
    parser.add_argument("--vectors", nargs=2, type=Path, metavar=("LIST", "SEALING"),
                        help="recompute the test vectors instead")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    return parser


def main(words: Optional[Sequence[str]] = None) -> int:
    parser = arguments()
    asked = parser.parse_args(words)
    sys.stdout.reconfigure(errors="backslashreplace")  # a stratum may be named in any script
    try:
        if asked.vectors:
            import vectors  # the file beside this one; nothing else needs it
            done = vectors.run(*(read_json(path) for path in asked.vectors))
        elif asked.manifest and asked.trail and (asked.openings or asked.groups):
            done = run_papers(read_papers(asked))
        elif not (asked.manifest and asked.trail and asked.data):
            parser.error("--manifest, --disclosure, --trail and --data are needed, or --vectors")
        elif len(asked.manifest) != len(asked.disclosure):
            parser.error("each --manifest needs its --disclosure")
        else:
            done = run_checks(read_case(asked))
    except Unreadable as why:
        print("error: %s" % why, file=sys.stderr)
        return 2
    ok = all(check["ok"] for check in done)
    if asked.json:
        print(json.dumps({"ok": ok, "checks": done}))
    else:
        for check in done:
            verdict = "fits  " if check["ok"] else "FAILED"
            print("%2d %-12s %s  %s" % (check["check"], check["name"], verdict, check["why"]))
    return 0 if ok else 20


if __name__ == "__main__":
    sys.exit(main())
