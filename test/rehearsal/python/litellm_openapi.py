"""Writes what LiteLLM says of its own API, and what it answers where no database is set, as JSON to the file named."""

import asyncio
import importlib.metadata
import json
import os
import sys
import tempfile

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_MASTER_KEY"] = MASTER = "sk-master-key"
CONFIG = """
model_list:
  - model_name: qwen
    litellm_params: {model: hosted_vllm/qwen, api_base: "http://127.0.0.1:9/v1", api_key: none}
general_settings: {master_key: os.environ/LITELLM_MASTER_KEY}
"""

from fastapi.testclient import TestClient
from litellm.proxy.proxy_server import app, initialize

with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
    config.write(CONFIG)
    config.flush()
    asyncio.run(initialize(config=config.name))

client = TestClient(app, headers={"Authorization": f"Bearer {MASTER}"})


def ask(method, path, **body):
    answer = client.request(method, path, **body)
    return {"status": answer.status_code, "body": answer.json()}


answers = {
    "GET /health/readiness": ask("GET", "/health/readiness"),
    "GET /v1/models": ask("GET", "/v1/models"),
    "GET /key/list": ask("GET", "/key/list?return_full_object=true"),
    "POST /key/generate": ask("POST", "/key/generate", json={"key_alias": "alice"}),
    "POST /key/delete": ask("POST", "/key/delete", json={"key_aliases": ["alice"]}),
}
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump({"version": importlib.metadata.version("litellm"), "openapi": app.openapi(), "answers": answers}, file)
