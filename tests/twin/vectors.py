"""Recomputes the test vectors of the design in plain Python: `verify.py --vectors LIST SEALING`.

A trial is verified without this file. It stands apart because it needs what no verifier of a trial
needs: AES-256-GCM, HPKE and making signatures. Every value of both files is either an input or is
computed here again; a value that is neither fails, so that the files cannot grow past this twin.
"""
import base64
import functools
import hashlib
import hmac
import struct
from typing import Any, Callable

import verify
from verify import demand, hkdf_expand, hkdf_extract, label, lp, sha256, u32, unhex

# --------------------------------------------------------------------------------------------------
# AES-256-GCM                                                       FIPS 197, NIST SP 800-38D


def times_two(byte: int) -> int:
    """Doubling in the field of AES, modulo x⁸ + x⁴ + x³ + x + 1."""
    return (byte << 1 ^ 0x11B) if byte & 0x80 else byte << 1


def make_s_box() -> list[int]:
    """S[a] = the inverse of a in the field, spread by the affine map of FIPS 197, section 5.1.1."""
    power, log = [1], {1: 0}
    for exponent in range(1, 255):  # 3 generates the field: 3·a = 2·a + a
        power.append(times_two(power[-1]) ^ power[-1])
        log[power[-1]] = exponent
    box = []
    for byte in range(256):
        inverse = power[-log[byte] % 255] if byte else 0
        spread = 0
        for turn in range(5):
            spread ^= inverse << turn | inverse >> (8 - turn)
        box.append((spread & 0xFF) ^ 0x63)
    return box


S_BOX = make_s_box()


def round_keys(key: bytes) -> list[bytes]:
    """FIPS 197, section 5.2, for a key of 32 bytes: 15 round keys of 16 bytes."""
    words, constant = [key[i:i + 4] for i in range(0, 32, 4)], 1
    for i in range(8, 60):
        word = words[-1]
        if i % 8 == 0:
            word = bytes(S_BOX[b] for b in word[1:] + word[:1])
            word, constant = bytes([word[0] ^ constant]) + word[1:], times_two(constant)
        elif i % 8 == 4:
            word = bytes(S_BOX[b] for b in word)
        words.append(bytes(a ^ b for a, b in zip(word, words[-8])))
    return [b"".join(words[i:i + 4]) for i in range(0, 60, 4)]


def aes_block(keys: list[bytes], block: bytes) -> bytes:
    state = bytes(a ^ b for a, b in zip(block, keys[0]))
    for key in keys[1:]:
        # SubBytes and ShiftRows, then MixColumns except in the last round
        state = bytes(S_BOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16))
        if key is not keys[-1]:
            mixed = []
            for column in (state[i:i + 4] for i in range(0, 16, 4)):
                whole = column[0] ^ column[1] ^ column[2] ^ column[3]
                mixed += [column[i] ^ whole ^ times_two(column[i] ^ column[(i + 1) % 4])
                          for i in range(4)]
            state = bytes(mixed)
        state = bytes(a ^ b for a, b in zip(state, key))
    return state


# GHASH: for each block, sum = (sum + block)·H in the field of 2^128, bits read from the left
def ghash(h: int, data: bytes) -> int:
    total = 0
    for i in range(0, len(data), 16):
        factor, product, multiple = total ^ int.from_bytes(data[i:i + 16], "big"), 0, h
        for bit in range(127, -1, -1):
            if factor >> bit & 1:
                product ^= multiple
            multiple = multiple >> 1 ^ (0xE1 << 120 if multiple & 1 else 0)
        total = product
    return total


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 16)


# ciphertext = plaintext + AES(nonce ‖ counter from 2);
# tag = GHASH(aad, ciphertext, both lengths in bits) + AES(nonce ‖ 1)
def gcm_seal(key: bytes, nonce: bytes, aad: bytes, plain: bytes) -> bytes:
    keys = round_keys(key)
    stream = b"".join(aes_block(keys, nonce + u32(2 + i)) for i in range(-(-len(plain) // 16)))
    sealed = bytes(a ^ b for a, b in zip(plain, stream))
    lengths = struct.pack(">QQ", 8 * len(aad), 8 * len(sealed))
    h = int.from_bytes(aes_block(keys, bytes(16)), "big")
    tag = ghash(h, padded(aad) + padded(sealed) + lengths)
    mask = int.from_bytes(aes_block(keys, nonce + u32(1)), "big")
    return sealed + (tag ^ mask).to_bytes(16, "big")


def gcm_open(key: bytes, nonce: bytes, aad: bytes, sealed: bytes) -> bytes:
    """The plaintext; Failed if key, nonce, aad or ciphertext are not those of the sealing."""
    plain = gcm_seal(key, nonce, aad, sealed[:-16])[:-16]  # a key stream undoes itself
    demand(hmac.compare_digest(gcm_seal(key, nonce, aad, plain), sealed), "the seal is broken")
    return plain


# --------------------------------------------------------------------------------------------------
# Keys of people                                                     design 4, RFC 5208, RFC 9180

# PKCS#8 of a P-256 key, 138 bytes: fixed head, private number (32), fixed middle, public point (65)
PKCS8_HEAD = "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420"
PKCS8_MIDDLE = "a144034200"


def read_pkcs8(der: bytes) -> int:
    """The private number; Failed if the file has another form, or a public half that is not its."""
    private = int.from_bytes(der[36:68], "big")
    whole = unhex(PKCS8_HEAD) + der[36:68] + unhex(PKCS8_MIDDLE) + public_point(private)
    demand(der == whole, "PKCS#8 is not in the form of the design")
    return private


@functools.lru_cache(maxsize=None)
def public_point(private: int) -> bytes:
    x, y = verify.p256_multiply(private, verify.G)
    return b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


# RFC 9180 section 4: LabeledExtract and LabeledExpand
def labeled_extract(suite: bytes, salt: bytes, name: bytes, ikm: bytes) -> bytes:
    return hkdf_extract(salt, b"HPKE-v1" + suite + name + ikm)


def labeled_expand(suite: bytes, prk: bytes, name: bytes, info: bytes, length: int) -> bytes:
    return hkdf_expand(prk, struct.pack(">H", length) + b"HPKE-v1" + suite + name + info, length)


# RFC 9180, base mode; DHKEM(P-256, HKDF-SHA256) 0x0010, HKDF-SHA256 0x0001, AES-256-GCM 0x0002
def hpke_key(private: int, ephemeral: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Key and nonce of the first message to the owner of `private`."""
    kem = b"KEM" + struct.pack(">H", 0x0010)
    suite = b"HPKE" + struct.pack(">HHH", 0x0010, 0x0001, 0x0002)
    shared_x = verify.p256_multiply(private, verify.p256_point(ephemeral))[0].to_bytes(32, "big")
    prk = labeled_extract(kem, b"", b"eae_prk", shared_x)
    both = ephemeral + public_point(private)
    shared = labeled_expand(kem, prk, b"shared_secret", both, 32)
    ids = labeled_extract(suite, b"", b"psk_id_hash", b"")
    schedule = b"\x00" + ids + labeled_extract(suite, b"", b"info_hash", info)
    secret = labeled_extract(suite, shared, b"secret", b"")
    return (labeled_expand(suite, secret, b"key", schedule, 32),
            labeled_expand(suite, secret, b"base_nonce", schedule, 12))


# Ed25519 signing, RFC 8032 5.1.6: R = r·base, S = r + SHA-512(R ‖ key ‖ message)·private
@functools.lru_cache(maxsize=None)
def ed25519_public(seed: bytes) -> bytes:
    return verify.ed_write(verify.ed_multiply(ed25519_number(seed), verify.ED_BASE))


def ed25519_number(seed: bytes) -> int:
    low = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    return low & ((1 << 254) - 8) | 1 << 254


def ed25519_sign(seed: bytes, message: bytes) -> bytes:
    public, prefix = ed25519_public(seed), hashlib.sha512(seed).digest()[32:]
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % verify.L
    big_r = verify.ed_write(verify.ed_multiply(r, verify.ED_BASE))
    hashed = int.from_bytes(hashlib.sha512(big_r + public + message).digest(), "little")
    return big_r + ((r + hashed * ed25519_number(seed)) % verify.L).to_bytes(32, "little")


def trail_key_text(origin: str, public: bytes) -> str:
    key = base64.b64encode(b"\x01" + public).decode()
    return "%s+%s+%s" % (origin, verify.note_key_hash(origin, public).hex(), key)


# C2SP signed note: the text, an empty line, — name base64(key hash ‖ signature)
def sign_note(name: str, seed: bytes, text: str) -> str:
    bundle = verify.note_key_hash(name, ed25519_public(seed)) + ed25519_sign(seed, text.encode())
    return "%s\n\u2014 %s %s\n" % (text, name, base64.b64encode(bundle).decode())


# C2SP tlog-checkpoint: origin, size, base64 root
def write_checkpoint(origin: str, seed: bytes, size: int, root: bytes) -> str:
    text = "%s\n%d\n%s\n" % (origin, size, base64.b64encode(root).decode())
    return sign_note(origin, seed, text)


# --------------------------------------------------------------------------------------------------
# The vectors: each function takes a section and gives every value in it that is not an input

def list_vector(case: dict[str, Any]) -> dict[str, Any]:
    secret, beacon = unhex(case["secret"], 32), unhex(case["beacon"])
    training = case.get("training", False)
    design = verify.Design(case["trial"], case["segment"], training, case["arms"], case["ratio"],
                           case["sizes"], case["slots"], case["strata"])
    verify.refuse_impossible(design)
    slots = verify.draw_list(design, secret, beacon)
    rows = ["%s,%d,%s,%s,%s" % (s.stratum, s.position, s.code, s.arm, s.salt.hex()) for s in slots]
    hashes = [verify.leaf_hash(verify.leaf(design.trial, slot)) for slot in slots]
    return {"expect": {
        "prk": hkdf_extract(beacon, secret).hex(),
        "seed_commit": verify.seed_commit(design.trial, design.segment, secret).hex(),
        "slots": len(slots),
        "csv_sha256": sha256("".join(row + "\n" for row in rows).encode()).hex(),
        "root": verify.root(hashes).hex(),
        "first_rows": rows[:4],
        "first_leaf_hashes": [hashed.hex() for hashed in hashes[:2]],
        "last_row": rows[-1],
    }}


# payload = 01 ‖ arm index (1) ‖ 30 × 00 ‖ salt (32);  inner and stored: nonce ‖ AES-256-GCM
# slot key = HKDF(salt empty, ikm centre key, info aad, 32); lock key likewise with "klero/v1/lock"
def slot_vector(case: dict[str, Any]) -> dict[str, Any]:
    aad = (label("slot") + lp(case["trial"]) + u32(case["segment"]) + lp(case["stratum"])
           + u32(case["position"]) + lp(case["code"]) + u32(case["epoch"]))
    payload = bytes([1, case["arm_index"]]) + bytes(30) + unhex(case["salt"], 32)
    slot_key = hkdf_expand(hkdf_extract(b"", unhex(case["centre_key"], 32)), aad, 32)
    # the label of the lock stands alone, without the 00 that parts all others from what follows
    secret = hkdf_extract(b"", unhex(case["server_secret"], 32))
    lock_key = hkdf_expand(secret, b"klero/v1/lock", 32)
    nonce, lock_nonce = unhex(case["nonce"], 12), unhex(case["lock_nonce"], 12)
    inner = nonce + gcm_seal(slot_key, nonce, aad, payload)
    stored = lock_nonce + gcm_seal(lock_key, lock_nonce, aad, inner)
    demand(gcm_open(slot_key, nonce, aad, gcm_open(lock_key, lock_nonce, aad, stored[12:])[12:])
           == payload, "the slot does not open")
    return {"aad": aad.hex(), "slot_key": slot_key.hex(), "lock_key": lock_key.hex(),
            "inner": inner.hex(), "stored": stored.hex()}


# info = "klero/v1/wrap" ‖ 00 ‖ LP(trial) ‖ LP(centre) ‖ u32(epoch) ‖ LP(person)
# wrapped = ephemeral public point ‖ AES-256-GCM(HPKE key, HPKE nonce, aad empty, centre key)
def wrap_vector(case: dict[str, Any]) -> dict[str, Any]:
    info = (label("wrap") + lp(case["trial"]) + lp(case["centre"]) + u32(case["epoch"])
            + lp(case["person"]))
    ephemeral = unhex(case["ephemeral_public"], 65)
    private = read_pkcs8(unhex(case["person_pkcs8_der"]))
    key, nonce = hpke_key(private, ephemeral, info)
    wrapped = ephemeral + gcm_seal(key, nonce, b"", unhex(case["centre_key"], 32))
    return {"info": info.hex(), "person_public": public_point(private).hex(),
            "wrapped": wrapped.hex(),
            "centre_key": gcm_open(key, nonce, b"", unhex(case["wrapped"], 113)[65:]).hex()}


# K = PBKDF2-HMAC-SHA256(passphrase, salt 16, iterations, 32); sealed = nonce ‖ AES-256-GCM(PKCS#8)
# aad = "klero/v1/identity" ‖ 00 ‖ LP(person) ‖ LP("opening" or "signing") ‖ public point (65)
# fingerprint = first 16 bytes of SHA-256("klero/v1/fingerprint" ‖ 00 ‖ opening ‖ signing)
def identity_vector(case: dict[str, Any]) -> dict[str, Any]:
    words, salt = case["passphrase"].encode(), unhex(case["salt"], 16)
    key = hashlib.pbkdf2_hmac("sha256", words, salt, case["iterations"], 32)
    out: dict[str, Any] = {"kdf": "PBKDF2-HMAC-SHA256", "key": key.hex()}
    both = b""
    for use in ("opening", "signing"):
        der, nonce = unhex(case[use]["pkcs8"]), unhex(case[use]["sealed"])[:12]
        public = public_point(read_pkcs8(der))
        aad = label("identity") + lp(case["person"]) + lp(use) + public
        sealed = nonce + gcm_seal(key, nonce, aad, der)
        both += public
        out[use] = {"pkcs8": der.hex(), "public": public.hex(), "aad": aad.hex(),
                    "sealed": sealed.hex()}
    out["fingerprint"] = sha256(label("fingerprint") + both)[:16].hex()
    return out


def checkpoint_vector(case: dict[str, Any]) -> dict[str, Any]:
    seed = unhex(case["seed"], 32)
    vkey = trail_key_text(case["origin"], ed25519_public(seed))
    root = verify.root([verify.leaf_hash(entry.encode()) for entry in case["entries"]])
    note = write_checkpoint(case["origin"], seed, len(case["entries"]), root)
    read = verify.read_checkpoint(case["note"], verify.read_trail_key(case["vkey"]))
    demand(read == (len(case["entries"]), root), "the note reads otherwise than it was written")
    return {"vkey": vkey, "note": note}


LIST_INPUTS = ("name trial segment arms ratio sizes slots strata secret beacon training").split()
SECTIONS: dict[str, tuple[Callable, str]] = {  # what computes it, and which values are inputs
    "slot": (slot_vector, "trial segment stratum position code epoch arm_index salt centre_key"
                          " nonce server_secret lock_nonce"),
    "wrap": (wrap_vector, "trial centre epoch person person_pkcs8_der ephemeral_public"),
    "identity": (identity_vector, "person passphrase iterations salt note"),
    "checkpoint": (checkpoint_vector, "seed origin entries"),
}


def compare(given: dict[str, Any], inputs: list[str], computed: dict[str, Any],
            at: str = "") -> int:
    """How many values agree; Failed names the first that does not, or that nobody computed."""
    agreed = 0
    for name, value in given.items():
        if type(value) is dict and name in computed:
            agreed += compare(value, [], computed[name], name + ".")
        elif name in computed:
            demand(value == computed[name], "%s%s is %r here, %r in the file", at, name,
                   computed[name], value)
            agreed += 1
        else:
            demand(name in inputs, "%s%s is in the file, and nothing computes it", at, name)
    for name in computed:
        demand(name in given, "%s%s is missing from the file", at, name)
    return agreed


def run(lists: list[dict], sealing: dict[str, dict]) -> list[dict[str, Any]]:
    """Every case of both files, all of them even after a failure, since each stands alone."""
    if type(lists) is not list or type(sealing) is not dict:
        why = "an array of lists and an object of sections are expected"
        return [{"check": 0, "name": "files", "ok": False, "why": why}]
    cases = [("list %s" % case.get("name"), list_vector, LIST_INPUTS, case) for case in lists]
    for name, section in sealing.items():
        compute, inputs = SECTIONS.get(name, (lambda case: {}, ""))
        cases.append((name, compute, inputs.split(), section))
    done = []
    for count, (name, compute, inputs, case) in enumerate(cases, 1):
        try:
            ok, why = True, "%d values agree" % compare(case, inputs, compute(case))
        except Exception as error:  # whatever is wrong with a case, the others are still computed
            ok, why = False, "%s: %s" % (type(error).__name__, error)
        done.append({"check": count, "name": name, "ok": ok, "why": why})
    return done
