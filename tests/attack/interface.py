"""Schemathesis over the whole description of the interface, as nobody and as each of the eight roles.

Every answer must be one that the description has: its status, its media type, its fields; and never a 5xx. Afterwards the folder
must verify, entry by entry and table by table. Needs a built program (KLERO) and schemathesis on the PATH, or SCHEMATHESIS:

    KLERO=target/release/klero python3 tests/attack/interface.py [examples for each operation] [nobody or accounts, instead of all]
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

KLERO = os.environ.get("KLERO", "target/release/klero")
SCHEMATHESIS = shutil.which(os.environ.get("SCHEMATHESIS", "schemathesis")) or sys.exit("schemathesis is not there")
PEOPLE = ["nobody", "c-rjs", "i-rjs", "p-rjs", "hot-1", "stat-1", "mon-1", "spon-1", "admin-1"]
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
]
SEED = 1889


def sign_in(base, person):
    body = json.dumps({"name": person, "password": f"demo password of {person}"}).encode()
    request = urllib.request.Request(f"{base}/v1/sessions", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["token"]


def base_of(service):
    """The address is in the first lines that the demonstration prints."""
    for line in service.stdout:
        for word in line.split():
            if word.startswith("http://127.0.0.1:"):
                return "/".join(word.rstrip(".,").split("/")[:3])
    raise SystemExit("the demonstration did not start")


def attack(base, person, examples, scratch):
    command = [os.path.abspath(SCHEMATHESIS), "run", f"{base}/openapi.json", "--url", base, "--seed", str(SEED), "-n", str(examples)]
    command += ["--phases", "coverage,fuzzing", "--checks", ",".join(CHECKS), "--warnings", "off", "--no-color"]
    # A wrong password is answered slowly on purpose; signing out would end the attack; both have tests of their own.
    command += ["--exclude-path-regex", "^/v1/sessions|^/docs", "--continue-on-failure", "--suppress-health-check", "all"]
    command += ["--request-timeout", "60", "--generation-database", "none"]
    if person != "nobody":
        command += ["-H", f"Authorization: Bearer {sign_in(base, person)}"]
    # What it notes for itself stays in the temporary folder.
    return subprocess.run(command, cwd=scratch, check=False).returncode


def main():
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    people = sys.argv[2:] or PEOPLE
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "demo"
        service = subprocess.Popen(
            [KLERO, "demo", "--serve", "--data", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            base = base_of(service)
            begun = time.monotonic()
            failed = [person for person in people if attack(base, person, examples, scratch)]
            print(f"{len(people)} attacks in {time.monotonic() - begun:.0f} s; not as described for: {failed or 'nobody'}")
        finally:
            service.kill()
            service.wait()
        sound = subprocess.run([KLERO, "trail", "verify", "--data", str(folder / "service"), "--tables"], check=False)
        return 1 if failed or sound.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
