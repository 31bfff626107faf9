"""Creates the gateway's first ordinary keys in its database. Run again it changes nothing.

A name whose key has changed in the Secret gets the new key and loses the old one.
"""

import hashlib
import json
import os
import time
import urllib.error
import urllib.request

URL = os.environ["GATEWAY_URL"]
MASTER_KEY = os.environ["LITELLM_MASTER_KEY"]
KEYS_FILE = os.environ["GATEWAY_KEYS"]
# The gateway migrates its database before it listens.
PATIENCE_SECONDS = float(os.environ.get("PATIENCE_SECONDS", "600"))


def call(method, path, body=None):
    """Status and text of an answer; waits while the gateway is not there or not ready."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {MASTER_KEY}", "Content-Type": "application/json"}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        request = urllib.request.Request(URL + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return error.code, error.read().decode()
            reason = f"{error.code} {error.reason}"
        except OSError as error:
            reason = str(error)
        if time.monotonic() > deadline:
            raise SystemExit(f"{method} {path.split('?')[0]}: no answer in {PATIENCE_SECONDS:.0f} s; last: {reason}")
        time.sleep(2)


def status_of(key):
    """What the gateway says of a key: None where it never had it, "deleted" where it had."""
    # By its hash: a query is written to access logs.
    digest = hashlib.sha256(key.encode()).hexdigest()
    status, text = call("GET", f"/key/info?key={digest}")
    if status == 401:
        raise SystemExit("the gateway refuses the master key: it was changed after the database was made")
    if status not in (200, 400, 404):
        raise SystemExit(f"/key/info answered {status}: {text}")
    return json.loads(text)["info"].get("status", "active") if status == 200 else None


def create(name, key):
    status = status_of(key)
    if status == "deleted":
        # Somebody withdrew it; making it again would undo that.
        print(f"{name}: was deleted and stays so; a new key in the Secret takes its place")
        return
    if status is not None:
        print(f"{name}: there already")
        return
    call("POST", "/key/delete", {"key_aliases": [name]})
    # For models alone: no key of this file may administer the gateway.
    status, text = call("POST", "/key/generate", {"key": key, "key_alias": name, "key_type": "llm_api"})
    if status != 200:
        raise SystemExit(f"{name}: /key/generate answered {status}: {text.replace(key, '***')}")
    print(f"{name}: created")


def main():
    with open(KEYS_FILE, encoding="utf-8") as file:
        keys = json.load(file)
    for name, key in keys.items():
        create(name, key)


if __name__ == "__main__":
    main()
