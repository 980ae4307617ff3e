"""`deploy/integrations/form_api.py` before the service of the demonstration, called as OpenClinica 3 and LibreClinica do.
RJS-051 was randomised by `python_client.py`, RJS-052 was only screened."""

import base64
import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

import told

HERE = os.path.dirname(os.path.abspath(__file__))
DEPLOY = os.path.join(HERE, "..", "..", "deploy", "integrations")


def call(address, path, form=None, password="a shared word"):
    asked = urllib.request.Request(address + path)
    basic = base64.b64encode(f"edc:{password}".encode()).decode()
    asked.add_header("Authorization", f"Basic {basic}")
    if form is not None:
        asked.data = urllib.parse.urlencode(form).encode()
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def main(base, people):
    with tempfile.TemporaryDirectory() as folder:
        settings = open(os.path.join(DEPLOY, "form_api.toml"), encoding="utf-8").read()
        settings = settings.replace("http://127.0.0.1:8787", base).replace(":8790", ":0")
        for name, text in [
            ("form_api.toml", settings),
            ("form-api.password", "a shared word\n"),
            ("coordinator.session", people["c-rjs"]["token"] + "\n"),
        ]:
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        program = [sys.executable, os.path.join(DEPLOY, "form_api.py"), "form_api.toml"]
        bridge = subprocess.Popen(program, cwd=folder, stdout=subprocess.PIPE, text=True)
        try:
            tell("http://" + bridge.stdout.readline().split()[-1])
        finally:
            bridge.terminate()
            bridge.wait()


def tell(address):
    found = "/api/randomisation?identifier=SS_RJS"
    status, first = call(address, found + "051")
    assert status == 200 and len(first["code"]) == 7, (status, first)
    assert call(address, found + "052")[0] == 404, "screened, not randomised"
    assert call(address, found + "999")[0] == 404 and call(address, "/api/else")[0] == 404
    assert call(address, found + "051", password="wrong")[0] == 401
    site = {"siteIdentifier": "S_RJS", "name": "Renji", "timezone": "Asia/Shanghai"}
    assert call(address, "/api/sites", site) == (200, {})
    assert call(address, "/api/sites", {**site, "siteIdentifier": "S_ELSE"})[0] == 422
    subject = {"identifier": "SS_RJS051", "siteIdentifier": "S_RJS", "user": "coordinator"}
    factors = {"question1": "Female", "question2": "4"}
    for _ in range(2):
        assert call(address, "/api/randomise", {**subject, **factors}) == (200, first)
    for wrong in [{"question2": "5"}, {"question1": "Male"}, {"question3": "x"}, {"identifier": "RJS-051"}]:
        status, said = call(address, "/api/randomise", {**subject, **factors, **wrong})
        assert status == 422 and "code" not in said, (wrong, status, said)
    assert call(address, "/api/randomise", subject)[0] == 422, "factors are missing"
    waiting = {**subject, **factors, "identifier": "SS_RJS052"}
    status, said = call(address, "/api/randomise", waiting)
    assert status == 409 and "code" not in said, "never allocates"
    print("the form API gave one code twice, allocated nothing, and refused what did not fit")


if __name__ == "__main__":
    main(*told.read(sys.argv[1]))
