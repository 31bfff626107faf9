"""What a program asks before it makes anything: quotas, offerings, reservations, versions of EKS. moto 5.2.5 knows but the offerings."""

import datetime
import fnmatch

import moto.eks.urls as urls
from backends import ACCOUNT
from model import Refused
from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instance_types import InstanceTypeOfferingBackend
from moto.ec2.responses import EC2Response
from moto.eks.responses import EKSResponse
from moto.servicequotas.models import ServiceQuotasBackend

# An account that has been there for a while: a new one has most of these at 0.
GENEROUS = 10_000.0
RESERVATIONS = {}

NAMES = {
    "L-DB2E81BA": "Running On-Demand G and VT instances",
    "L-3819A6DF": "All G and VT Spot Instance Requests",
    "L-417A185B": "Running On-Demand P instances",
    "L-7212CCBC": "All P4, P3 and P2 Spot Instance Requests",
    "L-C4BD4855": "All P5 Spot Instance Requests",
}
# Version: release, end of standard and of extended support. Source: endoflife.date, Amazon EKS; the first and last dates are made up.
VERSIONS = {
    "1.33": ("2025-05-29", "2026-07-29", "2027-07-29"),
    "1.34": ("2025-10-02", "2026-12-02", "2027-12-02"),
    "1.35": ("2026-01-27", "2027-03-27", "2028-03-27"),
}
# `quotas` are limits in vCPUs by code; `unoffered` are patterns of types and zones, beyond what moto's snapshot of AWS lacks;
# `versions` are those that EKS has, `statuses` theirs by version, where they are not what today's date says.
OPEN = {"quotas": {}, "unoffered": [], "versions": list(VERSIONS), "statuses": {}}
STATE = dict(OPEN)


def _set_limits(_region, params):
    """Puts what is given in place of what was."""
    unknown = set(params) - set(STATE) | set(params.get("quotas", {})) - set(NAMES)
    if unknown:
        raise Refused("ValidationException", f"SetLimits does not know {', '.join(sorted(unknown))}")
    STATE.update(OPEN | params)
    return {}


def _set_reservations(_region, params):
    RESERVATIONS.clear()
    reserve(params["reservations"])
    return {}


OWN_CALLS = {"SetLimits": _set_limits, "SetReservations": _set_reservations}


def reserve(reservations):
    for one in reservations:
        RESERVATIONS[one["id"]] = one


def _quota(self, service_code, quota_code):
    value = float(STATE["quotas"].get(quota_code, GENEROUS))
    arn = f"arn:aws:servicequotas:{self.region_name}:{self.account_id}:{service_code}/{quota_code}"
    return {
        "ServiceCode": service_code, "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)", "QuotaArn": arn,
        "QuotaCode": quota_code, "QuotaName": NAMES[quota_code], "Value": value, "Unit": "None", "Adjustable": True, "GlobalQuota": False,
    }  # fmt: skip


def _described(region, one):
    return {
        "CapacityReservationId": one["id"],
        "OwnerId": ACCOUNT,
        "CapacityReservationArn": f"arn:aws:ec2:{region}:{ACCOUNT}:capacity-reservation/{one['id']}",
        "InstanceType": one["instanceType"],
        "InstancePlatform": "Linux/UNIX",
        "AvailabilityZone": one["zone"],
        "Tenancy": "default",
        "TotalInstanceCount": 8,
        "AvailableInstanceCount": 8,
        "State": one.get("state", "active"),
        "EndDateType": "limited" if "endDate" in one else "unlimited",
        "InstanceMatchCriteria": "targeted",
        "ReservationType": "capacity-block" if one.get("block") else "default",
        **({"EndDate": one["endDate"]} if "endDate" in one else {}),
    }


FILTERS = {"state": "State", "instance-type": "InstanceType", "reservation-type": "ReservationType", "availability-zone": "AvailabilityZone"}


def _describe_reservations(self):
    ids = self._get_param("CapacityReservationIds", [])
    for wanted in ids:
        if wanted not in RESERVATIONS:
            raise EC2ClientError("InvalidCapacityReservationId.NotFound", f"The capacity reservation '{wanted}' does not exist")
    found = [_described(self.region, one) for name, one in RESERVATIONS.items() if not ids or name in ids]
    for name, values in self._filters_from_querystring().items():
        if name not in FILTERS:
            raise EC2ClientError("InvalidParameterValue", f"The filter '{name}' is not known here")
        found = [one for one in found if one[FILTERS[name]] in values]
    return ActionResult({"CapacityReservations": found})


def _date(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)


def _version(name):
    release, standard, extended = map(_date, VERSIONS[name])
    now = datetime.datetime.now(datetime.timezone.utc)
    status = STATE["statuses"].get(name) or ("standard-support" if now < standard else "extended-support")
    return {
        "clusterVersion": name, "clusterType": "eks", "defaultPlatformVersion": "eks.1", "defaultVersion": name == "1.35",
        "releaseDate": release, "endOfStandardSupportDate": standard, "endOfExtendedSupportDate": extended,
        "status": status, "versionStatus": status.upper().replace("-", "_"), "kubernetesPatchVersion": f"{name}.0",
    }  # fmt: skip


def install():
    """Adds what moto lacks, so that any AWS client sees it."""
    quota_of_moto, offerings_of_moto = ServiceQuotasBackend.get_service_quota, InstanceTypeOfferingBackend.describe_instance_type_offerings

    def get_service_quota(self, service_code, quota_code):
        known = service_code == "ec2" and quota_code in NAMES
        return _quota(self, service_code, quota_code) if known else quota_of_moto(self, service_code, quota_code)

    def describe_instance_type_offerings(self, location_type=None, filters=None):
        return [
            one
            for one in offerings_of_moto(self, location_type, filters)
            if not any(
                fnmatch.fnmatch(one["InstanceType"], rule.get("type", "*")) and fnmatch.fnmatch(one["Location"], rule.get("zone", "*"))
                for rule in STATE["unoffered"]
            )
        ]

    ServiceQuotasBackend.get_service_quota = get_service_quota
    InstanceTypeOfferingBackend.describe_instance_type_offerings = describe_instance_type_offerings
    EC2Response.describe_capacity_reservations = _describe_reservations
    EKSResponse.describe_cluster_versions = lambda _self: ActionResult({"clusterVersions": [_version(name) for name in STATE["versions"]]})
    urls.url_paths["{0}/cluster-versions$"] = urls.response.dispatch
