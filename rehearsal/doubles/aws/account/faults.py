"""What goes wrong with a call of the provider, which an own call sets while the account runs."""

import datetime
import fnmatch

from backends import backend
from model import Refused
from moto.core.utils import utcnow

# `refusals` are tried in order; of each, `calls` calls of every operation are refused (left out: all of them).
STATE = {"refusals": [], "iamDelayMs": 0}
REFUSAL_KEYS = {"service", "operation", "code", "message", "calls"}
# How often a refusal has been given, by its place and the operation.
GIVEN = {}

# How each service says that it was asked too often. Source: each API's "Common errors"; EC2 has a code of its own.
THROTTLED = {
    "ec2": ("RequestLimitExceeded", "Request limit exceeded."),
    "elbv2": ("Throttling", "Rate exceeded"),
    "iam": ("Throttling", "Rate exceeded"),
}
THROTTLED_ELSEWHERE = ("ThrottlingException", "Rate exceeded")


def _set_faults(_region, params):
    unknown = set(params) - set(STATE)
    for refusal in params.get("refusals", []):
        unknown |= set(refusal) - REFUSAL_KEYS
    if unknown:
        raise Refused("ValidationException", f"SetFaults does not know {', '.join(sorted(unknown))}")
    STATE.update({"refusals": [], "iamDelayMs": 0} | params)
    GIVEN.clear()
    return {}


OWN_CALLS = {"SetFaults": _set_faults}


def _refuse(service, operation):
    for place, refusal in enumerate(STATE["refusals"]):
        if service != refusal["service"] or not fnmatch.fnmatch(operation, refusal.get("operation", "*")):
            continue
        given = GIVEN.get((place, operation), 0)
        if given >= refusal.get("calls", given + 1):
            continue
        GIVEN[place, operation] = given + 1
        code, message = THROTTLED.get(service, THROTTLED_ELSEWHERE)
        raise Refused(refusal.get("code", code), refusal.get("message", message))


# Who takes up a role, by the parameter that names it, and what is said of one that IAM does not know everywhere yet. The
# texts are those that the provider waits at: terraform-provider-aws, internal/service/{eks,lambda,scheduler}. A node group
# is not among them: it comes ten minutes after its role.
TAKES_ROLE = {
    ("eks", "CreateCluster"): ("roleArn", "InvalidParameterException", "roleArn, {arn}, does not exist"),
    ("eks", "CreateAccessEntry"): ("principalArn", "InvalidParameterException", "The specified principalArn is invalid: invalid principal."),
    ("lambda", "CreateFunction"): ("Role", "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."),
    ("scheduler", "CreateSchedule"): (
        "Target.RoleArn",
        "ValidationException",
        "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
    ),
}


def _role_unknown_yet(region, service, operation, params):
    if (service, operation) not in TAKES_ROLE or not STATE["iamDelayMs"]:
        return
    path, code, message = TAKES_ROLE[service, operation]
    arn = params
    for key in path.split("."):
        arn = (arn or {}).get(key)
    youngest = utcnow() - datetime.timedelta(milliseconds=STATE["iamDelayMs"])
    for role in backend("iam", region).roles.values():
        if role.arn == arn and role.create_date > youngest:
            raise Refused(code, message.format(arn=arn))


def meet(region, service, operation, params):
    """Refuses the call where a fault that was set says so."""
    _refuse(service, operation)
    _role_unknown_yet(region, service, operation, params)
