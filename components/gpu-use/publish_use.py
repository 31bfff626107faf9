"""Publishes the use of each GPU instance to CloudWatch, once a minute: what Prometheus has recorded of it.

Environment: PROMETHEUS_URL, QUERY, STACK; METRIC, the namespace, name and two dimensions (stack, instance) as JSON; and
PERIOD_SECONDS, 60 if left out. A minute that fails is said and left out: whoever reads the metric knows a gap from a zero.
"""

import datetime
import json
import math
import os
import signal
import sys
import time
import urllib.parse
import urllib.request

import boto3
from botocore.config import Config

PROMETHEUS_URL = os.environ["PROMETHEUS_URL"]
QUERY = os.environ["QUERY"]
STACK = os.environ["STACK"]
METRIC = json.loads(os.environ["METRIC"])
PERIOD_SECONDS = int(os.environ.get("PERIOD_SECONDS", "60"))

# The most that one PutMetricData takes.
BATCH = 1000
# All of a round, with two attempts at each call, ends before the next one is due.
TIMEOUT_SECONDS = 10


def instance_of(provider_id):
    """The instance of an EC2 node, `aws:///us-east-1a/i-0123`; None of any other node, which has none to stop."""
    name = provider_id.rsplit("/", 1)[-1]
    return name if name.startswith("i-") else None


def recorded():
    """Percent of use by instance id."""
    url = f"{PROMETHEUS_URL}/api/v1/query?{urllib.parse.urlencode({'query': QUERY})}"
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
        answer = json.load(response)
    if answer["status"] != "success":
        raise RuntimeError(f"Prometheus refused {QUERY}: {answer.get('error')}")
    use = {}
    for series in answer["data"]["result"]:
        instance = instance_of(series["metric"].get("provider_id", ""))
        percent = float(series["value"][1])
        if instance is not None and math.isfinite(percent):
            use[instance] = max(percent, use.get(instance, 0.0))
    return use


def points(use, at):
    stack, instance = METRIC["dimensions"]
    return [
        {
            "MetricName": METRIC["name"],
            "Dimensions": [{"Name": stack, "Value": STACK}, {"Name": instance, "Value": name}],
            "Timestamp": datetime.datetime.fromtimestamp(at, datetime.timezone.utc),
            "Value": percent,
            "Unit": "Percent",
        }
        for name, percent in use.items()
    ]


def publish(cloudwatch, at):
    data = points(recorded(), at)
    for start in range(0, len(data), BATCH):
        cloudwatch.put_metric_data(Namespace=METRIC["namespace"], MetricData=data[start : start + BATCH])
    return len(data)


def main():
    # As the first process of a container it would not hear of its end otherwise.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    retries = {"max_attempts": 2, "mode": "standard"}
    timeouts = {"connect_timeout": TIMEOUT_SECONDS, "read_timeout": TIMEOUT_SECONDS}
    cloudwatch = boto3.client("cloudwatch", config=Config(retries=retries, **timeouts))
    print(f"publishing {METRIC['name']} of {STACK} every {PERIOD_SECONDS} s", flush=True)
    while True:
        # At the full minute, so that no minute has two points and none is left out.
        at = (time.time() // PERIOD_SECONDS + 1) * PERIOD_SECONDS
        time.sleep(max(0.0, at - time.time()))
        try:
            print(f"published the use of {publish(cloudwatch, at)} GPU instances", flush=True)
        except Exception as error:  # Whatever it is, the next minute may be better.
            print(f"published nothing this minute: {type(error).__name__}: {error}", flush=True)


main()
