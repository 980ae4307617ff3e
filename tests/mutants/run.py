#!/usr/bin/env python3
"""Changes the source in every small way that cargo-mutants knows, and looks which change no test notices.

    cargo install cargo-mutants
    tests/mutants/run.py                           domain and sealing, and the road of a release: some hours
    tests/mutants/run.py src/sealing/tree.rs       one file

cargo-mutants builds the program anew for each change, which takes a day here. This builds it once: each function holds
all its changed bodies, and KLERO_MUTANT says which one runs. A change that does not compile is left out, as cargo-mutants
does. Constants, `const fn` and functions that return `impl` something have no body that could be chosen at run time: they are
counted apart, and `cargo mutants -f FILE` tries them one by one.

equal.txt names the changes that change nothing anybody could see, each with its reason. Exit code 1: a change outside of it
was not noticed. Python's own library is enough.
"""

import collections
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading

TOP = pathlib.Path(__file__).resolve().parents[2]
WORK = TOP / "target" / "mutants"
COPY = WORK / "src-tree"
ROOMS = ["src/domain/**", "src/sealing/**", "src/store/release.rs", "src/service/prepare.rs", "src/service/break_code.rs"]
# Who is asked after a file's own tests and its room's: the quick ones first.
LATER = ["trial", "access", "plans", "parsers", "tamper", "twin", "simulation", "cli", "api", "pages"]
SECONDS = {"pages": 600, "api": 600, "cli": 600, "simulation": 600, "twin": 300}


def run(*command, **more):
    return subprocess.run(command, cwd=more.pop("cwd", TOP), text=True, check=False, **more)


def listed(files):
    globs = [part for glob in files or ROOMS for part in ("-f", glob)]
    found = run("cargo", "mutants", "--list", "--json", *globs, stdout=subprocess.PIPE)
    mutants = json.loads(found.stdout)
    for number, mutant in enumerate(mutants, 1):
        mutant["id"] = number
    return mutants


def copy_source():
    shutil.rmtree(COPY, ignore_errors=True)
    for name in run("git", "ls-files", stdout=subprocess.PIPE).stdout.split("\n"):
        if name and (TOP / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TOP / name, COPY / name)


def opening(text, at):
    """Where the body of the function that begins here opens: the first brace outside of brackets, texts and comments."""
    depth = 0
    while True:
        if text.startswith("//", at):
            at = text.index("\n", at)
        elif text.startswith("/*", at):
            at = text.index("*/", at) + 1
        elif text[at] == '"':
            at += 1
            while text[at] != '"':
                at += 2 if text[at] == "\\" else 1
        elif text[at] in "([":
            depth += 1
        elif text[at] in ")]":
            depth -= 1
        elif text[at] == "{" and depth == 0:
            return at
        at += 1


def rewritten(text, mutants, out):
    """The file with all its changes, but for those in `out`; those that cannot be chosen at run time are put into `out`."""
    lines = [0]
    for line in text.split("\n"):
        lines.append(lines[-1] + len(line) + 1)

    def place(point):
        return lines[point["line"] - 1] + point["column"] - 1

    functions = collections.defaultdict(list)
    for mutant in mutants:
        span = (mutant["function"] or {}).get("span")
        if span:
            functions[place(span["start"]), place(span["end"])].append(mutant)
        else:
            out.setdefault(mutant["id"], "apart")
    pieces, last = [], 0
    for (start, end), inside in sorted(functions.items(), key=lambda one: (one[0][0], -one[0][1])):
        body = opening(text, start)
        head = text[start:body]
        if start < last or re.search(r"\bconst\s+fn\b|->\s*impl\b", head):
            for mutant in inside:
                out.setdefault(mutant["id"], "apart")
            continue
        arms = []
        for mutant in inside:
            if mutant["id"] in out:
                continue
            a, b = place(mutant["span"]["start"]), place(mutant["span"]["end"])
            if mutant["genre"] == "FnValue":
                a, b = body + 1, end - 1
            number = mutant["id"]
            changed = text[body + 1 : a] + mutant["replacement"] + text[b : end - 1]
            arms.append(f"/*M{number}*/ {number} => {{ {changed} }} /*E{number}*/\n")
        if arms:
            same = text[body + 1 : end - 1]
            pieces += [text[last:body], "{ match crate::mutant() {\n", *arms, "_ => {", same, "} } }"]
            last = end
    return "".join([*pieces, text[last:]])


CHOICE = """
/// Which change runs; none when it is 0.
pub fn mutant() -> u32 {
    static NUMBER: std::sync::LazyLock<u32> = std::sync::LazyLock::new(|| {
        std::env::var("KLERO_MUTANT").ok().and_then(|number| number.parse().ok()).unwrap_or(0)
    });
    *NUMBER
}
"""


def write_all(mutants, out):
    by_file = collections.defaultdict(list)
    for mutant in mutants:
        by_file[mutant["file"]].append(mutant)
    for name, inside in by_file.items():
        (COPY / name).write_text(rewritten((TOP / name).read_text(), inside, out))
    (COPY / "src/lib.rs").write_text((TOP / "src/lib.rs").read_text() + CHOICE)


def cargo(*arguments):
    env = dict(os.environ, CARGO_TARGET_DIR=str(WORK / "target"), CARGO_INCREMENTAL="0", CARGO_PROFILE_DEV_OPT_LEVEL="1")
    done = run("cargo", *arguments, "--message-format=json", cwd=COPY, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return [json.loads(line) for line in done.stdout.split("\n") if line.startswith("{")]


def blamed(messages):
    """The changes inside which the compiler found an error."""
    marks, hit, other = {}, set(), []
    for told in messages:
        message = told.get("message") if told.get("reason") == "compiler-message" else None
        if not message or message["level"] != "error":
            continue
        before = len(hit)
        for span in message["spans"]:
            while span:
                name = span["file_name"]
                if name.startswith("src/"):
                    if name not in marks:
                        marks[name] = [
                            (m.start(), m[1] == b"M", int(m[2]))
                            for m in re.finditer(rb"/\*([ME])(\d+)\*/", (COPY / name).read_bytes())
                        ]
                    inside = [mark for mark in marks[name] if mark[0] <= span["byte_start"]]
                    if inside and inside[-1][1]:
                        hit.add(inside[-1][2])
                span = (span.get("expansion") or {}).get("span")
        if len(hit) == before and message["spans"]:
            other.append(message["rendered"])
    return hit, other


def built(mutants, out):
    """The test programs by name, with every change that compiles."""
    tests = [part for name in LATER for part in ("--test", name)]
    for command in (["check", "--lib"], ["test", "--no-run", "--lib", "--bins", *tests]):
        while True:
            write_all(mutants, out)
            messages = cargo(*command)
            hit, other = blamed(messages)
            new = hit - out.keys()
            if not new and other:
                sys.exit("the copy does not compile:\n" + "\n".join(other[:3]))
            if not new:
                break
            out.update((number, "does not compile") for number in new)
    programs = {}
    for told in messages:
        if told.get("reason") == "compiler-artifact" and told.get("executable"):
            kind = "lib" if "lib" in told["target"]["kind"] else told["target"]["name"]
            programs[kind] = told["executable"]
    return programs


def noticed(program, mutant, arguments, seconds):
    """What test notices the change; none when all of these are green."""
    env = dict(os.environ, KLERO_MUTANT=str(mutant["id"]), RUST_BACKTRACE="0")
    going = subprocess.Popen(
        [program, *arguments], cwd=COPY, env=env, text=True, errors="replace", start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    late = threading.Event()

    def stop():
        try:
            os.killpg(going.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    timer = threading.Timer(seconds, lambda: (late.set(), stop()))
    timer.start()
    try:
        for line in going.stdout:
            if line.startswith("test ") and line.rstrip().endswith("FAILED"):
                stop()
                return line.split()[1]
        if going.wait() != 0:
            return "no end within its time" if late.is_set() else "it ended badly"
        return None
    finally:
        timer.cancel()
        stop()


def judged(programs, mutant):
    path = mutant["file"].removeprefix("src/").removesuffix(".rs")
    module, room = path.replace("/", "::") + "::", path.split("/")[0] + "::"
    # Simulations are slow, and say nothing of what does not simulate.
    quick = [] if "simulate" in path else ["--skip", "simulate"]
    asked = [("lib", [module]), ("lib", [room, *quick]), ("lib", ["--skip", room, "--skip", "simulate"])]
    asked += [(name, []) for name in LATER if name in programs]
    for name, arguments in asked:
        by = noticed(programs[name], mutant, arguments, SECONDS.get(name, 120))
        if by:
            return f"{name}: {by}"
    return None


def equal():
    """The changes that are known to change nothing, by file and words, without their lines."""
    lines = (pathlib.Path(__file__).parent / "equal.txt").read_text().split("\n")
    return {line.strip() for line in lines if line.startswith("src/")}


def unplaced(name):
    return re.sub(r":\d+:\d+:", ":", name, count=1)


def main():
    mutants, out = listed(sys.argv[1:]), {}
    copy_source()
    programs = built(mutants, out)
    known, left, caught = equal(), [], 0
    for mutant in mutants:
        if mutant["id"] in out:
            continue
        by = judged(programs, mutant)
        if by is None and unplaced(mutant["name"]) not in known:
            left.append(mutant["name"])
            print(f"NOT NOTICED  {mutant['name']}", flush=True)
        caught += by is not None
    counts = collections.Counter(out.values())
    tried = len(mutants) - len(out)
    print(f"{len(mutants)} changes: {counts['does not compile']} do not compile, {counts['apart']} stand apart; of {tried} tried "
          f"{caught} were noticed, {tried - caught - len(left)} change nothing, {len(left)} were not noticed")
    sys.exit(1 if left else 0)


if __name__ == "__main__":
    main()
