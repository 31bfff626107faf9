"""Keeps an engine's compiled kernels in S3 between cold starts: `restore` before it starts, `save` once it serves.

Neither may ever stop an engine: every failure is a line in the log, and the engine compiles for itself.
"""

import os
import shutil
import signal
import sys
import tarfile
import threading
import time
import urllib.request
from urllib.parse import urlparse

CACHE_DIR = os.environ["CACHE_DIR"]
CACHE_URI = os.environ["CACHE_URI"]
HEALTH_URL = os.environ["HEALTH_URL"]
MAX_BYTES = int(os.environ["CACHE_MAX_MIB"]) * 2**20
ARCHIVE = os.path.join(os.path.dirname(CACHE_DIR), "compile-cache.tar")
RESTORED = os.path.join(os.path.dirname(CACHE_DIR), "compile-cache.restored")
POLL_SECONDS = float(os.environ.get("POLL_SECONDS", "5"))

stopping = threading.Event()


def bucket():
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=5, read_timeout=30, retries={"max_attempts": 2})
    return boto3.resource("s3", config=config).Bucket(urlparse(CACHE_URI).netloc)


def object_key():
    return urlparse(CACHE_URI).path.lstrip("/")


def contents():
    """Names and sizes of the cached files; lock and temporary files come and go."""
    found = []
    for folder, _, names in os.walk(CACHE_DIR):
        for name in names:
            path = os.path.join(folder, name)
            if not name.endswith((".lock", ".tmp")):
                found.append(f"{os.path.relpath(path, CACHE_DIR)} {os.path.getsize(path)}")
    return "\n".join(sorted(found))


def restore():
    os.makedirs(CACHE_DIR, exist_ok=True)
    started = time.monotonic()
    bucket().download_file(object_key(), ARCHIVE)
    try:
        with tarfile.open(ARCHIVE) as archive:
            # Refuses links and paths that lead outside.
            archive.extractall(CACHE_DIR, filter="data")
    except Exception:
        # Half a cache, with a file that breaks off, is worse than none.
        shutil.rmtree(CACHE_DIR)
        os.makedirs(CACHE_DIR)
        raise
    with open(RESTORED, "w", encoding="utf-8") as file:
        file.write(contents())
    print(f"restored {os.path.getsize(ARCHIVE) / 2**20:.0f} MiB in {time.monotonic() - started:.1f} s")


def serving():
    try:
        with urllib.request.urlopen(HEALTH_URL, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def restored_contents():
    try:
        with open(RESTORED, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def save():
    while not serving():
        if stopping.wait(POLL_SECONDS):
            return
    now = contents()
    if now in ("", restored_contents()):
        print("nothing new to save")
        return
    with tarfile.open(ARCHIVE, "w") as archive:
        archive.add(CACHE_DIR, arcname=".", filter=lambda entry: entry if entry.isfile() or entry.isdir() else None)
    size = os.path.getsize(ARCHIVE)
    if size > MAX_BYTES:
        print(f"not saved: {size / 2**20:.0f} MiB is more than the limit of {MAX_BYTES / 2**20:.0f} MiB")
        return
    bucket().upload_file(ARCHIVE, object_key())
    print(f"saved {size / 2**20:.0f} MiB")


def discard(path):
    try:
        os.remove(path)
    except OSError:
        pass


def main(action):
    # The first process of a container has no default handler.
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    try:
        {"restore": restore, "save": save}[action]()
    except Exception as error:
        print(f"{action} failed, the engine goes on without: {type(error).__name__}: {error}")
    discard(ARCHIVE)
    if action == "save":
        # A sidecar that ends would be started again.
        stopping.wait()


if __name__ == "__main__":
    main(sys.argv[1])
