"""moto's server with routes of ours: /pilotlight/call (one AWS call), /pilotlight/leftovers and /pilotlight/remember."""

import argparse
import base64
import datetime
import json
import os
import pathlib
import signal
import sys
import threading
import traceback

os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")  # attachments of AWS managed policies are checked

import balancers  # noqa: E402
import capacity  # noqa: E402
import eks_extras  # noqa: E402
import enforce  # noqa: E402
import faults  # noqa: E402
import fleet  # noqa: E402
import images  # noqa: E402
import preflight  # noqa: E402
import prices  # noqa: E402
import profiles  # noqa: E402
from backends import client  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402
from effects import EFFECTS  # noqa: E402
from leftovers import leftovers, remember  # noqa: E402
from model import Refused, validate, without_secrets  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app  # noqa: E402
from own_calls import OWN_CALLS, own_call  # noqa: E402
from rules import RULES  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

for part in (balancers, eks_extras, enforce, fleet, images, preflight, prices, profiles):
    part.install()
OWN_CALLS.update(capacity.OWN_CALLS)
OWN_CALLS.update(preflight.OWN_CALLS)
OWN_CALLS.update(faults.OWN_CALLS)
OWN_CALLS.update(enforce.OWN_CALLS)
# A rule and the call it guards are one step: two subnets created at once must not both pass.
TURN = threading.Lock()


def call(request):
    """Judges the parameters, then what AWS would refuse, then lets moto do it, then adds what AWS does besides."""
    service, operation, params, region = (request[key] for key in ("service", "operation", "params", "region"))
    if service == "pilotlight":
        with TURN:
            return own_call(operation, region, params)
    validate(service, operation, params)
    with TURN:
        faults.meet(region, service, operation, params)
        for rule in RULES.get((service, operation), []):
            rule(region, params)
        aws = client(service, region)
        method = next(name for name, api in aws.meta.method_to_api_mapping.items() if api == operation)
        answer = getattr(aws, method)(**params)
        answer.pop("ResponseMetadata", None)
        for effect in EFFECTS.get((service, operation), []):
            effect(region, params, answer)
    return answer


def _plain(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if hasattr(value, "read"):
        return base64.b64encode(value.read()).decode()
    raise TypeError(f"{type(value)} has no JSON form")


def _answer(environ):
    path = environ["PATH_INFO"]
    if path == "/pilotlight/leftovers":
        return leftovers()
    if path == "/pilotlight/remember":
        return remember() or {}
    if path != "/pilotlight/call":
        raise Refused("UnknownRoute", f"no such route: {path}")
    request = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    try:
        return {"answer": call(request)}
    except Refused as refused:
        code, message = refused.code, refused.message
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    except Exception as error:  # moto's own fault: its last line names the place
        place = traceback.extract_tb(error.__traceback__)[-1]
        code, message = type(error).__name__, f"{error} ({pathlib.Path(place.filename).name}:{place.lineno})"
    message = without_secrets(message, request["service"], request["operation"], request["params"])
    return {"error": {"code": code, "message": message}}


def _application():
    moto = DomainDispatcherApplication(create_backend_app)

    def application(environ, start_response):
        listed = prices.price_list(environ)
        if listed is not None:
            start_response("200 OK", [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(listed)))])
            return [listed]
        if not environ["PATH_INFO"].startswith("/pilotlight/"):
            return moto(environ, start_response)
        status = "200 OK"
        try:
            answer = _answer(environ)
        except Exception as error:
            traceback.print_exc()
            status, answer = "500 Internal Server Error", {"error": {"code": type(error).__name__, "message": str(error)}}
        body = json.dumps(answer, default=_plain).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return application


class Quiet(MotoRequestHandler):
    """One line per request would bury what matters."""

    def log_request(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    server = make_server("127.0.0.1", parser.parse_args().port, _application(), threaded=True, request_handler=Quiet)
    os.environ["MOTO_PORT"] = str(server.server_port)
    print(f"ready on port {server.server_port}", flush=True)
    server.serve_forever()
