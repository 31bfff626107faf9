"""Keys of a gateway without a database: names and keys from a mounted Secret, and the master key.

The file is read again when it changes, so a new or withdrawn key needs no restart.
"""

import hmac
import json
import os

from fastapi import Request
from litellm.proxy._types import LitellmUserRoles, ProxyException, UserAPIKeyAuth

KEYS_FILE = os.environ["GATEWAY_KEYS"]
MASTER_KEY = os.environ["LITELLM_MASTER_KEY"]

# What an ordinary key may call. LiteLLM checks no route for a key that comes from here.
ROUTES = ("chat/completions", "completions", "embeddings", "messages", "models", "rerank", "responses")

_read = {"stamp": None, "keys": {}}


def _keys():
    # The kubelet swaps a link to update a Secret, so the inode changes too.
    status = os.stat(KEYS_FILE)
    stamp = (status.st_mtime_ns, status.st_ino)
    if stamp != _read["stamp"]:
        with open(KEYS_FILE, encoding="utf-8") as file:
            _read["keys"] = json.load(file)
        _read["stamp"] = stamp
    return _read["keys"]


def _same(given, wanted):
    return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())


def _owner(given):
    """Name of the key's owner. Compares with every key, so the time taken tells nothing."""
    owner = None
    for name, key in _keys().items():
        if _same(given, key):
            owner = name
    return owner


def _allowed(path):
    route = path.strip("/").removeprefix("v1/")
    return any(route == allowed or route.startswith(allowed + "/") for allowed in ROUTES)


def _refuse(code, message):
    kind = "authentication_error" if code == 401 else "permission_error"
    raise ProxyException(message=message, type=kind, param="api_key", code=code)


async def user_api_key_auth(request: Request, api_key: str) -> UserAPIKeyAuth:
    given = api_key or ""
    if _same(given, MASTER_KEY):
        return UserAPIKeyAuth(api_key=given, user_id="master", user_role=LitellmUserRoles.PROXY_ADMIN)
    owner = _owner(given)
    if owner is None:
        _refuse(401, "No or wrong API key: send 'Authorization: Bearer <key>'")
    if not _allowed(request.url.path):
        _refuse(403, f"{request.url.path} needs the master key")
    return UserAPIKeyAuth(
        api_key=given, user_id=owner, key_alias=owner, user_role=LitellmUserRoles.INTERNAL_USER
    )
