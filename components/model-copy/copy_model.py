"""Copies one Hugging Face repository at one commit into S3, file by file, without a disk in between.

Environment: REPOSITORY, REVISION, BUCKET, PREFIX; HF_TOKEN for gated models. A file already there with the right size is
left alone, so a job that was interrupted goes on where it stopped. The object PREFIX/.complete is written last.
"""

import json
import os
import sys
import time

import boto3
from boto3.s3.transfer import TransferConfig
from huggingface_hub import HfApi, HfFileSystem

REPOSITORY = os.environ["REPOSITORY"]
REVISION = os.environ["REVISION"]
BUCKET = os.environ["BUCKET"]
PREFIX = os.environ["PREFIX"].rstrip("/")

# The same weights in formats that no engine of the kit reads.
SKIPPED = (".bin", ".pt", ".pth", ".h5", ".msgpack", ".onnx", ".gguf")
# Each of the parts that are under way is in memory twice: about 400 MiB in all, whatever the file's size.
CHUNK_BYTES = 16 * 1024 * 1024


def wanted(files):
    """Every file but weights in other formats, when the repository has safetensors."""
    if not any(file.path.endswith(".safetensors") for file in files):
        return files
    return [file for file in files if not file.path.endswith(SKIPPED)]


def sizes_in_s3(s3, prefix):
    """Bytes of each object below a prefix. HEAD would not do: where a role may list a prefix alone, S3 answers it with 403
    for an object that is not there."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    return {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", [])}


def main():
    s3 = boto3.client("s3")
    tree = HfApi().list_repo_tree(REPOSITORY, revision=REVISION, recursive=True)
    files = wanted([entry for entry in tree if hasattr(entry, "size")])
    if not files:
        sys.exit(f"{REPOSITORY}@{REVISION} holds no file")
    total = sum(file.size for file in files)
    print(f"{REPOSITORY}@{REVISION}: {len(files)} files, {total / 1e9:.2f} GB", flush=True)

    hub = HfFileSystem()
    there = sizes_in_s3(s3, f"{PREFIX}/")
    transfer = TransferConfig(multipart_chunksize=CHUNK_BYTES, max_concurrency=4)
    for number, file in enumerate(files, 1):
        key = f"{PREFIX}/{file.path}"
        label = f"[{number}/{len(files)}] {file.path} {file.size / 1e9:.2f} GB"
        if there.get(key) == file.size:
            print(f"{label}: there already", flush=True)
            continue
        started = time.monotonic()
        with hub.open(f"{REPOSITORY}@{REVISION}/{file.path}", "rb", block_size=CHUNK_BYTES, cache_type="none") as source:
            s3.upload_fileobj(source, BUCKET, key, Config=transfer)
        stored = sizes_in_s3(s3, key).get(key)
        if stored != file.size:
            sys.exit(f"{label}: S3 holds {stored} bytes of {file.size}")
        print(f"{label}: copied in {time.monotonic() - started:.0f} s", flush=True)

    listing = {file.path: file.size for file in files}
    s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}/.complete", Body=json.dumps(listing).encode())
    print("complete", flush=True)


if __name__ == "__main__":
    main()
