"""What the account can give and for how much, which an own call sets while the account runs."""

import fnmatch
import threading

from model import Refused
from moto.ec2.models.instance_types import INSTANCE_TYPES

# Without rules everything; without prices at moto's own. `prices` are dollars an hour on demand, by instance type.
STATE = {"rules": [], "prices": {}, "spotShare": 0.4}
RULE_KEYS = {"type", "zone", "capacity", "code", "vcpus"}
ON_DEMAND, SPOT = "on-demand", "spot"
INSUFFICIENT, QUOTA = "InsufficientInstanceCapacity", "VcpuLimitExceeded"
# A quota is counted and used in one step.
TURN = threading.Lock()


def _set_capacity(region, params):
    """Puts what is given in place of what was; a key that nothing reads would look like a rule that never matches."""
    unknown = set(params) - set(STATE)
    for rule in params.get("rules", []):
        unknown |= set(rule) - RULE_KEYS
        if rule.get("capacity", "*") not in ("*", ON_DEMAND, SPOT):
            raise Refused("ValidationException", f"SetCapacity: capacity {rule['capacity']} is none of *, {ON_DEMAND}, {SPOT}")
        if "code" in rule and rule["code"] not in MESSAGES:
            raise Refused("ValidationException", f"SetCapacity: code {rule['code']} is none of {', '.join(MESSAGES)}")
    if unknown:
        raise Refused("ValidationException", f"SetCapacity does not know {', '.join(sorted(unknown))}")
    with TURN:
        STATE.update(params)
    return {}


OWN_CALLS = {"SetCapacity": _set_capacity}

# Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
MESSAGES = {
    INSUFFICIENT: "We currently do not have sufficient {type} capacity in the Availability Zone you requested ({zone}). Our system will be working on provisioning additional capacity.",
    QUOTA: "You have requested more vCPU capacity than your current vCPU limit of {vcpus} allows for the instance bucket that the specified instance type belongs to.",
    "MaxSpotInstanceCountExceeded": "Max spot instance count exceeded",
    "UnfulfillableCapacity": "Unable to fulfill capacity due to your request configuration.",
    "Unsupported": "Your requested instance type ({type}) is not supported in your requested Availability Zone ({zone}).",
    "InsufficientFreeAddressesInSubnet": "There are not enough free addresses in the subnet to satisfy the requested number of instances.",
}


def _vcpus(kind):
    return INSTANCE_TYPES[kind]["VCpuInfo"]["DefaultVCpus"] if kind in INSTANCE_TYPES else 0


def _used(ec2, rule):
    """vCPUs of the running instances that count against a rule's quota."""
    capacity = rule.get("capacity", "*")
    return sum(
        _vcpus(one.instance_type)
        for one in ec2.all_instances()
        if one.state in ("pending", "running")
        and fnmatch.fnmatch(one.instance_type, rule.get("type", "*"))
        and capacity in ("*", one.lifecycle or ON_DEMAND)
    )


def fault(ec2, kind, zone, capacity):
    """Code and message of the rule that keeps this instance from starting; None where nothing does."""
    for rule in STATE["rules"]:
        meant = fnmatch.fnmatch(kind, rule.get("type", "*")) and fnmatch.fnmatch(zone, rule.get("zone", "*"))
        if not meant or rule.get("capacity", "*") not in ("*", capacity):
            continue
        quota = rule.get("vcpus")
        if quota is not None and _used(ec2, rule) + _vcpus(kind) <= quota:
            continue
        code = rule.get("code", INSUFFICIENT if quota is None else QUOTA)
        return code, MESSAGES[code].format(type=kind, zone=zone, vcpus=quota or 0)
    return None
