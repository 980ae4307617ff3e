#!/usr/bin/env python3
"""Changes the source in every small way that cargo-mutants knows, and looks which change no test notices.

    cargo install cargo-mutants
    tests/mutants/run.py                           domain and sealing, and the road of a release: an hour or two
    tests/mutants/run.py src/sealing/tree.rs       one file

cargo-mutants builds the program anew for each change, which takes days here. This builds it once: each function holds
all its changed bodies, and KLERO_MUTANT says which one runs. Each test then runs alone once, and the functions it reaches are
written down (KLERO_REACHED): a change is tried against the tests that reach it, the nearest first, until one of them fails.

A change that does not compile is left out, as cargo-mutants does. Constants, `const fn` and functions that return `impl`
something have no body that could be chosen at run time: they are counted apart, and `cargo mutants -f FILE` tries them one by
one. What was found stays in target/mutants, so that a search that was stopped goes on where it was; delete it to begin anew.

equal.txt names the changes that change nothing anybody could see, each with its reason. Exit code 1: a change outside of it
was not noticed. Python's own library is enough.
"""

import collections
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
WORK = TOP / "target" / "mutants"
COPY = WORK / "src-tree"
ROOMS = ["src/domain/**", "src/sealing/**", "src/store/release.rs", "src/service/prepare.rs", "src/service/break_code.rs"]
# Whose tests are asked, beside the unit tests.
PROGRAMS = ["access", "api", "cli", "pages", "parsers", "plans", "simulation", "tamper", "trial", "twin"]
# So many seconds of tests are asked of every change, before all others are asked of what is left.
QUICK = 8


def run(*command, **more):
    return subprocess.run(command, cwd=more.pop("cwd", TOP), text=True, check=False, **more)


def listed(files):
    globs = [part for glob in files or ROOMS for part in ("-f", glob)]
    found = run("cargo", "mutants", "--list", "--json", *globs, stdout=subprocess.PIPE)
    mutants = json.loads(found.stdout)
    for number, mutant in enumerate(mutants, 1):
        mutant["id"] = number
    return mutants


def write(path, data):
    """Writes what is not there yet: what did not change is not built again."""
    if not path.is_file() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def copy_source(changed):
    """Copies all other files. A test that starts the program with a bare environment lets the choice through."""
    through = 'env_clear().envs(std::env::vars().filter(|(name, _)| ["KLERO_MUTANT", "KLERO_REACHED"].contains(&name.as_str())))'
    for name in run("git", "ls-files", stdout=subprocess.PIPE).stdout.split("\n"):
        if name and name not in changed and (TOP / name).is_file():
            data = (TOP / name).read_bytes()
            if name.startswith("tests/") and name.endswith(".rs"):
                data = data.replace(b"env_clear()", through.encode())
            write(COPY / name, data)


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
    """The file with all its changes, but for those in `out`; those that cannot be chosen at run time are put into `out`.
    A function is known by the number of its first change."""
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
            function = inside[0]["id"]
            for mutant in inside:
                mutant["of"] = function
            pieces += [text[last:body], f"{{ match crate::mutant({function}) {{\n", *arms, "_ => {", same, "} } }"]
            last = end
    return "".join([*pieces, text[last:]])


CHOICE = """
/// Which change runs; none when it is 0. Writes down that this function was reached, when a file for it is named.
pub fn mutant(function: usize) -> u32 {
    use std::io::Write;
    use std::sync::{LazyLock, Mutex};
    static NUMBER: LazyLock<u32> = LazyLock::new(|| {
        std::env::var("KLERO_MUTANT").ok().and_then(|number| number.parse().ok()).unwrap_or(0)
    });
    static REACHED: LazyLock<Option<Mutex<(std::fs::File, std::collections::HashSet<usize>)>>> = LazyLock::new(|| {
        let file = std::env::var_os("KLERO_REACHED")?;
        let file = std::fs::OpenOptions::new().append(true).create(true).open(file).ok()?;
        Some(Mutex::new((file, std::collections::HashSet::new())))
    });
    if let Some(reached) = &*REACHED {
        let mut reached = reached.lock().unwrap();
        if reached.1.insert(function) {
            reached.0.write_all(format!("{function}\\n").as_bytes()).unwrap();
        }
    }
    *NUMBER
}
"""


def write_all(mutants, out):
    by_file = collections.defaultdict(list)
    for mutant in mutants:
        by_file[mutant["file"]].append(mutant)
    for name, inside in by_file.items():
        write(COPY / name, rewritten((TOP / name).read_text(), inside, out).encode())
    write(COPY / "src/lib.rs", ((TOP / "src/lib.rs").read_text() + CHOICE).encode())


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
    tests = [part for name in PROGRAMS for part in ("--test", name)]
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
        if told.get("reason") == "compiler-artifact" and told.get("executable") and told["profile"]["test"]:
            kind = "lib" if "lib" in told["target"]["kind"] else told["target"]["name"]
            programs[kind] = told["executable"]
    return programs


def failed(program, arguments, seconds, **env):
    """The first test that fails; none when all of these are green."""
    going = subprocess.Popen(
        [program, *arguments], cwd=COPY, env=dict(os.environ, RUST_BACKTRACE="0", **env), text=True, errors="replace",
        start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
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
                return line.split()[1]
        if going.wait() != 0:
            return "no end within its time" if late.is_set() else "it ended badly"
        return None
    finally:
        timer.cancel()
        stop()


def reached(name, program):
    """What each test of a program reaches, and how long it takes alone: (test, seconds, functions)."""
    file, tests = WORK / "reached", []
    told = run(program, "--list", cwd=COPY, stdout=subprocess.PIPE).stdout.split("\n")
    for test in (line.removesuffix(": test") for line in told if line.endswith(": test")):
        file.unlink(missing_ok=True)
        begun = time.monotonic()
        if failed(program, ["--exact", test], 900, KLERO_REACHED=str(file)):
            sys.exit(f"{name}: {test} is red without any change")
        functions = sorted({int(line) for line in file.read_text().split()}) if file.is_file() else []
        tests.append((test, time.monotonic() - begun, functions))
    return tests


def noticed(programs, tests, mutant, thorough):
    """What test notices the change; none when all that were asked are green. Those that reach the fewest other functions
    come first: what they look at is near. The rest is asked when it is to be thorough."""
    near = [(len(functions), name, test, seconds) for name, those in tests.items() for test, seconds, functions in those
            if mutant["of"] in functions]
    asked, total = collections.defaultdict(list), 0
    for _, name, test, seconds in sorted(near):
        total += seconds
        if (total > QUICK) == thorough:
            asked[name].append((test, seconds))
    for name, those in asked.items():
        allowed = 30 + 5 * sum(seconds for _, seconds in those)
        by = failed(programs[name], ["--exact", *(test for test, _ in those)], allowed, KLERO_MUTANT=str(mutant["id"]))
        if by:
            return f"{name}: {by}"
    return None


def equal():
    """The changes that are known to change nothing, by file and words, without their lines."""
    lines = (pathlib.Path(__file__).parent / "equal.txt").read_text().split("\n")
    return {line.strip() for line in lines if line.startswith("src/")}


def unplaced(name):
    return re.sub(r":\d+:\d+:", ":", name, count=1)


def kept(name):
    """What an earlier run found."""
    return json.loads((WORK / name).read_text()) if (WORK / name).is_file() else {}


def keep(name, found):
    (WORK / name).write_text(json.dumps(found))


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    mutants = listed(sys.argv[1:])
    by_name = {mutant["name"]: mutant["id"] for mutant in mutants}
    out = {by_name[name]: why for name, why in kept("out.json").items() if name in by_name}
    copy_source({mutant["file"] for mutant in mutants} | {"src/lib.rs"})
    programs = built(mutants, out)
    keep("out.json", {mutant["name"]: out[mutant["id"]] for mutant in mutants if mutant["id"] in out})
    tests, before = {}, kept("tests.json")
    for name, program in programs.items():
        when = os.stat(program).st_mtime_ns
        same = before.get(name, {}).get("when") == when
        tests[name] = before[name] if same else {"when": when, "tests": reached(name, program)}
        keep("tests.json", before | tests)
    tests = {name: [(test, seconds, set(functions)) for test, seconds, functions in one["tests"]] for name, one in tests.items()}
    # What was not noticed is tried again: there may be a new test.
    found = {name: by for name, by in kept("found.json").items() if by}
    tried, known = [mutant for mutant in mutants if mutant["id"] not in out], equal()
    for thorough in (False, True):
        for mutant in tried:
            name = mutant["name"]
            if not found.get(name) and unplaced(name) not in known:
                found[name] = noticed(programs, tests, mutant, thorough)
                keep("found.json", found)
                if thorough and not found[name]:
                    print(f"NOT NOTICED  {name}", flush=True)
    left = [m["name"] for m in tried if not found.get(m["name"]) and unplaced(m["name"]) not in known]
    counts = collections.Counter(out.values())
    caught = sum(bool(found.get(mutant["name"])) for mutant in tried)
    print(f"{len(mutants)} changes: {counts['does not compile']} do not compile, {counts['apart']} stand apart; of {len(tried)} "
          f"tried {caught} were noticed, {len(tried) - caught - len(left)} change nothing, {len(left)} were not noticed")
    sys.exit(1 if left else 0)


if __name__ == "__main__":
    main()
