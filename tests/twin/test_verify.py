"""Tests of the second verifier: `python3 tests/twin/test_verify.py`, standard library only.

A small honest trial is told in Python and must pass. Then one thing at a time is forged, by
somebody who holds every key that the forgery needs and signs everything anew, and the check that
exists for it must be the first to fail. The vector files are read from tests/vectors, or from the
folder that KLERO_VECTORS names.
"""
import base64
import copy
import hashlib
import hmac
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any, Callable, Optional

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import vectors  # noqa: E402  the two files that are tested
import verify  # noqa: E402

VECTORS = Path(os.environ.get("KLERO_VECTORS", HERE.parent / "vectors"))
STATISTICIAN = 0x1F2E3D4C5B6A798897A6B5C4D3E2F1001F2E3D4C5B6A798897A6B5C4D3E2F100
SERVICE = hashlib.sha256(b"the service's trail key").digest()
ORIGIN = "klero/TWIN-0001"


def ecdsa_sign(private: int, message: bytes) -> bytes:
    """r ‖ s with a number k made from key and message, as good as a random one for a test."""
    k = int.from_bytes(hmac.new(private.to_bytes(32, "big"), message, "sha256").digest(), "big")
    r = verify.p256_multiply(k % verify.N, verify.G)[0] % verify.N
    hashed = int.from_bytes(verify.sha256(message), "big")
    s = (hashed + r * private) * pow(k, -1, verify.N) % verify.N
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Segment:
    """One segment of the list, with its manifest as (name, value) lines that a test may change."""

    def __init__(self, number: int = 0, hidden: bool = False, training: bool = False,
                 slots: int = 6, taken: tuple = ()) -> None:
        strata = ["north/low", "north/非低", "south/all"]
        self.design = verify.Design("TWIN-0001", number, training, ["verum", "placebo"], [1, 1],
                                    [2, 4], slots, strata)
        self.title = "klero manifest v1"
        self.secret, self.beacon = bytes([number + 1] * 32), b"a beacon of segment %d" % number
        self.slots = verify.draw_list(self.design, self.secret, self.beacon, taken)
        self.disclosed = {
            "klero": "disclosure/v1", "trial": "TWIN-0001", "segment": number,
            "purpose": "training" if training else "live", "secret": self.secret.hex(),
            "beacon": self.beacon.hex(), "sizes": [2, 4]}
        hashes = [verify.leaf_hash(verify.leaf("TWIN-0001", slot)) for slot in self.slots]
        commit = verify.sizes_commit("TWIN-0001", number, self.secret, [2, 4]).hex()
        self.lines = [
            ["trial", "TWIN-0001"], ["purpose", self.disclosed["purpose"]],
            ["segment", str(number)], ["configuration", "c0" * 32],
            ["arms", '["verum","placebo"]'], ["ratio", "[1,1]"],
            ["sizes-commit", commit] if hidden else ["sizes", "[2,4]"], ["slots", str(slots)]]
        self.lines += [["stratum", "%d %s" % (len(self.of(s)), s)] for s in strata]
        self.lines += [
            ["seed-commit", verify.seed_commit("TWIN-0001", number, self.secret).hex()],
            ["beacon", self.beacon.hex()], ["beacon-description", "a lottery"],
            ["root", verify.root(hashes).hex()], ["signer", "stat-1"],
            ["signer-key", vectors.public_point(STATISTICIAN).hex()]]

    def of(self, stratum: str) -> list:
        return [slot for slot in self.slots if slot.stratum == stratum]

    def say(self, name: str, value: str) -> None:
        [line for line in self.lines if line[0] == name][0][1] = value

    def text(self) -> str:
        return self.title + "\n" + "".join("%s: %s\n" % (n, v) for n, v in self.lines)

    def hash(self) -> str:
        return verify.sha256(self.text().encode()).hex()

    def root(self) -> str:
        return dict(map(tuple, self.lines))["root"]

    def file(self) -> bytes:
        text = self.text().encode()
        signature = ecdsa_sign(STATISTICIAN, verify.label("manifest") + text)
        return text + b"\nsignature: " + signature.hex().encode() + b"\n"


PEOPLE = {"stat-1": ("statistician", []), "hot-1": ("hotline", []), "adm-1": ("admin", []),
          "ph-n": ("pharmacist", ["north"]), "ph-s": ("pharmacist", ["south"]),
          "ph-2": ("pharmacist", ["north"]), "inv-n": ("investigator", ["north"]),
          "co-n": ("coordinator", ["north"])}
HOLDERS = (("stat-1", "north"), ("stat-1", "south"), ("hot-1", "north"), ("hot-1", "south"),
           ("ph-n", "north"), ("ph-s", "south"), ("inv-n", "north"))


def act(name: str, by: str = "service", on: Optional[dict] = None, data: Optional[dict] = None,
        **more: Any) -> dict:
    """An entry without number, time and chain, which `write_trail` adds."""
    role = more.pop("role", PEOPLE[by][0] if by in PEOPLE else "service")
    return {"by": by, "role": role, "act": name, "on": on or {}, "data": data or {}, **more}


def write_trail(acts: list[dict]) -> list[bytes]:
    lines, prev = [], bytes(32)
    for seq, one in enumerate(acts):
        hour, minute, second = 8 + seq // 3600, seq // 60 % 60, seq % 60
        at = "2026-11-21T%02d:%02d:%02d.%03dZ" % (hour, minute, second, seq % 1000)
        entry = {"v": 1, "seq": seq, "at": at, **one, "prev": prev.hex()}
        line = {key: entry[key] for key in verify.KEYS if key in entry}
        lines.append(verify.compact(line).encode())
        prev = verify.leaf_hash(lines[-1])
    return lines


class Story:
    """A whole trial, honest until a test changes `segments`, `acts` or `rows`."""

    def __init__(self, *segments: Segment) -> None:
        self.segments = list(segments) or [Segment()]
        self.acts: list[dict] = []
        self.rows: list[list[str]] = [["participant", "code", "arm", "broken"]]
        self.signer, self.trail_key, self.found = SERVICE, None, None

    def begin(self) -> "Story":
        first = self.segments[0]
        self.acts.append(act("founded", data={
            "trial": "TWIN-0001", "configuration": "c0" * 32, "manifest": first.hash(),
            "purpose": first.disclosed["purpose"], "program": "klero 0.1.0"}))
        for person, (role, centres) in PEOPLE.items():
            self.acts.append(act("person-invited", "service", {"person": person},
                                 {"role": role, "centres": centres},
                                 private="ab" * 32, salt="cd" * 16))
            self.acts.append(act("account-activated", person, {"person": person}))
        for number, segment in enumerate(self.segments):
            self.acts.append(act("list-imported", "stat-1", data={
                "segment": number, "manifest": segment.hash(), "root": segment.root(),
                "slots": len(segment.slots), "wraps": [
                    {"centre": centre, "epoch": 1, "person": person, "hash": "ee" * 32}
                    for person, centre in HOLDERS]}))
        return self

    def randomise(self, participant: str, stratum: str, position: int, segment: int = 0) -> str:
        slot = self.segments[segment].of(stratum)[position]
        self.acts.append(act("randomised", "co-n", {
            "participant": participant, "reference": "R" + participant, "code": slot.code},
            {"stratum": stratum, "segment": segment}, centre=stratum.partition("/")[0]))
        self.rows.append([participant, slot.code, slot.arm, "no"])
        return slot.code

    def release(self, name: str, by: str, participant: str, **data: Any) -> dict:
        code = [row[1] for row in self.rows if row[0] == participant][0]
        entry = act("release-for-" + name, by, {
            "participant": participant, "reference": "X%d" % len(self.acts), "code": code}, data,
            private="ab" * 32, salt="cd" * 16)
        self.acts.append(entry)
        return entry

    def go_on(self) -> "Story":
        for participant, stratum, position in (
                ("N-001", "north/low", 0), ("N-002", "north/low", 1), ("S-001", "south/all", 0),
                ("N-003", "north/非低", 0)):
            self.randomise(participant, stratum, position)
        again = self.release("preparation", "ph-n", "N-001", visit="week-0", epoch=1)
        self.acts.append(act("release-redelivered", "ph-n", again["on"]))
        self.acts.append(act("release-redelivered", "service", again["on"]))
        self.acts.append(act("opened", "ph-n", again["on"], {"fits": True}))
        odd = "\"by\\voice\" \u4e2d\n\u0001"
        self.acts.append(act("key-granted", "ph-n", {"person": "ph-2", "reference": "G1"},
                             {"centre": "north", "epoch": 1, "note": odd}))
        self.release("preparation", "ph-2", "N-002", visit="week-0")
        self.release("break", "inv-n", "N-003", category="emergency")
        self.release("break", "hot-1", "S-001", category="emergency")
        for row in self.rows:
            if row[0] in ("N-003", "S-001"):
                row[3] = "yes"
        return self

    def place(self, name: str, count: int = 0) -> int:
        return [n for n, one in enumerate(self.acts) if one["act"] == name][count]

    def export(self) -> dict[str, bytes]:
        lines = write_trail(self.acts)
        hashes = [verify.leaf_hash(line) for line in lines]
        note = vectors.write_checkpoint(ORIGIN, self.signer, len(lines), verify.root(hashes))
        key = vectors.trail_key_text(ORIGIN, vectors.ed25519_public(self.signer)) + "\n"
        return {"trail.jsonl": b"".join(line + b"\n" for line in lines),
                "checkpoint.txt": note.encode(), "trail-key.txt": key.encode()}

    def files(self) -> tuple:
        data = "".join(",".join(row) + "\n" for row in self.rows)
        return ([segment.file() for segment in self.segments],
                [json.dumps(segment.disclosed).encode() for segment in self.segments],
                self.export(), data.encode())

    def case(self) -> verify.Case:
        return verify.Case(*self.files())


def honest(*segments: Segment) -> Story:
    return Story(*segments).begin().go_on()


class TwinTest(unittest.TestCase):
    def passes(self, case: verify.Case) -> None:
        done = verify.run_checks(case)
        self.assertEqual([(c["check"], c["ok"]) for c in done], [(n, True) for n in range(1, 8)],
                         done[-1]["why"])

    def fails(self, case: verify.Case, check: int, words: str) -> None:
        """The first check to fail is this one, and it says these words."""
        done = verify.run_checks(case)
        self.assertEqual([(c["check"], c["ok"]) for c in done],
                         [(n, n < check) for n in range(1, check + 1)], done[-1]["why"])
        self.assertIn(words, done[-1]["why"])
        self.assertEqual(done[-1]["name"], verify.CHECKS[check - 1][0])


class HonestStories(TwinTest):
    # shows: SG-1, SG-7
    def test_an_honest_trial_passes_all_seven_checks(self):
        self.passes(honest().case())

    # shows: SG-9
    def test_hidden_block_sizes_are_opened_at_the_end(self):
        self.passes(honest(Segment(hidden=True)).case())

    # shows: SG-8
    def test_a_training_list_passes_and_its_codes_begin_with_9(self):
        story = honest(Segment(training=True))
        self.assertEqual({slot.code[0] for slot in story.segments[0].slots}, {"9"})
        self.passes(story.case())

    # shows: SG-10
    def test_a_second_segment_goes_on_where_the_first_ends(self):
        first = Segment()
        second = Segment(1, taken=tuple(slot.code for slot in first.slots))
        story = Story(first, second).begin()
        for position in range(len(first.of("south/all"))):
            story.randomise("S-%03d" % position, "south/all", position)
        story.randomise("S-900", "south/all", 0, segment=1)
        self.passes(story.case())
        del story.acts[story.place("randomised")]  # the first segment is not used up any more
        self.fails(story.case(), 4, "was due")

    def test_a_trail_without_any_participant_passes(self):
        self.passes(Story().begin().case())

    def test_an_account_that_was_never_invited_does_no_harm_while_it_releases_nothing(self):
        story = honest()
        for name in ("account-activated", "person-disabled"):
            story.acts.append(act(name, "service", {"person": "ghost"}))
        self.passes(story.case())

    def test_breaks_need_not_be_in_the_data_set(self):
        story = honest()
        story.rows = [row[:3] for row in story.rows]
        self.passes(story.case())

    # shows: design 11, 2,688 slots and a trail of about 5,000 lines
    def test_a_trial_of_full_size_passes(self):
        story = Story(Segment(slots=896)).begin()
        for position in range(800):
            for stratum in story.segments[0].design.strata:
                name = "%s-%d" % (stratum, position)
                story.randomise(name, stratum, position)
                story.release("preparation", "ph-s" if stratum == "south/all" else "ph-n", name)
        case = story.case()
        self.passes(case)
        self.assertGreaterEqual(len(case.slots), 2688)
        self.assertGreater(len(case.entries), 4800)


class Forged1Commitment(TwinTest):
    # shows: SG-7
    def test_a_manifest_signed_by_another_key_fails(self):
        files = list(honest().files())
        files[0] = [files[0][0].replace(b"a lottery", b"a raffle!")]
        self.fails(verify.Case(*files), 1, "signature is not that of stat-1")

    def test_another_secret_fails(self):
        story = honest()
        story.segments[0].disclosed["secret"] = "77" * 32
        self.fails(story.case(), 1, "secret is not the one")

    def test_another_beacon_fails(self):
        story = honest()
        story.segments[0].disclosed["beacon"] = ""
        self.fails(story.case(), 1, "another beacon")

    # shows: SG-8
    def test_another_trial_segment_or_purpose_fails(self):
        for name, value in (("trial", "TWIN-0002"), ("segment", 1), ("purpose", "training")):
            story = honest()
            story.segments[0].disclosed[name] = value
            self.fails(story.case(), 1, "another %s" % name)

    # shows: SG-9
    def test_other_block_sizes_fail_whether_published_or_hidden(self):
        for hidden, words in ((False, "those of the manifest"), (True, "were committed to")):
            story = honest(Segment(hidden=hidden))
            story.segments[0].disclosed["sizes"] = [4, 2]
            self.fails(story.case(), 1, words)

    def test_a_manifest_with_a_line_missing_added_or_moved_fails(self):
        def no_strata(lines): lines[:] = [line for line in lines if line[0] != "stratum"]
        for change in (lambda lines: lines.pop(3), lambda lines: lines.insert(3, lines[3]),
                       lambda lines: lines.insert(0, lines.pop(1)),
                       lambda lines: lines.append(["note", "x"]), no_strata):
            story = honest()
            change(story.segments[0].lines)
            self.fails(story.case(), 1, "manifest: ")

    def test_a_value_that_is_not_written_in_the_one_way_fails(self):
        for name, value in (
                ("ratio", "[1, 1]"), ("ratio", "[1,1.0]"), ("ratio", "[1,true]"), ("ratio", "[]"),
                ("arms", '{"verum":1,"placebo":1}'), ("arms", '["verum",7]'),
                ("arms", '["verum","\\u0070"]'),
                ("slots", "06"), ("slots", "-6"), ("slots", "six"), ("slots", ""),
                ("stratum", "6"), ("beacon", "FF"), ("beacon", "f"), ("beacon", " "),
                ("root", "00"), ("configuration", "c0"), ("signer-key", "04" + "00" * 64),
                ("purpose", "rehearsal"), ("trial", ""), ("signer", "")):
            story = honest()
            story.segments[0].say(name, value)
            self.fails(story.case(), 1, "manifest: ")

    # shows: SG-3
    def test_a_list_that_cannot_be_drawn_fails(self):
        for name, value, words in (
                ("sizes", "[2,3]", "multiple of 2"), ("sizes", "[0]", "multiple of 2"),
                ("sizes", "[258]", "at most 256"), ("ratio", "[2,2]", "multiple of 4"),
                ("sizes", "[%s]" % ",".join(["4"] * 257), "multiple of 2"),
                ("ratio", "[0,2]", "share of at least 1"), ("ratio", "[1,1,2]", "share"),
                ("arms", '["verum","verum"]', "a name of its own"),
                ("stratum", "6 north/\u975e\u4f4e", "named twice")):
            story = honest()
            story.segments[0].say(name, value)
            if name == "sizes":
                story.segments[0].disclosed["sizes"] = json.loads(value)
            self.fails(story.case(), 1, words)

    def test_a_manifest_that_does_not_end_with_one_line_feed_fails(self):
        for change in (lambda file: file[:-1], lambda file: file + b"\n", lambda file: file + b"x"):
            files = list(honest().files())
            files[0] = [change(files[0][0])]
            self.fails(verify.Case(*files), 1, "manifest: ")

    def test_a_manifest_of_another_version_fails(self):
        segment = Segment()
        segment.title = "klero manifest v2"
        self.fails(honest(segment).case(), 1, "klero manifest v1")

    def test_an_empty_beacon_is_written_without_a_space(self):
        segment = Segment()
        segment.say("beacon", "")
        text = segment.file()
        self.assertIn(b"\nbeacon: \n", text)
        with self.assertRaises(ValueError):
            verify.Manifest(text)
        self.assertEqual(verify.Manifest(text.replace(b"\nbeacon: \n", b"\nbeacon:\n")).beacon, b"")

    def test_a_segment_out_of_turn_fails(self):
        self.fails(honest(Segment(1)).case(), 1, "not that of segment 0")

    def test_every_flipped_byte_of_a_manifest_fails(self):
        case = honest().case()
        file = case.manifest_files[0]
        for at in range(len(file)):
            case.manifest_files = [file[:at] + bytes([file[at] ^ 1]) + file[at + 1:]]
            case.manifests = []
            with self.assertRaises(verify.Failed, msg="byte %d" % at):
                verify.check_commitment(case)


class Forged2List(TwinTest):
    # shows: SG-1
    def test_a_root_over_mirrored_arms_fails(self):
        story = Story()
        segment = story.segments[0]
        other = {"verum": "placebo", "placebo": "verum"}
        mirrored = [slot._replace(arm=other[slot.arm]) for slot in segment.slots]
        leaves = [verify.leaf_hash(verify.leaf("TWIN-0001", slot)) for slot in mirrored]
        segment.say("root", verify.root(leaves).hex())
        self.fails(story.begin().go_on().case(), 2, "another root")

    # shows: SG-3
    def test_a_wrong_count_in_a_stratum_fails(self):
        for segment, count, check in ((Segment(), 8, 2), (Segment(), 10, 1), (Segment(), 5, 1),
                                      (Segment(hidden=True), 260, 2)):
            segment.say("stratum", "%d north/low" % count)
            words = "north/low has %d slots" if check == 2 else "north/low cannot have %d slots"
            self.fails(honest(segment).case(), check, words % count)



class Forged3Trail(TwinTest):
    def forged(self, change: Callable[[list[bytes]], Any]) -> verify.Case:
        """The lines changed, the signed checkpoint left as it was."""
        case = honest().case()
        lines = case.trail["trail.jsonl"].split(b"\n")
        change(lines)
        case.trail["trail.jsonl"] = b"\n".join(lines)
        return case

    # shows: I7, AT-2
    def test_an_edited_inserted_deleted_swapped_or_cut_line_fails_where_it_is(self):
        def edit(lines): lines[7] = lines[7].replace(b"ph-n", b"ph-s")
        def insert(lines): lines.insert(9, lines[8])
        def delete(lines): del lines[5]
        def swap(lines): lines[5], lines[6] = lines[6], lines[5]
        def cut(lines): del lines[-3:-1]
        def cut_short(lines): del lines[-1]
        def empty(lines): lines[:] = [b""]
        for change, words in ((edit, "entry 8 was written after another entry 7"),
                              (insert, "entry 9 is numbered 8"), (delete, "entry 5 is numbered 6"),
                              (swap, "entry 5 is numbered 6"), (cut, "the trail has"),
                              (cut_short, "was cut"), (empty, "the trail has 0")):
            self.fails(self.forged(change), 3, words)

    # shows: I7, AT-2
    def test_every_flipped_bit_of_a_short_trail_is_found_and_located(self):
        story = Story().begin()
        del story.acts[3:-1]  # founded, one invited, one activated, the list imported
        story.randomise("N-001", "north/low", 0)
        case = story.case()
        verify.check_commitment(case), verify.check_list(case), verify.check_trail(case)
        whole = case.trail["trail.jsonl"]
        for at in range(len(whole)):
            seq = whole[:at].count(b"\n")
            for bit in range(8):
                case.trail["trail.jsonl"] = (whole[:at] + bytes([whole[at] ^ 1 << bit])
                                             + whole[at + 1:])
                with self.assertRaises(verify.Failed) as failure:
                    verify.check_trail(case)
                where = ("entry %d:" % seq, "entry %d is" % seq, "entry %d was" % seq,
                         "entry %d was" % (seq + 1), "entry %d, was altered" % seq, "the last line")
                self.assertTrue(any(word in str(failure.exception) for word in where),
                                "byte %d, bit %d: %s" % (at, bit, failure.exception))

    # shows: I7, AT-2
    def test_every_flipped_bit_of_checkpoint_and_trail_key_fails(self):
        case = Story().begin().case()
        verify.check_commitment(case), verify.check_list(case), verify.check_trail(case)
        for name in ("checkpoint.txt", "trail-key.txt"):
            whole = case.trail[name]
            for at in range(len(whole)):
                case.trail[name] = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:]
                with self.assertRaises(verify.Failed, msg="%s, byte %d" % (name, at)):
                    verify.check_trail(case)
            case.trail[name] = whole

    def test_a_line_written_in_a_second_way_is_refused(self):
        honest_line = write_trail(honest().acts)[1].decode()
        verify.read_line(honest_line.encode())
        deep, deepest = ('"data":' + '{"a":' * n + "1" + "}" * n for n in (127, 126))
        data = '"data":{"role":"statistician","centres":[]}'
        verify.read_line(honest_line.replace(data, deepest).encode())
        for old, new in (
                ('"v":1', '"v": 1'), ('"v":1', '"v":true'), ('"v":1', '"v":2'),
                ('"v":1', '"v":1.0'), ('"seq":1,', '"seq":01,'),
                ('"by":"service"', '"by":"servic\\u0065"'),
                ('"on":{', '"on":{"x":null,'), ('"on":{', '"on":{"x":[null],'),
                ('"on":{', '"on":{"x":1.5,'), ('"on":{', '"on":{"x":NaN,'),
                ('"on":{', '"on":{"x":1,"x":1,'), ('"on":{', '"on":{"x":"\\ud800",'),
                ('"seq":1,', '"seq":1,"more":1,'), ('"seq":1,', '"seq":"1",'),
                ('"v":1,"seq":1,', '"seq":1,"v":1,'), ('"salt":"%s",' % ("cd" * 16), ""),
                ("T08", "T24"), ("2026-11-21", "2026-02-31"), (".001Z", ".1Z"), (".001Z", "Z"),
                (".001Z", ".001+00:00"), ('"private":"a', '"private":"A'),
                ('"data":{', '"data":{"x":"%s",' % ("y" * 65536)),
                (data, deep), (data, deep.replace('{"a":', '{"a":' * 50).replace("}", "}" * 50))):
            self.assertIn(old, honest_line)
            with self.assertRaises(ValueError, msg=new[:40]):
                verify.read_line(honest_line.replace(old, new, 1).encode())
        for other in ("", "7", "null", '"x"', "[]", "{}", verify.compact(list(verify.KEYS)),
                      honest_line + "\r", " " + honest_line, "\ufeff" + honest_line):
            with self.assertRaises(ValueError, msg=other[:40]):
                verify.read_line(other.encode())

    def test_a_line_of_65535_bytes_is_read_and_a_longer_one_is_not(self):
        base = act("founded", data={"x": ""})
        for length, good in ((65535, True), (65536, False)):
            base["data"]["x"] = "y" * (length - len(write_trail([{**base, "data": {"x": ""}}])[0]))
            line = write_trail([base])[0]
            self.assertEqual(len(line), length)
            if good:
                verify.read_line(line)
            else:
                self.assertRaises(ValueError, verify.read_line, line)

    # shows: SG-7
    def test_a_trail_founded_on_another_manifest_trial_or_configuration_fails(self):
        for name in ("manifest", "trial", "configuration", "purpose"):
            story = honest()
            story.acts[0]["data"][name] = "00" * 32
            self.fails(story.case(), 3, "names another %s" % name)

    def test_a_trail_that_is_not_founded_or_founded_twice_fails(self):
        story = honest()
        del story.acts[0]
        self.fails(story.case(), 3, "does not begin with 'founded'")
        story = honest()
        story.acts.append(story.acts[0])
        self.fails(story.case(), 3, "founded twice")
        self.fails(Story().case(), 3, "the trail is empty")

    def test_an_imported_list_with_another_root_fails(self):
        story = honest()
        story.acts[story.place("list-imported")]["data"]["root"] = "00" * 32
        self.fails(story.case(), 3, "no entry 'list-imported'")

    # shows: AT-14
    def test_a_trail_told_anew_does_not_fit_a_checkpoint_that_somebody_kept(self):
        told = honest()
        early = copy.deepcopy(told)
        del early.acts[20:]
        kept = early.export()["checkpoint.txt"]
        case = told.case()
        case.checkpoints = [kept]
        self.passes(case)
        told.acts[5]["data"]["centres"] = ["north", "south"]
        case = told.case()
        case.checkpoints = [kept]
        self.fails(case, 3, "over 20 entries, does not fit")
        case = Story().begin().case()
        case.checkpoints = [kept]
        self.fails(case, 3, "over 20 entries: the trail was cut")

    def test_a_receipt_for_an_entry_that_is_gone_fails(self):
        story = honest()
        lines, seq = write_trail(story.acts), story.place("release-for-break")
        hashes = [verify.leaf_hash(line) for line in lines]
        receipt = {"entry": lines[seq].decode(), "index": seq,
                   "proof": [node.hex() for node in verify.inclusion_path(hashes, seq)],
                   "checkpoint": story.export()["checkpoint.txt"].decode()}
        case = story.case()
        case.receipts = [json.dumps({"receipt": receipt}).encode(), json.dumps(receipt).encode()]
        self.passes(case)
        del story.acts[seq]
        story.rows = [row[:3] for row in story.rows]
        case = story.case()
        case.receipts = [json.dumps(receipt).encode()]
        self.fails(case, 3, "entry %d that is not in the trail" % seq)
        receipt["proof"][0] = "00" * 32
        case = honest().case()
        case.receipts = [json.dumps(receipt).encode()]
        self.fails(case, 3, "does not prove its entry")
        case = honest().case()
        case.receipts = [b"{}"]
        self.fails(case, 3, "not well formed")

    def test_an_export_signed_by_another_service_fails_when_the_key_is_known(self):
        case = honest().case()
        case.trail_key = case.trail["trail-key.txt"]
        self.passes(case)
        story = honest()
        story.signer = bytes(32)
        forged = story.case()
        self.passes(forged)  # by itself such an export is in order: hence --trail-key
        forged = story.case()
        forged.trail_key = case.trail_key
        self.fails(forged, 3, "another trail key")

    def test_a_checkpoint_in_another_form_fails(self):
        story = Story().begin()
        export = story.export()
        note, key = export["checkpoint.txt"].decode(), export["trail-key.txt"].decode()
        known = verify.read_trail_key(key)
        head, _, signature = note.partition("\n\n")
        witness = "\u2014 witness.example %s\n" % base64.b64encode(bytes(68)).decode()
        verify.read_checkpoint(note + witness, known)
        self.assertEqual(verify.read_checkpoint(note, known).size, len(story.acts))
        origin, size, root = head.split("\n")
        for lines in ((origin, size), (origin, "0" + size, root), (origin, size, root[:40]),
                      ("klero/OTHER", size, root), (origin, size, root, "x"), (origin, "x", root)):
            signed = vectors.sign_note(ORIGIN, SERVICE, "\n".join(lines) + "\n")
            with self.assertRaises(verify.Failed, msg=lines):
                verify.read_checkpoint(signed, known)
        text, _, written = note.rpartition("=")
        unused_bits = text[:-1] + chr(ord(text[-1]) + 1) + "=" + written
        self.assertEqual(base64.b64decode(unused_bits.split(" ")[-1]),
                         base64.b64decode(note.split(" ")[-1]))
        bad = base64.b64encode(known.hash + bytes(64)).decode()
        two = "%s\n\n\u2014 %s %s\n%s" % (head, ORIGIN, bad, signature)  # a bad one, then the good
        for other in (note[:-1], note + "\n", head + "\n\n" + witness, head + "\n" + signature,
                      note.replace("\u2014", "-"), signature, "", unused_bits,
                      note + "\u2014 witness.example AAAA\n", two):
            with self.assertRaises(verify.Failed, msg=repr(other)):
                verify.read_checkpoint(other, known)


    def test_a_trail_key_in_another_form_fails(self):
        public = vectors.ed25519_public(SERVICE)
        good = vectors.trail_key_text(ORIGIN, public)
        self.assertEqual(verify.read_trail_key(good), verify.read_trail_key(good + "\n"))
        name, hashed, key = good.split("+", 2)

        def made(name: str, key: bytes) -> str:
            hashed = verify.sha256(name.encode() + b"\n" + key)[:4].hex()
            return "%s+%s+%s" % (name, hashed, base64.b64encode(key).decode())
        self.assertEqual(made(name, b"\1" + public), good)
        for other in ("", name, good + "\n\n", "+".join([name, hashed.upper(), key]),
                      "+".join([name, "00000000", key]), made(name, b"\2" + public),
                      made(name, b"\1" + public + b"\0"), made("", b"\1" + public),
                      made("klero TWIN", b"\1" + public)):
            with self.assertRaises(verify.Failed, msg=repr(other)):
                verify.read_trail_key(other)


class Forged4Order(TwinTest):
    # shows: I4, AL-5
    def test_a_code_passed_over_fails(self):
        story = honest()
        del story.acts[story.place("randomised")]
        self.fails(story.case(), 4, "at position 0 was due")

    # shows: I4, AL-5
    def test_two_codes_in_the_wrong_order_fail(self):
        story = honest()
        a, b = story.place("randomised", 0), story.place("randomised", 1)
        story.acts[a], story.acts[b] = story.acts[b], story.acts[a]
        self.fails(story.case(), 4, "at position 0 was due")

    # shows: I4, AL-8
    def test_a_code_issued_twice_fails(self):
        story = honest()
        again = copy.deepcopy(story.acts[story.place("randomised")])
        again["on"]["participant"] = "N-009"
        story.acts.append(again)
        self.fails(story.case(), 4, "at position 2 was due")

    # shows: I8, AL-4
    def test_a_code_of_another_stratum_fails(self):
        story = honest()
        story.acts[story.place("randomised")]["data"]["stratum"] = "south/all"
        self.fails(story.case(), 4, "issued in south/all")

    def test_an_unknown_stratum_segment_or_a_missing_fact_fails(self):
        for where, name, value, words in (
                ("data", "stratum", "west/all", "no slot left"),
                ("data", "segment", 1, "segment 0"), ("data", "segment", True, "'segment'"),
                ("data", "stratum", 7, "'stratum'"), ("on", "code", 7, "'code'"),
                ("on", "code", None, "'code'")):
            story = honest()
            entry = story.acts[story.place("randomised")]
            entry[where][name] = value
            if value is None:
                del entry[where][name]
            self.fails(story.case(), 4, words)


class Forged4Voids(TwinTest):
    def voided(self, stratum: str, position: int, at: int, by: str = "stat-1") -> Story:
        """The honest story, and this slot's code voided so many entries before its end."""
        story = honest()
        code = story.segments[0].of(stratum)[position].code
        entry = act("code-voided", by, {"code": code}, private="ab" * 32, salt="cd" * 16)
        story.acts.insert(len(story.acts) - at, entry)
        return story

    # shows: I4
    def test_a_void_code_is_left_out_and_counted(self):
        story = self.voided("north/low", 2, 0)
        story.randomise("N-009", "north/low", 3)
        self.passes(story.case())
        self.assertIn("5 codes issued in list order, 1 void",
                      verify.run_checks(story.case())[3]["why"])
        self.passes(self.voided("north/low", 5, 0).case())  # its turn has not come yet

    # shows: I4
    def test_a_gap_without_a_void_code_or_beside_it_fails(self):
        story = self.voided("north/low", 2, 0)
        story.randomise("N-009", "north/low", 4)
        self.fails(story.case(), 4, "at position 3 was due")
        story = self.voided("south/all", 2, 0)
        story.randomise("N-009", "north/low", 3)
        self.fails(story.case(), 4, "at position 2 was due")

    # shows: I4
    def test_the_issue_of_a_void_code_fails(self):
        story = self.voided("north/low", 2, 0)
        story.randomise("N-009", "north/low", 2)
        self.fails(story.case(), 4, "was issued, and is void since entry")

    # shows: I4, AL-8
    def test_a_void_after_its_issue_of_an_unknown_code_or_twice_fails(self):
        self.fails(self.voided("north/low", 0, 0).case(), 4, "had been issued in entry")
        story = self.voided("north/low", 2, 0)
        story.acts.append(copy.deepcopy(story.acts[-1]))
        self.fails(story.case(), 4, "had been voided in entry")
        story = self.voided("north/low", 2, 0)
        story.acts[-1]["on"]["code"] = "1234560"
        self.fails(story.case(), 4, "no list has it")
        story.acts[-1]["on"] = {}
        self.fails(story.case(), 4, "does not state 'code'")

    # shows: I4
    def test_a_code_voided_after_it_was_passed_over_fails(self):
        story = honest()
        code = story.segments[0].of("north/low")[2].code
        story.randomise("N-009", "north/low", 3)
        story.acts.append(act("code-voided", "stat-1", {"code": code}))
        self.fails(story.case(), 4, "at position 2 was due")

    # shows: I11
    def test_a_code_voided_by_anybody_but_a_statistician_fails(self):
        for by in ("co-n", "ph-n", "hot-1", "adm-1", "nobody"):
            self.fails(self.voided("north/low", 2, 0, by).case(), 6, "code-voided of code")
        self.fails(self.voided("north/low", 2, 0, "service").case(), 6, "not even invited")


class Forged5Arms(TwinTest):
    # shows: SG-7, AL-10
    def test_an_arm_that_is_not_the_leafs_fails(self):
        story = honest()
        story.rows[1][2] = "placebo" if story.rows[1][2] == "verum" else "verum"
        self.fails(story.case(), 5, "line 2: participant N-001")

    def test_another_participants_code_fails(self):
        story = honest()
        story.rows[1][1] = story.rows[2][1]
        self.fails(story.case(), 5, "the trail says")

    # shows: AL-8
    def test_a_participant_left_out_fails(self):
        story = honest()
        del story.rows[2]
        self.fails(story.case(), 5, "N-002 was randomised and is missing")

    def test_a_participant_made_up_or_twice_in_the_data_set_fails(self):
        for row in (["N-666", "1234567", "verum", "no"], honest().rows[1]):
            story = honest()
            story.rows.append(row)
            self.fails(story.case(), 5, "was not randomised, or stands there twice")

    # shows: I5
    def test_a_participant_randomised_twice_fails(self):
        story = honest()
        story.randomise("N-001", "south/all", 1)
        self.fails(story.case(), 5, "randomised twice")


class Forged3Witnesses(TwinTest):
    def cosigned(self, seed: bytes, name: str, note: str, seconds: int) -> str:
        text = note.rpartition("\n\n")[0]
        said = "cosignature/v1\ntime %d\n%s\n" % (seconds, text)
        public = vectors.ed25519_public(seed)
        bundle = (verify.sha256(name.encode() + b"\n\x04" + public)[:4] + seconds.to_bytes(8, "big")
                  + vectors.ed25519_sign(seed, said.encode()))
        return note + "\u2014 %s %s\n" % (name, base64.b64encode(bundle).decode())

    def key(self, seed: bytes, name: str) -> str:
        public = b"\x04" + vectors.ed25519_public(seed)
        hashed = verify.sha256(name.encode() + b"\n" + public)[:4]
        return "%s+%s+%s\n" % (name, hashed.hex(), base64.b64encode(public).decode())

    # shows: AT-14
    def test_a_kept_checkpoint_must_be_cosigned_by_a_witness_that_was_given(self):
        seed, name = b"\x05" * 32, "witness.example/w1"
        case = honest().case()
        note = case.trail["checkpoint.txt"].decode()
        both = self.cosigned(seed, name, note, 1795000000)
        case.checkpoints, case.witnesses = [both.encode()], [self.key(seed, name)]
        self.passes(case)
        for kept, keys in ((note, [self.key(seed, name)]), (both, [self.key(b"\x06" * 32, name)]),
                           (both.replace(name, "witness.example/w2"), [self.key(seed, name)])):
            case = honest().case()
            case.checkpoints, case.witnesses = [kept.encode()], keys
            self.fails(case, 3, "cosigned by none of the witnesses")
        case = honest().case()
        case.witnesses = ["no key"]
        self.fails(case, 3, "witness key")


class Forged6Offline(TwinTest):
    def taken_in(self, opener: str, road: str, by: str = "hot-1", broken: str = "yes") -> Story:
        """The honest story, and N-001's code opened without the service and taken in at its end."""
        story = honest()
        entry = story.release("break", by, "N-001", opener=opener, category="emergency")
        entry["act"] = "break-imported"
        entry["data"][road] = "x"
        for row in story.rows:
            if row[0] == "N-001":
                row[3] = broken
        return story

    # shows: EU-12, AT-2
    def test_a_code_opened_without_the_service_counts_as_broken_and_is_checked(self):
        for opener, road in (("hot-1", "record"), ("inv-n", "serial"), ("co-n", "serial")):
            self.passes(self.taken_in(opener, road).case())
        self.fails(self.taken_in("hot-1", "record", broken="no").case(), 7, "was broken")
        self.fails(self.taken_in("co-n", "record").case(), 6, "co-n never held a key of north")
        self.fails(self.taken_in("nobody", "serial").case(), 6, "not even invited")
        self.fails(self.taken_in("hot-1", "road").case(), 6, "neither a record nor a letter")
        self.fails(self.taken_in("hot-1", "record", "inv-n").case(), 6, "may not do so at north")
        story = self.taken_in("hot-1", "record")
        story.acts.insert(story.place("randomised"), story.acts.pop())
        self.fails(story.case(), 6, "had not been randomised to N-001")

    # shows: CO-2, AL-5, AT-2
    def test_an_opened_code_of_nobody_is_void_by_its_incident_and_by_nothing_less(self):
        def incident(of: Any, by: str) -> Story:
            story = honest()
            code = story.segments[0].of("north/low")[2].code
            seq = len(story.acts)
            story.acts.append(act("unissued-opened", "hot-1", {"code": code},
                                  {"opener": "hot-1", "record": "x"}))
            story.acts.append(act("code-voided", by, {"code": code},
                                  {"incident": seq + of if type(of) is int else of}))
            return story
        self.passes(incident(0, "hot-1").case())
        self.passes(incident(1, "stat-1").case())
        self.fails(incident(1, "hot-1").case(), 6, "may not do so at north")
        self.fails(incident([0], "hot-1").case(), 6, "may not do so at north")
        story = incident(0, "hot-1")
        story.acts.pop()
        story.acts[-1]["on"]["code"] = story.rows[1][1]
        self.fails(story.case(), 6, "is said to be nobody's, and was issued")


class Forged6Releases(TwinTest):
    def after(self, name: str, by: str, participant: str, words: str,
              change: Optional[Callable[[Story], Any]] = None, **data: Any) -> None:
        """An honest trial, a change, then one more release, which must be what fails."""
        story = honest()
        if change:
            change(story)
        entry = story.release(name, by, participant, **data)
        entry["centre"] = participant.startswith("S") and "south" or "north"
        if name == "break":
            story.rows = [row[:3] for row in story.rows]
        self.fails(story.case(), 6, words)

    # shows: I3, CO-1
    def test_a_release_before_the_code_was_issued_fails(self):
        story = honest()
        entry = story.acts.pop(story.place("release-for-preparation"))
        del story.acts[story.place("release-redelivered")]
        story.acts.insert(story.place("randomised"), entry)
        self.fails(story.case(), 6, "had not been randomised to N-001")

    # shows: EU-3
    def test_a_release_of_another_participants_code_fails(self):
        story = honest()
        story.release("preparation", "ph-n", "N-001")["on"]["participant"] = "N-002"
        self.fails(story.case(), 6, "had not been randomised to N-002")

    # shows: I11, DI-1
    def test_a_role_that_may_not_release_fails(self):
        for name, by in (("preparation", "co-n"), ("preparation", "inv-n"),
                         ("preparation", "hot-1"), ("preparation", "stat-1"), ("break", "ph-n"),
                         ("break", "stat-1"), ("break", "co-n"), ("break", "adm-1")):
            self.after(name, by, "N-001", "may not do so at north")

    # shows: AC-6
    def test_somebody_of_another_centre_fails(self):
        self.after("preparation", "ph-n", "S-001", "may not do so at south")
        self.after("break", "inv-n", "S-001", "may not do so at south")

    def test_somebody_under_another_role_fails(self):
        story = honest()
        story.release("preparation", "ph-n", "N-001")["role"] = "hotline"
        self.fails(story.case(), 6, "was pharmacist, not hotline")

    # shows: AC-7
    def test_somebody_disabled_or_never_activated_or_never_invited_fails(self):
        def disable(story): story.acts.append(act("person-disabled", "adm-1", {"person": "ph-n"}))

        def disable_and_activate(story):
            disable(story)
            story.acts.append(act("account-activated", "ph-n", {"person": "ph-n"}))

        def invite_again(story):
            story.acts.append(act("person-invited", "adm-1", {"person": "ph-n"},
                                  {"role": "pharmacist", "centres": ["north"]}))
        self.after("preparation", "ph-n", "N-001", "disabled then", disable)
        self.after("preparation", "ph-n", "N-001", "disabled then", disable_and_activate)
        self.after("preparation", "ph-n", "N-001", "invited then", invite_again)
        self.after("preparation", "ph-9", "N-001", "not even invited")

    def test_an_invitation_to_a_role_or_a_centre_that_cannot_be_fails(self):
        for name, value in (("role", "wizard"), ("centres", [7])):
            story = honest()
            story.acts[story.place("person-invited")]["data"][name] = value
            self.fails(story.case(), 6, "cannot be")

    # shows: AC-7, I10
    def test_somebody_without_a_wrap_fails(self):
        def remove(story):
            story.acts.append(act("grant-removed", "ph-n", {"person": "ph-2"},
                                  {"centre": "north", "epoch": 1}))

        def grant_elsewhere(story):
            remove(story)
            story.acts.append(act("key-granted", "hot-1", {"person": "ph-2", "reference": "G2"},
                                  {"centre": "south", "epoch": 1}))

        def administrator_grants(story):
            remove(story)
            story.acts.append(act("key-granted", "adm-1", {"person": "ph-2", "reference": "G2"},
                                  {"centre": "north", "epoch": 1}))
        for change in (remove, grant_elsewhere, administrator_grants):
            self.after("preparation", "ph-2", "N-001", "held no wrap for north", change)
        self.after("preparation", "ph-n", "N-001", "of epoch 2", epoch=2)

    def test_wraps_of_a_list_that_is_not_this_one_do_not_count(self):
        story = honest()
        imported = copy.deepcopy(story.acts[story.place("list-imported")])
        grant = story.acts.pop(story.place("key-granted"))
        imported["data"]["manifest"] = "00" * 32
        imported["data"]["wraps"] = [{"centre": "north", "epoch": 1, "hash": "ee" * 32,
                                      "person": grant["on"]["person"]}]
        story.acts.insert(story.place("randomised"), imported)
        self.fails(story.case(), 6, "ph-2 held no wrap")

    def test_a_release_that_names_another_centre_fails(self):
        story = honest()
        story.release("preparation", "ph-n", "N-001")["centre"] = "south"
        self.fails(story.case(), 6, "the entry says south")

    def test_a_second_delivery_without_a_release_or_to_somebody_else_fails(self):
        for by in ("ph-n", "service"):
            story = honest()
            del story.acts[story.place("release-for-preparation")]
            story.acts[story.place("release-redelivered")]["by"] = by
            self.fails(story.case(), 6, "%s had no such release" % by)
        story = honest()
        story.acts[story.place("release-redelivered")]["by"] = "ph-2"
        self.fails(story.case(), 6, "ph-2 had no such release")

    # shows: SG-8
    def test_a_drill_with_a_live_code_fails(self):
        story = honest()
        story.acts.append(act("drill", "hot-1", {"code": "9202901"}, centre="north"))
        self.passes(story.case())
        story.acts.append(act("drill", "hot-1", {"code": story.rows[1][1]}, centre="north"))
        self.fails(story.case(), 6, "drill with the live code")
        story = honest(Segment(training=True))  # what a training service issues is no drill either
        story.acts.append(act("drill", "hot-1", {"code": story.rows[1][1]}, centre="north"))
        self.fails(story.case(), 6, "drill with the live code")

    # shows: I11
    def test_a_drill_at_no_centre_or_by_somebody_who_may_not_fails(self):
        for by, centre, why in (("hot-1", None, "a drill at no centre"),
                                ("ph-n", "north", "ph-n, pharmacist, may not do so at north"),
                                ("co-n", "north", "co-n, coordinator, may not do so at north")):
            story = honest()
            where = {"centre": centre} if centre else {}
            story.acts.append(act("drill", by, {"code": "9202901"}, **where))
            self.fails(story.case(), 6, why)

    # shows: SG-8, I3
    def test_a_key_to_practise_with_opens_nobody_s_code(self):
        story = honest()
        taken = story.place("release-for-preparation")
        story.acts[taken:taken] = [
            act("grant-removed", "hot-1", {"person": "ph-n"}, {"centre": "north", "epoch": 1}),
            act("key-granted", "hot-1", {"person": "ph-n"},
                {"centre": "north", "epoch": 1_000_001})]
        self.fails(story.case(), 6, "ph-n held no wrap for north")


class Forged7Breaks(TwinTest):
    # shows: EU-4, AT-3
    def test_a_break_that_is_not_reported_fails(self):
        story = honest()
        story.rows[3][3] = "no"
        self.fails(story.case(), 7, "line 4: broken is 'no'")

    def test_a_break_that_is_reported_and_was_not_made_fails(self):
        story = honest()
        story.rows[1][3] = "yes"
        self.fails(story.case(), 7, "line 2: broken is 'yes'")

    def test_a_data_set_that_says_neither_yes_nor_no_is_not_read(self):
        story = honest()
        story.rows[1][3] = "No"
        with self.assertRaises(verify.Unreadable):
            story.case()


class OddEntries(TwinTest):
    def test_a_fact_of_the_wrong_kind_anywhere_fails_by_name_and_never_crashes(self):
        case, story = honest().case(), honest()
        self.passes(case)
        checks = [verify.check_founded] + [check for _, check in verify.CHECKS[3:]]
        failures = 0
        for entry in story.acts:
            for facts in (entry["on"], entry["data"]):
                for name, value in list(facts.items()):
                    for odd in ("x", 7, True, [], {}, [[]], [{"person": []}]):
                        facts[name] = odd
                        case.entries, _ = verify.read_chain(write_trail(story.acts))
                        try:
                            for check in checks:
                                check(case)
                        except verify.Failed:
                            failures += 1
                    facts[name] = value
        self.assertGreater(failures, 200)


class Primitives(unittest.TestCase):
    def test_a_name_of_65535_bytes_has_a_length_and_a_longer_one_fails(self):
        self.assertEqual(verify.lp("\u4e2d" * 21845)[:2], b"\xff\xff")
        with self.assertRaises(verify.Failed):
            verify.lp("x" * 65536)

    def test_the_key_stream_is_that_of_rfc_8439_section_2_3_2(self):
        nonce = bytes.fromhex("000000090000004a00000000")
        self.assertEqual(verify.chacha20_block(bytes(range(32)), 1, nonce).hex(),
                         "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
                         "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e")

    # shows: SG-4
    def test_a_draw_throws_away_what_would_favour_a_number(self):
        self.assertEqual(verify.draw(iter([252, 251]), 9), 251 % 9)
        self.assertEqual(verify.draw(iter([255]), 256), 255)
        self.assertEqual(verify.draw(iter([]), 1), 0)

    def test_a_check_digit_finds_each_single_error_and_each_swap(self):
        for digits in ("742913", "100000", "987654"):
            check = verify.damm(digits)
            for at in range(6):
                for other in set("0123456789") - {digits[at]}:
                    self.assertNotEqual(verify.damm(digits[:at] + other + digits[at + 1:]), check)
                swapped = digits[:at] + digits[at:at + 2][::-1] + digits[at + 2:]
                self.assertTrue(swapped == digits or verify.damm(swapped) != check)

    # shows: I7, AT-14
    def test_tree_proofs_hold_for_every_size_and_no_altered_one_does(self):
        leaves = [verify.leaf_hash(bytes([n])) for n in range(17)]
        for size in range(1, 18):
            root = verify.root(leaves[:size])
            for index in range(size):
                path = verify.inclusion_path(leaves[:size], index)
                leaf = leaves[index]
                self.assertEqual(verify.root_from_path(leaf, index, size, path), root)
                for at, bad in ((index, path + [root]), (index, path[1:]), (size, path),
                                (-1, path)):
                    if (at, bad) != (index, path):
                        with self.assertRaises(ValueError):
                            verify.root_from_path(leaf, at, size, bad)
                for n in range(len(path)):
                    bad = path[:n] + [bytes(32)] + path[n + 1:]
                    self.assertNotEqual(verify.root_from_path(leaf, index, size, bad), root)
            for old in range(size + 1):
                was, proof = verify.root(leaves[:old]), verify.consistency_proof(leaves[:size], old)
                self.assertTrue(verify.consistent(old, was, size, root, proof), (old, size))
                self.assertFalse(verify.consistent(old, bytes(32), size, root, proof))
                self.assertFalse(verify.consistent(old, was, size, root, proof + [root]))
                if proof:
                    self.assertFalse(verify.consistent(old, was, size, bytes(32), proof))
                    self.assertFalse(verify.consistent(old, was, size, root, proof[1:]))

    def test_ecdsa_takes_the_signature_of_rfc_6979_and_no_other(self):
        public = bytes.fromhex(
            "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
            "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299")
        signature = bytes.fromhex(
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8")
        self.assertTrue(verify.ecdsa_verify(public, b"sample", signature))
        self.assertFalse(verify.ecdsa_verify(public, b"Sample", signature))
        self.assertFalse(verify.ecdsa_verify(public, b"sample", bytes(64)))
        self.assertFalse(verify.ecdsa_verify(public, b"sample", signature + b"\0"))
        x, y = public[1:33], public[33:]
        too_large = (int.from_bytes(y, "big") + verify.P).to_bytes(33, "big")
        root = pow(5**3 - 3 * 5 + verify.B, (verify.P + 1) // 4, verify.P).to_bytes(32, "big")
        verify.p256_point(b"\4" + (5).to_bytes(32, "big") + root)
        second = b"\4" + (5 + verify.P).to_bytes(32, "big") + root
        for bad in (public[:-1] + b"\0", b"\2" + x + y, b"\4" + x + too_large, public[1:], second):
            with self.assertRaises(ValueError):
                verify.p256_point(bad)

    def test_ed25519_takes_the_signature_of_rfc_8032_and_no_other(self):
        seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
        public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
        signature = bytes.fromhex(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")
        self.assertEqual(vectors.ed25519_public(seed), public)
        self.assertEqual(vectors.ed25519_sign(seed, b""), signature)
        self.assertTrue(verify.ed25519_verify(public, b"", signature))
        self.assertFalse(verify.ed25519_verify(public, b"x", signature))
        s = int.from_bytes(signature[32:], "little") + verify.L  # a second writing of the same
        second = signature[:32] + s.to_bytes(32, "little")
        self.assertFalse(verify.ed25519_verify(public, b"", second))
        self.assertEqual(verify.ed_read((1).to_bytes(32, "little")), (0, 1))
        for number in (2, 1 + verify.Q, 1 + 2**255):  # not on the curve, too large, minus nought
            with self.assertRaises(ValueError):
                verify.ed_read(number.to_bytes(32, "little"))


class Vectors(unittest.TestCase):
    def setUp(self):
        self.lists, self.sealing = (json.loads((VECTORS / name).read_text("utf-8"))
                                    for name in ("allocation_list.json", "sealing.json"))

    # shows: SG-1
    def test_every_value_of_the_vector_files_is_computed_again(self):
        for case in vectors.run(self.lists, self.sealing):
            self.assertTrue(case["ok"], case)

    def test_a_changed_value_a_missing_value_and_an_unknown_value_are_noticed(self):
        tiny = [case for case in self.lists if case["name"] == "tiny"][0]
        sections = [("list", key) for key in tiny if key != "name"] + [
            (name, key) for name, section in self.sealing.items() for key in section
            if (name, key) != ("identity", "note")]
        for name, key in sections:
            for drop in (False, True):
                changed = copy.deepcopy(tiny if name == "list" else self.sealing[name])
                value = changed.pop(key)
                if not drop:
                    changed[key] = {} if type(value) is dict else value + value or "ff"
                    changed[key] = 1 if value == 0 else changed[key]
                done = vectors.run([changed], {}) if name == "list" else vectors.run(
                    [], {name: changed})
                self.assertEqual([case["ok"] for case in done], [False], (name, key, drop))
        self.sealing["slot"]["news"] = 1
        self.sealing["new-section"] = {"news": 1}
        done = vectors.run([tiny], self.sealing)
        self.assertEqual([case["name"] for case in done if not case["ok"]], ["slot", "new-section"])


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.at = Path(self.folder.name)

    def lay_out(self, story: Story) -> list[str]:
        """The files of a story on disk, and the words that name them."""
        manifests, disclosures, export, data = story.files()
        (self.at / "trail").mkdir(exist_ok=True)
        for name, content in {**export, "manifest.txt": manifests[0]}.items():
            (self.at / "trail" / name).write_bytes(content)
        for name, content in (("m", manifests[0]), ("d", disclosures[0]), ("data.csv", data)):
            (self.at / name).write_bytes(content)
        return ["--manifest", str(self.at / "m"), "--disclosure", str(self.at / "d"),
                "--trail", str(self.at / "trail"), "--data", str(self.at / "data.csv")]

    def run_it(self, *words: str) -> tuple:
        done = subprocess.run([sys.executable, str(HERE / "verify.py"), *words], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertNotIn("Traceback", done.stderr)
        return done.returncode, done.stdout, done.stderr

    def test_it_exits_0_when_all_fits(self):
        status, out, _ = self.run_it(*self.lay_out(honest()))
        self.assertEqual((status, out.count(" fits ")), (0, 7), out)

    def test_it_exits_20_and_names_the_first_check_that_fails(self):
        story = honest()
        del story.rows[2]
        words = self.lay_out(story)
        status, out, _ = self.run_it(*words)
        self.assertEqual(status, 20)
        self.assertIn(" 5 arms         FAILED  participant N-002", out.splitlines()[-1])
        status, out, _ = self.run_it(*words, "--json")
        said = json.loads(out)
        self.assertEqual((status, said["ok"], len(said["checks"])), (20, False, 5))
        self.assertEqual(set(said["checks"][-1]), {"check", "name", "ok", "why"})

    def test_it_exits_2_when_a_file_is_missing_or_of_another_kind(self):
        said = Segment().disclosed
        for name, content in (("m", None), ("d", None), ("d", b"{}"), ("d", b"["), ("d", b"7"),
                              ("d", json.dumps({**said, "klero": "disclosure/v2"}).encode()),
                              ("d", json.dumps({**said, "sizes": [2, "4"]}).encode()),
                              ("d", json.dumps({**said, "secret": "ab"}).encode()),
                              ("data.csv", b""), ("data.csv", b"a,b\n"), ("data.csv", b"\xff"),
                              ("data.csv", b"participant,code,arm\nx\n"), ("data.csv", None),
                              ("trail/trail.jsonl", None), ("trail/trail-key.txt", None),
                              ("trail/checkpoint.txt", None)):
            words = self.lay_out(honest())
            (self.at / name).unlink() if content is None else (self.at / name).write_bytes(content)
            status, _, err = self.run_it(*words)
            self.assertEqual((status, err[:7]), (2, "error: "), (name, err))

    def test_segments_and_kept_checkpoints_are_given_one_after_another(self):
        words = self.lay_out(honest())
        key, note = (str(self.at / "trail" / name) for name in ("trail-key.txt", "checkpoint.txt"))
        self.assertEqual(self.run_it(*words, "--trail-key", key, "--kept", note, note)[0], 0)
        self.assertEqual(self.run_it(*words, "--trail-key", note)[0], 20)
        status, out, _ = self.run_it("--manifest", words[1], words[1], "--disclosure", words[3],
                                     words[3], *words[4:])
        self.assertEqual((status, "of segment 1" in out), (20, True), out)

    def test_it_exits_2_on_wrong_usage(self):
        words = self.lay_out(honest())
        for wrong in ([], words[2:], words[:2] + words[4:], words[:4], words + words[:2],
                      words + ["--unknown"], ["--vectors", "one"]):
            self.assertEqual(self.run_it(*wrong)[0], 2, wrong)

    def test_windows_line_ends_in_the_data_set_are_read(self):
        words = self.lay_out(honest())
        data = (self.at / "data.csv").read_bytes()
        (self.at / "data.csv").write_bytes(data.replace(b"\n", b"\r\n"))
        self.assertEqual(self.run_it(*words)[0], 0)

    def test_vectors_are_checked_from_the_command_line(self):
        words = ["--vectors", str(VECTORS / "allocation_list.json"), str(VECTORS / "sealing.json")]
        self.assertEqual(self.run_it(*words)[0], 0)
        self.assertEqual(self.run_it("--vectors", words[2], words[2])[0], 20)


if __name__ == "__main__":
    unittest.main()
