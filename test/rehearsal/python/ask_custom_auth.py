"""Asks custom_auth.py as LiteLLM does: one line for each [path, key, keys], the keys written before each question."""

import asyncio
import json
import os
import sys
from types import SimpleNamespace

from custom_auth import user_api_key_auth
from litellm.proxy._types import ProxyException

KEYS_FILE, QUESTIONS = sys.argv[1], json.loads(sys.argv[2])

for path, key, keys in QUESTIONS:
    # As the kubelet does: a new file takes the old one's place.
    with open(KEYS_FILE + ".new", "w", encoding="utf-8") as file:
        json.dump(keys, file)
    os.replace(KEYS_FILE + ".new", KEYS_FILE)
    try:
        owner = asyncio.run(user_api_key_auth(SimpleNamespace(url=SimpleNamespace(path=path)), key))
        print(owner.user_id, owner.user_role.value)
    except ProxyException as refusal:
        print(refusal.code, refusal.message)
