"""What `klero demo --serve` printed: where the service is, and each account's password and bearer token."""

import re
import sys


def read(path):
    text = open(path, encoding="utf-8").read()
    base = re.search(r"The service runs at (\S+?)\. ", text).group(1)
    row = re.compile(r"^(\S+) +(\S+) +(\S+) +(\S.*?) +([0-9a-f]{64})$", re.M)
    people = {m[1]: {"role": m[2], "password": m[4], "token": m[5]} for m in row.finditer(text)}
    assert len(people) >= 8, "the table of accounts"
    return base, people


if __name__ == "__main__":
    # For a shell: the address, then the password of one account, each on a line.
    base, people = read(sys.argv[1])
    print(base, people[sys.argv[2]]["password"], sep="\n")
